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
from emulator.harness import EmulatorClient
from emulator.resources.api_writer import ApiWriter, detail
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.resources.certificate_authority import read_request

if TYPE_CHECKING:
    from pytest_asc.emulator.app import Emulator

RSA = "rsa-2048"
YEAR = 365 * 24 * 3600.0


@cache
def csr(key_type: str) -> x509.CertificateSigningRequest:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Alex")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    if key_type == "ec":
        return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    size = int(key_type.partition("-")[2])
    return builder.sign(rsa.generate_private_key(65537, size), hashes.SHA256())


def pem(key_type: str = RSA) -> str:
    return csr(key_type).public_bytes(serialization.Encoding.PEM).decode()


def der() -> str:
    return base64.b64encode(csr(RSA).public_bytes(serialization.Encoding.DER)).decode()


def certificate(
    api_writer: ApiWriter, certificate_type: str = "DISTRIBUTION", content: str | None = None
) -> dict[str, Any]:
    return api_writer.create("certificates", {"certificateType": certificate_type, "csrContent": content or pem()})


@pytest.fixture
def bundle_id(api_writer: ApiWriter) -> dict[str, Any]:
    return api_writer.create("bundleIds", {"name": "Lists", "identifier": "com.example.lists", "platform": "IOS"})


@pytest.fixture
def phone(api_writer: ApiWriter) -> dict[str, Any]:
    return api_writer.create("devices", {"name": "phone", "platform": "IOS", "udid": "00008110-000A1B2C3D4E5F60"})


# Certificates.


@pytest.mark.parametrize("content", ["pem", "der"])
def test_a_certificate_has_the_key_of_the_signing_request(api_writer: ApiWriter, content: str) -> None:
    attributes = certificate(api_writer, content=pem() if content == "pem" else der())["attributes"]
    issued = x509.load_der_x509_certificate(base64.b64decode(attributes["certificateContent"]))
    assert issued.public_key() == csr(RSA).public_key()
    assert f"{issued.serial_number:016X}" == attributes["serialNumber"]
    assert issued.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == (
        "Apple Distribution: Example (9XYZ8WV7UT)"
    )
    assert issued.not_valid_before_utc == datetime(2026, 5, 28, 20, 26, 40, tzinfo=timezone.utc)
    assert attributes["expirationDate"] == "2027-05-28T20:26:40.000+00:00"
    assert issued.not_valid_after_utc == datetime(2027, 5, 28, 20, 26, 40, tzinfo=timezone.utc)
    assert (attributes["name"], attributes["displayName"]) == ("Apple Distribution: Example", "Example")
    assert attributes["csrContent"] is attributes["platform"] is None


@pytest.mark.parametrize(
    ("certificate_type", "name"),
    [("DEVELOPMENT", "Apple Development"), ("IOS_DEVELOPMENT", "iOS Development")],
)
def test_a_development_certificate_is_named_as_created_by_the_api(
    api_writer: ApiWriter, certificate_type: str, name: str
) -> None:
    attributes = certificate(api_writer, certificate_type, pem())["attributes"]
    assert (attributes["name"], attributes["displayName"]) == (f"{name}: Created via API", "Created via API")
    issued = x509.load_der_x509_certificate(base64.b64decode(attributes["certificateContent"]))
    (common_name,) = issued.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    assert str(common_name.value).startswith(f"{name}: Created via API (")


@pytest.mark.parametrize(
    ("content", "message"),
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
def test_an_invalid_signing_request_is_rejected(api_writer: ApiWriter, content: str, message: str) -> None:
    sent = pem(content) if content in {"ec", "rsa-1024"} else content
    answer = api_writer.post("certificates", {"certificateType": "IOS_DEVELOPMENT", "csrContent": sent})
    assert answer.status == 409
    assert answer.codes == ["ENTITY_ERROR.ATTRIBUTE.INVALID"]
    assert detail(answer).startswith(message)
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/csrContent"}


def test_a_signing_request_with_a_wrong_signature_is_rejected(api_writer: ApiWriter) -> None:
    content = bytearray(base64.b64decode(der()))
    content[-1] ^= 1
    answer = api_writer.post(
        "certificates", {"certificateType": "DISTRIBUTION", "csrContent": base64.b64encode(content).decode()}
    )
    assert detail(answer) == "The certificate signing request is invalid."


def test_apple_pay_certificates_accept_ec_keys(api_writer: ApiWriter) -> None:
    assert certificate(api_writer, "APPLE_PAY", pem("ec"))["attributes"]["name"] == "Apple Pay: Example"


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda content: base64.b64encode(content).decode()))
def test_reading_an_arbitrary_signing_request_returns_none(text: str) -> None:
    assert read_request(text) is None


@pytest.mark.parametrize(
    ("certificate_type", "limit", "name"),
    [("IOS_DISTRIBUTION", 3, "iOS Distribution"), ("DEVELOPMENT", 2, "Development")],
)
def test_certificates_are_limited_for_each_type(
    api_writer: ApiWriter, certificate_type: str, limit: int, name: str
) -> None:
    issued = [certificate(api_writer, certificate_type) for _ in range(limit)]
    refused = api_writer.post("certificates", {"certificateType": certificate_type, "csrContent": pem()})
    assert (refused.status, refused.codes) == (409, ["ENTITY_ERROR"])
    assert detail(refused) == f"You already have a current {name} certificate or a pending certificate request."
    assert api_writer.delete(issued[0]).status == 204
    certificate(api_writer, certificate_type)


def test_expired_certificates_do_not_count_towards_the_limit(api_writer: ApiWriter, emulator: Emulator) -> None:
    for _ in range(3):
        certificate(api_writer)
    emulator.advance(YEAR)
    certificate(api_writer)


# Profiles.


def profile(api_writer: ApiWriter, profile_type: str, name: str = "Lists", **relationships: Any) -> Any:
    return api_writer.post("profiles", {"name": name, "profileType": profile_type}, **relationships)


def test_a_profile_is_a_signed_property_list(api_writer: ApiWriter, bundle_id: Any, phone: Any) -> None:
    signed = certificate(api_writer)
    answer = profile(api_writer, "IOS_APP_ADHOC", bundleId=bundle_id, certificates=[signed], devices=[phone])
    assert answer.status == 201
    attributes = answer.json["data"]["attributes"]
    shown = {name: attributes[name] for name in ("profileState", "platform", "expirationDate")}
    assert shown == {"profileState": "ACTIVE", "platform": "IOS", "expirationDate": "2027-05-28T20:26:40.000+00:00"}
    message = base64.b64decode(attributes["profileContent"])
    (authority,) = pkcs7.load_der_pkcs7_certificates(message)
    issued = x509.load_der_x509_certificate(base64.b64decode(signed["attributes"]["certificateContent"]))
    issued.verify_directly_issued_by(authority)
    # Tools without a CMS parser search for the property list in the message.
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
    ("profile_type", "certificate_type", "devices", "message"),
    [
        ("IOS_APP_STORE", "DISTRIBUTION", 0, None),
        ("TVOS_APP_STORE", "IOS_DISTRIBUTION", 0, None),
        ("IOS_APP_DEVELOPMENT", "DEVELOPMENT", 1, None),
        ("MAC_APP_DIRECT", "DEVELOPER_ID_APPLICATION", 0, None),
        ("IOS_APP_DEVELOPMENT", "DISTRIBUTION", 1, "no current certificates on this team matching"),
        ("IOS_APP_STORE", "DEVELOPMENT", 0, "compatible with IOS_APP_STORE profiles."),
        (
            "IOS_APP_STORE",
            "DISTRIBUTION",
            1,
            "No devices can be associated to Provisioning Profiles for the App Store.",
        ),
        ("IOS_APP_ADHOC", "DISTRIBUTION", 0, "There are no current IOS devices on this team"),
    ],
)
def test_a_profile_type_requires_matching_certificates_and_devices(
    api_writer: ApiWriter,
    bundle_id: Any,
    phone: Any,
    profile_type: str,
    certificate_type: str,
    devices: int,
    message: str | None,
) -> None:
    answer = profile(
        api_writer,
        profile_type,
        bundleId=bundle_id,
        certificates=[certificate(api_writer, certificate_type)],
        devices=[phone] * devices,
    )
    if message is None:
        assert answer.status == 201
    else:
        code = "ENTITY_ERROR.RELATIONSHIP.NOT_ALLOWED" if "App Store" in message else "ENTITY_ERROR"
        assert (answer.status, answer.codes) == (409, [code])
        assert message in detail(answer)


def test_a_profile_without_certificates_is_rejected(api_writer: ApiWriter, bundle_id: Any) -> None:
    assert profile(api_writer, "IOS_APP_STORE", bundleId=bundle_id, certificates=[]).status == 409


def test_a_profile_with_a_disabled_device_is_rejected(api_writer: ApiWriter, bundle_id: Any, phone: Any) -> None:
    assert api_writer.patch(phone, status="DISABLED").status == 200
    answer = profile(
        api_writer, "IOS_APP_ADHOC", bundleId=bundle_id, certificates=[certificate(api_writer)], devices=[phone]
    )
    assert "no current IOS devices" in detail(answer)


def test_a_profile_with_an_expired_certificate_is_rejected(
    api_writer: ApiWriter, emulator: Emulator, bundle_id: Any
) -> None:
    old = certificate(api_writer)
    emulator.advance(YEAR)
    assert "no current certificates" in detail(
        profile(api_writer, "IOS_APP_STORE", bundleId=bundle_id, certificates=[old])
    )


def test_a_second_profile_with_the_same_name_is_rejected(api_writer: ApiWriter, bundle_id: Any) -> None:
    signed = certificate(api_writer)
    first = profile(api_writer, "IOS_APP_STORE", bundleId=bundle_id, certificates=[signed]).json["data"]
    again = profile(api_writer, "IOS_APP_STORE", bundleId=bundle_id, certificates=[signed])
    assert detail(again) == (
        "Multiple profiles found with the name 'Lists'.  Please remove the duplicate profiles and try again."
    )
    api_writer.delete(first)
    assert profile(api_writer, "IOS_APP_STORE", bundleId=bundle_id, certificates=[signed]).status == 201


@given(st.text(max_size=20), st.text(max_size=20))
def test_arbitrary_names_make_a_valid_property_list(name: str, title: str) -> None:
    api_writer = ApiWriter(EmulatorClient())
    unprintable = api_writer.create(
        "bundleIds", {"name": title, "identifier": name, "platform": "IOS", "seedId": title or None}
    )
    given = api_writer.emulator_client.emulator.add("certificates", certificateType="DISTRIBUTION")
    answer = profile(api_writer, "IOS_APP_STORE", name, bundleId=unprintable, certificates=[given])
    message = base64.b64decode(answer.json["data"]["attributes"]["profileContent"])
    content = plistlib.loads(message[message.index(b"<?xml") : message.index(b"</plist>") + 8])
    assert content["Name"] == "".join(filter(str.isprintable, name))


def test_a_profile_accepts_certificates_added_by_a_test(
    api_writer: ApiWriter, emulator: Emulator, bundle_id: Any
) -> None:
    given = [
        emulator.add("certificates", certificateType="DISTRIBUTION", certificateContent=content)
        for content in (None, "not base64", "RVhBTVBMRQ==")
    ]
    answer = profile(api_writer, "IOS_APP_STORE", bundleId=bundle_id, certificates=given)
    assert b"RVhBTVBMRQ==" in base64.b64decode(answer.json["data"]["attributes"]["profileContent"])


def state(api_writer: ApiWriter, profile: Any) -> str:
    return str(api_writer.get(profile)["profileState"])


def test_revoking_a_certificate_or_changing_capabilities_invalidates_profiles(
    api_writer: ApiWriter, bundle_id: Any
) -> None:
    revoked, kept = certificate(api_writer), certificate(api_writer)
    first = profile(api_writer, "IOS_APP_STORE", "one", bundleId=bundle_id, certificates=[revoked]).json["data"]
    second = profile(api_writer, "IOS_APP_STORE", "two", bundleId=bundle_id, certificates=[kept]).json["data"]
    api_writer.delete(revoked)
    assert (state(api_writer, first), state(api_writer, second)) == ("INVALID", "ACTIVE")
    capability = api_writer.create("bundleIdCapabilities", {"capabilityType": "PUSH_NOTIFICATIONS"}, bundleId=bundle_id)
    assert state(api_writer, second) == "INVALID"
    third = profile(api_writer, "IOS_APP_STORE", "three", bundleId=bundle_id, certificates=[kept]).json["data"]
    api_writer.delete(capability)
    assert state(api_writer, third) == "INVALID"


# Capabilities, devices and identifiers.


def test_the_id_of_a_capability_combines_bundle_id_and_type(
    api_writer: ApiWriter, emulator: Emulator, bundle_id: Any
) -> None:
    capability = api_writer.create("bundleIdCapabilities", {"capabilityType": "GAME_CENTER"}, bundleId=bundle_id)
    assert capability["id"] == f"{bundle_id['id']}_GAME_CENTER"
    assert (
        api_writer.create("bundleIdCapabilities", {"capabilityType": "GAME_CENTER"}, bundleId=bundle_id) == capability
    )
    assert api_writer.related(bundle_id, "bundleIdCapabilities") == [capability]
    emulator.add("bundleIdCapabilities", id=f"{bundle_id['id']}_SIRIKIT")
    other = api_writer.create("bundleIdCapabilities", {"capabilityType": "SIRIKIT"}, bundleId=bundle_id)
    assert other["id"] != f"{bundle_id['id']}_SIRIKIT"


def test_a_registered_device_is_enabled_and_its_udid_is_unique(api_writer: ApiWriter, phone: Any) -> None:
    attributes = phone["attributes"]
    shown = {name: attributes[name] for name in ("status", "deviceClass", "addedDate")}
    assert shown == {"status": "ENABLED", "deviceClass": "IPHONE", "addedDate": "2026-05-28T20:26:40.000+00:00"}
    again = api_writer.post("devices", {"name": "again", "platform": "IOS", "udid": attributes["udid"]})
    assert detail(again) == f"A device with number '{attributes['udid']}' already exists on this team."


@pytest.mark.parametrize("resource_type", ["merchantIds", "passTypeIds"])
def test_a_second_resource_with_the_same_identifier_is_rejected(api_writer: ApiWriter, resource_type: str) -> None:
    attributes = {"name": "Shop", "identifier": "id.com.example.shop"}
    api_writer.create(resource_type, attributes)
    assert (
        detail(api_writer.post(resource_type, attributes)) == "The identifier 'id.com.example.shop' is not available."
    )
