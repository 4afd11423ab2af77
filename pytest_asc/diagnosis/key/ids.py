"""Check of the key ID and the issuer ID: extra characters, form and consistency."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from pytest_asc.apple.services import UUID_PATTERN
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key.pem import BOUNDARY
from pytest_asc.diagnosis.key.placeholders import id_placeholder, is_example_id
from pytest_asc.diagnosis.key.repairs import QUOTES, replace_invisible_characters, visible_form
from pytest_asc.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Iterator

_UUID = re.compile(UUID_PATTERN)
# The usual form of key IDs and Team IDs. An ID of another form is not an error.
_TEN = re.compile(r"[A-Z0-9]{10}")
# Observed: App Store Connect names key files AuthKey_<key ID>.p8, and those for In-App Purchase SubscriptionKey_…
# The first key files for APNs were named APNSAuthKey_… (node-apn/node-apn #477, AndrewBarba/apns2 #4).
# Browsers add " (1)" to the name of a second download.
_FILE = re.compile(r"((?:APNS)?AuthKey|SubscriptionKey)_([\w-]+)(?: ?\(\d+\)| copy)?\.p8", re.IGNORECASE)
_OTHER_KEYS = {"subscriptionkey": "keys for In-App Purchase", "apnsauthkey": "older keys for APNs"}
_KEY_ID_AS_FILE = re.compile(r"(?:.*[/\\])?(?:(?:(?:APNS)?AuthKey|SubscriptionKey)_)?([\w-]+)(?:\.p8)?", re.IGNORECASE)
_BARE_ID = "Remove the other characters: an ID has only letters, digits and hyphens."
_COMMENT = re.compile(r"(?<=\w)[\"']?[ \t]{1,8}#.*", re.DOTALL)
_NOT_IN_UUID = re.compile(r"[^0-9A-Fa-f-]")


@dataclass(frozen=True)
class IdsResult:
    """The repaired IDs, and the findings on them."""

    key_id: str | None = field(repr=False)
    issuer_id: str | None = field(repr=False)
    findings: tuple[Finding, ...]


def read_ids(
    key_id: str | None, issuer_id: str | None, *, key_type: str | None = None, key_file: str | None = None
) -> IdsResult:
    """Check the IDs, and repair them in memory if that is safe. Never raises an exception.

    Args:
        key_id: The key ID before repairs; None or blank if there is none.
        issuer_id: The issuer ID before repairs; None or blank if there is none.
        key_type: The key type in the settings: team, individual or enterprise; None if it is not set.
        key_file: Name or path of the file that the key was read from; None if it was not read from a file.
    """
    surrounding = (*_surrounding_characters("key-id", key_id), *_surrounding_characters("issuer-id", issuer_id))
    key_id, issuer_id = normalize_id(key_id), normalize_id(issuer_id)
    findings: list[Finding] = []
    if issuer_id and key_type == "individual":
        findings.append(_issuer_of_individual(issuer_id))
        issuer_id = None
    file = _FILE.fullmatch(PurePath(key_file).name) if key_file else None
    file_id = file[2] if file else None

    placeholders = tuple(_check_placeholders(key_id, issuer_id))
    bare = _KEY_ID_AS_FILE.fullmatch(key_id) if key_id and not _placeholder(key_id) else None
    if key_id and bare and bare[1] != key_id:
        findings.append(_key_id_is_file_name(key_id, bare[1]))
        key_id = bare[1]
    if placeholders:
        findings += placeholders
    elif id_finding := _check_swapped(key_id, issuer_id) or _check_issuer(issuer_id, key_type):
        findings.append(id_finding)
    if not key_id and not file_id:
        findings.append(make_finding("key-id-missing", "no key ID is set, and the name of the key file contains none"))
    elif key_id and BOUNDARY.search(key_id):
        evidence = f"the key ID is the text of a key (length {len(key_id)})"
        findings.append(make_finding("key-id-missing", evidence))
    elif key_id and file_id and key_id != file_id and not (_UUID.fullmatch(key_id) or _placeholder(key_id)):
        findings.append(_mismatch(key_id, file_id))
    if file and (other_keys := _OTHER_KEYS.get(file[1].lower())):
        evidence = f"the file is named {file[1]}_{mask(file[2])}.p8, like {other_keys}"
        findings.append(make_finding("key-of-other-service", evidence))
    return IdsResult(key_id or file_id, issuer_id, (*surrounding, *findings))


def check_sent_ids(key_id: str, issuer_id: str | None) -> Iterator[Finding]:
    """Check the IDs in a token. They can no longer be repaired, so every finding is an error.

    Apple responds to a newline in ``kid`` with the usual 401 (observed: fastlane #29985).

    Args:
        key_id: The ``kid`` of the header.
        issuer_id: The ``iss`` of the claims; None if it is missing or not an issuer ID.
    """
    for finding in read_ids(key_id, issuer_id).findings:
        member = finding.definition.member
        if member and (issuer_id or member == "kid" or finding.cause == "id-placeholder"):
            # It is not known whether Apple rejects the example IDs from its documentation.
            if finding.cause == "id-placeholder":
                yield finding
                continue
            yield replace(finding, level="error", evidence=f"{member}: {finding.evidence}")


_LONGEST = 64 * 1024
"""Number of characters that are read; a longer text is not an ID."""


def normalize_id(value: str | None) -> str | None:
    """Return an ID without quotes, whitespace and invisible characters; None if nothing is left."""
    return _without_whitespace(value or "").strip(QUOTES) or None


def _without_whitespace(value: str) -> str:
    """Remove whitespace from an ID, and the trailing comment of a line in a .env file."""
    bare = value[:_LONGEST]
    if "#" in bare:
        bare = _COMMENT.sub("", bare)
    return "".join((bare if bare.isascii() and bare.isprintable() else replace_invisible_characters(bare)).split())


def _surrounding_characters(which: Literal["key-id", "issuer-id"], value: str | None) -> Iterator[Finding]:
    """Yield a finding for whitespace, and one for quotes, around or in an ID.

    Logs mask secrets and hide these characters, so the evidence contains the characters and the length.
    """
    bare = normalize_id(value)
    if value is None or bare is None or len(value) > _LONGEST or _placeholder(value):
        return
    without_whitespace = _without_whitespace(value)
    for cause, before, after in (
        (f"{which}-whitespace", value, without_whitespace),
        (f"{which}-quoted", without_whitespace, bare),
    ):
        if before == after:
            continue
        ends = [
            f"{verb} {mark!a}"
            for verb, mark in (("starts with", before[0]), ("ends with", before[-1]))
            if mark not in after
        ]
        comment = "contains a comment after a space and #" if _COMMENT.search(before) else ""
        where = comment or " and ".join(ends) or _inner_whitespace(before)
        fix = None if ends and not comment else _BARE_ID
        yield make_finding(cause, f"length {len(value)}, expected {len(bare)}; it {where}", fix=fix)


def _inner_whitespace(value: str) -> str:
    inside = next((character for character in value if visible_form(character) != character), " ")
    if inside == " ":
        return "contains whitespace"
    return f"contains the character {unicodedata.name(inside, ascii(inside)).lower()}"


def _placeholder(value: str) -> str | None:
    """Describe a key or a placeholder in place of an ID; None if the value may be an ID."""
    return "the text of a key" if BOUNDARY.search(value) else id_placeholder(value)


def _check_placeholders(key_id: str | None, issuer_id: str | None) -> Iterator[Finding]:
    """Yield one finding for both IDs: an error for placeholders, a warning for examples from Apple's documentation."""
    ids = [(name, value) for name, value in (("key ID", key_id), ("issuer ID", issuer_id)) if value]
    placeholders = [
        f"the {name} is {what} (length {len(value)})"
        for name, value in ids
        if not BOUNDARY.search(value) and (what := id_placeholder(value))
    ]
    if placeholders:
        yield make_finding("id-placeholder", "; ".join(placeholders))
    elif examples := [f"the {name} {mask(value)}" for name, value in ids if is_example_id(value)]:
        verb = "are examples" if len(examples) > 1 else "is an example"
        evidence = f"{' and '.join(examples)} {verb} from Apple's documentation"
        yield make_finding("id-placeholder", evidence, level="warning")


def _issuer_of_individual(issuer_id: str) -> Finding:
    evidence = f"the key type is individual, so the issuer ID {mask(issuer_id)} is ignored"
    return make_finding(
        "individual-key-as-team", evidence, level="note", fix="Unset the issuer ID: individual keys have none."
    )


def _key_id_is_file_name(key_id: str, bare: str) -> Finding:
    return make_finding(
        "key-id-is-file-name", f"the value is a file name (length {len(key_id)}); the key ID in it is {mask(bare)}"
    )


def _check_swapped(key_id: str | None, issuer_id: str | None) -> Finding | None:
    """Return a finding if the key ID and the issuer ID are swapped."""
    key_is_uuid, issuer_is_uuid = (bool(_UUID.fullmatch(value or "")) for value in (key_id, issuer_id))
    if key_id and key_is_uuid and issuer_is_uuid:
        fix = "Set the key ID to the 10 characters from AuthKey_<key ID>.p8."
        return make_finding(
            "ids-swapped", f"the key ID {mask(key_id)} is a UUID, like the issuer ID", certainty="likely", fix=fix
        )
    if key_id and key_is_uuid:
        issuer = f"the issuer ID {mask(issuer_id)} is not" if issuer_id else "no issuer ID is set"
        # A value that is neither a UUID nor a key ID cannot be the result of swapping the two.
        swapped = bool(issuer_id and _TEN.fullmatch(issuer_id.upper()))
        return make_finding(
            "ids-swapped",
            f"the key ID {mask(key_id)} is a UUID, and {issuer}",
            certainty="likely" if issuer_id and not swapped else None,
            fix=None
            if swapped
            else "Set the issuer ID to the UUID, and the key ID to the 10 characters from AuthKey_<key ID>.p8.",
        )
    # A key ID with a hyphen may be a truncated UUID. If both have ten characters, the issuer ID is a Team ID instead.
    if key_id and issuer_id and "-" in key_id and _TEN.fullmatch(issuer_id):
        evidence = f"the issuer ID {mask(issuer_id)} looks like a key ID, but the key ID {mask(key_id)} does not"
        return make_finding("ids-swapped", evidence)
    return None


def _check_issuer(issuer_id: str | None, key_type: str | None) -> Finding | None:
    if issuer_id is None:
        missing = key_type in {"team", "enterprise"}
        evidence = f"the key type is {key_type}, but no issuer ID is set"
        return make_finding("issuer-id-missing", evidence, certainty="certain") if missing else None
    if _UUID.fullmatch(issuer_id):
        return None
    if BOUNDARY.search(issuer_id):
        what = "the text of a key"
    else:
        what = f"not a UUID (8-4-4-4-12 hexadecimal digits){strange_character(issuer_id)}"
    return make_finding("issuer-id-not-uuid", f"{mask(issuer_id)}, length {len(issuer_id)}, expected 36: it is {what}")


def strange_character(issuer_id: str) -> str:
    """Return a colon and a description of the first character that no UUID contains; empty if there is none."""
    invalid = _NOT_IN_UUID.search(issuer_id)
    if invalid is None:
        return ""
    return f": character {invalid.start() + 1} is {unicodedata.name(invalid[0], '').lower() or ascii(invalid[0])}"


def _mismatch(key_id: str, file_id: str) -> Finding:
    case = ", which differs only in upper and lower case" if key_id.upper() == file_id.upper() else ""
    return make_finding(
        "key-id-file-mismatch", f"the key ID is {mask(key_id)}, but the file name has {mask(file_id)}{case}"
    )
