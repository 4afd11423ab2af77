from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.emulator.resources.phone_numbers import is_valid_phone_number

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator

CONTACT = {
    "contactFirstName": "Alex",
    "contactLastName": "Example",
    "contactPhone": "+44 844 209 0611",
    "contactEmail": "alex@example.com",
}
REQUIRED = "ENTITY_ERROR.ATTRIBUTE.REQUIRED"


@pytest.mark.parametrize(
    ("given_names", "missing"),
    [
        (["contactEmail"], "contactFirstName"),
        (["contactFirstName", "contactLastName", "contactEmail"], "contactPhone"),
        ([], "contactFirstName"),
    ],
)
def test_the_first_missing_attribute_of_the_contact_is_reported(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any], given_names: list[str], missing: str
) -> None:
    version = emulator.add("appStoreVersions", app=app)
    attributes = {name: CONTACT[name] for name in given_names}
    (error,) = api_writer.post("appStoreReviewDetails", attributes, appStoreVersion=version).json["errors"]
    assert (error["code"], error["detail"], error["source"]["pointer"]) == (
        REQUIRED,
        f"You must provide a value for the attribute '{missing}' with this request",
        f"/data/attributes/{missing}",
    )


def test_a_patch_is_checked_together_with_the_existing_attributes(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    bare = emulator.add("appStoreReviewDetails", contactFirstName=None)
    (error,) = api_writer.patch(bare, contactEmail="new@example.com").json["errors"]
    assert error["source"]["pointer"] == "/data/attributes/contactFirstName"
    assert api_writer.patch(bare, contactFirstName="Alex").status == 200
    assert api_writer.patch(bare, notes="Sign in as anyone.").status == 200
    beta = {"type": "betaAppReviewDetails", "id": app["id"]}
    names = {name: value for name, value in CONTACT.items() if name != "contactPhone"}
    (error,) = api_writer.patch(beta, **names).json["errors"]
    assert (error["code"], error["source"]["pointer"]) == (REQUIRED, "/data/attributes/contactPhone")
    assert api_writer.patch(beta, **CONTACT).status == 200


def test_review_notes_with_more_than_4000_characters_are_rejected(api_writer: ApiWriter, emulator: Emulator) -> None:
    detail = emulator.add("appStoreReviewDetails")
    assert api_writer.patch(detail, notes="x" * 4000).status == 200
    (error,) = api_writer.patch(detail, notes="x" * 4001).json["errors"]
    error.pop("id")
    assert error == {
        "status": "409",
        "code": "ENTITY_ERROR.ATTRIBUTE.INVALID.TOO_LONG",
        "title": "An attribute value is too long.",
        "detail": "Review Notes cannot be longer than 4000 characters.",
        "source": {"pointer": "/data/attributes/notes"},
    }


def test_an_invalid_phone_number_gets_the_error_of_its_type(
    api_writer: ApiWriter, emulator: Emulator, app: dict[str, Any]
) -> None:
    details = {
        "appStoreReviewDetails": "The phone number must be in a valid format. Preface the phone number with '+' "
        "followed by the country code (for example, +44 844 209 0611)",
        "betaAppReviewDetails": "The format of the phone number is invalid",
    }
    emulator.add("appStoreReviewDetails", id="detail")
    for resource_type, identifier in (("appStoreReviewDetails", "detail"), ("betaAppReviewDetails", app["id"])):
        resource = {"type": resource_type, "id": identifier}
        sent = {**CONTACT, "contactPhone": "+81 90 0000 0000"}
        (error,) = api_writer.patch(resource, **sent).json["errors"]
        assert (error["code"], error["detail"]) == ("ENTITY_ERROR.ATTRIBUTE.INVALID", details[resource_type])


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("+44 844 209 0611", True),
        ("+81 80 1234 5678", True),
        ("+81 90 0000 0000", False),
        ("+503 1234567", False),
        ("+503 1234 5678", True),
        ("+1 555 0100", False),
        ("+1 (415) 555-0100", True),
        ("+1 415 555 01000", False),
        ("080-1234-5678", False),
        ("4155550100", True),
        ("14155550100", True),
        ("phone", False),
    ],
)
def test_phone_numbers_must_follow_the_numbering_plan(number: str, valid: bool) -> None:
    assert is_valid_phone_number(number) is valid


@given(st.text())
def test_any_text_is_accepted_or_rejected_as_a_phone_number(text: str) -> None:
    assert is_valid_phone_number(text) in {True, False}
