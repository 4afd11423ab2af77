from __future__ import annotations

import pytest
from loopback import ISSUER_ID, KEY_ID, Apple


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.appstoreconnect.apple.com", "*only over https*https://api.appstoreconnect.apple.com*"),
        ("http://example.com", "*only over https*"),
        ("https://example.com", "*neither Apple's nor this machine*--asc-trust-host example.com*"),
        ("https://notapple.com", "*neither Apple's*"),
        ("https://apple.com.example.com", "*neither Apple's*"),
        (
            "https://user:password@api.appstoreconnect.apple.com",
            "*with a user name, expected a URL without a user name*",
        ),
        ("ftp://127.0.0.1", "*expected a URL with scheme and host*"),
        ("api.appstoreconnect.apple.com", "*expected a URL with scheme and host*"),
        ("https://127.0.0.1?x=1", "*expected a URL without a query*"),
        (r"https://api.appstoreconnect.apple.com\@example.com", "*"),
        (r"https://example.com\.apple.com", "*not a URL to which a token can be sent*"),
        ("https://example.com%2f.apple.com", "*not a URL to which a token can be sent*"),
        ("https://127.0.0.1:0", "*not a URL to which a token can be sent*"),
        ("http://[::1", "*is not a URL*"),
        ("http://127.0.0.1:port", "*is not a URL*"),
    ],
)
def test_a_base_url_that_is_not_trusted_with_a_token_is_a_usage_error(
    pytester: pytest.Pytester, url: str, message: str
) -> None:
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url={url}")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: --asc-base-url{message}"])
    result.stderr.no_fnmatch_line("*password*")


def test_another_host_is_accepted_with_asc_trust_host(pytester: pytest.Pytester) -> None:
    options = ("--asc-base-url=https://gateway.example.com", "--asc-trust-host=gateway.example.com")
    result = pytester.runpytest("--asc-smoke", "--collect-only", *options)
    assert result.ret == 0
    result = pytester.runpytest("--asc-smoke", "--asc-trust-host=other.example.com", options[0])
    assert result.ret == 4


@pytest.mark.parametrize("host", ["https://gateway.example.com", "gateway.example.com:443", "*.example.com", ""])
def test_an_invalid_value_of_asc_trust_host_is_a_usage_error(pytester: pytest.Pytester, host: str) -> None:
    result = pytester.runpytest("--asc-smoke", f"--asc-trust-host={host}")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --asc-trust-host is *expected only a host*"])


@pytest.mark.parametrize("slash", ["", "/", "/gateway", "/gateway/"])
def test_the_base_url_may_have_a_path(
    pytester: pytest.Pytester, apple: Apple, key_text: str, monkeypatch: pytest.MonkeyPatch, slash: str
) -> None:
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)
    monkeypatch.setenv("ASC_BASE_URL", f"{apple.url}{slash}")
    assert pytester.runpytest("--asc-smoke").ret == 0
    assert [request.path for request in apple.requests] == [f"{slash.rstrip('/')}/v1/apps?limit=1"]
