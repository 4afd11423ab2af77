from __future__ import annotations

import json

import pytest
from loopback import ISSUER_ID, KEY_ID, Apple


@pytest.mark.parametrize(("options", "ret", "cause"), [((), 0, None), (("--asc-strict",), 1, "key-id-whitespace")])
def test_a_warning_fails_a_strict_run(
    pytester: pytest.Pytester,
    apple: Apple,
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    ret: int,
    cause: str | None,
) -> None:
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID + "\n")
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url={apple.url}", "--asc-report=report.json", *options)
    assert result.ret == ret
    report = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    assert (report["ok"], report["cause"]) == (ret == 0, cause)
    assert [finding["level"] for finding in report["findings"]] == ["warning"]
