"""One table of requests, with equal responses over all transports."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import httpx
import pytest
import requests
from emulator.harness import BASE, TOKEN, EmulatorClient, token
from requests.adapters import HTTPAdapter

from pytest_asc.emulator.app import Request
from pytest_asc.transports.requests_adapter import EmulatorAdapter
from pytest_asc.transports.responses_mock import intercept
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path


class Case(NamedTuple):
    """A request with the expected response."""

    method: str
    path: str
    status: int | None
    """Expected status; None if the response must only be equal over all transports."""
    words: str = ""
    """Text that the body must contain."""
    token: str | None = TOKEN
    body: bytes = b""
    content_type: str = "application/json"


class Answer(NamedTuple):
    """A response, independent of the library."""

    status: int
    headers: dict[str, str]
    body: bytes


Send: TypeAlias = "Callable[[Case, Mapping[str, str]], Answer]"
OpenTransport: TypeAlias = "Callable[[EmulatorClient, Path], AbstractContextManager[tuple[str, Send]]]"
"""Opens a transport to an emulator, and yields the base URL and a function that sends a request."""

CREATE = b'{"data": {"type": "betaGroups", "attributes": {"name": "Friends", "x": null}}}'
TESTER = b'{"data": {"type": "betaTesters", "attributes": {"email": "a@example.com"}}}'
RENAME = b'{"data": {"type": "betaGroups", "id": "3", "attributes": {"name": "Fr\xc3\xbchaufsteher"}}}'
WRONG_ID = b'{"data": {"type": "betaGroups", "id": "2"}}'
REPORT = (
    "/v1/salesReports?filter[frequency]=DAILY&filter[reportSubType]=SUMMARY&filter[reportType]=SALES"
    "&filter[vendorNumber]=80012345"
)
EXPIRED = token(iat=1_600_000_000, exp=1_600_000_600)
TABLE = (
    Case("GET", "/v1/apps", 200, '"bundleId":"com.example.lists"'),
    Case("GET", "/v1/apps?limit=1", 200, '"next":"{base}/v1/apps?cursor='),
    Case("GET", "/v1/apps/1", 200, '"self":"{base}/v1/apps/1"'),
    Case("GET", "/v1/apps?filter%5BbundleId%5D=com.example.lists,com.example.maps&sort=-name", 200, '"total":2'),
    Case("GET", "/v1/apps?filter[bundleId]=com.example.maps&fields[apps]=name", 200, "Karten"),
    Case("GET", "/v1/apps?filter%5Bname%5D=Stra%C3%9Fen%20%26%20Karten", 200, "Straßen & Karten"),
    Case("GET", "/v1/apps/1?include=betaGroups&limit%5BbetaGroups%5D=1", 200, '"included":['),
    Case("GET", "/v1/apps/1/betaGroups", 200, "Friends"),
    Case("GET", "/v1/apps/1/relationships/betaGroups", 200, '"type":"betaGroups"'),
    Case("GET", "/v1/apps/404", 404, "There is no resource of type 'apps' with id '404'"),
    Case("GET", "/v1/apps/a%20b%2Fc", 404, "a b/c"),
    Case("GET", "/v9/apples", 404, "PATH_ERROR"),
    Case("GET", "/", 404, "PATH_ERROR"),
    Case("GET", "/v1/apps?limit=0", 400, "PARAMETER_ERROR.INVALID"),
    Case("GET", "/v1/apps?filter[colour]=red", 400, "PARAMETER_ERROR"),
    Case("GET", "/v1/apps", 401, "NOT_AUTHORIZED", token=None),
    Case("GET", "/v1/apps", 401, "NOT_AUTHORIZED", token=EXPIRED),
    Case("POST", "/v1/betaGroups", None, body=CREATE),
    Case("PATCH", "/v1/apps/1", None, body=b'{"data": {"type": "apps", "id": "1"}}'),
    Case("POST", "/v1/apps/1/relationships/betaTesters", None, body=b'{"data": []}'),
    Case("DELETE", "/v1/betaGroups/1", None),
    Case("PUT", "/v1/apps", None, body=b"x" * 300_000),
    Case("HEAD", "/v1/apps", None),
    Case("OPTIONS", "/v1/apps", None),
    Case("POST", "/v1/betaTesters", 201, "a@example.com", body=TESTER),
    Case("POST", "/v1/betaTesters", 415, "UNSUPPORTED_MEDIA_TYPE", body=TESTER, content_type="text/plain"),
    Case("PATCH", "/v1/betaGroups/3", 200, "Frühaufsteher", body=RENAME),
    Case("PATCH", "/v1/betaGroups/3", 409, "ENTITY_ERROR", body=WRONG_ID),
    Case("DELETE", "/v1/betaGroups/3", 204),
    Case("GET", "/v1/apps?filter%5bname%5D=%4Cists%2c%C3%BC+%26&limit=%31", 200, '"limit":1'),
    Case("GET", "/v1/apps/%E2%82%AC%25", 404, r"\u20ac%"),
    Case("GET", "/v1/builds", 429, "RATE_LIMIT_EXCEEDED"),
    Case("GET", "/v1/builds", 503, "maintenance"),
    Case("DELETE", "/v1/profiles/1", 204),
    Case("GET", "/v1/salesReports", 200),
    Case("GET", REPORT, 200, "\x1f"),
)


def emulator_client() -> EmulatorClient:
    """Return an emulator with the resources and planned failures for the table."""
    emulator_client = EmulatorClient()
    emulator = emulator_client.emulator
    first = emulator.add("apps", id="1", name="Lists", bundleId="com.example.lists")
    emulator.add("apps", id="2", name="Straßen & Karten", bundleId="com.example.maps")
    emulator.add("betaGroups", id="1", name="Friends", app=first)
    emulator.add("betaGroups", id="3", name="Family", app=first)
    emulator.sell(first)
    emulator.fail("GET", "/v1/builds", status=429)
    emulator.fail("GET", "/v1/builds", status=503, body=b"maintenance", headers={"Retry-After": "7"})
    emulator.fail("DELETE", "/v1/profiles/1", status=204, body=b"")
    zipped = b"\x1f\x8b\x08\x00\x00\r\n\xff"
    emulator.fail("GET", "/v1/salesReports", status=200, body=zipped, headers={"Content-Type": "application/a-gzip"})
    return emulator_client


@contextmanager
def handled(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    def send(case: Case, headers: Mapping[str, str]) -> Answer:
        answer = emulator_client.emulator.handle(Request(case.method, BASE + case.path, headers, case.body))
        return Answer(answer.status, dict(answer.headers), answer.body)

    yield BASE, send


def with_requests(session: requests.Session, base: str) -> Send:
    session.trust_env = False

    def send(case: Case, headers: Mapping[str, str]) -> Answer:
        answer = session.request(case.method, base + case.path, headers=headers, data=case.body or None, timeout=9)
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    return send


def with_httpx(client: httpx.Client, base: str) -> Send:
    def send(case: Case, headers: Mapping[str, str]) -> Answer:
        answer = client.request(case.method, base + case.path, headers=headers, content=case.body or None)
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    return send


@contextmanager
def adapted(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    with requests.Session() as session:
        session.mount(BASE, EmulatorAdapter(emulator_client.emulator))
        yield BASE, with_requests(session, BASE)


@contextmanager
def intercepted(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    with intercept(emulator_client.emulator), requests.Session() as session:
        session.mount(BASE, HTTPAdapter())
        yield BASE, with_requests(session, BASE)


@contextmanager
def over_http(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    with Server(folder) as server, server.answering(emulator_client.emulator), requests.Session() as session:
        yield server.url, with_requests(session, server.url)


@contextmanager
def over_https(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    with Server(folder) as server, server.answering(emulator_client.emulator), requests.Session() as session:
        session.verify = str(server.ca_file)
        yield server.https_url, with_requests(session, server.https_url)


@contextmanager
def proxied_requests(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    with Server(folder) as server, server.answering(emulator_client.emulator), requests.Session() as session:
        session.verify = str(server.ca_file)
        session.proxies = {"https": server.proxy_url}
        yield BASE, with_requests(session, BASE)


@contextmanager
def proxied_httpx(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    with Server(folder) as server, server.answering(emulator_client.emulator):
        trust = ssl.create_default_context(cafile=server.ca_file)
        with httpx.Client(verify=trust, proxy=server.proxy_url, trust_env=False) as client:
            yield BASE, with_httpx(client, BASE)


@contextmanager
def plainly_proxied(emulator_client: EmulatorClient, folder: Path) -> Iterator[tuple[str, Send]]:
    base = BASE.replace("https", "http")
    with (
        Server(folder) as server,
        server.answering(emulator_client.emulator),
        httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), proxy=server.proxy_url, trust_env=False) as client,
    ):
        yield base, with_httpx(client, base)


TRANSPORTS = (handled, adapted, intercepted, over_http, over_https, proxied_requests, proxied_httpx, plainly_proxied)
# Headers that are different in each response, and headers of the connection.
OWN = {"date", "x-apple-jingle-correlation-key", "server", "content-length", "connection"}


def comparable(answer: Answer, base: str) -> tuple[int, dict[str, str], bytes]:
    """Return a response without the members that may differ."""
    headers = {
        name.lower(): value.replace(base, "{base}") for name, value in answer.headers.items() if name.lower() not in OWN
    }
    return answer.status, headers, answer.body.replace(base.encode(), b"{base}")


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__)
def test_all_transports_return_equal_responses(transport: OpenTransport, tmp_path: Path) -> None:
    with handled(emulator_client(), tmp_path) as (base, send):
        expected = [comparable(send(case, _headers(case)), base) for case in TABLE]
    with transport(emulator_client(), tmp_path) as (base, send):
        answers = [send(case, _headers(case)) for case in TABLE]
    for case, answer, wanted in zip(TABLE, answers, expected, strict=True):
        assert comparable(answer, base) == wanted, case
        assert case.status in {None, answer.status}, case
        assert case.words.replace("{base}", base) in answer.body.decode("utf-8", "replace"), case


def _headers(case: Case) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {case.token}"} if case.token else {}
    return {**headers, "Content-Type": case.content_type} if case.body else headers
