"""Apple's errors, in Apple's words as far as they are known. Comments give the sources.

``documented``: in Apple's documentation. ``observed``: in responses of the public API that users have published.
``inferred``: modelled on those. Clients should act on the code only (documented).
"""

from __future__ import annotations

import json
from base64 import b32encode
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from pytest_asc.apple import services
from pytest_asc.emulator.http_models import JSON, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_asc.emulator.http_models import JsonValue


class ErrorTemplate(NamedTuple):
    """Status, code, title and detail of an error. Title and detail may have replacement fields of ``str.format``."""

    status: int
    code: str
    title: str
    detail: str
    """Detail; empty for an error without a detail."""
    gateway: bool = False
    """True for errors of Apple's front end, which have no id, and whose JSON is formatted differently."""
    meta: Mapping[str, JsonValue] = {}
    links: Mapping[str, str] = {}
    short_id: bool = False
    """True for errors whose id is a UUID in Base32, with 26 characters."""


_NOT_AUTHORIZED = json.loads(services.NOT_AUTHORIZED.body)["errors"][0]
# 401 for every error of the token. Title and detail are in the table of services.
NOT_AUTHORIZED = ErrorTemplate(
    401, _NOT_AUTHORIZED["code"], _NOT_AUTHORIZED["title"], _NOT_AUTHORIZED["detail"], gateway=True
)
# 403 because of the account or the key (observed).
ROLE_INSUFFICIENT = ErrorTemplate(
    403,
    "FORBIDDEN_ERROR",
    "This request is forbidden for security reasons",
    "The API key in use does not allow this request",
)
ACCOUNT_HOLDER_ONLY = ErrorTemplate(
    403, ROLE_INSUFFICIENT.code, ROLE_INSUFFICIENT.title, "This operation can only be performed by the Account Holder."
)
MEMBERSHIP_EXPIRED = ErrorTemplate(
    403,
    "FORBIDDEN_ERROR",
    "This request is forbidden for security reasons",
    "Team ID: '{team}' is not associated with an active membership. To check your teams membership status, sign in "
    "your account on the developer website. https://developer.apple.com/account/",
)
AGREEMENT_MISSING = ErrorTemplate(
    403,
    "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED",
    "A required agreement is missing or has expired.",
    "This request requires an in-effect agreement that has not been signed or has expired.",
    short_id=True,
    links={"see": "/business"},  # "/agreements" in older recordings (codemagic-ci-cd/cli-tools)
)
# 403 for an operation that a type or a relationship does not allow (observed).
OPERATION_NOT_ALLOWED = ErrorTemplate(
    403,
    "FORBIDDEN_ERROR",
    "The given operation is not allowed",
    "The resource '{name}' does not allow '{operation}'.{allowed}",
)
RELATIONSHIP_NOT_ALLOWED = ErrorTemplate(
    403,
    "FORBIDDEN_ERROR",
    "The given operation is not allowed",
    "The relationship '{name}' does not allow '{operation}'.{allowed}",
)
# 405: the code is documented, title and detail are inferred.
METHOD_NOT_ALLOWED = ErrorTemplate(
    405,
    "METHOD_NOT_ALLOWED",
    "The request method is not valid for the resource path.",
    "The method '{method}' is not allowed for the resource path '{path}'",
)
# 404 (observed).
NOT_FOUND = ErrorTemplate(
    404, "NOT_FOUND", "The specified resource does not exist", "There is no resource of type '{type}' with id '{id}'"
)
PATH_UNKNOWN = ErrorTemplate(404, "PATH_ERROR", "The URL path is not valid", "The resource '{path}' does not exist")
RELATIONSHIP_UNKNOWN = ErrorTemplate(
    404, "PATH_ERROR", "The URL path is not valid", "The relationship '{relationship}' does not exist"
)
# 400. Code and title of INVALID and the details about filters are documented. Title and detail of ILLEGAL, and the
# details about relationships, fields and cursors, are observed. The rest is inferred.
PARAMETER_ILLEGAL = ErrorTemplate(
    400,
    "PARAMETER_ERROR.ILLEGAL",
    "A given parameter is not allowed for this request",
    "The parameter '{name}' can not be used with this request",
)
PARAMETER_REQUIRED = ErrorTemplate(
    400,
    "PARAMETER_ERROR.REQUIRED",
    "A required parameter is missing",
    "The parameter '{name}' is required but was not provided",
)
_INVALID = ("PARAMETER_ERROR.INVALID", "A parameter has an invalid value")
FILTER_UNKNOWN = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid filter type")
FILTER_VALUE = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid filter value")
FILTER_VALUE_OF = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid filter value. Expected one of: {expected}")
ENUM_VALUE = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid value")
RELATIONSHIP_NAME = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid relationship name")
FIELD_NAME = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid field name")
FIELDS_TYPE = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid resource type")
SORT_NAME = FIELD_NAME
EXISTS_VALUE = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid boolean value")
LIMIT_VALUE = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid limit, expected a number from 1 to {most}")
CURSOR_VALUE = ErrorTemplate(400, *_INVALID, "'{value}' is not a valid cursor for this request")
# 415: the status is documented, the rest is inferred.
MEDIA_TYPE_UNSUPPORTED = ErrorTemplate(
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    "The content type of the request is not supported",
    "The content type '{value}' is not supported, expected 'application/json'",
)
# 429: the code is documented, the body is observed (AvdLee/appstoreconnect-swift-sdk #239).
RATE_LIMIT_EXCEEDED = ErrorTemplate(
    429,
    "RATE_LIMIT_EXCEEDED",
    "The request rate limit has been reached.",
    "We've received too many requests for this API. Please wait and try again or slow down your request rate.",
    gateway=True,
)
# 500 (observed: fastlane/fastlane #17886).
UNEXPECTED_ERROR = ErrorTemplate(
    500,
    "UNEXPECTED_ERROR",
    "An unexpected error occurred.",
    "An unexpected error occurred on the server side. If this issue continues, contact us at "
    "https://developer.apple.com/contact/.",
    gateway=True,
)
# Errors of the emulator itself, which Apple does not have.
NOT_EMULATED = ErrorTemplate(
    501,
    "PYTEST_ASC.NOT_EMULATED",
    "pytest-asc does not emulate this",
    "This response is from pytest-asc, not from Apple: {what} is not emulated.",
)
CRASHED = ErrorTemplate(
    500,
    "PYTEST_ASC.CRASHED",
    "pytest-asc failed",
    "This response is from pytest-asc, not from Apple: the emulator failed with {error}. Please report it.",
)

TEMPLATES_BY_STATUS = {
    template.status: template for template in (NOT_AUTHORIZED, ROLE_INSUFFICIENT, RATE_LIMIT_EXCEEDED, UNEXPECTED_ERROR)
}
"""Errors that ``Emulator.fail`` uses for a status if no code is given."""


def phrase(status: int) -> str:
    """Return the reason phrase of a status (RFC 9110, 15)."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def front_end_page(status: int) -> str:
    """Return the HTML page of Apple's front end (observed for 502: fastlane/fastlane #19264, #19278)."""
    title = f"{status} {phrase(status)}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>Apple</center>\r\n</body>\r\n</html>\r\n"
    )


BAD_GATEWAY = front_end_page(502)

# 406 is the only response in plain text (documented); the text is inferred.
NOT_ACCEPTABLE = Response(406, {"Content-Type": "text/plain"}, b"Not Acceptable")


class ApiError(NamedTuple):
    """An error object (JSON:API), before it is serialized."""

    template: ErrorTemplate
    values: Mapping[str, object] = {}
    """Values for the replacement fields of the template."""
    source: Mapping[str, str] = {}
    """Part of the request that is in error: a JSON pointer into the body, or the name of a query parameter."""
    associated: Mapping[str, Sequence[ApiError]] = {}
    """Associated errors of other resources, by the paths of these resources."""
    headers: Mapping[str, str] = {}
    """Additional headers of the response."""

    def as_json(self, identifier: str | None) -> dict[str, JsonValue]:
        """Return the error object, with its members in Apple's order.

        Args:
            identifier: ID of this occurrence of the error; None to leave it out.
        """
        head = {} if identifier is None else {"id": identifier}
        template = self.template
        detail = template.detail.format_map(self.values) if self.values else template.detail
        return {
            **head,
            "status": str(template.status),
            "code": template.code,
            "title": template.title.format_map(self.values) if self.values else template.title,
            **({"detail": detail} if detail else {}),
            **({"source": dict(self.source)} if self.source else {}),
            **({"links": dict(template.links)} if template.links else {}),
            **({"meta": dict(template.meta)} if template.meta else {}),
        }


def at_pointer(template: ErrorTemplate, pointer: str, **values: object) -> ApiError:
    """Return an error about a part of the body.

    Args:
        template: Template of the error.
        pointer: JSON pointer (RFC 6901) to the part, such as ``/data/attributes/name``.
        values: Values for the replacement fields of the template.
    """
    return ApiError(template, values, {"pointer": pointer})


# Resources of the developer portal, whose 404 has a source (observed for bundleIds, inferred for the others).
_PORTAL_TYPES = frozenset(
    {"bundleIdCapabilities", "bundleIds", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"}
)


def not_found(resource_type: str, identifier: str) -> ApiError:
    """Return the error for a resource that does not exist.

    Args:
        resource_type: Type of the resource.
        identifier: ID of the resource, from the path.
    """
    # Apple's pointer does not start with a slash (observed: codemagic-ci-cd/cli-tools).
    source = {"pointer": "data/id"} if resource_type in _PORTAL_TYPES else {}
    return ApiError(NOT_FOUND, {"type": resource_type, "id": identifier}, source)


def at_parameter(template: ErrorTemplate, name: str, **values: object) -> ApiError:
    """Return an error about a query parameter.

    Args:
        template: Template of the error.
        name: Name of the parameter, such as ``filter[name]``.
        values: Values for the other replacement fields of the template.
    """
    return ApiError(template, {"name": name, **values}, {"parameter": name})


# Maximum number of errors in a response, because a malicious body can have a million.
_MAX_ERRORS = 1000


class RefusedError(Exception):
    """Rejection of a request, with the errors to respond with."""

    def __init__(self, *reasons: ApiError) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


def error_response(errors: Sequence[ApiError], new_id: Callable[[], str]) -> Response:
    """Return the response with these errors; its status is that of the first error.

    Args:
        errors: The errors, at least one.
        new_id: Function that returns a new id for an occurrence of an error.
    """
    first = errors[0].template
    if first.gateway:
        return Response(first.status, {"Content-Type": JSON}, _gateway_layout(errors[0].as_json(None)))
    members = [_error_object(error, new_id) for error in errors[:_MAX_ERRORS]]
    return Response(first.status, {"Content-Type": JSON, **errors[0].headers}, _application_layout(members))


def _error_object(error: ApiError, new_id: Callable[[], str]) -> dict[str, JsonValue]:
    members = error.as_json(_occurrence_id(error, new_id))
    if error.associated:
        associated: dict[str, JsonValue] = {
            path: [other.as_json(_occurrence_id(other, new_id)) for other in others]
            for path, others in error.associated.items()
        }
        members["meta"] = {"associatedErrors": associated}
    return members


def _occurrence_id(error: ApiError, new_id: Callable[[], str]) -> str:
    return as_base32(new_id()) if error.template.short_id else new_id()


def as_base32(uuid: str) -> str:
    """Return a UUID in Base32, with 26 characters, which is the format of some of Apple's ids."""
    return b32encode(UUID(uuid).bytes).decode("ascii").rstrip("=")


def html(status: int, text: str) -> Response:
    """Return an HTML response, such as those of front ends and proxies."""
    return Response(status, {"Content-Type": "text/html"}, text.encode())


def _gateway_layout(error: dict[str, JsonValue]) -> bytes:
    """Format the document as the front end does: indented with tabs, and no space before a colon (observed)."""
    members = ",\n".join(f"\t\t{json.dumps(key)}: {json.dumps(value)}" for key, value in error.items())
    return f'{{\n\t"errors": [{{\n{members}\n\t}}]\n}}'.encode()


def _application_layout(errors: list[dict[str, JsonValue]]) -> bytes:
    """Format the document as the application does: indented by 2, and a space before a colon (observed)."""
    text = ", ".join(json.dumps(error, indent=2, separators=(",", " : ")) for error in errors)
    lines = text.replace("\n", "\n  ")
    return f'{{\n  "errors" : [ {lines} ]\n}}'.encode()
