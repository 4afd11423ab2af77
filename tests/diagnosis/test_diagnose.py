"""``diagnose`` with every kind of evidence: tokens, and requests, responses and exceptions of requests and httpx."""

from __future__ import annotations

import json
import socket
import time
from email.utils import formatdate
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from loopback import ISSUER_ID, KEY_ID, REFUSED, Apple, Reply

from pytest_asc import Credentials
from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE
from pytest_asc.credentials.tokens import mint
from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose
from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.http.authorization import NetrcEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.diagnosis.findings import Finding

NOW = 1_780_000_000.0
APPS = f"{APP_STORE_CONNECT.base_url}/v1/apps"
EMPTY = {"data": [{"type": "apps", "id": "1"}], "links": {}}


@pytest.fixture
def credentials(key_text: str) -> Credentials:
    return Credentials.load(key_id=KEY_ID, issuer_id=ISSUER_ID, key=key_text)


@pytest.fixture
def token(credentials: Credentials) -> str:
    return str(mint(credentials, now=NOW))


def causes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.cause for finding in findings]


@cache
def good_token() -> str:
    """Return a valid token, for property tests, which cannot use fixtures of a single test."""
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return str(mint(Credentials.load(key_id=KEY_ID, issuer_id=ISSUER_ID, key=key.decode()), now=NOW))


def make_response(
    status: int = 401, body: object = REFUSED, *, token: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return a response as a mapping, with the request if a token is given."""
    request = {"method": "GET", "url": APPS, "headers": {"Authorization": f"Bearer {token}"}}
    return {
        "status": status,
        "headers": {"Content-Type": "application/json", "Date": formatdate(NOW, usegmt=True)},
        "body": body,
        **({"request": request} if token else {}),
        **more,
    }


# Tokens.


@pytest.mark.parametrize("form", [str, str.encode, lambda text: bytearray(text.encode())])
def test_a_valid_token_has_no_finding_in_any_kind_of_evidence(
    token: str, credentials: Credentials, form: Callable[[str], object]
) -> None:
    assert diagnose(form(token), now=NOW, context=DiagnosisContext(credentials)) == ()
    assert diagnose(form(token), now=NOW) == ()


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda token: f"Bearer {token}", "bearer-doubled"),
        (lambda token: "Bearer", "bearer-doubled"),
        (lambda token: f"{token}\n", "token-whitespace"),
        (lambda token: f"b'{token}'", "token-bytes-repr"),
        (lambda token: f"{token[:-4]}AAAA", "token-signature-mismatch"),
        (lambda token: "", "token-malformed"),
    ],
)
def test_a_damaged_token_is_found(
    token: str, credentials: Credentials, change: Callable[[str], str], cause: str
) -> None:
    around = DiagnosisContext(credentials)
    assert causes(diagnose(change(token), now=NOW, context=around)) == [cause]
    assert causes(diagnose(token=change(token), now=NOW, context=around)) == [cause]


def test_a_key_verifies_only_tokens_with_its_key_id(credentials: Credentials) -> None:
    other = str(mint(credentials, now=NOW, headers={"kid": "OTHER12345"}, claims={"iss": ISSUER_ID[::-1]}))
    assert "token-signature-mismatch" not in causes(diagnose(other, now=NOW, context=DiagnosisContext(credentials)))


def test_without_a_given_service_the_token_is_verified_for_the_service_that_it_names(credentials: Credentials) -> None:
    token = str(mint(credentials, now=NOW, service="enterprise"))
    assert diagnose(token, now=NOW) == ()
    (finding,) = diagnose(token, now=NOW, service="app-store-connect")
    assert finding.level == "error"


def test_a_scope_is_checked_against_the_request(credentials: Credentials) -> None:
    scoped = str(mint(credentials, now=NOW, scope=["GET /v1/users"]))
    assert causes(diagnose(token=scoped, request=requests.Request("GET", APPS), now=NOW)) == ["token-scope-mismatch"]
    assert diagnose(token=scoped, request=requests.Request("GET", f"{APPS[:-4]}users"), now=NOW) == ()


# Requests.


def as_requests(method: str, url: str, headers: dict[str, str]) -> object:
    return requests.Request(method, url, headers=headers)


def as_prepared(method: str, url: str, headers: dict[str, str]) -> object:
    return requests.Request(method, url, headers=headers).prepare()


def as_httpx(method: str, url: str, headers: dict[str, str]) -> object:
    return httpx.Request(method, url, headers=headers)


def as_mapping(method: str, url: str, headers: dict[str, str]) -> object:
    return {"method": method, "url": url, "headers": headers}


FORMS = [as_requests, as_prepared, as_httpx, as_mapping]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("url", "scheme", "expected"),
    [
        (APPS, "Bearer ", []),
        (APPS, "Token ", ["bearer-missing"]),
        (APPS, "Bearer Bearer ", ["bearer-doubled"]),
        ("https://appstoreconnect.apple.com/v1/apps", "Bearer ", ["wrong-host"]),
        ("http://api.appstoreconnect.apple.com/v1/apps", "Bearer ", ["insecure-url"]),
    ],
)
def test_requests_of_every_library_are_parsed(
    form: Any, url: str, scheme: str, expected: list[str], token: str
) -> None:
    request = form("GET", url, {"Authorization": f"{scheme}{token}"})
    assert causes(diagnose(request, now=NOW)) == expected
    assert causes(diagnose(request=request, now=NOW)) == expected


@pytest.mark.parametrize("form", [as_prepared, as_httpx, as_mapping])
def test_a_request_without_the_authorization_header_is_found(form: Any) -> None:
    assert causes(diagnose(form("GET", APPS, {}), now=NOW)) == ["header-missing"]


def test_an_unprepared_request_without_the_authorization_header_has_no_finding() -> None:
    assert diagnose(requests.Request("GET", APPS), now=NOW) == ()


@pytest.mark.parametrize("form", [str, str.encode])
def test_text_passed_as_headers_is_found(form: Any, token: str) -> None:
    request = requests.Request("GET", APPS, headers=form(token))
    assert causes(diagnose(request, now=NOW)) == ["headers-is-token"]


def test_headers_without_a_request_are_diagnosed(token: str) -> None:
    assert diagnose({"Authorization": f"Bearer {token}"}, now=NOW) == ()
    assert causes(diagnose({"authorization": token.encode()}, now=NOW)) == ["bearer-missing"]


@pytest.mark.parametrize(
    "post",
    [
        lambda token: requests.Request("POST", APPS, data={"assertion": token}),
        lambda token: requests.Request("POST", APPS, json={"assertion": token}).prepare(),
        lambda token: httpx.Request("POST", APPS, content=token),
        lambda token: {"method": "POST", "url": APPS, "headers": {}, "body": {"assertion": token}},
    ],
)
def test_a_posted_token_is_found_in_every_body_format(post: Callable[[str], object], token: str) -> None:
    assert causes(diagnose(post(token), now=NOW)) == ["token-in-body"]


def test_a_posted_client_secret_is_verified(credentials: Credentials) -> None:
    claims = {"iss": "9QWERTY123", "sub": "com.example.app", "aud": "https://appleid.apple.com"}
    old = str(mint(credentials, now=NOW - 1_000, claims=claims))
    posted = {"client_secret": old, "client_id": "com.example.app", "grant_type": "authorization_code"}
    request = requests.Request("POST", "https://appleid.apple.com/auth/token", data=posted)
    assert causes(diagnose(request.prepare(), now=NOW)) == ["token-expired"]
    assert diagnose(request.prepare(), now=NOW - 500) == ()


def test_the_netrc_entry_is_reported_only_if_the_request_has_its_login() -> None:
    around = DiagnosisContext(netrc=lambda host: NetrcEntry(f"the entry for {host} in ~/.netrc", "Basic YTpi"))
    (finding,) = diagnose(requests.Request("GET", APPS, auth=("a", "b")).prepare(), now=NOW, context=around)
    assert finding.cause == "header-overridden-by-netrc"
    assert "the entry for api.appstoreconnect.apple.com in ~/.netrc" in finding.evidence
    other = requests.Request("GET", APPS, auth=("a", "c")).prepare()
    assert causes(diagnose(other, now=NOW, context=around)) == ["bearer-missing"]


# Responses.


def test_a_successful_response_has_no_finding(token: str, credentials: Credentials) -> None:
    assert diagnose(make_response(200, EMPTY, token=token), now=NOW, context=DiagnosisContext(credentials)) == ()
    # Also long after the response was received.
    assert diagnose(make_response(200, EMPTY, token=token), now=NOW + 86_400) == ()


def test_a_request_that_was_accepted_has_no_finding_even_with_a_malformed_token() -> None:
    request = {"method": "GET", "url": APPS, "headers": {"Authorization": "Bearer nonsense"}}
    assert diagnose(make_response(200, EMPTY, request=request), now=NOW) == ()


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ({"lifetime": 3600}, "token-lifetime-too-long"),
        ({"lifetime": 0}, "token-expired"),
        ({"claims": {"aud": "x"}}, "token-audience"),
        ({"headers": {"kid": None}}, "token-kid-missing"),
        ({"scope": ["GET /v1/users"]}, "token-scope-mismatch"),
        ({"issued_at": int(NOW) + 600}, "token-issued-in-future"),
        ({}, "key-unknown-to-apple"),
    ],
)
def test_a_401_without_a_reason_is_explained_by_its_token(
    credentials: Credentials, how: dict[str, Any], cause: str
) -> None:
    token = str(mint(credentials, now=NOW, **how))
    assert causes(diagnose(make_response(token=token), now=NOW, context=DiagnosisContext(credentials))) == [cause]


def test_a_token_that_expired_after_the_response_is_not_reported_as_the_cause(token: str) -> None:
    assert causes(diagnose(make_response(token=token), now=NOW + 3600)) == ["key-unknown-to-apple"]


def test_a_wrong_clock_is_distinguished_from_wrong_times(credentials: Credentials) -> None:
    ahead = str(mint(credentials, now=NOW + 600))
    assert causes(diagnose(make_response(token=ahead), now=NOW + 600)) == ["clock-ahead"]
    behind = str(mint(credentials, now=NOW - 1200))
    assert causes(diagnose(make_response(token=behind), now=NOW - 1200)) == ["clock-behind"]
    assert causes(diagnose(make_response(token=behind), now=NOW)) == ["token-expired"]


def test_a_naive_local_time_is_distinguished_from_a_wrong_clock(credentials: Credentials) -> None:
    token = str(mint(credentials, now=NOW + 7200))
    assert causes(diagnose(make_response(token=token), now=NOW, context=DiagnosisContext(utc_offset=7200))) == [
        "token-time-zone-bug"
    ]


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED", "agreement-missing"),
        (429, "RATE_LIMIT_EXCEEDED", "rate-limited"),
        (409, "STATE_ERROR", "request-refused"),
    ],
)
def test_a_response_after_authentication_proves_the_token_valid(
    credentials: Credentials, status: int, code: str, cause: str
) -> None:
    body = {"errors": [{"status": str(status), "code": code, "title": "T", "detail": "D"}]}
    token = str(mint(credentials, now=NOW, lifetime=3600))
    assert causes(diagnose(make_response(status, body, token=token), now=NOW)) == [cause]
    request = {"method": "GET", "url": f"http{APPS[5:]}", "headers": {}}
    findings = diagnose(make_response(status, body, request=request), now=NOW)
    assert [(one.cause, one.level) for one in findings] == [(cause, "error"), ("insecure-url", "warning")]


def test_a_posted_token_explains_the_unknown_path(token: str) -> None:
    body = {"errors": [{"status": "404", "code": "PATH_ERROR", "title": "T", "detail": "D"}]}
    request = {"method": "POST", "url": f"{APPS[:-4]}token", "headers": {}, "body": {"assertion": token}}
    assert causes(diagnose(make_response(404, body, request=request), now=NOW)) == ["token-in-body"]


def test_a_page_of_the_website_is_explained_by_the_wrong_host(token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    request = {"method": "GET", "url": "https://appstoreconnect.apple.com/v1/apps", "headers": headers}
    page = "<!DOCTYPE html><html><head><title>App Store Connect</title></head></html>"
    assert causes(diagnose(make_response(200, page, request=request), now=NOW)) == ["wrong-host"]


def test_a_406_is_reported_as_accept_header(token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    request = {"method": "GET", "url": f"{APPS[:-4]}salesReports", "headers": headers}
    (finding,) = diagnose(make_response(406, "Not acceptable", request=request), now=NOW)
    assert (finding.cause, finding.level, finding.certainty) == ("accept-header", "error", "certain")


@pytest.mark.parametrize("document", [json.loads(REFUSED), REFUSED, REFUSED.decode()])
def test_an_error_document_without_a_response_is_diagnosed(document: object, credentials: Credentials) -> None:
    assert causes(diagnose(document, now=NOW)) == ["key-unknown-to-apple"]
    long = str(mint(credentials, now=NOW, lifetime=3600))
    assert causes(diagnose(document, token=long, now=NOW)) == ["token-lifetime-too-long"]


def test_the_actual_cause_from_an_emulator_comes_first(token: str) -> None:
    exact = make_finding("individual-key-as-team", "the record")
    around = DiagnosisContext(emulator_finding=lambda _: exact)
    assert diagnose(make_response(token=token), now=NOW, context=around) == (exact,)
    vague = make_finding("bearer-missing", "the record")
    around = DiagnosisContext(emulator_finding=lambda _: vague, netrc=lambda _: NetrcEntry("~/.netrc", "Basic YTpi"))
    request = requests.Request("GET", APPS, auth=("a", "b")).prepare()
    findings = diagnose(make_response(), request=request, now=NOW, context=around)
    assert causes(findings) == ["header-overridden-by-netrc"]


def test_the_best_supported_finding_comes_first() -> None:
    body = b"<html><title>Sign in</title></html>"
    request = {"method": "GET", "url": "https://api.appstoreconnect.apple.co/", "headers": {}}
    findings = diagnose(make_response(503, body, request=request), now=NOW)
    assert [(one.cause, one.certainty) for one in findings] == [("header-missing", "certain"), ("wrong-host", "likely")]


# Real responses and exceptions.


class Client:
    """The same calls with requests or httpx."""

    def __init__(self, name: str) -> None:
        self.get: Any = requests.get if name == "requests" else httpx.get


@pytest.fixture(params=["requests", "httpx"])
def client(request: pytest.FixtureRequest) -> Client:
    return Client(request.param)


def test_real_responses_of_both_libraries_are_parsed(
    client: Client, apple: Apple, make_token: Callable[..., str]
) -> None:
    url = f"{apple.url}/v1/apps"
    good = client.get(url, headers={"Authorization": f"Bearer {make_token()}"}, timeout=5)
    assert (good.status_code, diagnose(good, now=time.time())) == (200, ())
    long = client.get(url, headers={"Authorization": f"Bearer {make_token(lifetime=3600)}"}, timeout=5)
    assert causes(diagnose(long, now=time.time())) == ["token-lifetime-too-long"]
    bare = client.get(url, timeout=5)
    assert causes(diagnose(bare, now=time.time())) == ["header-missing"]


def test_the_exception_of_raise_for_status_is_diagnosed_by_its_response(
    client: Client, apple: Apple, make_token: Callable[..., str]
) -> None:
    response = client.get(f"{apple.url}/v1/apps", headers={"Authorization": make_token()}, timeout=5)
    with pytest.raises((requests.HTTPError, httpx.HTTPStatusError)) as refused:
        response.raise_for_status()
    assert causes(diagnose(refused.value, now=time.time())) == ["bearer-missing"]


@pytest.mark.parametrize("options", [{}, {"follow_redirects": True}])
def test_a_redirect_to_another_host_drops_the_header(
    options: dict[str, Any], start_apple: Callable[[], Apple], make_token: Callable[..., str]
) -> None:
    first, second = start_apple(), start_apple()
    first.replies.append(Reply(302, b"", {"Location": f"{second.url}/v1/apps"}))
    get: Any = httpx.get if options else requests.get
    response = get(f"{first.url}/v1/apps", headers={"Authorization": f"Bearer {make_token()}"}, timeout=5, **options)
    assert response.status_code == 401
    assert causes(diagnose(response, now=time.time())) == ["redirect-dropped-authorization"]


@pytest.mark.parametrize("form", [str, str.encode])
@pytest.mark.parametrize("behind", ["", "Bearer "])
def test_a_token_passed_as_the_headers_is_found(client: Client, token: str, form: Any, behind: str) -> None:
    with pytest.raises((AttributeError, ValueError, TypeError)) as caught:
        client.get(APPS, headers=form(behind + token))
    (finding,) = diagnose(caught.value, now=NOW)
    assert (finding.cause, finding.certainty) == ("headers-is-token", "certain")
    assert token[:16] not in str(finding)


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("api.appstoreconnect.apple.com/v1/apps", "insecure-url"),
        ("ftp://api.appstoreconnect.apple.com/v1/apps", "insecure-url"),
        ("https://[::1/", "url-invalid"),
    ],
)
def test_urls_that_an_http_library_rejects_are_found(client: Client, url: str, cause: str) -> None:
    with pytest.raises((requests.RequestException, httpx.UnsupportedProtocol, httpx.InvalidURL)) as caught:
        client.get(url)
    assert causes(diagnose(caught.value, now=NOW)) == [cause]


def test_an_invalid_proxy_url_is_not_taken_for_the_url_of_the_request() -> None:
    with pytest.raises(requests.exceptions.InvalidProxyURL) as caught:
        requests.get(APPS, proxies={"https": "http://:8080"}, timeout=5)
    assert causes(diagnose(caught.value, now=NOW)) == ["connection-failed"]


def test_a_url_with_a_port_but_no_scheme_is_reported_as_insecure_url() -> None:
    with pytest.raises(requests.exceptions.InvalidSchema) as caught:
        requests.get("api.appstoreconnect.apple.com:443/v1/apps", timeout=5)
    (finding,) = diagnose(caught.value, now=NOW)
    assert (finding.cause, "no scheme in front of" in finding.evidence) == ("insecure-url", True)


@pytest.mark.parametrize(
    ("damaged", "cause"),
    [("Bearer {}\n", "token-whitespace"), ("Bearer {}\u200b", "token-malformed")],
)
def test_a_token_that_no_header_can_hold_is_found(
    client: Client, apple: Apple, token: str, damaged: str, cause: str
) -> None:
    with pytest.raises((ValueError, httpx.HTTPError)) as caught:  # requests 2.33.0 leaves it to http.client
        client.get(apple.url, headers={"Authorization": damaged.format(token)}, timeout=5)
    (finding,) = diagnose(caught.value, now=NOW)
    assert finding.cause == cause
    assert token[:16] not in str(finding)
    assert apple.requests == []


def test_a_refused_connection_is_diagnosed_with_each_client(client: Client, unused_port: int, token: str) -> None:
    with pytest.raises((requests.ConnectionError, httpx.ConnectError)) as caught:
        client.get(f"http://127.0.0.1:{unused_port}/v1/apps", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    (finding,) = diagnose(caught.value, now=NOW)
    assert finding.cause == "connection-failed"
    assert f"127.0.0.1:{unused_port} refused the connection" in finding.evidence


def test_a_response_that_does_not_arrive_in_time_is_reported_as_timed_out(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # it never accepts a connection
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1/apps"
        with pytest.raises((requests.Timeout, httpx.TimeoutException)) as caught:
            client.get(url, timeout=0.05)
    (finding,) = diagnose(caught.value, now=NOW)
    assert (finding.cause, finding.evidence.endswith("did not respond in time")) == ("timed-out", True)


def test_a_wrong_host_is_reported_before_the_failed_connection_that_it_caused() -> None:
    request = requests.Request("GET", "https://api.appstoreconnect.com/").prepare()
    error = requests.ConnectionError("no such host", request=request)
    assert causes(diagnose(error, now=NOW)) == ["wrong-host", "connection-failed"]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("something else"),
        AttributeError("'str' object has no attribute 'items'"),
        FileNotFoundError(2, "No such file"),
        requests.exceptions.JSONDecodeError("Expecting value", "<html>", 0),
    ],
)
def test_an_unrelated_exception_gets_a_note_that_nothing_could_be_checked(error: Exception) -> None:
    (finding,) = diagnose(error, now=NOW)
    assert (finding.cause, finding.level) == ("nothing-to-check", "note")
    assert type(error).__name__ in finding.evidence
    assert str(error) not in finding.evidence


def test_an_attribute_error_from_other_code_is_not_taken_for_text_passed_as_headers() -> None:
    def walk(headers: Any) -> None:
        headers.items()

    with pytest.raises(AttributeError) as caught:
        walk("text")
    assert causes(diagnose(caught.value, now=NOW)) == ["nothing-to-check"]


# Invalid arguments.


@pytest.mark.parametrize(
    "evidence",
    [
        3,
        object(),
        ["token"],
        {},
        {"data": []},
        {"status": "good"},
        {"status": None},
        {"errors": []},
        requests.Response(),
    ],
)
def test_evidence_of_an_unknown_type_is_an_error(evidence: object) -> None:
    with pytest.raises(TypeError, match="a response or request of requests or httpx"):
        diagnose(evidence, now=NOW)


def test_no_evidence_is_an_error() -> None:
    with pytest.raises(TypeError, match="asc_diagnose got no evidence"):
        diagnose(now=NOW)


def test_a_body_that_was_not_read_is_an_error() -> None:
    response = httpx.Response(401, stream=httpx.ByteStream(b"later"))
    with pytest.raises(TypeError, match="has not been read"):
        diagnose(response, now=NOW)
    assert causes(diagnose(httpx.Response(401, content=REFUSED), now=NOW)) == ["key-unknown-to-apple"]


def test_a_token_that_is_not_a_str_or_bytes_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="token: got a value of type int, expected a str or bytes"):
        diagnose(token=3, now=NOW)  # type: ignore[arg-type]


def test_an_unknown_service_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no service 'x'; the services are app-store-connect"):
        diagnose("token", service="x", now=NOW)


def test_the_chosen_service_decides_which_host_is_right(token: str) -> None:
    request = requests.Request("GET", APPS, headers={"Authorization": f"Bearer {token}"}).prepare()
    fixes = {finding.cause: finding.fix for finding in diagnose(request, service="enterprise", now=NOW)}
    assert fixes["wrong-host"] == f"Send the request to {ENTERPRISE.base_url}."


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "status",
        "status_code",
        "headers",
        "body",
        "content",
        "url",
        "method",
        "request",
        "errors",
        "Authorization",
        "Date",
    ]
)


@given(evidence=st.dictionaries(NAMES | st.text(max_size=5), VALUES) | VALUES)
def test_any_mapping_is_diagnosed_or_rejected_with_a_type_error(evidence: object) -> None:
    try:
        findings = diagnose(evidence, now=NOW)
    except TypeError as error:
        assert str(error).startswith("asc_diagnose")  # noqa: PT017  an error and findings are both allowed
    else:
        assert all(finding.evidence for finding in findings)


@given(data=st.data())
def test_a_mutated_token_is_diagnosed_without_an_exception_or_a_leak(data: st.DataObject) -> None:
    token = good_token()
    at = data.draw(st.integers(0, len(token)))
    damaged = token[:at] + data.draw(st.text(max_size=4)) + token[at + data.draw(st.integers(0, 4)) :]
    scheme = data.draw(st.sampled_from(["Bearer ", "Bearer Bearer ", "", "Token ", "bearer\t"]))
    for evidence in (
        damaged,
        {"Authorization": scheme + damaged},
        make_response(token=damaged),
        {"url": APPS, "headers": damaged},
    ):
        shown = str(diagnose(evidence, now=NOW))
        assert not any(shown[place : place + 16] in token for place in range(len(shown) - 15))


@pytest.mark.parametrize(
    "proxy", ["unknown://proxy.example:8080", "socks://proxy.example:1080"], ids=["no such scheme", "SOCKS"]
)
def test_a_proxy_with_an_unknown_scheme_is_reported_as_proxy_invalid(proxy: str) -> None:
    with pytest.raises((requests.RequestException, ValueError)) as caught:
        requests.get(APPS, proxies={"https": proxy}, timeout=5)
    assert causes(diagnose(caught.value, now=NOW)) == ["proxy-invalid"]


@pytest.mark.parametrize(
    "message",
    [
        "Unable to determine SOCKS version from socks://10.10.80.11:3128/",
        "Unknown scheme for proxy URL URL('socks://127.0.0.1:7890')",
        "Only http proxies are supported",
    ],
)
def test_messages_of_other_libraries_about_a_proxy_are_reported_as_proxy_invalid(message: str) -> None:
    (finding,) = diagnose(ValueError(message), now=NOW)
    assert finding.cause == "proxy-invalid"
    assert "127" not in finding.evidence


def test_a_token_of_another_vendor_sent_to_its_own_host_is_not_verified_by_apples_rules() -> None:
    of_github = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.AAAA"
    request = {"url": "https://api.github.com/user", "headers": {"Authorization": f"Bearer {of_github}"}}
    body = {"message": "Bad credentials"}
    (finding,) = diagnose({"status": 401, "headers": {}, "body": body, "request": request}, now=NOW)
    assert (finding.cause, "api.github.com" in finding.evidence) == ("not-apple", True)
