"""Files that are uploaded: reserved, sent in parts to the storage, committed, and then processed.

Every type whose resources have upload operations works alike (documented: "Uploading Assets to App Store Connect").
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.account.upload_storage import UPLOAD_LIFE
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.images import size_of
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

PROCESSING = 30.0  # seconds: a few seconds to a few minutes (documented)
_OPERATIONS = "uploadOperations"
_MOST_PARTS = 10_000  # of one file, at S3 (documented by Amazon)
# What parts are sent as, by the end of the file's name: PNG and MP4 in documented examples, JPEG inferred, all else as
# observed.
_CONTENT_TYPES = {".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".mp4": "video/mp4", ".png": "image/png"}
_ANY_CONTENT = "application/octet-stream"
# How a state is called where the attribute is "state" and the file goes on to be reviewed.
_REVIEWED = {"COMPLETE": "PREPARE_FOR_SUBMISSION"}
# What is wrong with a file that fails. That checksums are compared is documented, the code of images is observed, all
# else inferred.
_WRONG_CHECKSUM = {
    "code": "CHECKSUM_MISMATCH",
    "description": "The checksum of the file that was received is not the one that the commit gave.",
}
_WRONG_SIZE = {"code": "IMAGE_INCORRECT_DIMENSIONS", "description": "The dimensions of the image are not supported."}
_WRONG_FILE = {"code": "FILE_INVALID", "description": "The file cannot be processed."}


class Part(NamedTuple):
    """What one upload operation sends."""

    number: int
    """From 1."""
    offset: int
    length: int


def split(size: int, part_size: int) -> Iterator[Part]:
    """The parts of a file: of one size but for the last, which may be smaller, and not more than S3 takes.

    Args:
        size: Of the file, in bytes; at least 1.
        part_size: What a part has, in bytes; more where there would be too many parts.
    """
    length = max(part_size, -(-size // _MOST_PARTS))
    for number, offset in enumerate(range(0, size, length), start=1):
        yield Part(number, offset, min(length, size - offset))


@cache
def is_uploaded(kind: str) -> bool:
    """Whether resources of a type are files that are uploaded."""
    return any(_OPERATIONS in schema.attributes for schema in api_spec().schemas_of(kind))


def state_of(resource: Resource) -> str | None:
    """How far an upload has come; None where it was never reserved."""
    delivery = resource.attributes.get("assetDeliveryState") or {}
    state: str | None = delivery.get("state") or resource.attributes.get("state")
    return state


def errors_of(resource: Resource) -> list[Mapping[str, str]]:
    """What was wrong with a file."""
    return (resource.attributes.get("assetDeliveryState") or {}).get("errors") or []


# A reservation.


def check_size(_account: Account, entity: ValidatedResource) -> None:
    """Refuse an empty file."""
    size = entity.attributes["fileSize"]
    if size < 1:
        raise RefusedError(at_pointer(entity_errors.FILE_SIZE, "/data/attributes/fileSize", value=size))


def reserve(account: Account, resource: Resource, entity: ValidatedResource) -> None:
    """Hand out the addresses that the parts of a file can be sent to."""
    size, name = entity.attributes["fileSize"], entity.attributes["fileName"]
    content_type = _CONTENT_TYPES.get(PurePath(name).suffix.lower(), _ANY_CONTENT)
    parts = list(split(size, account.storage.part_size))
    addresses = account.storage.reserve(_key(resource), len(parts), content_type, account.base, account.now)
    shown = _members_of_operations(resource.type)
    operations = [
        {
            "method": "PUT",
            "url": address,
            "length": part.length,
            "offset": part.offset,
            "requestHeaders": [{"name": "Content-Type", "value": content_type}],
            "expiration": timestamp(account.now + UPLOAD_LIFE),
            "partNumber": part.number,
            "entityTag": None,
        }
        for part, address in zip(parts, addresses, strict=True)
    ]
    changes = {
        _OPERATIONS: [{name: value for name, value in one.items() if name in shown} for one in operations],
        "assetToken": f"{_key(resource)}/{name}",
        "assetType": entity.attributes.get("assetType", "SCREENSHOT"),  # in the documented example
    }
    _update(account, resource, {**changes, **_in_state("AWAITING_UPLOAD")})


# A commit.


def check_commit(account: Account, resource: Resource, entity: ValidatedResource) -> None:
    """Refuse to commit a file that has not come whole, or that was reserved too long ago (documented)."""
    if not _commits(resource, entity):
        return
    received, size = account.storage.received(_key(resource), account.now), resource.attributes["fileSize"]
    pointer = "/data/attributes/uploaded"
    if received is None:
        raise RefusedError(at_pointer(entity_errors.RESERVATION_EXPIRED, pointer))
    if len(received) != size:
        raise RefusedError(at_pointer(entity_errors.UPLOAD_INCOMPLETE, pointer, received=len(received), size=size))


def commit(account: Account, resource: Resource, entity: ValidatedResource) -> None:
    """Take no more parts, and have the file processed after a while."""
    if not _commits(resource, entity):
        return
    base, content = account.base, account.storage.received(_key(resource), account.now) or b""
    account.storage.close(_key(resource))
    _update(account, resource, {_OPERATIONS: None, **_in_state("UPLOAD_COMPLETE")})
    what = f"{resource.type} {resource.id}: processed"
    account.schedule.at(PROCESSING, what, lambda: _process(account, resource, content, base), of=resource)


def _process(account: Account, resource: Resource, content: bytes, base: str) -> str:
    error = _error(account, resource, content)
    if error:
        _update(account, resource, _in_state("FAILED", error))
    else:
        _show(account, resource, content, base)
    return f"{resource.type} {resource.id}: {'FAILED' if error else 'COMPLETE'}"


def _error(account: Account, resource: Resource, content: bytes) -> Mapping[str, str] | None:
    """Why a file fails: it is not what was sent, or a test has decided so."""
    if not _is_what_was_sent(resource, content):
        return _WRONG_CHECKSUM
    if account.outcomes.of(resource) != "FAILED":
        return None
    return _WRONG_SIZE if "imageAsset" in resource.attributes else _WRONG_FILE


def _show(account: Account, resource: Resource, content: bytes, base: str) -> None:
    address = account.storage.publish(f"{_key(resource)}/source", content, base)
    size = size_of(content)
    changes = {
        # Without a checksum in the commit, Apple shows its own after a while (observed).
        "sourceFileChecksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "imageAsset": {"templateUrl": f"{address}/{{w}}x{{h}}bb.{{f}}", "width": size.width, "height": size.height},
        "videoUrl": address,
        "downloadUrl": address,
    }
    _update(account, resource, {**changes, **_in_state("COMPLETE")})


def _is_what_was_sent(resource: Resource, content: bytes) -> bool:
    """Whether a file has the checksums that were given for it. Those of its parts together are not looked at."""
    sums = {
        "MD5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "SHA_256": hashlib.sha256(content).hexdigest(),
    }
    return all(given.lower() == sums[algorithm] for algorithm, given in _given_checksums(resource))


def _given_checksums(resource: Resource) -> Iterator[tuple[str, str]]:
    """What the commit said of the file: algorithm and checksum, as most types have it or as builds do."""
    one = resource.attributes.get("sourceFileChecksum")
    of_file = (resource.attributes.get("sourceFileChecksums") or {}).get("file") or {}
    if one:
        yield "MD5", one
    if of_file.get("hash"):
        yield of_file.get("algorithm") or "MD5", of_file["hash"]


def abandon(account: Account, resource: Resource) -> None:
    """Take no more parts of what is deleted."""
    account.storage.close(_key(resource))


UPLOAD = ResourceHooks(
    creating=check_size,
    created=reserve,
    updating=check_commit,
    updated=commit,
    deleting=abandon,
)
"""The workflow of every file that is uploaded."""


def _commits(resource: Resource, entity: ValidatedResource) -> bool:
    # A second commit changes nothing (inferred): a client sends it again where the answer to the first was lost.
    return bool(entity.attributes.get("uploaded")) and state_of(resource) == "AWAITING_UPLOAD"


def _key(resource: Resource) -> str:
    return f"PurpleSource/v4/{resource.id}"


def _members_of_operations(kind: str) -> Mapping[str, Any]:
    """What an upload operation of a type has: fewer members for most, more for builds and asset packs."""
    schemas = api_spec().schemas_of(kind)
    (code,) = next(schema.attributes[_OPERATIONS] for schema in schemas if _OPERATIONS in schema.attributes)
    return api_spec().members(code)


def _in_state(state: str, *errors: Mapping[str, str]) -> dict[str, Any]:
    """The attributes that tell the state, of all types."""
    delivery = {"errors": list(errors), "warnings": [], "state": state}
    return {"assetDeliveryState": delivery, "videoDeliveryState": delivery, "state": _REVIEWED.get(state, state)}


def _update(account: Account, resource: Resource, changes: Mapping[str, Any]) -> None:
    """Change those of the attributes that the type has."""
    known = resource.attributes
    account.store.update(resource, {name: value for name, value in changes.items() if name in known})
