"""Random requests, keys, tokens, responses and URLs cause no exception and no failure of the emulator.

The suite runs a few examples of each. ``nox -s fuzz`` sets ``ASC_FUZZ_EXAMPLES`` for a long run.
"""

from __future__ import annotations

import base64
import json
import os

from emulator.harness import BASE, NOW, TOKEN, EmulatorClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_asc import diagnose
from pytest_asc.diagnosis.findings import Finding
from pytest_asc.diagnosis.key.check import read_key
from pytest_asc.emulator.app import Request
from pytest_asc.transports.apple_hosts import start_answering, stop_answering
from pytest_asc.transports.http_exchange import HttpExchange

fuzz = settings(
    max_examples=int(os.environ.get("ASC_FUZZ_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

WORDS = st.sampled_from(
    [
        "v1",
        "v2",
        "apps",
        "builds",
        "betaGroups",
        "users",
        "relationships",
        "1",
        "{id}",
        "..",
        "%2F",
        "object-storage",
        "",
    ]
)
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # with unpaired surrogates
PATHS = st.lists(WORDS | ANY_TEXT, max_size=6).map("/".join)
PARAMETERS = st.sampled_from(
    ["filter[name]", "fields[apps]", "include", "limit", "limit[builds]", "sort", "cursor", "exists[x]"]
)
QUERIES = st.lists(st.tuples(PARAMETERS | ANY_TEXT, ANY_TEXT), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
HOSTS = st.sampled_from([BASE, "http://127.0.0.1:1", "https://object-storage.apple.com", "", "https://[", "//"])
URLS = st.builds(lambda host, path, query: f"{host}/{path}?{query}", HOSTS, PATHS, QUERIES) | ANY_TEXT
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["data", "type", "apps", "id"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["data", "type", "attributes"]), inner),
    max_leaves=12,
)
BODIES = st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode())
HEADERS = st.dictionaries(st.sampled_from(["Accept", "accept", "Content-Type", "X"]) | ANY_TEXT, ANY_TEXT, max_size=3)
METHODS = st.sampled_from(["GET", "POST", "PATCH", "DELETE", "HEAD", "PUT", "OPTIONS"]) | ANY_TEXT


HEAD_PIECES = [
    b"GET /v1/apps HTTP/1.1\r\n",
    b"POST https://example.com/ HTTP/1.1\r\n",
    b"Content-Length: ",
    b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n",
    b"5",
    b"\r\n",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b" ",
    b":",
]


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


MEMBERS = st.sampled_from(["alg", "kid", "typ", "iss", "sub", "iat", "exp", "aud", "scope", "nonce", "bid"])
OBJECTS = st.dictionaries(MEMBERS, JSON_VALUES, max_size=6) | JSON_VALUES
TOKENS = ANY_TEXT | st.builds(
    lambda head, claims, end: f"{part(head)}.{part(claims)}.{end}", OBJECTS, OBJECTS, st.text()
)


@given(METHODS, URLS, HEADERS, BODIES)
@fuzz
def test_no_request_makes_the_emulator_fail(method: str, url: str, headers: dict[str, str], body: bytes) -> None:
    client = EmulatorClient()
    client.emulator.add("apps", id="1")
    response = client.emulator.handle(Request(method, url, {**headers, "Authorization": f"Bearer {TOKEN}"}, body))
    assert response.crash is None
    assert 200 <= response.status < 600


@given(TOKENS)
@fuzz
def test_no_token_makes_the_emulator_or_the_diagnosis_fail(token: str) -> None:
    client = EmulatorClient()
    response = client.emulator.handle(Request("GET", f"{BASE}/v1/apps", {"Authorization": f"Bearer {token}"}))
    assert (response.crash, response.status) == (None, 401)
    assert all(isinstance(finding, Finding) for finding in diagnose(token=token, now=NOW))


@given(TOKENS, URLS)
@fuzz
def test_no_posted_token_makes_the_diagnosis_fail(token: str, url: str) -> None:
    body = f"client_secret={token}".encode("utf-8", "surrogatepass")
    request = {"method": "POST", "url": url, "headers": {"Authorization": token}, "body": body}
    response = {"status": 400, "url": url, "headers": {}, "body": b""}
    assert all(isinstance(finding, Finding) for finding in diagnose(response, request=request, now=NOW))


@given(st.lists(st.binary(max_size=30) | st.sampled_from(HEAD_PIECES), max_size=9))
@fuzz
def test_no_bytes_make_a_connection_in_the_process_fail(pieces: list[bytes]) -> None:
    exchange = HttpExchange("https", "api.appstoreconnect.apple.com", 443)
    client = EmulatorClient()
    start_answering(client.emulator)
    try:
        if any(exchange.receive(piece) == b"" for piece in pieces):
            assert exchange.to_bytes(exchange.answer()).startswith(b"HTTP/1.1 ")
    finally:
        stop_answering(client.emulator)


@given(ANY_TEXT | st.builds("-----BEGIN {}-----\n{}\n-----END {}-----".format, st.text(), st.text(), st.text()))
@fuzz
def test_no_key_makes_the_diagnosis_fail(text: str) -> None:
    assert all(isinstance(finding, Finding) for finding in read_key(text).findings)


@given(st.integers(100, 599), URLS, HEADERS, BODIES)
@fuzz
def test_no_response_makes_the_diagnosis_fail(status: int, url: str, headers: dict[str, str], body: bytes) -> None:
    response = {"status": status, "url": url, "headers": headers, "body": body}
    assert all(isinstance(finding, Finding) for finding in diagnose(response, now=NOW))
