"""The session sends its token only to the API's host, even for URLs that parsers read differently.

The other server is a second one on loopback. Some of these URLs reach it, some reach the API, and some are rejected.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import requests
from loopback import Apple, Reply

from pytest_asc.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

# {own} and {other} are host and port of the API and of the other server, {port} is the other server's port.
TRICKS = {
    "backslash": r"http://{own}\@{other}/x",
    "backslash before the path": r"http://{other}\{own}/x",
    "backslash behind the host": r"http://{own}\.{other}/x",
    "backslashes for slashes": r"http:\\{other}\x",
    "one slash": "http:/{other}/x",
    "three slashes": "http:///{other}/x",
    "user name": "http://{own}@{other}/x",
    "user name and password": "http://{own}:{own}@{other}/x",
    "two at signs": "http://{own}@{own}@{other}/x",
    "own host with a user name": "http://{other}@{own}/x",
    "at sign in the query": "http://{other}?@{own}/x",
    "at sign in the fragment": "http://{other}#@{own}/x",
    "own origin in the query": "http://{other}/?http://{own}/x",
    "percent at sign": "http://{own}%40{other}/x",
    "percent slash": "http://{other}%2f{own}/x",
    "percent dots": "http://127%2e0%2e0%2e1:{port}/x",
    "percent NUL": "http://{other}%00{own}/x",
    "tab in the host": "http://127.0.0\t.1:{port}/x",
    "tab before the at sign": "http://{own}\t@{other}/x",
    "line end in the host": "http://127.0.0.1\n:{port}/x",
    "blank in front": " http://{other}/x",
    "NUL": "http://{other}\0{own}/x",
    "full-width dots": "http://127\uff0e0\uff0e0\uff0e1:{port}/x",
    "ideographic dots": "http://127\u30020\u30020\u30021:{port}/x",
    "full-width digits": "http://\uff11\uff12\uff17.0.0.1:{port}/x",
    "trailing dot": "http://127.0.0.1.:{port}/x",
    "name with a trailing dot": "http://localhost.:{port}/x",
    "IPv6 zone": "http://[::1%25lo]:{port}/x",
    "mapped IPv6 address": "http://[::ffff:127.0.0.1]:{port}/x",
    "short address": "http://127.1:{port}/x",
    "number": "http://2130706433:{port}/x",
    "hexadecimal": "http://0x7f000001:{port}/x",
    "octal": "http://0177.0.0.1:{port}/x",
    "capitals": "HTTP://LOCALHOST:{port}/x",
    "no scheme": "//{other}/x",
    "other port with zeros": "http://127.0.0.1:0{port}/x",
    "soft hyphen": "http://local\u00adhost:{port}/x",
    "Kelvin sign": "http://\u212aelvin@{other}/x",
}


@pytest.fixture
def api(apple: Apple) -> Apple:
    """A server that accepts every request, whatever its token."""
    apple.answer = lambda _: Reply()
    return apple


@pytest.fixture
def other_server(start_apple: Callable[[], Apple]) -> Apple:
    """A server on another host, which must not receive the token."""
    server = start_apple()
    server.answer = lambda _: Reply()
    return server


@pytest.fixture(params=TRICKS)
def url(request: pytest.FixtureRequest, api: Apple, other_server: Apple) -> str:
    own, other = (one.url.removeprefix("http://") for one in (api, other_server))
    return TRICKS[request.param].format(own=own, other=other, port=other.rpartition(":")[2])


def send(api: Apple, method: str, url: str) -> None:
    """Send a request, and a second one that proves that the session still works."""
    with Session(api.url, token=lambda: "sentinel-token", retries=0, timeout=5) as session:
        session.trust_env = False
        with suppress(requests.RequestException, ValueError):  # raised for a URL that the library rejects
            session.request(method, url)
        assert session.get("/v1/apps").ok
    assert api.requests[-1].token == "sentinel-token"


def assert_untouched(other_server: Apple) -> None:
    for request in other_server.requests:
        assert "authorization" not in request.headers
        assert "sentinel-token" not in str(request)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_token_goes_to_the_host_of_a_tricky_url(api: Apple, other_server: Apple, url: str, method: str) -> None:
    send(api, method, url)
    assert_untouched(other_server)


def test_no_token_follows_a_redirect_to_a_tricky_url(api: Apple, other_server: Apple, url: str) -> None:
    try:
        location = requests.utils.requote_uri(url)
    except requests.exceptions.InvalidURL:
        location = url
    for target in {url, location}:
        # A header cannot contain all of these characters: the server sends the others as UTF-8, as real servers do.
        header = target.encode().decode("latin-1").replace("\n", "").replace("\0", "")
        api.replies = [Reply(302, headers={"Location": header})]
        send(api, "GET", "/v1/apps")
        assert_untouched(other_server)


def test_no_token_follows_a_link_to_a_tricky_url(api: Apple, other_server: Apple, url: str) -> None:
    page = json.dumps({"data": [], "links": {"self": "", "next": url}}).encode()
    api.replies = [Reply(200, page)]
    with Session(api.url, token=lambda: "sentinel-token", retries=0, timeout=5) as session:
        session.trust_env = False
        with suppress(requests.RequestException, ValueError):
            list(session.pages("/v1/apps"))
    assert_untouched(other_server)


@pytest.mark.parametrize("trust", ["127.0.0.1", "{url}"])
def test_no_token_goes_to_a_tricky_base_url(
    pytester: pytest.Pytester,
    credentials: None,
    api: Apple,
    other_server: Apple,
    url: str,
    trust: str,
    request: pytest.FixtureRequest,
) -> None:
    name = request.node.callspec.params["url"]
    if "\0" in url or name in {"capitals", "blank in front"}:
        pytest.skip("no command line holds it" if "\0" in url else "it is a URL of this machine")
    base = url.removesuffix("/x")
    trusted = trust.format(url=base)
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url={base}", f"--asc-trust-host={trusted}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert other_server.requests == api.requests == []
