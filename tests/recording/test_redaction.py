from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc import Emulator
from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.recording.pseudonyms import FORMS, Placeholders, form_of, with_pseudonyms
from pytest_asc.recording.redaction import KeptSecretError, Redaction

SENTINEL = "sentinel"


def redaction(*keep: str, key: bytes = b"key") -> Redaction:
    return Redaction(Placeholders(key), keep)


def redacted(resource_type: str, **attributes: Any) -> dict[str, Any]:
    values = redaction().attributes(resource_type, "1", attributes)
    return {name: with_pseudonyms(values)[name] for name in attributes}


def sentinel_of(value_type: Any, path: str) -> Any:
    """Return a value of a value type, or of a wrong one, with a sentinel wherever text is possible."""
    if isinstance(value_type, list):
        return [sentinel_of(value_type[0], path), f"{SENTINEL} item of {path}"]
    if isinstance(value_type, dict) or (isinstance(value_type, str) and value_type.startswith("$")):
        members = api_spec().members(value_type)
        named = {name.replace("*", f"{SENTINEL} name"): sentinel_of(one, path) for name, one in members.items()}
        return {**named, f"{SENTINEL}Member": f"{SENTINEL} unknown"}
    forms = {"uri": f"https://{SENTINEL}.example/{path}?sig={SENTINEL}", "email": f"{SENTINEL}@{SENTINEL}.example"}
    return forms.get(str(value_type), f"{SENTINEL} {path}")


@pytest.mark.parametrize("resource_type", api_spec().types)
def test_no_personal_text_in_any_attribute_of_a_type_is_kept(resource_type: str) -> None:
    attributes = {
        name: sentinel_of(value_type, name) for name, value_type in members_of(resource_type).attributes.items()
    }
    attributes[f"{SENTINEL}Attribute"] = SENTINEL
    values = with_pseudonyms(redaction().attributes(resource_type, "1", attributes))
    assert SENTINEL not in json.dumps(values).lower()
    Emulator().load({"data": [{"type": resource_type, "id": "1", "attributes": values}]})


SHAPES = [
    "{}@example.org",
    "https://example.org/{}",
    "{}",
    "{} and more",
    "com.example.{}",
    "{}.png",
    "{}\nline",
    "-{}-",
    "en-{}",
    "1.{}",
    "IMAGE_{}",
    "{}{}{}{}{}{}{}{}",
    "+1 {}",
    "P1D{}",
    "2026-01-01{}",
    "USD{}",
]


@pytest.mark.parametrize("resource_type", api_spec().types)
def test_personal_texts_of_any_form_are_replaced(resource_type: str) -> None:
    for shape in SHAPES:
        for word in ("Sentinel", "SENTINEL"):
            attributes = dict.fromkeys(members_of(resource_type).attributes, shape.replace("{}", word))
            values = with_pseudonyms(redaction().attributes(resource_type, "1", attributes))
            assert SENTINEL not in json.dumps(values).lower(), shape


@pytest.mark.parametrize(
    ("value", "form", "pseudonym"),
    [
        ("ada@example.org", "email", "user1@example.com"),
        ("https://example.org/a?X-Amz-Signature=1", "url", "https://example.com/1"),
        ("https://is1.mzstatic.com/x/{w}x{h}bb.{f}", "url", "https://example.com/1/{w}x{h}bb.{f}"),
        ("3b1f0a9c-7c1d-4f6e-9a0b-2c3d4e5f6a7b", "uuid", "00000000-0000-4000-8000-000000000001"),
        ("00008030-001C2D3E4F5A6B7C", "udid", "00000001-0000000000000001"),
        ("0123456789abcdef0123456789abcdef01234567", "hex", f"{1:040x}"),
        ("0123456789ABCDEF", "hex", f"{1:016}"),
        ("80012345", "digits", "00000001"),
        ("+44 20 7946 0018", "phone", "+1 201 555 0100"),
        ("MII" * 40, "content", "cHl0ZXN0LWFzYyBoYXMgcmVkYWN0ZWQgY29udGVudCAxIG9mIHRoaXMgYWNjb3VudA=="),
        ("Screen Shot 1.png", "file", "file1.png"),
        ("org.example.lists", "identifier", "com.example.id1"),
        ("org.example.team.*", "identifier", "com.example.id1.*"),
        ("example.org", "domain", "domain1.example.com"),
        ("2X9R7KQF34", "code", "X000000001"),
        ("Ada", "name", "Name1"),
        ("Ada Lovelace", "text", "Text 1"),
    ],
)
def test_a_pseudonym_has_the_form_of_its_value(value: str, form: str, pseudonym: str) -> None:
    assert form_of(value) == form
    assert with_pseudonyms(Placeholders(b"key").of(value)) == pseudonym
    assert next(one for one in FORMS if one.name == form).pattern.fullmatch(pseudonym)


@given(st.text(min_size=1))
def test_every_text_has_a_pseudonym_that_does_not_contain_it(value: str) -> None:
    placeholder = Placeholders(b"key").of(value)
    assert placeholder == Placeholders(b"key").of(value)
    assert placeholder != Placeholders(b"another").of(value)
    assert with_pseudonyms(placeholder) != placeholder


def test_equal_values_have_the_same_pseudonym_in_all_types() -> None:
    one = redaction()
    document = [
        one.attributes("users", "1", {"username": "ada@example.org", "firstName": "Ada"}),
        one.attributes("betaTesters", "2", {"email": "bob@example.org", "firstName": "Bob"}),
        one.attributes("betaTesters", "3", {"email": "ada@example.org", "firstName": "Ada"}),
        one.attributes("actors", "4", {"userEmail": "bob@example.org", "userFirstName": "Bob"}),
    ]
    user, bob, ada, actor = with_pseudonyms(document)
    assert user["username"] == ada["email"] == "user1@example.com"
    assert bob["email"] == actor["userEmail"] == "user2@example.com"
    assert user["firstName"] == ada["firstName"] == "Name1"
    assert bob["firstName"] == actor["userFirstName"] == "Name2"


def test_pseudonyms_do_not_depend_on_the_key() -> None:
    documents = [
        with_pseudonyms(redaction(key=key).attributes("users", "1", {"username": "ada@example.org"}))
        for key in (b"a", b"b")
    ]
    assert documents[0] == documents[1]


@pytest.mark.parametrize(
    ("resource_type", "attributes"),
    [
        ("appStoreVersions", {"versionString": "2.0.1", "appVersionState": "IN_REVIEW", "downloadable": True}),
        ("appStoreVersions", {"createdDate": "2026-05-01T08:00:00-07:00"}),
        ("appStoreVersionLocalizations", {"locale": "zh-Hans"}),
        ("appStoreVersionLocalizations", {"locale": "es-419"}),
        ("appPricePoints", {"customerPrice": "0.99", "proceeds": "0.7"}),
        ("customerReviews", {"rating": 4, "territory": "USA"}),
        ("builds", {"minOsVersion": "15.0", "version": "1234", "expired": False}),
    ],
)
def test_harmless_values_are_kept(resource_type: str, attributes: dict[str, Any]) -> None:
    assert redacted(resource_type, **attributes) == attributes


@pytest.mark.parametrize(
    ("resource_type", "attributes", "expected"),
    [
        ("appStoreVersions", {"appVersionState": "SECRET_STATE"}, {"appVersionState": None}),
        ("appStoreVersions", {"createdDate": "yesterday"}, {"createdDate": None}),
        ("appStoreVersions", {"versionString": "2.0 for Ada"}, {"versionString": "Text 1"}),
        ("appStoreVersionLocalizations", {"locale": "en-ADA"}, {"locale": "Name1"}),
        ("betaTesters", {"email": "nobody"}, {"email": "user1@example.com"}),
        ("customerReviews", {"rating": "four"}, {"rating": None}),
    ],
)
def test_unknown_values_of_harmless_attributes_are_replaced(
    resource_type: str, attributes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert redacted(resource_type, **attributes) == expected


def test_values_of_a_type_that_is_not_redacted_are_kept() -> None:
    values = redaction("apps").attributes("apps", "1", {"name": "Lists", "bundleId": "org.example.lists", "new": "x"})
    assert values["name"] == "Lists"
    assert "new" not in values


def test_a_value_that_looks_like_a_key_in_a_type_that_is_not_redacted_is_rejected() -> None:
    notes = "-----BEGIN PRIVATE KEY-----\nMIG"
    with pytest.raises(KeptSecretError, match=r"^notes of appStoreReviewDetails 7 looks like a private key") as refused:
        redaction("appStoreReviewDetails").attributes("appStoreReviewDetails", "7", {"notes": notes})
    assert "MIG" not in str(refused.value)


@pytest.mark.parametrize(
    "identifier", ["6446998023", "3b1f0a9c-7c1d-4f6e-9a0b-2c3d4e5f6a7b", "X1Y2Z3_PUSH", "eyJzIjoi"]
)
def test_opaque_ids_are_kept(identifier: str) -> None:
    assert redaction().identifier(identifier) == identifier


@pytest.mark.parametrize("identifier", ["ada@example.org", "Ada Lovelace", "Zoë"])
def test_other_ids_are_replaced(identifier: str) -> None:
    assert identifier not in with_pseudonyms(redaction().identifier(identifier))
