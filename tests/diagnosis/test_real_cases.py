"""Cases from public threads get the expected finding.

The tables are in ``tests/real_cases``, by the kind of evidence, with the source of each case.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pytest
from real_cases import clocks, requests, responses, stored, texts, tokens
from real_cases.evidence import NOW, Case, Held, Stored

from pytest_asc.apple.causes import CAUSES
from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.settings import read_settings
from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_asc.diagnosis.findings import Finding

NOWHERE: dict[str, str] = {}
HELD = (*tokens.CASES, *texts.CASES, *requests.CASES, *clocks.CASES, *responses.CASES)


def each(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def check(case: Case, findings: tuple[Finding, ...]) -> None:
    assert tuple(finding.cause for finding in findings) == case.causes
    assert case.says in " ".join(f"{finding.evidence} {finding.fix}" for finding in findings)


@each(stored.CASES)
def test_stored_credentials_get_the_expected_finding(case: Case, tmp_path: Path) -> None:
    given: Stored = case.evidence
    for name, text in given.files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    settings = read_settings(NOWHERE.get, NOWHERE.get, given.environ, folder=tmp_path, home=tmp_path)
    check(case, find_credentials(settings).findings)


@each(HELD)
def test_real_cases_get_the_expected_finding(case: Case) -> None:
    held: Held = case.evidence
    findings = diagnose(
        held.thing,
        now=NOW + held.ahead,
        service=held.service,
        context=DiagnosisContext(utc_offset=held.utc_offset),
    )
    check(case, findings)


def test_real_cases_cover_many_causes() -> None:
    cases = (*stored.CASES, *HELD)
    assert len({case.name for case in cases}) == len(cases) >= 80
    assert len({case.source for case in cases}) >= 60
    named = set(chain.from_iterable(case.causes for case in cases))
    assert named <= CAUSES.keys()
    assert len(named) >= 40
