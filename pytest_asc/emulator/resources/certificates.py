"""Signing certificates: issuance for a certificate signing request, limits for each type, revocation."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.account.schedule import DAY
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, at_pointer
from pytest_asc.emulator.resources import certificate_authority
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.provisioning import TEAM_ID, TEAM_NAME, invalidate, portal_time
from pytest_asc.emulator.resources.state_machine import matches
from pytest_asc.emulator.spec.iso_8601 import parse_date_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_API_NAME = "Created via API"
_API_HOLDER = "8AQ7HX6KR2"  # an ID like that of a team, but not the team's
_VALIDITY = 365 * DAY  # for development and distribution certificates (documented)


class CertificateType(NamedTuple):
    """Facts about a certificateType."""

    name: str
    """Prefix of the certificate's name, before the team's name (observed)."""
    platform: str | None = None
    """Platform of the certificate; None for types that are valid for several platforms (observed)."""
    limit: int | None = None
    """Maximum number for a team: observed as two or three, documented for Developer ID; None if unknown."""
    error_name: str = ""
    """Name in the error about too many certificates (observed), if it differs from ``name``."""


_CERTIFICATE_TYPES: Mapping[str, CertificateType] = {
    "DEVELOPER_ID_APPLICATION": CertificateType("Developer ID Application", "MAC_OS", 5),
    "DEVELOPER_ID_APPLICATION_G2": CertificateType("Developer ID Application", "MAC_OS", 5),
    "DEVELOPMENT": CertificateType("Apple Development", None, 2, "Development"),
    "DISTRIBUTION": CertificateType("Apple Distribution", None, 3, "Distribution"),
    "IOS_DEVELOPMENT": CertificateType("iOS Development", "IOS", 2),
    "IOS_DISTRIBUTION": CertificateType("iOS Distribution", "IOS", 3),
    "MAC_APP_DEVELOPMENT": CertificateType("Mac Development", "MAC_OS"),
    "MAC_APP_DISTRIBUTION": CertificateType("Mac App Distribution", "MAC_OS"),
    "MAC_INSTALLER_DISTRIBUTION": CertificateType("Mac Installer Distribution", "MAC_OS"),
}


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    pointer = "/data/attributes/csrContent"
    request = certificate_authority.read_request(entity.attributes["csrContent"])
    certificate_type = entity.attributes["certificateType"]
    if request is None:
        raise RefusedError(at_pointer(entity_errors.CSR_INVALID, pointer))
    if not certificate_type.startswith("APPLE_PAY") and not certificate_authority.is_rsa_2048(request):
        raise RefusedError(at_pointer(entity_errors.CSR_ALGORITHM, pointer))
    facts = _facts_of(certificate_type)
    if facts.limit is not None and len(_current(account, certificate_type)) >= facts.limit:
        error_name = facts.error_name or facts.name
        raise RefusedError(ApiError(entity_errors.TOO_MANY_CERTIFICATES, {"kind": error_name}))


def _after_create(account: Account, certificate: Resource, entity: ValidatedResource) -> None:
    request = certificate_authority.read_request(entity.attributes["csrContent"])
    assert request is not None, "the request was checked"  # noqa: S101
    facts = _facts_of(entity.attributes["certificateType"])
    serial = int(account.new_uuid().replace("-", "")[:16], 16)
    until = account.now + _VALIDITY
    # A development certificate belongs to a member of the team or to the API, not to the team (observed by many users).
    personal = "DEVELOPMENT" in entity.attributes["certificateType"]
    owner = _API_NAME if personal else TEAM_NAME
    name = f"{facts.name}: {owner}"
    content = certificate_authority.issue(
        request,
        name=name,
        holder=_API_HOLDER if personal else TEAM_ID,
        team=TEAM_ID,
        serial=serial,
        since=account.now,
        until=until,
    )
    changes = {
        "name": name,
        "displayName": owner,
        "platform": facts.platform,
        "serialNumber": f"{serial:016X}",
        "expirationDate": portal_time(until),
        "certificateContent": base64.b64encode(content).decode(),
        "activated": True,
        "csrContent": None,  # observed
    }
    account.store.update(certificate, changes)


def _before_delete(account: Account, certificate: Resource) -> None:
    """Invalidate the profiles that contain the revoked certificate (documented)."""
    invalidate(account, "certificates", certificate)


def _facts_of(certificate_type: str) -> CertificateType:
    return _CERTIFICATE_TYPES.get(certificate_type) or CertificateType(certificate_type.replace("_", " ").title())


def _current(account: Account, certificate_type: str) -> list[Resource]:
    return [
        certificate
        for certificate in account.store.all("certificates")
        if matches(certificate, certificateType=certificate_type) and is_current(account, certificate)
    ]


def is_current(account: Account, certificate: Resource) -> bool:
    """Return whether a certificate has not expired."""
    until = certificate.attributes["expirationDate"]
    return until is None or parse_date_time(until) > account.now


HOOKS: Mapping[str, ResourceHooks] = {
    "certificates": ResourceHooks(
        validate_create=_validate_create, after_create=_after_create, before_delete=_before_delete
    )
}
