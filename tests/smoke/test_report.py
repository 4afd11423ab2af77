from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from smoke.renderers.sample_reports import STORED_REPORTS, load_json

from pytest_asc.smoke.renderers import json as json_renderer
from pytest_asc.smoke.report import Report

if TYPE_CHECKING:
    from pathlib import Path

MEMBERS = [
    "schema_version",
    "ok",
    "cause",
    "mode",
    "service",
    "credentials",
    "token",
    "request",
    "clock",
    "rate_limit",
    "probes",
    "roles",
    "checks",
    "findings",
]


@pytest.mark.parametrize("name", [path.stem for path in STORED_REPORTS])
def test_a_report_keeps_every_member_from_json_to_json(name: str) -> None:
    document = load_json(name)
    assert Report.from_json(document).to_json() == document


@pytest.mark.parametrize("path", [path for path in STORED_REPORTS if path.stem != "roles"], ids=lambda path: path.stem)
def test_the_json_renderer_writes_a_stored_report_byte_for_byte(path: Path) -> None:
    text = path.read_text("utf-8")
    assert json_renderer.render(Report.from_json(load_json(path.stem))) == text


def test_the_members_of_the_json_report_are_in_the_documented_order() -> None:
    document = load_json("good") | {"roles": []}
    assert list(Report.from_json(document).to_json()) == MEMBERS


def test_a_report_without_role_access_has_no_member_roles() -> None:
    assert "roles" not in Report.from_json(load_json("good")).to_json()


def test_an_unknown_member_is_refused() -> None:
    document = load_json("good")
    document["token"]["issuer"] = "x"
    with pytest.raises(TypeError, match="issuer"):
        Report.from_json(document)
