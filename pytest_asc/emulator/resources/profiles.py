"""Provisioning profiles: a signed property list of what an app may do, who may sign it and where it runs."""

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
from pytest_asc.emulator.resources.state_machine import matches, one, related_many, request_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

_DAYS = 365  # observed


class _Kind(NamedTuple):
    """What a type of profiles wants, as the developer portal offers it."""

    certificates: frozenset[str]
    """The types of certificates that it takes."""
    devices: bool = False
    """Whether it is for single devices."""
    platform: str = "IOS"


_DEVELOPMENT = frozenset({"DEVELOPMENT", "IOS_DEVELOPMENT", "MAC_APP_DEVELOPMENT"})
_DISTRIBUTION = frozenset({"DISTRIBUTION", "IOS_DISTRIBUTION"})
_MAC_STORE = frozenset({"DISTRIBUTION", "MAC_APP_DISTRIBUTION"})
_DEVELOPER_ID = frozenset({"DEVELOPER_ID_APPLICATION", "DEVELOPER_ID_APPLICATION_G2"})
_KINDS: Mapping[str, _Kind] = {
    "IOS_APP_ADHOC": _Kind(_DISTRIBUTION, devices=True),
    "IOS_APP_DEVELOPMENT": _Kind(_DEVELOPMENT, devices=True),
    "IOS_APP_INHOUSE": _Kind(_DISTRIBUTION),
    "IOS_APP_STORE": _Kind(_DISTRIBUTION),
    "MAC_APP_DEVELOPMENT": _Kind(_DEVELOPMENT, devices=True, platform="MAC_OS"),
    "MAC_APP_DIRECT": _Kind(_DEVELOPER_ID, platform="MAC_OS"),
    "MAC_APP_STORE": _Kind(_MAC_STORE, platform="MAC_OS"),
    "MAC_CATALYST_APP_DEVELOPMENT": _Kind(_DEVELOPMENT, devices=True, platform="MAC_OS"),
    "MAC_CATALYST_APP_DIRECT": _Kind(_DEVELOPER_ID, platform="MAC_OS"),
    "MAC_CATALYST_APP_STORE": _Kind(_MAC_STORE, platform="MAC_OS"),
    "TVOS_APP_ADHOC": _Kind(_DISTRIBUTION, devices=True),
    "TVOS_APP_DEVELOPMENT": _Kind(_DEVELOPMENT, devices=True),
    "TVOS_APP_INHOUSE": _Kind(_DISTRIBUTION),
    "TVOS_APP_STORE": _Kind(_DISTRIBUTION),
}
_NO_KIND = _Kind(frozenset())  # for types of a newer document than this table
_PLATFORMS = {"IOS": ["iOS", "xrOS", "visionOS"], "MAC_OS": ["OSX"], "TVOS": ["tvOS"]}


def _check(account: Account, entity: ValidatedResource) -> None:
    kind = _KINDS.get(entity.attributes["profileType"], _NO_KIND)
    values = {"type": entity.attributes["profileType"], "platform": kind.platform}
    certificates, devices = (
        request_resources(account, entity, "certificates"),
        request_resources(account, entity, "devices"),
    )
    fit = [each for each in certificates if each.attributes["certificateType"] in kind.certificates]
    if not fit or fit != certificates or not all(is_current(account, each) for each in fit):
        raise RefusedError(ApiError(entity_errors.NO_CERTIFICATES, values))
    if devices and not kind.devices:
        raise RefusedError(ApiError(entity_errors.NO_DEVICES_TAKEN, values))
    if kind.devices and (not devices or any(matches(device, status="DISABLED") for device in devices)):
        raise RefusedError(ApiError(entity_errors.NO_DEVICES, values))


def _sign(account: Account, profile: Resource, _entity: ValidatedResource) -> None:
    uuid, until = account.new_uuid(), account.now + _DAYS * DAY
    content = certificate_authority.sign_message(plistlib.dumps(_property_list(account, profile, uuid, until)))
    changes = {
        "platform": _KINDS.get(profile.attributes["profileType"], _NO_KIND).platform,
        "profileState": "ACTIVE",
        "profileContent": base64.b64encode(content).decode(),
        "uuid": uuid,
        "createdDate": portal_time(account.now),
        "expirationDate": portal_time(until),
    }
    account.store.update(profile, changes)


def _property_list(account: Account, profile: Resource, uuid: str, until: float) -> dict[str, Any]:
    """What is in a profile, with the keys that Apple's have."""
    bundle_id = one(account, profile, "bundleId")
    attributes = bundle_id.attributes if bundle_id else {}
    prefix = _text(attributes.get("seedId") or TEAM_ID)
    kind = profile.attributes["profileType"]
    platform = "TVOS" if kind.startswith("TVOS") else _KINDS.get(kind, _NO_KIND).platform
    certificates = filter(None, map(_der, related_many(account, profile, "certificates")))
    devices = [_text(device.attributes["udid"]) for device in related_many(account, profile, "devices")]
    return {
        "AppIDName": _text(attributes.get("name") or ""),
        "ApplicationIdentifierPrefix": [prefix],
        "CreationDate": _plain(account.now),
        "DeveloperCertificates": list(certificates),
        "Entitlements": {
            "application-identifier": f"{prefix}.{_text(attributes.get('identifier') or '*')}",
            "com.apple.developer.team-identifier": TEAM_ID,
            "get-task-allow": kind.endswith("DEVELOPMENT"),
            "keychain-access-groups": [f"{prefix}.*"],
        },
        "ExpirationDate": _plain(until),
        "IsXcodeManaged": False,
        "Name": _text(profile.attributes["name"]),
        "Platform": _PLATFORMS[platform],
        **({"ProvisionedDevices": devices} if devices else {}),
        "TeamIdentifier": [TEAM_ID],
        "TeamName": TEAM_NAME,
        "TimeToLive": _DAYS,
        "UUID": uuid,
        "Version": 1,
    }


def _der(certificate: Resource) -> bytes:
    """What a certificate holds; nothing where a test has put one there without a content."""
    try:
        return base64.b64decode(certificate.attributes["certificateContent"] or "", validate=True)
    except binascii.Error:
        return b""


def _text(text: str) -> str:
    """A text without what cannot stand in XML."""
    return "".join(letter for letter in text if letter.isprintable())


def _plain(now: float) -> datetime:
    """A time as property lists have them: of UTC, without saying so."""
    return datetime.fromtimestamp(int(now), timezone.utc).replace(tzinfo=None)


HOOKS: Mapping[str, ResourceHooks] = {"profiles": ResourceHooks(creating=_check, created=_sign)}
