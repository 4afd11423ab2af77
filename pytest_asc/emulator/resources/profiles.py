"""Provisioning profiles: validation of certificates and devices, and the signed property list."""

from __future__ import annotations

import base64
import binascii
import plistlib
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.schedule import DAY
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError
from pytest_asc.emulator.resources import certificate_authority
from pytest_asc.emulator.resources.certificates import is_current
from pytest_asc.emulator.resources.hooks import ResourceHooks
from pytest_asc.emulator.resources.provisioning import TEAM_ID, TEAM_NAME, portal_time
from pytest_asc.emulator.resources.state_machine import matches, related_many, related_one, request_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_DAYS = 365  # validity of a profile (observed)


class ProfileType(NamedTuple):
    """Facts about a profileType, as on the developer portal."""

    certificates: frozenset[str]
    """Certificate types that the profile accepts."""
    devices: bool = False
    """True if the profile lists devices."""
    platform: str = "IOS"


_DEVELOPMENT = frozenset({"DEVELOPMENT", "IOS_DEVELOPMENT", "MAC_APP_DEVELOPMENT"})
_DISTRIBUTION = frozenset({"DISTRIBUTION", "IOS_DISTRIBUTION"})
_MAC_STORE = frozenset({"DISTRIBUTION", "MAC_APP_DISTRIBUTION"})
_DEVELOPER_ID = frozenset({"DEVELOPER_ID_APPLICATION", "DEVELOPER_ID_APPLICATION_G2"})
_PROFILE_TYPES: Mapping[str, ProfileType] = {
    "IOS_APP_ADHOC": ProfileType(_DISTRIBUTION, devices=True),
    "IOS_APP_DEVELOPMENT": ProfileType(_DEVELOPMENT, devices=True),
    "IOS_APP_INHOUSE": ProfileType(_DISTRIBUTION),
    "IOS_APP_STORE": ProfileType(_DISTRIBUTION),
    "MAC_APP_DEVELOPMENT": ProfileType(_DEVELOPMENT, devices=True, platform="MAC_OS"),
    "MAC_APP_DIRECT": ProfileType(_DEVELOPER_ID, platform="MAC_OS"),
    "MAC_APP_STORE": ProfileType(_MAC_STORE, platform="MAC_OS"),
    "MAC_CATALYST_APP_DEVELOPMENT": ProfileType(_DEVELOPMENT, devices=True, platform="MAC_OS"),
    "MAC_CATALYST_APP_DIRECT": ProfileType(_DEVELOPER_ID, platform="MAC_OS"),
    "MAC_CATALYST_APP_STORE": ProfileType(_MAC_STORE, platform="MAC_OS"),
    "TVOS_APP_ADHOC": ProfileType(_DISTRIBUTION, devices=True),
    "TVOS_APP_DEVELOPMENT": ProfileType(_DEVELOPMENT, devices=True),
    "TVOS_APP_INHOUSE": ProfileType(_DISTRIBUTION),
    "TVOS_APP_STORE": ProfileType(_DISTRIBUTION),
}
_UNKNOWN_TYPE = ProfileType(frozenset())  # for types in an OpenAPI document that is newer than this table
_PLATFORMS = {"IOS": ["iOS", "xrOS", "visionOS"], "MAC_OS": ["OSX"], "TVOS": ["tvOS"]}

_PLATFORM_NAMES = {"IOS": "iOS", "MAC_OS": "macOS"}  # iOS is observed


def _validate_create(account: Account, entity: ValidatedResource) -> None:
    facts = _PROFILE_TYPES.get(entity.attributes["profileType"], _UNKNOWN_TYPE)
    values = {"type": entity.attributes["profileType"], "platform": facts.platform}
    for bundle_id in request_resources(account, entity, "bundleId"):
        if bundle_id.attributes.get("platform") not in {None, "UNIVERSAL", facts.platform}:
            named = {"platform": _PLATFORM_NAMES[facts.platform], "id": bundle_id.id}
            raise RefusedError(ApiError(entity_errors.APP_ID_PLATFORM, named))
    certificates, devices = (
        request_resources(account, entity, "certificates"),
        request_resources(account, entity, "devices"),
    )
    accepted = [
        certificate for certificate in certificates if certificate.attributes["certificateType"] in facts.certificates
    ]
    if (
        not accepted
        or accepted != certificates
        or not all(is_current(account, certificate) for certificate in accepted)
    ):
        raise RefusedError(ApiError(entity_errors.NO_CERTIFICATES, values))
    if devices and not facts.devices:
        for_store = values["type"].endswith("_STORE")
        template = entity_errors.NO_DEVICES_FOR_STORE if for_store else entity_errors.NO_DEVICES_TAKEN
        raise RefusedError(ApiError(template, values))
    if facts.devices and (not devices or any(matches(device, status="DISABLED") for device in devices)):
        raise RefusedError(ApiError(entity_errors.NO_DEVICES, values))


def _after_create(account: Account, profile: Resource, _entity: ValidatedResource) -> None:
    uuid, until = account.new_uuid(), account.now + _DAYS * DAY
    content = certificate_authority.sign_message(plistlib.dumps(_property_list(account, profile, uuid, until)))
    changes = {
        "platform": _PROFILE_TYPES.get(profile.attributes["profileType"], _UNKNOWN_TYPE).platform,
        "profileState": "ACTIVE",
        "profileContent": base64.b64encode(content).decode(),
        "uuid": uuid,
        "createdDate": portal_time(account.now),
        "expirationDate": portal_time(until),
    }
    account.store.update(profile, changes)


def _property_list(account: Account, profile: Resource, uuid: str, until: float) -> dict[str, Any]:
    """Return the property list of a profile, with the keys of Apple's profiles."""
    bundle_id = related_one(account, profile, "bundleId")
    attributes = bundle_id.attributes if bundle_id else {}
    prefix = _xml_text(attributes.get("seedId") or TEAM_ID)
    profile_type = profile.attributes["profileType"]
    platform = "TVOS" if profile_type.startswith("TVOS") else _PROFILE_TYPES.get(profile_type, _UNKNOWN_TYPE).platform
    certificates = filter(None, map(_der_content, related_many(account, profile, "certificates")))
    devices = [_xml_text(device.attributes["udid"]) for device in related_many(account, profile, "devices")]
    return {
        "AppIDName": _xml_text(attributes.get("name") or ""),
        "ApplicationIdentifierPrefix": [prefix],
        "CreationDate": _plist_time(account.now),
        "DeveloperCertificates": list(certificates),
        "Entitlements": {
            "application-identifier": f"{prefix}.{_xml_text(attributes.get('identifier') or '*')}",
            "com.apple.developer.team-identifier": TEAM_ID,
            "get-task-allow": profile_type.endswith("DEVELOPMENT"),
            "keychain-access-groups": [f"{prefix}.*"],
        },
        "ExpirationDate": _plist_time(until),
        "IsXcodeManaged": False,
        "Name": _xml_text(profile.attributes["name"]),
        "Platform": _PLATFORMS[platform],
        **({"ProvisionedDevices": devices} if devices else {}),
        "TeamIdentifier": [TEAM_ID],
        "TeamName": TEAM_NAME,
        "TimeToLive": _DAYS,
        "UUID": uuid,
        "Version": 1,
    }


def _der_content(certificate: Resource) -> bytes:
    """Return the certificate in DER; empty if a test has added a certificate without valid content."""
    try:
        return base64.b64decode(certificate.attributes["certificateContent"] or "", validate=True)
    except binascii.Error:
        return b""


def _xml_text(text: str) -> str:
    """Remove the characters that are not allowed in XML."""
    return "".join(character for character in text if character.isprintable())


def _plist_time(now: float) -> datetime:
    """Convert seconds since 1970 to the naive UTC datetime that plistlib writes."""
    return datetime.fromtimestamp(int(now), timezone.utc).replace(tzinfo=None)


HOOKS: Mapping[str, ResourceHooks] = {
    "profiles": ResourceHooks(validate_create=_validate_create, after_create=_after_create)
}
