"""Keys and tokens are redacted in the output of pytest, whatever its options."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from loopback import ISSUER_ID, KEY_ID, REFUSED, Apple, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GRAM = 16

LEAKY = """
    import logging
    import os
    import warnings

    import pytest
    import requests

    def leak(token, asc_credentials, asc_session):
        key = os.environ["ASC_PRIVATE_KEY"]
        header = {"Authorization": f"Bearer {token}"}
        logging.getLogger("leaky").warning("sent %s with %s", header, key)
        try:
            raise ValueError(f"inner {token}")
        except ValueError:
            logging.getLogger("leaky").exception("caught")
        print("printed", token, key)
        warnings.warn(f"warned of {token}")
        response = asc_session.get("/v1/apps")
        plain = str(token)
        assert header == {"Authorization": plain + key}, (plain, key)

    def test_assertion(asc_token, asc_credentials, asc_session):
        leak(asc_token, asc_credentials, asc_session)

    def test_exception(asc_token, asc_credentials, asc_session, record_property):
        record_property("token", str(asc_token))
        try:
            raise KeyError(f"first {asc_token}")
        except KeyError as error:
            raise RuntimeError([str(asc_token), os.environ["ASC_PRIVATE_KEY"]]) from error

    @pytest.fixture
    def broken(asc_token):
        yield asc_token
        raise RuntimeError(f"teardown {asc_token}")

    def test_teardown(broken):
        print(broken)

    def test_deep_inside_requests(asc_token):
        header = {"Authorization": f"Bearer {asc_token}\\n"}
        requests.get("http://127.0.0.1:9", headers=header)

    def test_refused_connection(asc_token):
        requests.get("http://127.0.0.1:9", headers={"Authorization": f"Bearer {asc_token}"})

    def test_skipped(asc_token):
        pytest.skip(f"for {asc_token}")
"""


@pytest.fixture
def sentinels(apple: Apple, key_text: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """Set realistic credentials in the environment; return all sequences of their characters that must not be shown."""
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)

    def grams() -> set[str]:
        sent = [request.token for request in apple.requests if request.token]
        assert sent
        body = [line for line in key_text.splitlines() if not line.startswith("-")]
        return {text[at : at + GRAM] for text in (*sent, *body) for at in range(len(text) - GRAM + 1)}

    return grams


def assert_clean(texts: Iterable[str], grams: set[str]) -> None:
    for text in texts:
        shown = [text[at : at + GRAM] for at in range(len(text) - GRAM + 1) if text[at : at + GRAM] in grams]
        assert not shown, f"{len(shown)} pieces of a secret in {len(text)} characters"


STYLES = ["auto", "long", "short", "line", "native", "no"]
EVERYTHING = ("--showlocals", "-vv", "-rA")


@pytest.mark.parametrize(
    ("style", "more"),
    [
        *((style, more) for style in STYLES for more in [(), EVERYTHING]),
        # Workers make their reports in the same way.
        ("auto", ("-n", "2", "--showlocals")),
        ("native", ("-n", "1", "--showlocals")),
    ],
)
def test_reports_contain_no_secret(
    pytester: pytest.Pytester, apple: Apple, sentinels: Callable[[], set[str]], style: str, more: tuple[str, ...]
) -> None:
    pytester.makepyfile(LEAKY)
    result = pytester.runpytest(
        "--asc-mode=live",
        f"--asc-base-url={apple.url}",
        f"--tb={style}",
        "--junitxml=junit.xml",
        "-W",
        "default",
        "-o",
        "junit_family=legacy",
        "-o",
        "junit_logging=all",
        "--log-file=file.log",
        "--log-file-level=DEBUG",
        *more,
    )
    result.assert_outcomes(passed=1, failed=4, errors=1, skipped=1, warnings=1)
    files = [path.read_text(encoding="utf-8") for path in (pytester.path / "junit.xml", pytester.path / "file.log")]
    assert "sent {'Authorization': 'Bearer ***'}" in files[0]
    assert_clean([result.stdout.str(), result.stderr.str(), *files], sentinels())


def test_live_logs_contain_no_secret(
    pytester: pytest.Pytester, apple: Apple, sentinels: Callable[[], set[str]]
) -> None:
    pytester.makepyfile(LEAKY)
    result = pytester.runpytest(
        "--asc-mode=live", f"--asc-base-url={apple.url}", "--log-cli-level=DEBUG", "-W", "default"
    )
    result.stdout.fnmatch_lines(
        ["WARNING*leaky*sent {'Authorization': 'Bearer [*][*][*]'} with *", "ValueError: inner [*][*][*]"]
    )
    assert_clean([result.stdout.str()], sentinels())


def test_warnings_as_errors_contain_no_secret(
    pytester: pytest.Pytester, apple: Apple, sentinels: Callable[[], set[str]]
) -> None:
    pytester.makepyfile(LEAKY)
    result = pytester.runpytest("--asc-mode=live", f"--asc-base-url={apple.url}", "-W", "error", "--showlocals")
    result.stdout.fnmatch_lines(["E*UserWarning: warned of [*][*][*]"])
    # The warning precedes the request; a run without the option sends the same token.
    assert apple.requests == []
    pytester.runpytest("--asc-mode=live", f"--asc-base-url={apple.url}", "-W", "default")
    assert_clean([result.stdout.str()], sentinels())


def test_the_debug_trace_contains_no_secret(
    pytester: pytest.Pytester, apple: Apple, sentinels: Callable[[], set[str]]
) -> None:
    pytester.makepyfile("def test_x(asc_token, asc_session): asc_session.get('/v1/apps')")
    pytester.runpytest("--asc-mode=live", f"--asc-base-url={apple.url}", "--debug=trace.log").assert_outcomes(passed=1)
    trace = (pytester.path / "trace.log").read_text(encoding="utf-8")
    assert "pytest_fixture_setup --> ***" in trace
    assert_clean([trace], sentinels())


def test_caplog_records_stay_unredacted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import logging

        def test_leak(asc_token, caplog, capsys):
            logging.warning("token %s", asc_token)
            print(asc_token)
            assert asc_token in caplog.text
            assert asc_token in capsys.readouterr().out
        """
    )
    pytester.runpytest("--log-cli-level=INFO").assert_outcomes(passed=1)


@pytest.mark.parametrize("options", [("-vv", "--showlocals", "--full-trace"), ("--log-cli-level=DEBUG",), ("-n", "2")])
@pytest.mark.parametrize("status", [200, 401])
def test_the_output_of_a_smoke_run_contains_no_secret(
    pytester: pytest.Pytester,
    apple: Apple,
    sentinels: Callable[[], set[str]],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    status: int,
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "summary.md"))
    # A gateway that quotes the token in its message.
    apple.answer = lambda request: Reply(
        status,
        REFUSED.replace(b"Provide", f"You sent {request.token}, provide".encode())
        if status == 401
        else b'{"data": [{}]}',
    )
    result = pytester.runpytest(
        "--asc-smoke", f"--asc-base-url={apple.url}", "--asc-report=report.json", "--junitxml=junit.xml", *options
    )
    assert result.ret == (0 if status == 200 else 1)
    files = [(pytester.path / name).read_text(encoding="utf-8") for name in ("report.json", "junit.xml", "summary.md")]
    assert_clean([result.stdout.str(), result.stderr.str(), *files], sentinels())
    report = json.loads(files[0])
    assert KEY_ID not in files[0]
    assert ISSUER_ID not in files[0]
    if status == 401:
        assert "You sent ***" in report["request"]["words"]


def test_the_error_of_a_broken_key_does_not_show_it(
    pytester: pytest.Pytester, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text[:-60])
    pytester.makepyfile("def test_x(asc_token, asc_session): asc_session.get('/v1/apps')")
    result = pytester.runpytest("--asc-mode=live", "--showlocals", "--full-trace", "-vv")
    result.assert_outcomes(errors=1)
    body = [line for line in key_text.splitlines() if not line.startswith("-")]
    grams = {text[at : at + GRAM] for text in body for at in range(len(text) - GRAM + 1)}
    assert_clean([result.stdout.str()], grams)


def test_no_file_contains_a_secret_after_a_run(
    pytester: pytest.Pytester, apple: Apple, sentinels: Callable[[], set[str]]
) -> None:
    del sentinels
    before = sorted(pytester.path.rglob("*"))
    pytester.runpytest("--asc-smoke", f"--asc-base-url={apple.url}", "-p", "no:cacheprovider")
    assert sorted(pytester.path.rglob("*")) == before


def test_the_traceback_of_an_internal_error_contains_no_secret(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        TOKENS = []

        def pytest_runtest_logfinish(nodeid, location):
            raise RuntimeError(f"crashed with {TOKENS[0]}")
        """
    )
    pytester.makepyfile(
        """
        def test_x(asc_token, request):
            conftest = next(p for p in request.config.pluginmanager.get_plugins() if hasattr(p, "TOKENS"))
            conftest.TOKENS.append(str(asc_token))
        """
    )
    result = pytester.runpytest()
    assert result.ret == 3
    result.stdout.fnmatch_lines(["INTERNALERROR>*RuntimeError: crashed with [*][*][*]"])
