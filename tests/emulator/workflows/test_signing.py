from __future__ import annotations

import base64
import plistlib
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from emulator.harness import Bench
from emulator.workflows.desk import Desk, detail
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.workflows.authority import read_request

if TYPE_CHECKING:
    from pytest_asc.emulator.api import Emulator

RSA = "rsa-2048"
YEAR = 365 * 24 * 3600.0


@cache
def csr(kind: str) -> x509.CertificateSigningRequest:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Alex")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if kind == "ec":
        return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    size = int(kind.partition("-")[2])
    return builder.sign(rsa.generate_private_key(65537, size), hashes.SHA256())


def pem(kind: str = RSA) -> str:
    return csr(kind).public_bytes(serialization.Encoding.PEM).decode()


def der() -> str:
    return base64.b64encode(csr(RSA).public_bytes(serialization.Encoding.DER)).decode()


def certificate(desk: Desk, kind: str = "DISTRIBUTION", content: str | None = None) -> dict[str, Any]:
    return desk.made("certificates", {"certificateType": kind, "csrContent": content or pem()})


@pytest.fixture
def bundle_id(desk: Desk) -> dict[str, Any]:
    return desk.made("bundleIds", {"name": "Lists", "identifier": "com.example.lists", "platform": "IOS"})


@pytest.fixture
def phone(desk: Desk) -> dict[str, Any]:
    return desk.made("devices", {"name": "phone", "platform": "IOS", "udid": "00008110-000A1B2C3D4E5F60"})


# Certificates.


@pytest.mark.parametrize("content", ["pem", "der"])
def test_a_certificate_is_for_the_key_of_the_request(desk: Desk, content: str) -> None:
    attributes = certificate(desk, content=pem() if content == "pem" else der())["attributes"]
    made = x509.load_der_x509_certificate(base64.b64decode(attributes["certificateContent"]))
    assert made.public_key() == csr(RSA).public_key()
    assert f"{made.serial_number:016X}" == attributes["serialNumber"]
    assert made.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == (
        "Apple Distribution: Example (9XYZ8WV7UT)"
    )
    assert made.not_valid_before_utc == datetime(2026, 5, 28, 20, 26, 40, tzinfo=timezone.utc)
    assert attributes["expirationDate"] == "2027-05-28T20:26:40.000+00:00"
    assert made.not_valid_after_utc == datetime(2027, 5, 28, 20, 26, 40, tzinfo=timezone.utc)
    assert (attributes["name"], attributes["displayName"]) == ("Apple Distribution: Example", "Example")
    assert attributes["csrContent"] is attributes["platform"] is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "The certificate signing request is invalid."),
        ("not base64 at all", "The certificate signing request is invalid."),
        ("bm8gcmVxdWVzdA==", "The certificate signing request is invalid."),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----",
            "The certificate signing request is",
        ),
        ("ec", "CSR algorithm/size incorrect. Expected: RSA(2048)"),
        ("rsa-1024", "CSR algorithm/size incorrect. Expected: RSA(2048)"),
    ],
)
def test_which_requests_are_refused(desk: Desk, content: str, told: str) -> None:
    sent = pem(content) if content in {"ec", "rsa-1024"} else content
    answer = desk.create("certificates", {"certificateType": "IOS_DEVELOPMENT", "csrContent": sent})
    assert answer.status == 409
    assert answer.codes == ["ENTITY_ERROR.ATTRIBUTE.INVALID"]
    assert detail(answer).startswith(told)
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/csrContent"}


def test_a_request_whose_signature_was_spoilt(desk: Desk) -> None:
    content = bytearray(base64.b64decode(der()))
    content[-1] ^= 1
    answer = desk.create(
        "certificates", {"certificateType": "DISTRIBUTION", "csrContent": base64.b64encode(content).decode()}
    )
    assert detail(answer) == "The certificate signing request is invalid."


def test_payments_take_other_keys(desk: Desk) -> None:
    assert certificate(desk, "APPLE_PAY", pem("ec"))["attributes"]["name"] == "Apple Pay: Example"


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda content: base64.b64encode(content).decode()))
def test_no_request_is_too_odd(text: str) -> None:
    assert read_request(text) is None


@pytest.mark.parametrize(
    ("kind", "most", "called"), [("IOS_DISTRIBUTION", 3, "iOS Distribution"), ("DEVELOPMENT", 2, "Development")]
)
def test_there_is_a_most(desk: Desk, kind: str, most: int, called: str) -> None:
    made = [certificate(desk, kind) for _ in range(most)]
    refused = desk.create("certificates", {"certificateType": kind, "csrContent": pem()})
    assert (refused.status, refused.codes) == (409, ["ENTITY_ERROR"])
    assert detail(refused) == f"You already have a current {called} certificate or a pending certificate request."
    assert desk.delete(made[0]).status == 204
    certificate(desk, kind)


def test_what_has_expired_does_not_count(desk: Desk, emulator: Emulator) -> None:
    for _ in range(3):
        certificate(desk)
    emulator.advance(YEAR)
    certificate(desk)


# Profiles.


def profile(desk: Desk, kind: str, name: str = "Lists", **relationships: Any) -> Any:
    return desk.create("profiles", {"name": name, "profileType": kind}, **relationships)


def test_a_profile_can_be_read(desk: Desk, bundle_id: Any, phone: Any) -> None:
    signed = certificate(desk)
    answer = profile(desk, "IOS_APP_ADHOC", bundleId=bundle_id, certificates=[signed], devices=[phone])
    assert answer.status == 201
    attributes = answer.json["data"]["attributes"]
    told = {name: attributes[name] for name in ("profileState", "platform", "expirationDate")}
    assert told == {"profileState": "ACTIVE", "platform": "IOS", "expirationDate": "2027-05-28T20:26:40.000+00:00"}
    message = base64.b64decode(attributes["profileContent"])
    (authority,) = pkcs7.load_der_pkcs7_certificates(message)
    issued = x509.load_der_x509_certificate(base64.b64decode(signed["attributes"]["certificateContent"]))
    issued.verify_directly_issued_by(authority)
    # Tools that have no CMS at hand look for the list in the message, too.
    content = plistlib.loads(message[message.index(b"<?xml") : message.index(b"</plist>") + 8])
    assert content["UUID"] == attributes["uuid"]
    assert content["Name"] == "Lists"
    assert content["TeamIdentifier"] == ["9XYZ8WV7UT"]
    assert content["ProvisionedDevices"] == ["00008110-000A1B2C3D4E5F60"]
    assert content["DeveloperCertificates"] == [issued.public_bytes(serialization.Encoding.DER)]
    assert content["Entitlements"]["application-identifier"] == "9XYZ8WV7UT.com.example.lists"
    assert content["Entitlements"]["get-task-allow"] is False
    assert content["Platform"] == ["iOS", "xrOS", "visionOS"]
    assert content["ExpirationDate"].isoformat() == "2027-05-28T20:26:40"


@pytest.mark.parametrize(
    ("kind", "certified", "devices", "told"),
    [
        ("IOS_APP_STORE", "DISTRIBUTION", 0, None),
        ("TVOS_APP_STORE", "IOS_DISTRIBUTION", 0, None),
        ("IOS_APP_DEVELOPMENT", "DEVELOPMENT", 1, None),
        ("MAC_APP_DIRECT", "DEVELOPER_ID_APPLICATION", 0, None),
        ("IOS_APP_DEVELOPMENT", "DISTRIBUTION", 1, "no current certificates on this team matching"),
        ("IOS_APP_STORE", "DEVELOPMENT", 0, "compatible with IOS_APP_STORE profiles."),
        ("IOS_APP_STORE", "DISTRIBUTION", 1, "Devices can not be provided for IOS_APP_STORE profiles."),
        ("IOS_APP_ADHOC", "DISTRIBUTION", 0, "There are no current IOS devices on this team"),
    ],
)
def test_what_a_profile_wants(
    desk: Desk, bundle_id: Any, phone: Any, kind: str, certified: str, devices: int, told: str | None
) -> None:
    answer = profile(
        desk, kind, bundleId=bundle_id, certificates=[certificate(desk, certified)], devices=[phone] * devices
    )
    if told is None:
        assert answer.status == 201
    else:
        assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR"])
        assert told in detail(answer)


def test_a_profile_wants_certificates(desk: Desk, bundle_id: Any) -> None:
    assert profile(desk, "IOS_APP_STORE", bundleId=bundle_id, certificates=[]).status == 409


def test_a_disabled_device_is_none(desk: Desk, bundle_id: Any, phone: Any) -> None:
    assert desk.change(phone, status="DISABLED").status == 200
    answer = profile(desk, "IOS_APP_ADHOC", bundleId=bundle_id, certificates=[certificate(desk)], devices=[phone])
    assert "no current IOS devices" in detail(answer)


def test_an_expired_certificate_is_none(desk: Desk, emulator: Emulator, bundle_id: Any) -> None:
    old = certificate(desk)
    emulator.advance(YEAR)
    assert "no current certificates" in detail(profile(desk, "IOS_APP_STORE", bundleId=bundle_id, certificates=[old]))


def test_a_name_is_given_once(desk: Desk, bundle_id: Any) -> None:
    signed = certificate(desk)
    first = profile(desk, "IOS_APP_STORE", bundleId=bundle_id, certificates=[signed]).json["data"]
    again = profile(desk, "IOS_APP_STORE", bundleId=bundle_id, certificates=[signed])
    assert detail(again) == (
        "Multiple profiles found with the name 'Lists'.  Please remove the duplicate profiles and try again."
    )
    desk.delete(first)
    assert profile(desk, "IOS_APP_STORE", bundleId=bundle_id, certificates=[signed]).status == 201


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_name_is_too_odd(name: str, title: str) -> None:
    desk = Desk(Bench())
    odd = desk.made("bundleIds", {"name": title, "identifier": name, "platform": "IOS", "seedId": title or None})
    given = desk.bench.emulator.add("certificates", certificateType="DISTRIBUTION")
    answer = profile(desk, "IOS_APP_STORE", name, bundleId=odd, certificates=[given])
    message = base64.b64decode(answer.json["data"]["attributes"]["profileContent"])
    content = plistlib.loads(message[message.index(b"<?xml") : message.index(b"</plist>") + 8])
    assert content["Name"] == "".join(filter(str.isprintable, name))


def test_what_a_test_has_added_can_be_used(desk: Desk, emulator: Emulator, bundle_id: Any) -> None:
    given = [
        emulator.add("certificates", certificateType="DISTRIBUTION", certificateContent=content)
        for content in (None, "not base64", "RVhBTVBMRQ==")
    ]
    answer = profile(desk, "IOS_APP_STORE", bundleId=bundle_id, certificates=given)
    assert b"RVhBTVBMRQ==" in base64.b64decode(answer.json["data"]["attributes"]["profileContent"])


def state(desk: Desk, one: Any) -> str:
    return str(desk.get(one)["profileState"])


def test_what_makes_a_profile_invalid(desk: Desk, bundle_id: Any) -> None:
    revoked, kept = certificate(desk), certificate(desk)
    first = profile(desk, "IOS_APP_STORE", "one", bundleId=bundle_id, certificates=[revoked]).json["data"]
    second = profile(desk, "IOS_APP_STORE", "two", bundleId=bundle_id, certificates=[kept]).json["data"]
    desk.delete(revoked)
    assert (state(desk, first), state(desk, second)) == ("INVALID", "ACTIVE")
    capability = desk.made("bundleIdCapabilities", {"capabilityType": "PUSH_NOTIFICATIONS"}, bundleId=bundle_id)
    assert state(desk, second) == "INVALID"
    third = profile(desk, "IOS_APP_STORE", "three", bundleId=bundle_id, certificates=[kept]).json["data"]
    desk.delete(capability)
    assert state(desk, third) == "INVALID"


# The rest of the portal.


def test_a_capability_is_named_after_its_bundle_id(desk: Desk, emulator: Emulator, bundle_id: Any) -> None:
    capability = desk.made("bundleIdCapabilities", {"capabilityType": "GAME_CENTER"}, bundleId=bundle_id)
    assert capability["id"] == f"{bundle_id['id']}_GAME_CENTER"
    assert desk.made("bundleIdCapabilities", {"capabilityType": "GAME_CENTER"}, bundleId=bundle_id) == capability
    assert desk.related(bundle_id, "bundleIdCapabilities") == [capability]
    emulator.add("bundleIdCapabilities", id=f"{bundle_id['id']}_SIRIKIT")
    other = desk.made("bundleIdCapabilities", {"capabilityType": "SIRIKIT"}, bundleId=bundle_id)
    assert other["id"] != f"{bundle_id['id']}_SIRIKIT"


def test_a_device_is_registered(desk: Desk, phone: Any) -> None:
    attributes = phone["attributes"]
    told = {name: attributes[name] for name in ("status", "deviceClass", "addedDate")}
    assert told == {"status": "ENABLED", "deviceClass": "IPHONE", "addedDate": "2026-05-28T20:26:40.000+00:00"}
    again = desk.create("devices", {"name": "again", "platform": "IOS", "udid": attributes["udid"]})
    assert detail(again) == f"A device with number '{attributes['udid']}' already exists on this team."


@pytest.mark.parametrize("kind", ["merchantIds", "passTypeIds"])
def test_identifiers_are_taken_once(desk: Desk, kind: str) -> None:
    attributes = {"name": "Shop", "identifier": "id.com.example.shop"}
    desk.made(kind, attributes)
    assert detail(desk.create(kind, attributes)) == "The identifier 'id.com.example.shop' is not available."
