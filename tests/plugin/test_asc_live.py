from __future__ import annotations

import pytest
from loopback import ISSUER_ID, KEY_ID

TEST = """
    import pytest

    @pytest.mark.asc_live
    def test_live({arguments}):
        pass

    def test_other():
        pass
"""


@pytest.mark.parametrize("arguments", ["", "asc_token", "asc_session"])
@pytest.mark.parametrize("options", [(), ("--asc-mode=live",), ("-n", "2")])
def test_a_live_test_without_credentials_is_skipped_with_a_reason(
    pytester: pytest.Pytester, arguments: str, options: tuple[str, ...]
) -> None:
    pytester.makepyfile(TEST.format(arguments=arguments))
    result = pytester.runpytest("-rs", *options)
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*asc_live: *"])


def test_a_live_test_is_skipped_if_the_secret_is_empty_as_in_ci_for_forks(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ASC_KEY_ID", "ASC_ISSUER_ID", "ASC_PRIVATE_KEY"):
        monkeypatch.setenv(name, "")
    pytester.makepyfile(TEST.format(arguments=""))
    pytester.runpytest().assert_outcomes(passed=1, skipped=1)


def test_a_live_test_is_skipped_in_emulator_mode(
    pytester: pytest.Pytester, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch, key_text)
    pytester.makepyfile(TEST.format(arguments=""))
    result = pytester.runpytest("-rs", "--asc-mode=emulator")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*asc_live: the run is in emulator mode*"])


def set_credentials(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key)


def test_a_live_test_runs_with_real_credentials(
    pytester: pytest.Pytester, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch, key_text)
    pytester.makepyfile(
        """
        import jwt
        import pytest

        @pytest.mark.asc_live
        def test_live(asc_token):
            assert jwt.get_unverified_header(asc_token)["kid"] == "2X9R7KQF34"

        def test_emulated(asc_token):
            assert jwt.get_unverified_header(asc_token)["kid"] != "2X9R7KQF34"
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_an_unusable_key_fails_a_live_test(
    pytester: pytest.Pytester, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch, key_text[:100])
    pytester.makepyfile(TEST.format(arguments=""))
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*key-truncated*"])


def test_credentials_of_an_overridden_fixture_run_a_live_test(pytester: pytest.Pytester, key_text: str) -> None:
    pytester.makeconftest(
        f"""
        import pytest
        import pytest_asc

        @pytest.fixture(scope="session")
        def asc_credentials():
            return pytest_asc.Credentials.load(key_id="MINE123456", key={key_text!r})
        """
    )
    pytester.makepyfile(TEST.format(arguments=""))
    pytester.runpytest().assert_outcomes(passed=2)


def test_a_live_test_that_uses_the_emulator_fails(
    pytester: pytest.Pytester, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch, key_text)
    pytester.makepyfile(TEST.format(arguments="asc_emulator"))
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*sends requests to Apple, so it cannot use asc_emulator.*"])
