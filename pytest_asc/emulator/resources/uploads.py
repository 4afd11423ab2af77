"""Asset uploads: reservation, upload in parts, commit and processing.

The process is the same for all types with upload operations (documented: "Uploading Assets to App Store Connect").
"""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.account.upload_storage import UPLOAD_LIFETIME
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks, do_nothing
from pytest_asc.emulator.resources.images import image_size
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.uploads import UPLOAD_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

PROCESSING_SECONDS = 30.0  # Apple says that processing takes from seconds to minutes (documented)
_MAX_PARTS = 10_000  # limit of Amazon S3 for one file (documented by Amazon)
# Content-Type of the parts, by file name extension. PNG and MP4 are from documented examples, JPEG is inferred, and the
# type of all others is observed.
_CONTENT_TYPES = {".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".mp4": "video/mp4", ".png": "image/png"}
_DEFAULT_CONTENT_TYPE = "application/octet-stream"
# Names of states for files that are submitted for review and have the attribute "state", if the names differ.
_REVIEWED = {"COMPLETE": "PREPARE_FOR_SUBMISSION"}
# Errors of files that cannot be processed. That checksums are compared is documented, the code for images is observed,
# and the rest is inferred.
_WRONG_CHECKSUM = {
    "code": "CHECKSUM_MISMATCH",
    "description": "The checksum of the file that was received is not the one that the commit gave.",
}
_WRONG_SIZE = {"code": "IMAGE_INCORRECT_DIMENSIONS", "description": "The dimensions of the image are not supported."}
_WRONG_FILE = {"code": "FILE_INVALID", "description": "The file cannot be processed."}


class Part(NamedTuple):
    """Part of a file that one upload operation sends. Offset and length are in bytes."""

    number: int
    """Part number, starting with 1."""
    offset: int
    length: int


def split_into_parts(size: int, part_size: int) -> Iterator[Part]:
    """Split a file into parts of equal size, of which the last may be smaller, but not into more than S3 accepts.

    Args:
        size: Size of the file in bytes; at least 1.
        part_size: Size of a part in bytes. It is increased if there would be too many parts.
    """
    length = max(part_size, -(-size // _MAX_PARTS))
    for number, offset in enumerate(range(0, size, length), start=1):
        yield Part(number, offset, min(length, size - offset))


def state_of(resource: Resource) -> str | None:
    """Return the state of an upload; None if there is no reservation."""
    delivery = resource.attributes.get("assetDeliveryState") or {}
    state: str | None = delivery.get("state") or resource.attributes.get("state")
    return state


def errors_of(resource: Resource) -> list[Mapping[str, str]]:
    """Return the errors of a failed upload."""
    return (resource.attributes.get("assetDeliveryState") or {}).get("errors") or []


# Reservation.


def validate_size(_account: Account, entity: ValidatedResource) -> None:
    """Reject an empty file.

    Raises:
        RefusedError: fileSize is less than 1.
    """
    size = entity.attributes["fileSize"]
    if size < 1:
        raise RefusedError(at_pointer(entity_errors.FILE_SIZE, "/data/attributes/fileSize", value=size))


def reserve(account: Account, resource: Resource, entity: ValidatedResource) -> None:
    """Create the upload operations of a file."""
    size, name = entity.attributes["fileSize"], entity.attributes["fileName"]
    content_type = _CONTENT_TYPES.get(PurePath(name).suffix.lower(), _DEFAULT_CONTENT_TYPE)
    parts = list(split_into_parts(size, account.storage.part_size))
    urls = account.storage.reserve(_key(resource), len(parts), content_type, account.base, account.now)
    known = _operation_members(resource.type)
    operations = [
        {
            "method": "PUT",
            "url": url,
            "length": part.length,
            "offset": part.offset,
            "requestHeaders": [{"name": "Content-Type", "value": content_type}],
            "expiration": timestamp(account.now + UPLOAD_LIFETIME),
            "partNumber": part.number,
            "entityTag": None,
        }
        for part, url in zip(parts, urls, strict=True)
    ]
    changes = {
        UPLOAD_OPERATIONS: [
            {name: value for name, value in operation.items() if name in known} for operation in operations
        ],
        "assetToken": f"{_key(resource)}/{name}",
        "assetType": entity.attributes.get("assetType", "SCREENSHOT"),  # default of the documented example
    }
    _update(account, resource, {**changes, **_state_attributes("AWAITING_UPLOAD")})


# Commit and processing.


def validate_commit(account: Account, resource: Resource, entity: ValidatedResource) -> None:
    """Reject the commit of a file that is incomplete or whose reservation has expired (documented).

    Raises:
        RefusedError: The reservation has expired, or the number of bytes differs from fileSize.
    """
    if not _is_commit(resource, entity):
        return
    received, size = account.storage.received(_key(resource), account.now), resource.attributes["fileSize"]
    pointer = "/data/attributes/uploaded"
    if received is None:
        raise RefusedError(at_pointer(entity_errors.RESERVATION_EXPIRED, pointer))
    if len(received) != size:
        raise RefusedError(at_pointer(entity_errors.UPLOAD_INCOMPLETE, pointer, received=len(received), size=size))


def commit(
    account: Account,
    resource: Resource,
    entity: ValidatedResource,
    after_complete: Callable[[Account, Resource], None] = do_nothing,
) -> None:
    """End the upload, and schedule the processing of the file.

    Args:
        account: The account.
        resource: The file.
        entity: The request.
        after_complete: Function to call after the file was processed successfully.
    """
    if not _is_commit(resource, entity):
        return
    base, content = account.base, account.storage.received(_key(resource), account.now) or b""
    account.storage.close(_key(resource))
    _update(account, resource, {UPLOAD_OPERATIONS: None, **_state_attributes("UPLOAD_COMPLETE")})
    description = f"{resource.type} {resource.id}: processed"

    def finish_processing() -> str:
        outcome = _finish_processing(account, resource, content, base)
        if outcome == "COMPLETE":
            after_complete(account, resource)
        return f"{resource.type} {resource.id}: {outcome}"

    account.schedule.call_later(PROCESSING_SECONDS, description, finish_processing, key=resource)


def _finish_processing(account: Account, resource: Resource, content: bytes, base: str) -> str:
    error = _error(account, resource, content)
    if error:
        _update(account, resource, _state_attributes("FAILED", error))
    else:
        _complete(account, resource, content, base)
    return "FAILED" if error else "COMPLETE"


def _error(account: Account, resource: Resource, content: bytes) -> Mapping[str, str] | None:
    """Return the error of a file: its checksum differs, or a test has chosen this outcome; None if there is none."""
    if not _checksums_match(resource, content):
        return _WRONG_CHECKSUM
    if account.outcomes.of(resource) != "FAILED":
        return None
    return _WRONG_SIZE if "imageAsset" in resource.attributes else _WRONG_FILE


def _complete(account: Account, resource: Resource, content: bytes, base: str) -> None:
    url = account.storage.publish(f"{_key(resource)}/source", content, base)
    size = image_size(content)
    changes = {
        # If the commit has no checksum, Apple shows one after some time (observed).
        "sourceFileChecksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "imageAsset": {"templateUrl": f"{url}/{{w}}x{{h}}bb.{{f}}", "width": size.width, "height": size.height},
        "videoUrl": url,
        "downloadUrl": url,
    }
    _update(account, resource, {**changes, **_state_attributes("COMPLETE")})


def _checksums_match(resource: Resource, content: bytes) -> bool:
    """Return whether a file matches the checksums in its commit. Composite checksums of the parts are ignored."""
    sums = {
        "MD5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "SHA_256": hashlib.sha256(content).hexdigest(),
    }
    return all(checksum.lower() == sums[algorithm] for algorithm, checksum in _committed_checksums(resource))


def _committed_checksums(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield algorithm and checksum from the commit, in the format of most types or in that of build uploads."""
    checksum = resource.attributes.get("sourceFileChecksum")
    of_file = (resource.attributes.get("sourceFileChecksums") or {}).get("file") or {}
    if checksum:
        yield "MD5", checksum
    if of_file.get("hash"):
        yield of_file.get("algorithm") or "MD5", of_file["hash"]


def close_upload(account: Account, resource: Resource) -> None:
    """End the upload of a deleted file."""
    account.storage.close(_key(resource))


UPLOAD = ResourceHooks(
    validate_create=validate_size,
    after_create=reserve,
    validate_update=validate_commit,
    after_update=commit,
    before_delete=close_upload,
)
"""Hooks of types with upload operations."""


def _is_commit(resource: Resource, entity: ValidatedResource) -> bool:
    # A second commit has no effect (inferred): a client repeats it if the response to the first was lost.
    return bool(entity.attributes.get("uploaded")) and state_of(resource) == "AWAITING_UPLOAD"


def _key(resource: Resource) -> str:
    return f"PurpleSource/v4/{resource.id}"


def _operation_members(resource_type: str) -> Mapping[str, Any]:
    """Return the members of a type's upload operations: build uploads and background assets have more than others."""
    schemas = api_spec().schemas_of(resource_type)
    attributes = next(schema.attributes for schema in schemas if UPLOAD_OPERATIONS in schema.attributes)
    return api_spec().members(api_spec().items(attributes[UPLOAD_OPERATIONS]))


def _state_attributes(state: str, *errors: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes with the state, for all types together; each type has some of them."""
    delivery = {"errors": list(errors), "warnings": [], "state": state}
    return {"assetDeliveryState": delivery, "videoDeliveryState": delivery, "state": _REVIEWED.get(state, state)}


def _update(account: Account, resource: Resource, changes: Mapping[str, Any]) -> None:
    """Update the attributes that the resource type has, and ignore the others."""
    known = resource.attributes
    account.store.update(resource, {name: value for name, value in changes.items() if name in known})
