from __future__ import annotations

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from pytest_asc.diagnosis.http.url_origin import (
    DEFAULT_PORTS,
    host_in,
    is_absolute,
    origin_or_none,
    parse_host,
    parse_origin,
)

APPLE = "api.appstoreconnect.apple.com"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (f"https://{APPLE}", ("https", APPLE, 443)),
        (f"HTTPS://{APPLE.upper()}/v1/apps?a=http://x", ("https", APPLE, 443)),
        ("http://127.0.0.1:8080/", ("http", "127.0.0.1", 8080)),
        ("http://[::1]:80?x", ("http", "::1", 80)),
        ("https://[2001:DB8::1]", ("https", "2001:db8::1", 443)),
    ],
)
def test_the_origin_of_a_url_has_its_scheme_host_and_port(url: str, origin: tuple[str, str, int]) -> None:
    assert parse_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        rf"https://{APPLE}\@example.com",
        rf"https://{APPLE}\.example.com/",
        rf"https://example.com\{APPLE}/",
        rf"https://{APPLE}/\example.com",
        f"https://{APPLE}@example.com",
        f"https://user:password@{APPLE}",
        f"https://{APPLE}%2eexample.com",
        f"https://{APPLE}%00.example.com",
        f"https://exam\tple.com#{APPLE}",
        f"https://{APPLE}\n",
        f" https://{APPLE}",
        f"https://{APPLE}:0",
        f"https://{APPLE}:65536",
        f"https://{APPLE}:",
        f"https://{APPLE}:\u0664\u0664\u0663",
        "https://\u0430pple.com",
        "https://apple\u212a.com",
        "https://apple\u3002com",
        "https://[::1%25eth0]",
        "https://[1.2.3.4]",
        "https://[::1]example.com",
        "https:///v1/apps",
        "https:/v1/apps",
        "ftp://127.0.0.1",
        "//example.com",
        "",
    ],
)
def test_a_url_that_libraries_parse_differently_has_no_origin(url: str) -> None:
    assert origin_or_none(url) is None


PIECES = (
    "https://",
    "http://",
    APPLE,
    "example.com",
    "[::1]",
    "[",
    "]",
    "@",
    ":",
    "443",
    "0",
    "\\",
    "/",
    "?",
    "#",
    "%",
    "%2e",
    ".",
    "-",
    "_",
    "\t",
    "\n",
    " ",
    "\x00",
    "\xa0",
    "\u3002",
    "\u212a",
    "\xdf",
    "::ffff:1.2.3.4",
)
tricky = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join)
urls = st.tuples(st.sampled_from(["https://", "HTTP://", ""]), tricky).map("".join)


@given(urls)
@example(f"https://[::ffff:1.2.3.4]:1/{APPLE}")
@example("https://a..b")
def test_a_library_connects_to_the_host_of_an_accepted_url(url: str) -> None:
    origin = origin_or_none(url)
    if origin is None:
        return
    try:
        prepared = requests.Request("GET", url).prepare().url
    except requests.exceptions.InvalidURL:
        prepared = None
    for text in filter(None, (url, prepared)):
        parsed = parse_url(text)
        assert parsed.scheme == origin.scheme
        assert (parsed.host or "").strip("[]") == origin.host
        assert (parsed.port or DEFAULT_PORTS[origin.scheme]) == origin.port


@pytest.mark.parametrize(
    ("text", "host"),
    [("Gateway.Example.com", "gateway.example.com"), ("[::1]", "::1"), ("::1", "::1"), ("10.0.0.1", "10.0.0.1")],
)
def test_parse_host_accepts_names_and_addresses(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text", ["", "https://example.com", "example.com:443", "a/b", "a@b", "*.apple.com", "a%2eb", "a b"]
)
def test_parse_host_rejects_text_that_is_not_a_host(text: str) -> None:
    with pytest.raises(ValueError, match="expected only a host"):
        parse_host(text)


@pytest.mark.parametrize(
    "url", ["/v1/apps?filter[name]=http://x", "v1/apps?u=https://x", "//v1/apps", "", "/v1/a#b://c"]
)
def test_a_relative_url_with_a_url_in_its_query_is_not_absolute(url: str) -> None:
    assert not is_absolute(url)
    assert is_absolute(f"https://{APPLE}{url}")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (f"https://{APPLE}/v1/apps?filter[name]=My App\n", APPLE),
        (f"https://{APPLE.upper()}:443#\\", APPLE),
        ("https://my_gateway:8000/v1", "my_gateway"),
        ("http://[::1]:80/", "::1"),
        (rf"https://{APPLE}\@example.com/", ""),
        (f"https://{APPLE}@example.com/", ""),
        (f"https://{APPLE}%2eexample.com/", ""),
        (f"https://exa\tmple.com#{APPLE}", ""),
        ("/v1/apps", ""),
        ("https://", ""),
    ],
)
def test_host_in_returns_no_host_for_a_url_that_libraries_parse_differently(url: str, host: str) -> None:
    assert host_in(url) == host
