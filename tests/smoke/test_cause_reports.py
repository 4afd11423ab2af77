"""The terminal report of every cause; changes of wording are reviewed in the diffs of ``reports/causes``.

``WRITE_REPORTS=1 python -m pytest tests/smoke/test_cause_reports.py`` updates the files.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import SERVICES

REPORTS = Path(__file__).parent / "reports" / "causes"
NOON = 1_790_164_800.0  # 2026-09-23 12:00:00 UTC
_SERVICES = {service.title.casefold() for service in SERVICES.values()}
_RULE = re.compile(r"^=+ (?P<title>.+) =+$", re.MULTILINE)


def report_of(output: str) -> str:
    """Return the section of the report in the output of a run."""
    titles = [*_RULE.finditer(output)]
    (start,) = (title for title in titles if title["title"].casefold() in _SERVICES)
    end = next((title for title in titles if title.start() > start.start()), None)
    section = output[start.end() : end.start() if end else None]
    return re.sub(r"^\d+ (passed|failed).*$", "", section, flags=re.MULTILINE).strip("\n") + "\n"


def store(report: str, file: Path) -> None:
    """Write a report to a file, unless the file has the same report with other sizes."""
    if not file.exists() or without_sizes(report) != without_sizes(file.read_text(encoding="utf-8")):
        file.write_text(report, encoding="utf-8")


def without_sizes(report: str) -> str:
    """Return a report without the sizes of keys and signatures, which differ from run to run."""
    return re.sub(r"\d+ bytes", "N bytes", report)


@pytest.mark.parametrize("cause", sorted(slug for slug, cause in CAUSES.items() if not cause.of_evidence))
def test_the_report_of_every_cause_equals_the_stored_one(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    monkeypatch.setattr("time.time", lambda: NOON)
    monkeypatch.setenv("COLUMNS", "80")
    result = pytester.runpytest_inprocess("--asc-smoke", "--asc-mode=emulator", f"--asc-fault={cause}", "-q")
    report = report_of(result.stdout.str())
    file = REPORTS / f"{cause}.txt"
    if os.environ.get("WRITE_REPORTS"):
        store(report, file)
    assert without_sizes(report) == without_sizes(file.read_text(encoding="utf-8"))


def test_a_stored_report_that_differs_only_in_sizes_is_not_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "key-not-ec.txt"
    store("an RSA key (1216 bytes)\n", file)
    store("an RSA key (1218 bytes)\n", file)
    assert file.read_text(encoding="utf-8") == "an RSA key (1216 bytes)\n"
    store("a DSA key (1218 bytes)\n", file)
    assert file.read_text(encoding="utf-8") == "a DSA key (1218 bytes)\n"


def test_every_stored_report_is_of_a_cause() -> None:
    assert {file.stem for file in REPORTS.iterdir()} == {
        slug for slug, cause in CAUSES.items() if not cause.of_evidence
    }
