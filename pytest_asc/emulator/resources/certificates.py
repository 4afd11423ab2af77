"""Certificates: signed for the key of the request that was sent, limited in number, gone when revoked."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.account.schedule import DAY
from pytest_asc.emulator.account.times import moment
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources import certificate_authority
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.provisioning import TEAM_ID, TEAM_NAME, invalidate, portal_time
from pytest_asc.emulator.resources.state_machine import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_LIFE = 365 * DAY  # documented, for development and distribution


class _Kind(NamedTuple):
    """What a type of certificates is like."""

    name: str
    """What comes before the team's in a certificate's name (observed)."""
    platform: str | None = None
    """Observed to be null where it is for several."""
    most: int | None = None
    """How many a team may have: observed to be two or three, documented for Developer ID; None for not known."""
    called: str = ""
    """What Apple calls it where there are too many (observed), if not by its name."""


_KINDS: Mapping[str, _Kind] = {
    "DEVELOPER_ID_APPLICATION": _Kind("Developer ID Application", "MAC_OS", 5),
    "DEVELOPER_ID_APPLICATION_G2": _Kind("Developer ID Application", "MAC_OS", 5),
    "DEVELOPMENT": _Kind("Apple Development", None, 2, "Development"),
    "DISTRIBUTION": _Kind("Apple Distribution", None, 3, "Distribution"),
    "IOS_DEVELOPMENT": _Kind("iOS Development", "IOS", 2),
    "IOS_DISTRIBUTION": _Kind("iOS Distribution", "IOS", 3),
    "MAC_APP_DEVELOPMENT": _Kind("Mac Development", "MAC_OS"),
    "MAC_APP_DISTRIBUTION": _Kind("Mac App Distribution", "MAC_OS"),
    "MAC_INSTALLER_DISTRIBUTION": _Kind("Mac Installer Distribution", "MAC_OS"),
}


def _check(account: Account, entity: ValidatedResource) -> None:
    pointer = "/data/attributes/csrContent"
    request = certificate_authority.read_request(entity.attributes["csrContent"])
    kind = entity.attributes["certificateType"]
    if request is None:
        raise RefusedError(at_pointer(entity_errors.CSR_INVALID, pointer))
    if not kind.startswith("APPLE_PAY") and not certificate_authority.is_rsa_2048(request):
        raise RefusedError(at_pointer(entity_errors.CSR_ALGORITHM, pointer))
    described = _described(kind)
    if described.most is not None and len(_current(account, kind)) >= described.most:
        called = described.called or described.name
        raise RefusedError(ApiError(entity_errors.TOO_MANY_CERTIFICATES, {"kind": called}))


def _issue(account: Account, certificate: Resource, entity: ValidatedResource) -> None:
    request = certificate_authority.read_request(entity.attributes["csrContent"])
    assert request is not None, "the request was checked"  # noqa: S101
    described = _described(entity.attributes["certificateType"])
    serial = int(account.new_uuid().replace("-", "")[:16], 16)
    until = account.now + _LIFE
    name = f"{described.name}: {TEAM_NAME}"
    content = certificate_authority.issue(
        request, name=name, team=TEAM_ID, serial=serial, since=account.now, until=until
    )
    changes = {
        "name": name,
        "displayName": TEAM_NAME,
        "platform": described.platform,
        "serialNumber": f"{serial:016X}",
        "expirationDate": portal_time(until),
        "certificateContent": base64.b64encode(content).decode(),
        "activated": True,
        "csrContent": None,  # observed
    }
    account.store.update(certificate, changes)


def _revoke(account: Account, certificate: Resource) -> None:
    """Revoke a certificate: the profiles with it become invalid (documented)."""
    invalidate(account, "certificates", certificate)


def _described(kind: str) -> _Kind:
    return _KINDS.get(kind) or _Kind(kind.replace("_", " ").title())


def _current(account: Account, kind: str) -> list[Resource]:
    return [
        one
        for one in account.store.all("certificates")
        if matches(one, certificateType=kind) and is_current(account, one)
    ]


def is_current(account: Account, certificate: Resource) -> bool:
    """Whether a certificate has not expired."""
    until = certificate.attributes["expirationDate"]
    return until is None or moment(until) > account.now


HOOKS: Mapping[str, ResourceHooks] = {"certificates": ResourceHooks(creating=_check, created=_issue, deleting=_revoke)}
