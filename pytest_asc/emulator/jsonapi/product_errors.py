"""Apple's errors about in-app purchases, subscriptions, Game Center and experiments, in Apple's words where known.

The codes are observed in notes, code and error tables that users have published in 2026, unless marked otherwise.
"""

from __future__ import annotations

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

_PROBLEM = "There is a problem with the request entity"
_OTHER_STATE = "The request cannot be fulfilled because of the state of another resource."

# Game Center: the first two are observed in full, the third's code, and the last's code and part of its detail.
POINTS_RANGE = ErrorTemplate(
    409,
    "ENTITY_ERROR.INVALID_POINTS_RANGE",
    _PROBLEM,
    "You must provide points between 0 and {most} for an achievement.",
)
TOTAL_POINTS = ErrorTemplate(
    409, "ENTITY_ERROR.INVALID_TOTAL_APP_POINTS", _PROBLEM, "Total achievement points may not exceed {most}."
)
NOT_DRAFT = ErrorTemplate(
    409,
    "STATE_ERROR.CANNOT_DELETE_HAS_NON_DRAFT_VERSION",
    _OTHER_STATE,
    "{type} with id '{id}' has a version that is not a draft, and cannot be deleted.",
)
MINIMUM_VERSION = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID.MIN_CHALLENGES_VERSION_MUST_BE_LIVE",
    "The provided entity includes a relationship with an invalid value",
    "{type} with id '{id}' must be live to be set as a minimum challenges version.",
)
# Experiments: documented in full.
ANOTHER_DRAFT = ErrorTemplate(
    409,
    "STATE_ERROR",
    _OTHER_STATE,
    "Cannot create new experiment because another experiment is in draft state",
)
# Offer codes: the code is observed, and a part of the first one's detail.
NUMBER_OF_SANDBOX_CODES = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID.UNSUPPORTED_NUMBER_OF_CODES",
    "The provided entity includes an attribute with an invalid value",
    "The environment SANDBOX supports only [10, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]",
)
FREE_OFFER_WITH_PRICE = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID",
    "The provided entity includes a relationship with an invalid value",
    "A price of a FREE_TRIAL offer has a territory and no price point.",
)
FREE_TRIALS_ONLY = ErrorTemplate(  # that Apple rejects it is observed, the error is inferred
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID",
    "The provided entity includes an attribute with an invalid value",
    "An offer without automatic renewal must be a FREE_TRIAL.",
)
# Grace periods: the code is observed, and a part of the detail.
GRACE_PERIOD_SETTING = ErrorTemplate(
    409,
    "STATE_ERROR.SUBSCRIPTION_GRACE_PERIOD_OPT_IN_SETTING_INVALID",
    _OTHER_STATE,
    "A grace period cannot be enabled in prod and disabled in sandbox",
)
# Promoted purchases: observed; the title is that of other attributes that cannot be changed.
_UNMODIFIABLE = (
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID.UNMODIFIABLE",
    "The provided entity contains a field that can not be modified in the current state",
)
PROMOTION_HAS_IMAGE = ErrorTemplate(*_UNMODIFIABLE, "Promoted purchase has an image. Please delete the image first.")
# In-app purchases and subscriptions: observed in full, unless a comment says otherwise.
VERSION_IN_FLIGHT = ErrorTemplate(
    409,
    "STATE_ERROR.ALREADY_EXISTS",
    "Resource already exists.",  # inferred from the errors of other resources
    "Version already exists. There is already an inflight version with id '{id}' for {noun} {product}",
)
VERSION_UNMODIFIABLE = ErrorTemplate(  # the title is inferred, and so is the code for groups
    409, "STATE_ERROR.{kind}_VERSION_UNMODIFIABLE", _OTHER_STATE, "Version is not in modifiable state."
)
LOCALIZATION_CLOSED = ErrorTemplate(*_UNMODIFIABLE, "Cannot edit {title}Localization when it is in {state} state")
LAST_LOCALIZATION = ErrorTemplate(  # code and title are inferred
    409, "STATE_ERROR", _OTHER_STATE, "Cannot delete last localization."
)
SUBSCRIPTION_NOT_DELETED = ErrorTemplate(  # title and detail are inferred
    409,
    "STATE_ERROR.SUBSCRIPTION_DELETE_NOT_ALLOWED",
    _OTHER_STATE,
    "A subscription that is ready to be submitted or was submitted cannot be deleted.",
)
FAMILY_SHARING = ErrorTemplate(*_UNMODIFIABLE, "Family sharing cannot be switched off.")  # the detail is inferred
# Submissions: the codes are observed; titles and details are inferred, unless a recorded response has them.
NOT_SUBMITTABLE = ErrorTemplate(
    409,
    "STATE_ERROR.INVALID_REQUEST_ENTITY_STATE_INVALID",
    "{type} with id '{id}' is not in valid state.",
    "This resource cannot be reviewed, please check associated errors to see why.",
)
AVAILABILITY_NEVER_SET = ErrorTemplate(
    409,
    "STATE_ERROR.IAP_SUBMISSION_NOT_ALLOWED_AVAILABILITY_NEVER_SET",
    _OTHER_STATE,
    "The availability of the product has never been set.",
)
PRICES_MISSING = ErrorTemplate(
    409,
    "STATE_ERROR.IAP_SUBMISSION_NOT_ALLOWED_MISSING_PRICING_DATA",
    _OTHER_STATE,
    "There is no price for these territories: {territories}",
)
FIRST_ON_VERSION = ErrorTemplate(
    409,
    "STATE_ERROR.FIRST_{kind}_MUST_BE_SUBMITTED_ON_VERSION",
    _OTHER_STATE,
    "The first product of its kind must be submitted together with a version of the app.",
)
NO_PENDING_VERSION = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID",
    "The provided entity includes a relationship with an invalid value",
    "{title} {id} has no pending version for submission",
)
GROUP_VERSION_REQUIRED = ErrorTemplate(
    409,
    "STATE_ERROR.SUBSCRIPTION_SUBMISSION_REQUIRES_GROUP_VERSION",
    _OTHER_STATE,
    "The subscription must be submitted together with the version of its group.",
)
GROUP_ALONE = ErrorTemplate(
    409,
    "ENTITY_ERROR.SUBSCRIPTION_GROUP_SUBMISSION_NOT_ALLOWED",
    _PROBLEM,
    "Submit at least one subscription of the group first.",
)
