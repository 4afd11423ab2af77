"""Apple's errors for request bodies, in Apple's words as far as they are known. Comments give the sources."""

from __future__ import annotations

from pytest_asc.emulator.jsonapi.errors import ErrorTemplate

# For a body that is not JSON (400), and for JSON that is not a request document (422). The codes are documented. Title
# and detail of the 422 are observed (Apple's forum), those of the 400 inferred.
ENTITY_INVALID = ErrorTemplate(
    400, "ENTITY_INVALID", "JSON processing failed", "The body of the request could not be read: {problem}"
)
ENTITY_UNPROCESSABLE = ErrorTemplate(
    422,
    "ENTITY_UNPROCESSABLE",
    "The request entity is not a valid request document object",
    "Unexpected or invalid value at '{path}'.",
    meta={"position": {"row": -1, "column": -1}},  # observed for an id that is a number, not a string
)
# Observed for ``[object Object]``, which a client sent by mistake (a developer's script, September 2026); inferred for
# other bodies that are not an object.
NOT_A_DOCUMENT = ENTITY_UNPROCESSABLE._replace(detail="Unexpected error", meta={})
# 409 for the content of a body. Observed in full, in responses that users of fastlane, of rorkai/App-Store-Connect-CLI
# and of Apple's forum have published:
_ENTITY = "The provided entity"
ATTRIBUTE_REQUIRED = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.REQUIRED",
    f"{_ENTITY} is missing a required attribute",
    "You must provide a value for the attribute '{name}' with this request",
)
ATTRIBUTE_UNKNOWN = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.UNKNOWN",
    f"{_ENTITY} includes an unknown attribute",
    "'{name}' is not an attribute on the resource '{resource}'",
)
ATTRIBUTE_TYPE = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.TYPE",
    "An attribute in the provided entity has the wrong type",
    "'{value}' is not a valid value for the attribute '{name}'. Expected {expected}",
)
ATTRIBUTE_DUPLICATE = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE",
    f"{_ENTITY} includes an attribute with a value that has already been used",
    "An '{type}' with a '{name}' of '{value}' already exists.",
)
DUPLICATE_LOCALE = ATTRIBUTE_DUPLICATE._replace(detail="Entity with locale: '{value}' already exists. Try updating.")
DUPLICATE_VERSION = ATTRIBUTE_DUPLICATE._replace(detail="The version number has been previously used.")
ALREADY_EXISTS = ErrorTemplate(
    409,
    "STATE_ERROR.ALREADY_EXISTS",
    "Resource already exists.",
    "The given app version already has an existing review.",
)
RELATIONSHIP_REQUIRED = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.REQUIRED",
    f"{_ENTITY} is missing a required relationship",
    "You must provide a value for the relationship '{name}' with this request",
)
RELATIONSHIP_UNKNOWN = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.UNKNOWN",
    f"{_ENTITY} includes an unknown relationship",
    "'{name}' is not a relationship on the resource '{resource}'",
)
_RELATIONSHIP_INVALID = (
    "ENTITY_ERROR.RELATIONSHIP.INVALID",
    f"{_ENTITY} includes a relationship with an invalid value",
)
RELATIONSHIP_ID = ErrorTemplate(409, *_RELATIONSHIP_INVALID, "'{id}' is not a valid ID for this relationship")
# Observed for the app of a review submission (microsoft/asconnect #47).
APP_NOT_FOUND = ErrorTemplate(
    409, _RELATIONSHIP_INVALID[0], "Relationship is invalid", "{name} with id {id} cannot be found"
)
RELATIONSHIP_EXISTS = ErrorTemplate(
    409,
    *_RELATIONSHIP_INVALID,
    "An '{type}' with a relationship to '{target}' with id '{value}' already exists.",
)
NOT_INCLUDED = ErrorTemplate(
    409,
    *_RELATIONSHIP_INVALID,
    "The relationship '{name}' expects an included resource with type '{type}' and id '{id}' but no matching resource "
    "was included.",
)
INCLUDED_ID = ErrorTemplate(
    409,
    "ENTITY_ERROR.INCLUDED.INVALID_ID",
    "The provided entity id is invalid",
    "The provided included entity id '{id}' has invalid format. For inline creation, the id must be a local id with "
    "the format '${{local-id}}'.",
)
# Title and detail are observed (expo/eas-cli, fastlane), the code is inferred:
IDENTIFIER_TAKEN = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID",
    "An attribute in the provided entity has invalid value",
    "An App ID with Identifier '{value}' is not available. Please enter a different string.",
)
DEVICE_NUMBER = IDENTIFIER_TAKEN._replace(detail="An invalid value '{value}' was provided for the parameter 'udid'.")
# Code and detail are observed, the title is inferred:
ATTRIBUTE_NOT_ALLOWED = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.NOT_ALLOWED",
    f"{_ENTITY} includes an attribute that is not allowed",
    "The attribute '{name}' can not be included in a '{operation}' operation",
)
RELATIONSHIP_NOT_ALLOWED = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.NOT_ALLOWED",
    f"{_ENTITY} includes a relationship that is not allowed",
    "The relationship '{name}' can not be included in a '{operation}' operation",
)
# The code is observed, title and detail are inferred:
UNEXPECTED_ID = ErrorTemplate(
    409, "ENTITY_ERROR.UNEXPECTED_ID", f"{_ENTITY} has an unexpected id", "Got the id '{id}', expected {expected}"
)
# Inferred:
UNEXPECTED_TYPE = ErrorTemplate(
    409,
    "ENTITY_ERROR.UNEXPECTED_TYPE",
    f"{_ENTITY} has an unexpected type",
    "Got the type '{type}', expected '{expected}'",
)
RELATIONSHIP_DATA = ErrorTemplate(409, *_RELATIONSHIP_INVALID, "The relationship '{name}' expects {expected}")
# That such commits fail is documented; the errors are inferred:
_ATTRIBUTE_INVALID = (409, "ENTITY_ERROR.ATTRIBUTE.INVALID", "An attribute in the provided entity has invalid value")
UPLOAD_INCOMPLETE = ErrorTemplate(
    *_ATTRIBUTE_INVALID, "The upload cannot be committed: {received} of {size} bytes have been received."
)
RESERVATION_EXPIRED = ErrorTemplate(
    *_ATTRIBUTE_INVALID, "The reservation has expired. Delete it and make a new one to upload the file."
)
FILE_SIZE = ErrorTemplate(*_ATTRIBUTE_INVALID, "'{value}' is not a valid size of a file")
NUMBER_OF_CODES = ErrorTemplate(
    *_ATTRIBUTE_INVALID, "'{value}' is not a valid number of codes, expected a number from 1 to {most}"
)
# TOO_LONG is observed in full for review notes (rorkai/App-Store-Connect-CLI). The titles of the next two are inferred:
TOO_LONG = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID.TOO_LONG",
    "An attribute value is too long.",
    "{label} cannot be longer than {most} characters.",
)
REVIEW_PHONE_INVALID = ErrorTemplate(
    *_ATTRIBUTE_INVALID,
    "The phone number must be in a valid format. Preface the phone number with '+' followed by the country code (for "
    "example, +44 844 209 0611)",
)
BETA_REVIEW_PHONE_INVALID = ErrorTemplate(*_ATTRIBUTE_INVALID, "The format of the phone number is invalid")
# Texts. Errors of Game Center are observed in full; title and detail are observed for products (2026). The code of
# INVALID_TEXT is inferred, and so is the title of INVALID_CHARACTERS for attributes other than release notes.
GAME_CENTER_TEXT_TOO_LONG = TOO_LONG._replace(
    title="There is a problem with the request entity",
    detail="The provided entity contains a field '{label}' whose value is too long. It cannot exceed {most} "
    "characters.",
)
PRODUCT_TEXT_TOO_LONG = TOO_LONG._replace(
    title=f"{_ENTITY} contains a field whose value is too long",
    detail="The field ({label}) is too long. Max number of characters is ({most}).",
)
INVALID_CHARACTERS = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID.INVALID_CHARACTERS",
    "An attribute value has invalid characters.",
    "{label} can't contain the following character(s): {found}",
)
INVALID_TEXT = ErrorTemplate(
    409,
    "ENTITY_ERROR.ATTRIBUTE.INVALID.INVALID_TEXT",
    "An attribute value has invalid text.",
    "Text contains invalid characters/formats.",
)
INVALID_TEXT_CHARACTERS = INVALID_TEXT._replace(detail="Text for {label} contains invalid characters:'[{found}]'")
# Observed in full, except for the error of Game Center: its title is that of other Game Center errors.
_INVALID_VALUE = (409, "ENTITY_ERROR.ATTRIBUTE.INVALID", f"{_ENTITY} includes an attribute with an invalid value")
LOCALE_INVALID = ErrorTemplate(*_INVALID_VALUE, "The 'locale' value is invalid.")
SAME_LOCALE = ErrorTemplate(*_INVALID_VALUE, "There is an entity with same 'locale'")
GAME_CENTER_LOCALE_INVALID = ErrorTemplate(
    409, "ENTITY_ERROR.LOCALE_INVALID", GAME_CENTER_TEXT_TOO_LONG.title, LOCALE_INVALID.detail
)
CSR_INVALID = ErrorTemplate(*_ATTRIBUTE_INVALID, "The certificate signing request is invalid.")
# The detail is observed on the developer portal, the rest is inferred:
CSR_ALGORITHM = ErrorTemplate(*_ATTRIBUTE_INVALID, "CSR algorithm/size incorrect. Expected: RSA(2048)")
# Errors of the developer portal. Code, title and most details are observed (bitrise-io/go-xcode, codemagic, fastlane,
# xtool). The details about profiles that take no devices, and about identifiers, are inferred:
_PORTAL = (409, "ENTITY_ERROR", "There is a problem with the request entity")
TOO_MANY_CERTIFICATES = ErrorTemplate(
    *_PORTAL, "You already have a current {kind} certificate or a pending certificate request."
)
NO_CERTIFICATES = ErrorTemplate(
    *_PORTAL,
    "There are no current certificates on this team matching the provided certificate IDs compatible with {type} "
    "profiles.",
)
NO_DEVICES = ErrorTemplate(
    *_PORTAL, "There are no current {platform} devices on this team matching the provided device IDs."
)
NO_DEVICES_TAKEN = ErrorTemplate(*_PORTAL, "Devices can not be provided for {type} profiles.")
NO_DEVICES_FOR_STORE = ErrorTemplate(
    409,
    "ENTITY_ERROR.RELATIONSHIP.NOT_ALLOWED",
    "A relationship in the provided entity is not allowed for this request",
    "No devices can be associated to Provisioning Profiles for the App Store.",
)
DEVICE_TAKEN = ErrorTemplate(*_PORTAL, "A device with number '{value}' already exists on this team.")
APP_ID_UNKNOWN = ErrorTemplate(*_PORTAL, "There is no App ID with ID '{id}' on this team.")
APP_ID_PLATFORM = ErrorTemplate(*_PORTAL, "You are not allowed to create '{platform}' profile with App ID '{id}'.")
PROFILE_NAME_TAKEN = ErrorTemplate(
    *_PORTAL, "Multiple profiles found with the name '{value}'.  Please remove the duplicate profiles and try again."
)
PORTAL_IDENTIFIER_TAKEN = ErrorTemplate(*_PORTAL, "The identifier '{value}' is not available.")
# Code and detail are observed (by several users); the title is that of other STATE_ERRORs:
REQUEST_EXISTS = ErrorTemplate(
    409,
    "STATE_ERROR",
    "The request cannot be fulfilled because of the state of another resource.",
    "You already have such an entity",
)
