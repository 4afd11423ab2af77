"""``--asc-fault``: every cause of the table can be injected, and is then the only one reported."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from pytest_asc.apple.causes import CAUSES
from pytest_asc.emulator.service_faults import CLIENT_FAULTS
from pytest_asc.faults.registry import CREDENTIALS, known_faults
from pytest_asc.faults.requests import REQUEST_MUTATIONS

if TYPE_CHECKING:
    from pathlib import Path

GRAM = 16


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys and signatures generated during the test, recorded by patches of cryptography and PyJWT."""
    made: list[str] = []
    new_key, sign = ec.generate_private_key, ECAlgorithm.sign

    def generate(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        key = new_key(curve)
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        made.append(base64.b64encode(der).decode())
        return key

    def signed(algorithm: ECAlgorithm, message: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
        signature = sign(algorithm, message, key)
        made.append(base64.urlsafe_b64encode(signature).decode())
        return signature

    monkeypatch.setattr(ec, "generate_private_key", generate)
    monkeypatch.setattr(ECAlgorithm, "sign", signed)
    return made


INJECTABLE = {slug for slug, cause in CAUSES.items() if not cause.of_evidence}


@pytest.mark.parametrize("fault", sorted(INJECTABLE))
def test_the_smoke_check_reports_only_the_injected_cause(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secrets: list[str], fault: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = pytester.runpytest(
        "--asc-smoke", "--asc-mode=emulator", f"--asc-fault={fault}",
        "--asc-report=report.json", "--asc-report=report.html", "--junitxml=junit.xml", "-vv", "-W", "error",
    )  # fmt: skip
    files = {file.name: file.read_text(encoding="utf-8") for file in pytester.path.iterdir() if file.is_file()}
    report = json.loads(files["report.json"])
    # There is exactly one finding for the injected cause.
    (finding,) = report["findings"]
    assert finding["cause"] == fault
    is_error = CAUSES[fault].level == "error"
    assert report["cause"] == (fault if is_error else None)
    assert result.ret == (1 if is_error else 0)
    result.stdout.fnmatch_lines([f"*{fault}*", f"*{finding['fix'][:20]}*"])

    shown = "".join([result.stdout.str(), result.stderr.str(), *files.values()])
    assert secrets
    assert not [secret for secret in secrets for at in range(len(secret) - GRAM + 1) if secret[at : at + GRAM] in shown]
    assert not list(tmp_path.iterdir()), "a run with a fault leaves no file"


def test_asc_diagnose_reports_the_injected_cause_from_a_response_or_exception(pytester: pytest.Pytester) -> None:
    # With a fault of the key, a test fails in its fixtures.
    faults = sorted(INJECTABLE - CREDENTIALS)
    pytester.makepyfile(
        f"""
        import pytest
        import requests

        pytestmark = pytest.mark.parametrize(
            "fault", [pytest.param(fault, marks=pytest.mark.asc(faults=[fault])) for fault in {faults}]
        )

        def causes(diagnose, get, *args, **kwargs):
            try:
                thing = get(*args, **kwargs)
            except Exception as error:
                thing = error
            return [finding.cause for finding in diagnose(thing)]

        def test_session(fault, asc_session, asc_emulator, asc_diagnose):
            asc_emulator.load_sample()
            assert causes(asc_diagnose, asc_session.get, asc_emulator.service.probe) == [fault]

        def test_other_code(fault, asc_token, asc_emulator, asc_diagnose):
            asc_emulator.load_sample()
            url = asc_emulator.base_url + asc_emulator.service.probe
            headers = {{"Authorization": f"Bearer {{asc_token}}"}}
            assert causes(asc_diagnose, requests.get, url, headers=headers) == [fault]
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=2 * len(faults))


def test_every_cause_can_be_injected() -> None:
    assert known_faults() == INJECTABLE


def test_the_transports_have_a_mutation_for_every_fault_of_the_client() -> None:
    assert set(CLIENT_FAULTS) == REQUEST_MUTATIONS.keys()


def test_a_client_fault_injected_during_a_test_changes_the_following_requests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import requests

        def test_x(asc_session, asc_emulator, asc_token):
            url, headers = f"{asc_emulator.base_url}/v1/apps", {"Authorization": f"Bearer {asc_token}"}
            assert asc_session.get("/v1/apps").ok
            asc_emulator.fault("bearer-missing")
            assert asc_session.get("/v1/apps").status_code == 401
            assert requests.get(url, headers=headers).status_code == 401
            assert [record.refusal.cause for record in asc_emulator.requests[1:]] == ["bearer-missing"] * 2
            asc_emulator.reset()
            assert asc_session.get("/v1/apps").ok
        """
    )
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_a_fault_in_live_mode_is_a_usage_error(pytester: pytest.Pytester) -> None:
    for options in (["--asc-smoke"], ["--asc-mode=live"]):
        result = pytester.runpytest("--asc-fault=agreement-missing", *options)
        assert result.ret == 4
        result.stderr.fnmatch_lines(["ERROR: --asc-fault is for the emulator: add --asc-mode=emulator"])


def test_a_misspelt_fault_is_a_usage_error_that_suggests_the_closest_name(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=agreement-mising")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["ERROR: --asc-fault: there is no fault 'agreement-mising'; did you mean 'agreement-missing'[?]"]
    )


def test_an_unknown_fault_is_a_usage_error_that_lists_the_causes(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=gremlins")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --asc-fault: there is no fault 'gremlins'; the faults are accept-header, *"])


def test_the_fault_of_the_run_is_injected_in_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(asc_session): assert asc_session.get('/v1/apps').status_code == 403")
    pytester.runpytest("--asc-fault=agreement-missing").assert_outcomes(passed=1)
