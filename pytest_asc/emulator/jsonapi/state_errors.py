"""Apple's errors about the state of a resource, in Apple's words as far as they are known.

Unless a comment says otherwise, codes, titles and details are observed: in issues and code that users of fastlane,
codemagic-cli-tools, expo/eas-cli and rorkai/App-Store-Connect-CLI have published.
"""

from __future__ import annotations

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

_ENTITY = "The provided entity"
_INVALID = "ENTITY_ERROR.ATTRIBUTE.INVALID"
_INVALID_TITLE = f"{_ENTITY} includes an attribute with an invalid value"
_OTHER_STATE = "The request cannot be fulfilled because of the state of another resource."

# Invalid state of a resource. Code and title are observed, and the details unless they are marked as inferred.
_STATE = ("STATE_ERROR.ENTITY_STATE_INVALID", "{type} with id '{id}' is not in valid state.")
NOT_REVIEWABLE = ErrorTemplate(
    409, *_STATE, "This resource cannot be reviewed, please check associated errors to see why."
)
ITEM_SUBMITTED = ErrorTemplate(409, *_STATE, "Item was already submitted")
NOT_ALLOWED_IN_STATE = ErrorTemplate(409, *_STATE, "This cannot be done while it is {state}.")  # inferred

# Associated errors.
ITEM_IN_OTHER_SUBMISSION = ErrorTemplate(
    409,
    "STATE_ERROR.ITEM_PART_OF_ANOTHER_SUBMISSION",
    _OTHER_STATE,  # inferred
    "{type} with id {id} was already added to another reviewSubmission with id {submission}",
)
NOT_READY = ErrorTemplate(
    409, "STATE_ERROR", _OTHER_STATE, "Version is not ready to be submitted yet, please try again later."
)
TOO_MANY_SUBMISSIONS = ErrorTemplate(
    409,
    "STATE_ERROR.CONCURRENT_REVIEW_SUBMISSION_LIMIT_EXCEEDED",
    "ReviewSubmission creation concurrency limit is reached",
    "Unable to create reviewSubmission for appId={app} reviewSubmissionType=DEFAULT platform={platform} as maximum "
    "limit={limit} of concurrency has reached",
)
# The code and a part of the detail are observed.
TOO_MANY_IN_REVIEW = ErrorTemplate(
    409,
    "STATE_ERROR.MAX_IN_REVIEW_SUBMISSIONS_PER_PLATFORM_LIMIT_REACHED",
    _OTHER_STATE,
    "Unable to submit reviewSubmission as the maximum limit of {limit} in-flight reviewSubmissions for "
    "platform={platform} has been reached",
)
# Missing parts of a version. Titles and details of the first three are observed, those of the others inferred.
SCREENSHOT_REQUIRED = {
    display_type: ErrorTemplate(
        409,
        f"STATE_ERROR.SCREENSHOT_REQUIRED.{display_type}",
        f"App screenshot missing ({display_type}).",
        f"A screenshot with type {name} is required but was not provided",
    )
    for display_type, name in {
        "APP_IPHONE_65": "iphone65",  # the name is inferred from those of other sizes
        "APP_IPAD_PRO_3GEN_129": "ipadPro129",
        "APP_WATCH_SERIES_4": "watchSeries4",  # the name is inferred
        "APP_DESKTOP": "desktop",  # this error and the next two are inferred in full
        "APP_APPLE_TV": "appleTV",
        "APP_APPLE_VISION_PRO": "appleVisionPro",
    }.items()
}
# The title for the iPad was recorded without a full stop, that for a smaller iPhone with one.
_IPAD = "APP_IPAD_PRO_3GEN_129"
SCREENSHOT_REQUIRED[_IPAD] = SCREENSHOT_REQUIRED[_IPAD]._replace(title=f"App screenshot missing ({_IPAD})")
APP_DATA_USAGES_REQUIRED = ErrorTemplate(
    409,
    "STATE_ERROR.APP_DATA_USAGES_REQUIRED",
    "Answers to what data your app collects and how it's used are needed.",
    "You must have published answers to your app's data usages.",
)
REVIEW_DETAIL_MISSING = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID",
    f"{_ENTITY} includes a relationship with an invalid value",
    "The appStoreReviewDetail associated with appStoreVersions {id} was not found.",
)
SCREENSHOT_UPLOADS_IN_PROGRESS = ErrorTemplate(
    409,
    "STATE_ERROR.SCREENSHOT_UPLOADS_IN_PROGRESS",
    _OTHER_STATE,
    "Some screenshots are still being uploaded or have failed.",
)
APP_PRICING_REQUIRED = ErrorTemplate(409, "STATE_ERROR.APP_PRICING_REQUIRED", _OTHER_STATE, "You must set a price.")
# The only source is the test of a client, which may have shortened the code.
APP_AVAILABILITY_REQUIRED = ErrorTemplate(409, "AVAILABILITY_REQUIRED", _OTHER_STATE, "Set availability.")
APP_TRACKS_USERS = ErrorTemplate(
    409,
    "STATE_ERROR.BINARY_INDICATES_APP_TRACKS_USERS",
    _OTHER_STATE,
    "The build contains NSUserTrackingUsageDescription, but the app's privacy answers say that it does not track.",
)
MEDICAL_DEVICE_DECLARATION_MISSING = ErrorTemplate(
    409,
    "STATE_ERROR.CANNOT_SUBMIT_MISSING_REGULATED_MEDICAL_DEVICE_APP_DECLARATION",
    _OTHER_STATE,
    "A declaration on regulated medical devices is required.",
)
# Review submissions. The code of the first error is inferred.
OTHER_SUBMISSION_IN_PROGRESS = ErrorTemplate(
    409,
    "STATE_ERROR.ENTITY_STATE_INVALID",
    "Resource state invalid",
    "There is another reviewSubmissions with id {id} still in progress.",
)
NO_ITEMS = OTHER_SUBMISSION_IN_PROGRESS._replace(detail="reviewSubmissions with id {id} does not have any items.")
NOT_CANCELABLE = ErrorTemplate(
    409,
    "STATE_ERROR.ENTITY_STATE_INVALID",
    "Resource state is invalid.",
    "Resource is not in cancellable state",
)
APPROVED_VERSION_REQUIRED = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.REQUIRED",
    f"{_ENTITY} is missing a required relationship",
    "App {app} must have an approved appStoreVersions for platform {platform}, or an appStoreVersions must be included "
    "in this review submission.",
)
ONLY_ONE_VERSION = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID.NOT_ALLOWED",
    "Only one appStoreVersion can be present in reviewSubmissions.",
    "",
)
# The title is inferred.
ITEM_ALREADY_ADDED = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID.NOT_ALLOWED",
    f"{_ENTITY} includes a relationship with an invalid value",
    "{type} with id {id} was already added to this reviewSubmission",
)
# That Apple rejects it is observed, the error is inferred.
ITEM_REMOVED = ITEM_ALREADY_ADDED._replace(detail="{type} with id {id} was removed from this reviewSubmission")
# Versions.
VERSION_PENDING = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID",
    f"{_ENTITY} includes a relationship with an invalid value",
    "You cannot create a new version of the App in the current state.",
)
NOT_EDITABLE = ErrorTemplate(409, "STATE_ERROR", _OTHER_STATE, "Attribute '{name}' cannot be edited at this time")
_INVALID_STATE = "An attribute value is not acceptable for the current resource state."
ATTRIBUTE_CLOSED = ErrorTemplate(
    409, f"{_INVALID}.INVALID_STATE", _INVALID_STATE, "The attribute '{name}' can not be modified."
)
FIELD_CLOSED = ATTRIBUTE_CLOSED._replace(detail="The field '{name}' can not be modified in the current state")
# The detail of these two is inferred.
ASSET_CLOSED = ATTRIBUTE_CLOSED._replace(detail="The screenshots and previews can not be modified in the current state")
# Title and detail of SET_EXISTS are observed, and the detail of TOO_MANY_FILES.
SET_EXISTS = ErrorTemplate(409, "STATE_ERROR.ALREADY_EXISTS", _OTHER_STATE, "Screenshot Set Already Exists!")
TOO_MANY_FILES = ErrorTemplate(409, "STATE_ERROR", _OTHER_STATE, "Too many {noun} ({limit})")
RELATIONSHIP_CLOSED = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.INVALID.INVALID_STATE",
    "A relationship value is not acceptable for the current resource state.",
    "The relationship '{name}' can not be modified.",
)
BUILD_CLOSED = RELATIONSHIP_CLOSED._replace(detail="The specified pre-release build could not be added.")
# Inferred, modelled on NOT_EDITABLE.
NOT_CHANGEABLE = NOT_EDITABLE._replace(detail="The {what} cannot be changed at this time")
PHASE_UNCHANGED = ErrorTemplate(409, _INVALID, _INVALID_TITLE, "The phased release already has this value")
PHASE_CHANGE = PHASE_UNCHANGED._replace(detail="The phased release cannot go from {old} to {new}")  # inferred
PHASE_EXISTS = ErrorTemplate(  # inferred
    409,
    "STATE_ERROR.ALREADY_EXISTS",
    "Resource already exists.",
    "The given app version already has a phased release.",
)
# Builds. The first error is observed in full (expo/eas-cli and logs of altool), the code of the second.
BUILD_NUMBER_USED = ErrorTemplate(
    409,
    f"{_INVALID}.DUPLICATE",
    f"{_ENTITY} includes an attribute with a value that has already been used",
    "The bundle version must be higher than the previously uploaded version.",
)
UPLOAD_COMPLETE = RELATIONSHIP_CLOSED._replace(detail="The build upload is complete and takes no further files.")
ALREADY_ANSWERED = ErrorTemplate(409, _INVALID, _INVALID_TITLE, "You cannot update when the value is already set.")
_PROCESSING = "The build is not in a valid processing state for this operation."
BUILD_PROCESSING = ErrorTemplate(422, "ENTITY_UNPROCESSABLE", _PROCESSING, _PROCESSING)
# Code and texts are observed separately; that they belong together is inferred.
BUILD_STATE = ErrorTemplate(
    422,
    "ENTITY_UNPROCESSABLE.INVALID_QC_STATE",
    "The build is not in state for internal testing.",
    "Build is not in internal testing state.",
)
OTHER_BUILD = ErrorTemplate(
    422,
    "ENTITY_UNPROCESSABLE.ANOTHER_BUILD_IN_REVIEW",
    "Another build is in review",
    "Another build in the same train is already in beta review.",
)
# Status, code and title are inferred.
NOT_TESTABLE = ErrorTemplate(
    422, "ENTITY_UNPROCESSABLE", "The build cannot be announced.", "Build is not in externally testable state."
)
# TestFlight.
HAS_ALL_BUILDS = ErrorTemplate(
    422,
    "ENTITY_UNPROCESSABLE",
    "Builds cannot be assigned to this internal group.",
    "Cannot add internal group to a build.",
)
# That Apple rejects these is documented, the errors are inferred.
INTERNAL_ONLY = HAS_ALL_BUILDS._replace(
    title="Builds cannot be assigned to this external group.", detail="The build is for internal testing only."
)
TOO_MANY_TESTERS = ErrorTemplate(
    409, "STATE_ERROR", _OTHER_STATE, "The app has its most {kind} testers already: {most}."
)
ALREADY_TESTING = ErrorTemplate(409, "STATE_ERROR", _OTHER_STATE, "Tester(s) cannot be assigned")
# The titles of these two are inferred, and the detail of the first.
INVITATION_ACCEPTED = ErrorTemplate(
    409, "STATE_ERROR.TESTER_INVITE.ALREADY_ACCEPTED", _OTHER_STATE, "Tester has already accepted the invitation"
)
NOTHING_TO_INSTALL = ErrorTemplate(
    409, "STATE_ERROR.TESTER_INVITE.NO_INSTALLABLE_BUILDS", _OTHER_STATE, "Tester has no installable build"
)
# Users: inferred.
ALREADY_USER = ErrorTemplate(409, _INVALID, _INVALID_TITLE, "A user with the email '{email}' is already on this team.")
ALREADY_INVITED = ALREADY_USER._replace(detail="The email '{email}' has already been invited to this team.")
ROLE_NOT_GIVEN = ALREADY_USER._replace(detail="The role '{role}' cannot be given to an invited user.")
NO_ROLE = ALREADY_USER._replace(detail="A user needs at least one role.")
# Xcode Cloud: inferred.
WORKFLOW_DISABLED = ErrorTemplate(409, *_STATE, "The workflow is disabled.")
