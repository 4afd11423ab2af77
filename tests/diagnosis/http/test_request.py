from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE
from pytest_asc.diagnosis.http.authorization import NetrcEntry, check_authorization
from pytest_asc.diagnosis.http.request import (
    HttpRequest,
    check_redirects,
    check_request,
    check_url,
)

if TYPE_CHECKING:
    from pytest_asc.diagnosis.findings import Finding

HOST = "api.appstoreconnect.apple.com"
APPS = f"https://{HOST}/v1/apps"
KEY = ec.generate_private_key(ec.SECP256R1())


def token(audience: object = "appstoreconnect-v1") -> str:
    now = int(time.time())
    payload = {"iss": "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a", "iat": now, "exp": now + 900, "aud": audience}
    return jwt.encode(payload, KEY, algorithm="ES256", headers={"kid": "2X9R7KQF34"})


TOKEN = token()
GOOD = {"Authorization": f"Bearer {TOKEN}"}
LOGIN = f"Basic {base64.b64encode(b'ci:hunter2-hunter2').decode()}"
NETRC = NetrcEntry("the default entry in ~/.netrc", LOGIN)


def causes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.cause for finding in findings]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (HttpRequest("GET", APPS, GOOD), []),
        (HttpRequest("GET", APPS, {"authorization": f"bearer {TOKEN}"}), []),
        (HttpRequest("GET", APPS, {}), ["header-missing"]),
        (HttpRequest("GET", APPS, {"Authorization": TOKEN}), ["bearer-missing"]),
        (HttpRequest("GET", APPS, {"Authorization": "Bearer "}), ["bearer-missing"]),
        (HttpRequest("GET", APPS, {"Authorization": f"JWT {TOKEN}"}), ["bearer-missing"]),
        (HttpRequest("GET", APPS, {"Authorization": LOGIN}), ["bearer-missing"]),
        (HttpRequest("GET", APPS, {"Authorization": f"Bearer bearer {TOKEN}"}), ["bearer-doubled"]),
        (HttpRequest("GET", APPS, TOKEN), ["headers-is-token"]),
        (HttpRequest("GET", "http" + APPS[5:], GOOD), ["insecure-url"]),
        (HttpRequest("GET", "http" + APPS[5:], {}), ["insecure-url", "header-missing"]),
        (HttpRequest("GET", "https://appstoreconnect.apple.com/v1/apps", GOOD), ["wrong-host"]),
        (HttpRequest("POST", APPS, {}, f"assertion={TOKEN}".encode()), ["token-in-body"]),
        (HttpRequest("POST", APPS, GOOD, b'{"token": "%s"}' % TOKEN.encode()), ["token-in-body"]),
        # What is unknown is not checked.
        (HttpRequest("GET", APPS), []),
        (HttpRequest(headers=GOOD), []),
        (HttpRequest(), []),
        # False alarms.
        (HttpRequest("GET", "http://127.0.0.1:8080/v1/apps", GOOD), []),
        (HttpRequest("GET", "https://gateway.example.com/asc/v1/apps", GOOD), []),
        (HttpRequest("PUT", "https://store-032.blobstore.apple.com/part?sig=1", {}, b"bytes"), []),
        (HttpRequest("GET", "https://appstoreconnect.apple.com/notary/v2/submissions", GOOD), []),
        (HttpRequest("POST", APPS, GOOD, b'{"data": {"type": "apps", "eyJ": "eyJhIjoxfQ.eyJhIjoxfQ.c2ln"}}'), []),
        (
            HttpRequest(
                "POST", "https://appleid.apple.com/auth/token", {}, token("https://appleid.apple.com").encode()
            ),
            [],
        ),
    ],
)
def test_mistakes_of_a_request_are_found(request_: HttpRequest, expected: list[str]) -> None:
    findings = check_request(request_, service=APP_STORE_CONNECT)
    assert causes(findings) == expected
    assert {finding.level for finding in findings} <= {"error"}
    assert TOKEN[:16] not in str(findings)


@pytest.mark.parametrize(
    ("url", "cause", "evidence"),
    [
        (f"{HOST}/v1/apps", "insecure-url", f"no scheme in front of {HOST}"),
        (f"{HOST}:443/v1/apps", "insecure-url", f"no scheme in front of {HOST}:443"),
        ("user:secret@host/v1/apps", "insecure-url", "no scheme in front of host"),
        ("/v1/apps", "insecure-url", "no scheme in front of v1"),
        ("", "insecure-url", "has no scheme"),
        (f"http://{HOST}/", "insecure-url", f"{HOST} starts with http://"),
        (f"HTTP://{HOST}/", "insecure-url", f"{HOST} starts with HTTP://"),
        (f"ftp://{HOST}/", "insecure-url", "ftp://"),
        ("https://", "url-invalid", "has no host"),
        ("https:///v1/apps", "url-invalid", "cannot be read"),
        ("https://[::1/", "url-invalid", "cannot be read"),
        (f"https://{HOST}:port/", "url-invalid", "cannot be read"),
        ("https://appstoreconnect.apple.com/v1/apps", "wrong-host", "the website"),
        ("https://itunesconnect.apple.com/v1/apps", "wrong-host", "old name"),
        ("https://api.appstoreconnect.com/v1/apps", "wrong-host", "not an Apple host"),
        ("https://api.appstoreconect.apple.com/v1/apps", "wrong-host", f"not {HOST}"),
        (f"https://{ENTERPRISE.host}/v1/apps", "wrong-host", "for App Store Connect"),
    ],
)
def test_urls_of_other_hosts_are_found(url: str, cause: str, evidence: str) -> None:
    finding = check_url(url, APP_STORE_CONNECT)
    assert finding is not None
    assert (finding.cause, evidence in finding.evidence) == (cause, True), finding
    assert "secret" not in finding.evidence


@pytest.mark.parametrize(
    "url", [APPS, f"https://{HOST}:443/", "http://localhost:1/", "http://[::1]:1/", "https://x.y/"]
)
def test_urls_of_gateways_and_loopback_have_no_finding(url: str) -> None:
    assert check_url(url, APP_STORE_CONNECT) is None


def test_the_fix_has_the_host_of_the_chosen_service() -> None:
    finding = check_url(APPS, ENTERPRISE)
    assert finding is not None
    assert finding.fix == f"Send the request to https://{ENTERPRISE.host}."


def test_a_host_that_only_resembles_apples_is_a_likely_wrong_host() -> None:
    certain, likely = (
        check_url(f"https://{host}/", APP_STORE_CONNECT)
        for host in ("api.appstoreconnect.com", "api.app-store-connect.apple.com")
    )
    assert certain is not None
    assert likely is not None
    assert (certain.certainty, likely.certainty) == ("certain", "likely")


def test_the_evidence_on_a_netrc_login_names_the_entry_and_the_file() -> None:
    finding = check_authorization(LOGIN, netrc=NETRC)
    assert finding is not None
    assert finding.cause == "header-overridden-by-netrc"
    assert "the default entry in ~/.netrc" in finding.evidence
    assert LOGIN[6:] not in str(finding) + repr(NETRC)


@pytest.mark.parametrize("authorization", ["Basic b3RoZXI6bG9naW4=", TOKEN, None])
def test_a_netrc_file_is_not_reported_for_a_different_authorization_header(authorization: str | None) -> None:
    finding = check_authorization(authorization, netrc=NETRC)
    assert finding is not None
    assert finding.cause in {"bearer-missing", "header-missing"}


def test_a_token_in_a_misnamed_header_is_in_the_evidence() -> None:
    (finding,) = check_request(
        HttpRequest("GET", APPS, {"Authentication": f"Bearer {TOKEN}"}), service=APP_STORE_CONNECT
    )
    assert finding.cause == "header-missing"
    assert "'Authentication'" in finding.evidence or "header Authentication" in finding.evidence


def test_text_passed_as_headers_that_is_not_a_token_is_reported_with_less_certainty() -> None:
    certainties = [
        check_request(HttpRequest("GET", APPS, text), service=APP_STORE_CONNECT)[0].certainty
        for text in (TOKEN, f"Bearer {TOKEN}", "some text")
    ]
    assert certainties == ["certain", "certain", "likely"]


@pytest.mark.parametrize("accept", ["application/a-gzip", "*/*", "application/a-gzip, application/json", None])
def test_a_documented_accept_header_for_a_report_has_no_finding(accept: str | None) -> None:
    headers = GOOD | ({} if accept is None else {"Accept": accept})
    url = f"https://{HOST}/v1/salesReports?filter[vendorNumber]=1"
    assert check_request(HttpRequest("GET", url, headers), service=APP_STORE_CONNECT) == ()


def test_an_accept_header_of_json_for_a_report_is_a_warning_with_certainty_possible() -> None:
    for path, expected in (("salesReports", ["accept-header"]), ("financeReports", ["accept-header"]), ("apps", [])):
        request = HttpRequest("GET", f"https://{HOST}/v1/{path}", GOOD | {"Accept": "application/json"})
        findings = check_request(request, service=APP_STORE_CONNECT)
        assert causes(findings) == expected
        assert {(finding.level, finding.certainty) for finding in findings} <= {("warning", "possible")}


def test_a_redirect_that_dropped_the_authorization_header_is_found() -> None:
    first, last = HttpRequest("GET", APPS, GOOD), HttpRequest("GET", "https://other.example.com/", {})
    finding = check_redirects([first], last)
    assert finding is not None
    assert finding.cause == "redirect-dropped-authorization"
    assert HOST in finding.evidence
    assert "other.example.com" in finding.evidence
    for hops, end in (([], last), ([first], first), ([last], last)):
        assert check_redirects(hops, end) is None


def test_the_url_before_redirects_is_checked() -> None:
    insecure, secure = HttpRequest("GET", f"http://{HOST}/v1/apps", GOOD), HttpRequest("GET", APPS, GOOD)
    assert causes(check_request(secure, service=APP_STORE_CONNECT, hops=[insecure])) == ["insecure-url"]
    assert causes(check_request(insecure, service=APP_STORE_CONNECT, hops=[secure])) == []


TEXT = st.text(max_size=60)


@given(
    method=TEXT,
    url=TEXT | st.builds(lambda host, rest: f"https://{host}{rest}", TEXT, TEXT),
    headers=st.none() | TEXT | st.dictionaries(st.sampled_from(["Authorization", "Accept", "X"]) | TEXT, TEXT),
    body=st.binary(max_size=60),
)
def test_any_request_is_checked_without_an_exception(
    method: str, url: str, headers: dict[str, str] | str | None, body: bytes
) -> None:
    request = HttpRequest(method, url, headers, body)
    for finding in check_request(request, service=APP_STORE_CONNECT, netrc=NETRC, hops=[request]):
        assert finding.evidence.isprintable()


@pytest.mark.parametrize("audience", [[["appstoreconnect-v1"]], [{"a": 1}], {"a": 1}, [None], 1])
def test_a_token_in_a_body_may_have_any_audience(audience: object) -> None:
    # Most libraries refuse to sign such claims, so the token is assembled here, without a valid signature.
    payload = base64.urlsafe_b64encode(json.dumps({"aud": audience}).encode()).decode().rstrip("=")
    head, _, signature = TOKEN.split(".")
    request = HttpRequest("POST", "https://example.com/token", {}, f"assertion={head}.{payload}.{signature}".encode())
    assert causes(check_request(request, service=APP_STORE_CONNECT)) == ["header-missing"]
