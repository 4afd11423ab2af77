from __future__ import annotations

import json
from collections import defaultdict

import pytest

from pytest_asc.emulator.jsonapi import entity_errors, errors, state_errors
from pytest_asc.emulator.jsonapi.errors import ApiError, ErrorTemplate, as_base32, error_response

FORMS = {
    f"{module.__name__}.{name}": value
    for module in (errors, entity_errors, state_errors)
    for name, value in vars(module).items()
    if isinstance(value, ErrorTemplate)
}
NEW_ID = "00190291-bf3a-417d-903c-804640a7df60"


@pytest.mark.parametrize("name", FORMS)
def test_every_error_template_makes_an_error_document(name: str) -> None:
    form = FORMS[name]
    response = error_response([ApiError(form, defaultdict(lambda: "X", text="X"))], lambda: NEW_ID)
    (error,) = json.loads(response.body)["errors"]
    assert (response.status, error["status"]) == (form.status, str(form.status))
    assert {"code", "status", "title"} <= error.keys()
    assert error.get("id") == (None if form.gateway else (as_base32(NEW_ID) if form.short_id else NEW_ID))
    assert "{" not in error.get("detail", "").replace("${local-id}", "")


def test_application_errors_have_the_layout_of_jackson() -> None:
    response = error_response(
        [errors.at_parameter(errors.PARAMETER_ILLEGAL, "x"), errors.at_parameter(errors.FIELD_NAME, "y", value="z")],
        lambda: "1",
    )
    assert response.body.decode().splitlines()[:8] == [
        "{",
        '  "errors" : [ {',
        '    "id" : "1",',
        '    "status" : "400",',
        '    "code" : "PARAMETER_ERROR.ILLEGAL",',
        '    "title" : "A given parameter is not allowed for this request",',
        """    "detail" : "The parameter 'x' can not be used with this request",""",
        '    "source" : {',
    ]
    assert response.body.endswith(b"  } ]\n}")
    assert len(json.loads(response.body)["errors"]) == 2


def test_front_end_errors_have_tabs_and_no_id() -> None:
    response = error_response([ApiError(errors.RATE_LIMIT_EXCEEDED)], lambda: "1")
    assert response.body.decode().splitlines()[:4] == [
        "{",
        '\t"errors": [{',
        '\t\t"status": "429",',
        '\t\t"code": "RATE_LIMIT_EXCEEDED",',
    ]


def test_errors_of_the_emulator_say_that_they_are_not_from_apple() -> None:
    for form in (errors.NOT_EMULATED, errors.CRASHED):
        assert form.code.startswith("PYTEST_ASC.")
        assert "not from Apple" in form.detail
