"""Cases that people reported in public are diagnosed with their cause, and setups that work get no finding.

The tables are ``tests/real_cases/public_cases.json`` and ``healthy.json``; each row has its source.
"""

from __future__ import annotations

import io
import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from real_cases.public import PublicCase, evidence_of, fill, load

from pytest_asc import diagnose
from pytest_asc.apple.causes import CAUSES
from pytest_asc.cli.main import main
from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_asc.diagnosis.findings import Finding

PUBLIC, HEALTHY = load("public_cases.json"), load("healthy.json")
NOT_NAMED: dict[str, str] = {}
"""Cases whose cause is not found yet, by name, each with the reason."""

NOWHERE: dict[str, str] = {}
LEVELS = ("error", "warning", "note")
NO_CAUSE = {"not-a-token", "request-refused"}
"""Causes that describe the form of the evidence or say that a request was rejected, but not why."""


def each(cases: Iterable[PublicCase]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", list(cases), ids=lambda case: case.name)


def findings_of(case: PublicCase, home: Path) -> list[Finding]:
    """Return the findings on a case, errors first."""
    if "env" in case.given:
        found: Sequence[Finding] = findings_on_credentials(case, home)
    else:
        arguments = evidence_of(case, case.now)
        found = diagnose(arguments.pop("evidence", None), now=case.now, **arguments)
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def findings_on_credentials(case: PublicCase, home: Path) -> tuple[Finding, ...]:
    for name, text in case.given.get("files", {}).items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fill(text, case.now).encode())
        path.chmod(0o600)
    environ = fill(case.given["env"], case.now, home=str(home))
    return find_credentials(read_settings(NOWHERE.get, NOWHERE.get, environ, folder=home, home=home)).findings


def check(case: PublicCase, causes: Sequence[str], words: Sequence[str]) -> None:
    """Check the findings on a case, by their causes and texts, the most important first."""
    assert causes, "nothing is said"
    assert causes[0] in case.causes
    assert re.search(case.says, words[0]), words[0]
    if case.not_said:
        assert not re.search(case.not_said, " ".join(words))


def words_of(finding: Finding) -> str:
    return f"{finding.title} {finding.evidence} {finding.fix}"


@each(case for case in PUBLIC if case.name not in NOT_NAMED)
def test_the_first_finding_on_a_public_case_is_its_cause(case: PublicCase, tmp_path: Path) -> None:
    findings = findings_of(case, tmp_path)
    check(case, [one.cause for one in findings], [words_of(one) for one in findings])
    if case.cannot_be_told:
        first = findings[0]
        assert first.certainty != "certain" or first.level == "note" or first.cause in NO_CAUSE


@each(case for case in PUBLIC if "text" in case.given and case.name not in NOT_NAMED)
def test_the_command_diagnose_reports_the_same_cause_for_pasted_texts(
    case: PublicCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    text = evidence_of(case, time.time())["evidence"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8"))
    main(["diagnose", "--json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    found.sort(key=lambda one: LEVELS.index(one["level"]))
    check(
        case,
        [one["cause"] for one in found],
        [f"{CAUSES[one['cause']].title} {one['evidence']} {one['fix']}" for one in found],
    )


@each(HEALTHY)
def test_unusual_setups_that_work_get_no_error_and_no_warning(case: PublicCase, tmp_path: Path) -> None:
    findings = findings_of(case, tmp_path)
    assert [one for one in findings if one.level != "note" and one.cause not in case.allowed] == []
    if case.not_said:
        assert not re.search(case.not_said, " ".join(map(words_of, findings)))


def test_every_public_case_is_unique_has_a_source_and_names_known_causes() -> None:
    for cases in (PUBLIC, HEALTHY):
        assert len({case.name for case in cases}) == len(cases) >= 100
        assert all(case.source and case.case for case in cases)
    assert all(case.thread and case.causes for case in PUBLIC)
    assert {cause for case in PUBLIC for cause in case.causes} <= CAUSES.keys()
    assert NOT_NAMED.keys() <= {case.name for case in PUBLIC}
