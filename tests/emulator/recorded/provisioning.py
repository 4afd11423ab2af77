"""Cases about devices, bundle IDs and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.resources.api_writer import linkage
from emulator.resources.test_provisioning import pem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.harness import Answer
    from emulator.recorded.replay import Case, Json, Replay

_UDID = "00008110-000A1B2C3D4E5F60"


def _bundle_id(replay: Replay, platform: str = "IOS") -> Json:
    attributes = {"identifier": "com.example.app", "name": "app", "platform": platform}
    return replay.create("bundleIds", attributes)


def _certificate(replay: Replay) -> Json:
    return replay.create("certificates", {"certificateType": "DISTRIBUTION", "csrContent": pem()})


def _profile(replay: Replay, bundle_id: Mapping[str, Any], **others: Any) -> Answer:
    attributes = {"name": "Test", "profileType": "IOS_APP_STORE"}
    return replay.post("profiles", attributes, bundleId=bundle_id, certificates=[_certificate(replay)], **others)


def _with_devices(replay: Replay) -> Answer:
    return _profile(replay, _bundle_id(replay), devices=[_device(replay, _UDID).json["data"]])


def _unknown_app_id(replay: Replay) -> Answer:
    return _profile(replay, {"type": "bundleIds", "id": "com.xxx.xxxx"})


def _other_platform(replay: Replay) -> Answer:
    return _profile(replay, replay.add("bundleIds", platform="MAC_OS"))


def _same_name(replay: Replay) -> Answer:
    bundle_id, certificate = _bundle_id(replay), _certificate(replay)
    attributes = {"name": "Test", "profileType": "IOS_APP_STORE"}
    replay.create("profiles", attributes, bundleId=bundle_id, certificates=[certificate])
    return replay.post("profiles", attributes, bundleId=bundle_id, certificates=[certificate])


def _new_bundle_id(replay: Replay) -> Answer:
    return replay.post("bundleIds", {"identifier": "com.example.app", "name": "app", "platform": "IOS"})


def _device(replay: Replay, udid: str) -> Answer:
    return replay.post("devices", {"name": "phone", "platform": "IOS", "udid": udid})


def _second_device(replay: Replay) -> Answer:
    _device(replay, _UDID)
    return _device(replay, _UDID)


def _capability(replay: Replay, attributes: Mapping[str, Any]) -> Answer:
    return replay.post("bundleIdCapabilities", attributes, bundleId=_bundle_id(replay))


def _second_capability(replay: Replay) -> Answer:
    bundle_id = _bundle_id(replay)
    replay.create("bundleIdCapabilities", {"capabilityType": "IN_APP_PURCHASE"}, bundleId=bundle_id)
    return replay.post("bundleIdCapabilities", {"capabilityType": "IN_APP_PURCHASE"}, bundleId=bundle_id)


def _settings_key(replay: Replay) -> Answer:
    return _capability(replay, {"capabilityType": "APP_GROUPS", "settings": [{"key": "APP_GROUP_IDS"}]})


def _nested_capability(replay: Replay) -> Answer:
    bundle_id = _bundle_id(replay)
    nested = {"type": "bundleIdCapabilities", "id": "1", "attributes": {}}
    data = {**linkage(bundle_id), "relationships": {"bundleIdCapabilities": {"data": [nested]}}}
    return replay.send("PATCH", f"/v1/bundleIds/{bundle_id['id']}", data)


CASES: Mapping[int, Case] = {
    141: _with_devices,
    142: _unknown_app_id,
    143: _other_platform,
    144: _same_name,
    146: _new_bundle_id,
    147: lambda replay: _device(replay, "xxx"),
    148: _second_device,
    149: _second_capability,
    150: lambda replay: _capability(replay, {"capabilityType": "PRIVATE_CLOUD_COMPUTE"}),
    151: _settings_key,
    152: _nested_capability,
}
"""Cases by the number of the line."""
