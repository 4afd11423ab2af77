from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from loopback import APPS, REFUSED, Apple, Reply
from requests.adapters import BaseAdapter

from pytest_asc.session import DEFAULT_TIMEOUT, Session, WriteRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@pytest.fixture
def accepting(apple: Apple) -> Apple:
    """A server that accepts every request, whatever its token."""
    apple.answer = lambda _: Reply(200, APPS)
    return apple


@pytest.fixture
def session(accepting: Apple) -> Iterator[Session]:
    """A session with a new token, t1, t2, t3…, for each request."""
    with session_for(accepting) as session:
        yield session


def session_for(
    apple: Apple, *, retries: int = 0, renews: bool = False, writes: bool = True, timeout: float = DEFAULT_TIMEOUT
) -> Session:
    numbers = itertools.count(1)

    def token() -> str:
        return f"t{next(numbers)}"

    renew = token if renews else None
    return Session(apple.url, token=token, renew=renew, retries=retries, writes=writes, timeout=timeout)


def tokens(apple: Apple) -> list[str | None]:
    return [request.token for request in apple.requests]


@pytest.mark.parametrize("url", ["/v1/apps?limit=1", "v1/apps?limit=1", "//v1/apps?limit=1"])
def test_relative_urls_go_to_the_api(session: Session, accepting: Apple, url: str) -> None:
    assert session.get(url).status_code == 200
    assert [(request.path, request.token) for request in accepting.requests] == [("/v1/apps?limit=1", "t1")]


@pytest.mark.parametrize("url", ["/v1/apps?filter[name]=http://x", b"/v1/apps?filter[name]=http://x"])
def test_a_relative_url_with_a_url_in_its_query_is_still_relative(
    session: Session, accepting: Apple, url: str | bytes
) -> None:
    assert session.request("GET", url).status_code == 200
    assert [request.path for request in accepting.requests] == ["/v1/apps?filter%5Bname%5D=http://x"]


def test_a_session_rejects_a_base_url_that_libraries_parse_differently() -> None:
    with pytest.raises(ValueError, match="expected http or https"):
        Session(r"https://example.com\.apple.com", token=str)


def test_absolute_urls_of_the_api_are_requested_with_the_token(session: Session, accepting: Apple) -> None:
    session.get(f"{accepting.url}/v1/apps", params={"limit": 1})
    assert tokens(accepting) == ["t1"]


def test_each_request_gets_its_token_when_it_is_sent(session: Session, accepting: Apple) -> None:
    prepared = session.prepare_request(requests.Request("GET", f"{accepting.url}/v1/apps"))
    assert "Authorization" not in prepared.headers
    for _ in range(2):
        session.send(prepared)
    session.get("/v1/apps")
    assert tokens(accepting) == ["t1", "t2", "t3"]


def test_netrc_does_not_replace_the_token(session: Session, accepting: Apple, clean_environment: Path) -> None:
    (clean_environment / ".netrc").write_text("default login me password netrc-password\n")
    session.get("/v1/apps")
    accepting.replies = [Reply(302, headers={"Location": "/v1/users"})]
    session.get("/v1/apps")
    assert tokens(accepting) == ["t1", "t2", "t2"]
    # The same request without this session proves that requests reads the file.
    requests.get(f"{accepting.url}/v1/apps", timeout=5)
    assert accepting.requests[-1].headers["authorization"].startswith("Basic ")


def test_an_authorization_header_given_by_the_caller_is_sent_unchanged(session: Session, accepting: Apple) -> None:
    session.get("/v1/apps", headers={"Authorization": "Bearer mine"})
    assert tokens(accepting) == ["mine"]


def test_the_token_is_not_sent_to_other_hosts(
    session: Session, accepting: Apple, start_apple: Callable[[], Apple]
) -> None:
    upload = start_apple()
    upload.answer = lambda _: Reply()
    session.put(f"{upload.url}/part/1", data=b"x")
    assert "authorization" not in upload.requests[0].headers


def test_the_token_is_not_sent_to_the_target_of_a_redirect_on_another_host(
    session: Session, accepting: Apple, start_apple: Callable[[], Apple], clean_environment: Path
) -> None:
    (clean_environment / ".netrc").write_text("default login me password netrc-password\n")
    elsewhere = start_apple()
    elsewhere.answer = lambda _: Reply(302, headers={"Location": f"{accepting.url}/v1/apps"})
    accepting.replies = [Reply(307, headers={"Location": f"{elsewhere.url}/there"})]
    assert session.get("/v1/apps").status_code == 200
    assert [request.headers.get("authorization") for request in elsewhere.requests] == [None]
    # The second redirect leads back to the API, where the request has a token again.
    assert tokens(accepting) == ["t1", "t2"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_read_only_session_raises_instead_of_sending_a_write(accepting: Apple, method: str) -> None:
    with session_for(accepting, writes=False) as session:
        assert session.get("/v1/apps").ok
        with pytest.raises(WriteRefusedError, match=rf"{method} {accepting.url}/v1/apps was not sent: .*allow_writes"):
            session.request(method, "/v1/apps?secret=1", json={"data": None})
        with pytest.raises(WriteRefusedError):
            session.send(requests.Request(method, f"{accepting.url}/v1/apps").prepare())
    assert [request.method for request in accepting.requests] == ["GET"]


def test_a_session_that_allows_writes_sends_a_patch(session: Session, accepting: Apple) -> None:
    session.patch("/v1/apps/1", json={"data": {"type": "apps"}})
    (request,) = accepting.requests
    assert (request.method, json.loads(request.body)) == ("PATCH", {"data": {"type": "apps"}})


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_get_is_retried_after_a_429_or_5xx(accepting: Apple, status: int) -> None:
    accepting.replies = [Reply(status, headers={"Retry-After": "0"})]
    with session_for(accepting, retries=3) as session:
        assert session.get("/v1/apps").status_code == 200
    assert len(accepting.requests) == 2


def test_the_last_response_is_returned_after_all_retries(accepting: Apple, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    accepting.replies = [Reply(429, headers={"Retry-After": "0"})] * 5
    with session_for(accepting, retries=3) as session:
        assert session.get("/v1/apps").status_code == 429
    assert len(accepting.requests) == 4
    assert pauses == [1, 2]


def test_a_post_is_not_retried_after_a_503(accepting: Apple) -> None:
    accepting.replies = [Reply(503)]
    with session_for(accepting, retries=3) as session:
        assert session.post("/v1/apps").status_code == 503
    assert len(accepting.requests) == 1


def test_a_401_is_retried_once_if_an_earlier_request_with_the_credentials_succeeded(accepting: Apple) -> None:
    with session_for(accepting, renews=True) as session:
        assert session.get("/v1/apps").status_code == 200
        accepting.replies = [Reply(401, REFUSED)]
        assert session.get("/v1/apps").status_code == 200
        accepting.replies = [Reply(401, REFUSED)] * 2
        assert session.get("/v1/apps").status_code == 401
    assert tokens(accepting) == ["t1", "t2", "t3", "t4", "t5"]


def test_a_401_in_response_to_the_first_request_is_not_retried(accepting: Apple) -> None:
    accepting.replies = [Reply(401, REFUSED)]
    with session_for(accepting, renews=True) as session:
        assert session.get("/v1/apps").status_code == 401
    assert len(accepting.requests) == 1


def test_a_request_with_a_consumed_iterator_as_its_body_is_not_retried(accepting: Apple) -> None:
    with session_for(accepting, renews=True) as session:
        assert session.get("/v1/apps").status_code == 200
        accepting.replies = [Reply(401, REFUSED)]
        assert session.post("/v1/apps", data=iter([b"part"])).status_code == 401


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"no gzip", {"Content-Encoding": "gzip"}),
        Reply(200, b"no chunk\r\n", {"Transfer-Encoding": "chunked"}),
        # The last chunk never arrives, so the client waits until its timeout.
        Reply(200, b"short", {"Transfer-Encoding": "chunked"}),
    ],
)
def test_the_exception_for_a_broken_response_body_has_the_request(accepting: Apple, reply: Reply) -> None:
    accepting.replies = [reply]
    with session_for(accepting, timeout=0.2) as session, pytest.raises(requests.RequestException) as raised:
        session.get("/v1/apps")
    assert raised.value.request is not None
    assert raised.value.request.url == f"{accepting.url}/v1/apps"


def page(number: int, last: int, url: str) -> Reply:
    links = {"self": url} if number == last else {"self": url, "next": f"{url}/v1/apps?cursor={number + 1}&limit=2"}
    data = [{"type": "apps", "id": f"{number}{letter}"} for letter in "ab"]
    return Reply(200, json.dumps({"data": data, "links": links}).encode())


def test_resources_follows_the_next_links_to_the_last_page(session: Session, accepting: Apple) -> None:
    accepting.replies = [page(number, 3, accepting.url) for number in (1, 2, 3)]
    assert [app["id"] for app in session.resources("/v1/apps", params={"limit": 2})] == [
        "1a", "1b", "2a", "2b", "3a", "3b",
    ]  # fmt: skip
    assert [request.path for request in accepting.requests] == [
        "/v1/apps?limit=2",
        "/v1/apps?cursor=2&limit=2",
        "/v1/apps?cursor=3&limit=2",
    ]
    assert tokens(accepting) == ["t1", "t2", "t3"]


def test_pages_raises_http_error_for_a_page_with_status_401(session: Session, accepting: Apple) -> None:
    accepting.replies = [page(1, 2, accepting.url), Reply(401, REFUSED)]
    pages = session.pages("/v1/apps")
    assert len(next(pages)["data"]) == 2
    with pytest.raises(requests.HTTPError, match="401"):
        next(pages)


def test_the_session_uses_the_proxies_of_the_environment(
    accepting: Apple, start_apple: Callable[[], Apple], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = start_apple()
    proxy.answer = lambda _: Reply(200, APPS)
    monkeypatch.setenv("http_proxy", proxy.url)
    with Session("http://api.example.invalid", token=lambda: "t1", retries=0) as session:
        assert session.get("/v1/apps").ok
    assert [request.path for request in proxy.requests] == ["http://api.example.invalid/v1/apps"]


def test_a_session_with_trust_env_false_uses_its_own_proxies(
    accepting: Apple, start_apple: Callable[[], Apple], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = start_apple()
    proxy.answer = lambda _: Reply(200, APPS)
    monkeypatch.setenv("http_proxy", accepting.url)
    with Session("http://api.example.invalid", token=lambda: "t1", retries=0) as session:
        session.trust_env, session.proxies = False, {"http": proxy.url}
        assert session.get("/v1/apps").ok
    assert [request.path for request in proxy.requests] == ["http://api.example.invalid/v1/apps"]
    assert accepting.requests == []


class Recording(BaseAdapter):
    """Adapter that returns empty responses and records the arguments of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Mapping[str, object]] = []

    def send(self, request: requests.PreparedRequest, *_: object, **kwargs: object) -> requests.Response:
        self.calls.append(kwargs)
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url or "", request
        return response

    def close(self) -> None:
        """Do nothing."""


def test_requests_use_the_timeout_of_the_session_unless_one_is_given() -> None:
    adapter = Recording()
    with Session("https://api.example.invalid", token=lambda: "t", timeout=7, adapter=adapter) as session:
        session.get("/v1/apps")
        session.get("/v1/apps", timeout=1)
        session.send(requests.Request("GET", "https://api.example.invalid/").prepare())
    assert [call["timeout"] for call in adapter.calls] == [7, 1, 7]


def test_a_session_with_an_adapter_ignores_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    adapter = Recording()
    with Session("https://api.example.invalid", token=lambda: "t", adapter=adapter) as session:
        session.get("/v1/apps")
    assert not adapter.calls[0]["proxies"]


def test_a_session_rejects_a_token_that_is_not_a_function() -> None:
    token: Any = "x.y.z"
    with pytest.raises(TypeError, match=r"^token: got a value of type str, expected a function that returns it$"):
        Session("https://127.0.0.1", token=token)
