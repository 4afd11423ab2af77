from __future__ import annotations

import json
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import (
    APNS,
    APP_STORE_CONNECT,
    APP_STORE_SERVER,
    APPLE_MUSIC,
    DEVICE_CHECK,
    ENTERPRISE,
    SIGN_IN,
    WEATHERKIT,
    Service,
)
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.http.response import diagnose_response, rate_limit

NOW = 1_528_407_600
CLAIMS = {"iat": NOW - 60, "exp": NOW + 840}
PROBE = APP_STORE_CONNECT.base_url + APP_STORE_CONNECT.probe
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in to\n Hotel Wi-Fi</title></head></html>"


def make_response(
    status: int,
    body: object = "",
    headers: dict[str, str] | None = None,
    *,
    url: str = PROBE,
    here: float = NOW,
) -> HttpResponse:
    return HttpResponse(
        method="GET",
        url=url,
        status=status,
        headers={"Date": formatdate(NOW, usegmt=True), **(headers or {})},
        body=body.encode() if isinstance(body, str) else json.dumps(body).encode(),
        sent_at=here,
        received_at=here + 0.3,
    )


def errors(status: int, code: str, title: str = "", detail: str = "") -> dict[str, Any]:
    return {"errors": [{"status": str(status), "code": code, "title": title, "detail": detail}]}


UNAUTHORIZED = errors(
    401,
    "NOT_AUTHORIZED",
    "Authentication credentials are missing or invalid.",
    "Provide a properly configured and signed bearer token, and make sure that it has not expired.",
)
APPS = {"data": [{"type": "apps", "id": "1"}], "links": {}}
TEAM = (
    "Team ID: 'AB12CD34EF' is not associated with an active membership. To check your teams membership status, sign in"
)
PROGRAM_LICENSE = "To resolve this issue, the Account Holder must agree to the latest Program License Agreement."
RETURNED = "GET to api.appstoreconnect.apple.com returned"
ALIKE = "Apple's response is the same for a wrong key ID, a wrong issuer ID, a key of another type and a revoked key"
ENTERPRISE_PROBE = ENTERPRISE.base_url + ENTERPRISE.probe
ONE_APP = "https://api.appstoreconnect.apple.com/v1/apps/1"
REPORT = "https://api.appstoreconnect.apple.com/v1/salesReports"
NOTHING_FOUND = "https://api.appstoreconnect.apple.com/v1/apps?filter[name]=x"


def read(response: HttpResponse, *, service: Service = APP_STORE_CONNECT) -> list[tuple[str, str, str]]:
    findings = diagnose_response(response, claims=CLAIMS, service=service)
    return [(finding.cause, finding.level, finding.certainty) for finding in findings]


@pytest.mark.parametrize(
    "response",
    [
        make_response(200, APPS),
        make_response(200, {"data": []}, url=NOTHING_FOUND),
        make_response(200, {"data": {"type": "apps", "id": "1"}}, url=ONE_APP),
        make_response(200, "\x1f\x8b", {"Content-Type": "application/a-gzip"}, url=REPORT),
        make_response(204, url=ONE_APP),
    ],
    ids=["apps", "empty by filter", "one app", "report", "deleted"],
)
def test_expected_responses_have_no_finding(response: HttpResponse) -> None:
    assert read(response) == []


def test_an_empty_list_of_the_enterprise_program_has_no_finding() -> None:
    assert read(make_response(200, {"data": []}, url=ENTERPRISE_PROBE), service=ENTERPRISE) == []


@pytest.mark.parametrize(
    ("response", "cause", "level", "certainty"),
    [
        (make_response(200, {"data": []}), "no-apps-visible", "warning", "certain"),
        (make_response(200, APPS, here=NOW + 34), "clock-ahead", "warning", "certain"),
        (make_response(200, APPS, here=NOW - 34), "clock-behind", "warning", "certain"),
        # Something other than Apple answers.
        (make_response(200, LOGIN_PAGE), "not-apple", "error", "likely"),
        (make_response(200, LOGIN_PAGE, url=REPORT), "not-apple", "error", "likely"),
        (make_response(200, {"login": "needed"}), "not-apple", "error", "likely"),
        (make_response(200, ""), "not-apple", "error", "likely"),
        (make_response(200, "[]"), "not-apple", "error", "likely"),
        (make_response(302, "", {"Location": "https://login.example/"}), "not-apple", "error", "likely"),
        (make_response(401, LOGIN_PAGE), "not-apple", "error", "likely"),
        (make_response(403, "Blocked by policy", {"Server": "squid/5.7"}), "not-apple", "error", "likely"),
        (make_response(503, LOGIN_PAGE), "not-apple", "error", "likely"),
        (make_response(404, "404 page not found"), "not-apple", "error", "likely"),
        (make_response(407, LOGIN_PAGE), "proxy-authentication", "error", "certain"),
        # Failures of Apple's servers: a page, a line of text, a header, JSON.
        (make_response(502, "<html><center>Apple</center></html>"), "apple-outage", "error", "certain"),
        (make_response(502, "Could not process this request"), "apple-outage", "error", "certain"),
        (make_response(504, "<html></html>", {"server": "daiquiri/3.0.0"}), "apple-outage", "error", "certain"),
        (make_response(504, "", {"X-Apple-Jingle-Correlation-Key": "x"}), "apple-outage", "error", "certain"),
        (make_response(500, errors(500, "UNEXPECTED_ERROR")), "apple-outage", "error", "certain"),
        # 401: only the status counts, because the codes have varied.
        (make_response(401, UNAUTHORIZED), "key-unknown-to-apple", "error", "possible"),
        (make_response(401, errors(401, "UNAUTHORIZED")), "key-unknown-to-apple", "error", "possible"),
        (make_response(401, "Unauthenticated\n\nRequest ID: X.0.0\n"), "key-unknown-to-apple", "error", "possible"),
        (make_response(401, UNAUTHORIZED, {"Date": "?"}), "key-unknown-to-apple", "error", "possible"),
        (make_response(401, UNAUTHORIZED, here=NOW - 900, url=ONE_APP), "key-unknown-to-apple", "error", "possible"),
        # 403: agreements, membership, roles, and anything else.
        (
            make_response(403, errors(403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED")),
            "agreement-missing",
            "error",
            "certain",
        ),
        (make_response(403, errors(403, "FORBIDDEN_ERROR.PLA_NOT_ACCEPTED")), "agreement-missing", "error", "certain"),
        (make_response(403, errors(403, "FORBIDDEN_ERROR", "", TEAM)), "membership-expired", "error", "certain"),
        (
            make_response(403, errors(403, "FORBIDDEN_ERROR", "", "The API key in use does not allow this request")),
            "role-insufficient",
            "error",
            "certain",
        ),
        (
            make_response(
                403,
                errors(403, "FORBIDDEN_ERROR", "", "This operation can only be performed by the Account Holder."),
            ),
            "account-holder-only",
            "error",
            "certain",
        ),
        (
            make_response(403, errors(403, "FORBIDDEN", "Access Unavailable", PROGRAM_LICENSE)),
            "agreement-missing",
            "error",
            "certain",
        ),
        (
            make_response(403, errors(403, "FORBIDDEN_ERROR", "", "Something new")),
            "role-insufficient",
            "error",
            "likely",
        ),
        (
            make_response(403, errors(403, "FORBIDDEN_ERROR", "Unable to find a team")),
            "request-refused",
            "error",
            "certain",
        ),
        (
            make_response(
                403, errors(403, "FORBIDDEN_ERROR", "The given operation is not allowed", "The resource 'appInfos'")
            ),
            "request-refused",
            "error",
            "certain",
        ),
        (make_response(403, errors(403, "FORBIDDEN.SOMETHING_NEW")), "request-refused", "error", "certain"),
        (make_response(403, {"reason": "InvalidProviderToken"}), "key-unknown-to-apple", "error", "possible"),
        (make_response(400, {"error": "invalid_client"}), "key-unknown-to-apple", "error", "possible"),
        (make_response(400, {"error": "invalid_grant"}), "device-token-or-topic", "error", "certain"),
        # The code by itself proves nothing.
        (make_response(400, errors(401, "NOT_AUTHORIZED")), "request-refused", "error", "certain"),
        (make_response(409, errors(403, "FORBIDDEN_ERROR")), "request-refused", "error", "certain"),
        # Other statuses.
        (make_response(429, errors(429, "RATE_LIMIT_EXCEEDED")), "rate-limited", "error", "certain"),
        (make_response(404, errors(404, "PATH_ERROR")), "request-refused", "error", "likely"),
        (make_response(404, errors(404, "NOT_FOUND"), url=ONE_APP), "request-refused", "error", "certain"),
        (make_response(400, errors(400, "PARAMETER_ERROR.INVALID")), "request-refused", "error", "certain"),
        (make_response(406, "Not acceptable"), "accept-header", "error", "certain"),
        (make_response(400, {"errors": "not a list"}), "request-refused", "error", "certain"),
    ],
)
def test_a_response_gives_the_finding_that_it_proves(
    response: HttpResponse, cause: str, level: str, certainty: str
) -> None:
    assert read(response) == [(cause, level, certainty)]


def test_a_refused_token_is_compared_with_apples_clock() -> None:
    response = make_response(401, UNAUTHORIZED, here=NOW + 40)
    (finding,) = diagnose_response(response, claims={"iat": NOW + 40, "exp": NOW + 940}, service=APP_STORE_CONNECT)
    assert (finding.cause, finding.certainty) == ("clock-ahead", "certain")


def test_without_claims_the_report_says_what_was_not_compared() -> None:
    (finding,) = diagnose_response(make_response(401, UNAUTHORIZED), claims=None, service=APP_STORE_CONNECT)
    assert finding.cause == "key-unknown-to-apple"
    assert "could not be compared with Apple's clock" in finding.evidence


@pytest.mark.parametrize(
    ("response", "evidence"),
    [
        (
            make_response(401, errors(401, "NOT_AUTHORIZED", "Not valid.", "Provide a token.")),
            f'{RETURNED} 401 NOT_AUTHORIZED: "Not valid. Provide a token.". {ALIKE}',
        ),
        (
            make_response(400, errors(400, "A\x1b[31m", "Bad\r\n::error::x", "\x1b]0;title\x07detail")),
            f'{RETURNED} 400 A: "Bad ::error::x: detail"',
        ),
        (
            make_response(302, "", {"location": "https://user:secret@login.example/?token=abc"}),
            f"{RETURNED} 302, a redirect to login.example; the API never redirects",
        ),
        (
            make_response(301, "", {"location": "/v2"}),
            f"{RETURNED} 301, a redirect within api.appstoreconnect.apple.com; the API never redirects",
        ),
        (
            make_response(200, LOGIN_PAGE, {"Server": "portal"}),
            f'{RETURNED} 200 and an HTML page titled "Sign in to Hotel Wi-Fi", from the server portal',
        ),
        (make_response(403, "no", {"Content-Type": "text/plain; charset=utf-8"}), f"{RETURNED} 403 and text/plain"),
        (make_response(200, {"login": "needed"}), f"{RETURNED} 200 and JSON without data"),
        (make_response(200), f"{RETURNED} 200 and an empty body"),
        (
            make_response(407, "", {"Proxy-Authenticate": 'Basic realm="x"'}),
            "the proxy returned 407 and requires Basic",
        ),
        (make_response(407), "the proxy returned 407"),
        (
            make_response(429, "{}", {"X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:0;", "Retry-After": "30"}),
            f"{RETURNED} 429; 0 of 3600 requests are left this hour; Retry-After: 30",
        ),
        (
            make_response(429, "", {"X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:0;"}),
            f"{RETURNED} 429; 0 of 3600 requests are left this hour",
        ),
    ],
)
def test_the_evidence_quotes_the_response(response: HttpResponse, evidence: str) -> None:
    (finding,) = diagnose_response(response, claims=CLAIMS, service=APP_STORE_CONNECT)
    assert finding.evidence == evidence


def test_the_fix_for_a_404_of_the_probe_gives_the_base_url() -> None:
    (finding,) = diagnose_response(
        make_response(404, errors(404, "PATH_ERROR")), claims=CLAIMS, service=APP_STORE_CONNECT
    )
    assert "https://api.appstoreconnect.apple.com" in finding.fix


@pytest.mark.parametrize(
    ("service", "status", "body", "words"),
    [
        (APNS, 403, {"reason": "InvalidProviderToken"}, "a wrong Team ID"),
        (SIGN_IN, 400, {"error": "invalid_client"}, "a wrong Team ID"),
        (APP_STORE_SERVER, 401, "Unauthenticated\n\nRequest ID: X.0.0\n", "a wrong issuer ID"),
    ],
)
def test_the_evidence_on_an_unknown_key_names_the_ids_of_its_service(
    service: Service, status: int, body: object, words: str
) -> None:
    (finding,) = diagnose_response(make_response(status, body, url=service.base_url), claims=CLAIMS, service=service)
    assert finding.cause == "key-unknown-to-apple"
    assert words in finding.evidence
    assert ("issuer ID" in finding.fix) == ("issuer ID" in words)


@pytest.mark.parametrize(
    ("service", "cause"),
    [(APP_STORE_SERVER, "key-unknown-to-apple"), (APPLE_MUSIC, "key-unknown-to-apple"), (ENTERPRISE, "not-apple")],
)
def test_an_empty_401_is_attributed_to_apple_for_services_without_error_documents(service: Service, cause: str) -> None:
    (finding,) = diagnose_response(make_response(401, "", url=service.base_url), claims=CLAIMS, service=service)
    assert finding.cause == cause


def test_the_fix_for_too_many_provider_token_updates_says_how_often_to_renew() -> None:
    response = make_response(429, {"reason": "TooManyProviderTokenUpdates"}, url=APNS.base_url)
    (finding,) = diagnose_response(response, claims=None, service=APNS)
    assert (finding.cause, "20 to 60 minutes" in finding.fix) == ("rate-limited", True)


def test_a_missing_agreement_gets_no_advice_about_roles() -> None:
    response = make_response(403, errors(403, "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"))
    (finding,) = diagnose_response(response, claims=CLAIMS, service=APP_STORE_CONNECT)
    assert finding.fix == CAUSES["agreement-missing"].fix


@given(
    status=st.integers(100, 999),
    body=st.binary()
    | st.recursive(
        st.none() | st.text(),
        lambda inner: (
            st.dictionaries(st.sampled_from(["errors", "data", "code", "title", "detail"]), inner) | st.lists(inner)
        ),
    ).map(lambda value: json.dumps(value).encode()),
    headers=st.dictionaries(
        st.sampled_from(["Date", "Location", "Server", "X-Rate-Limit", "Retry-After", "Content-Type"]), st.text()
    ),
    claims=st.none() | st.dictionaries(st.sampled_from(["iat", "exp"]), st.none() | st.integers() | st.text()),
)
def test_any_response_is_diagnosed_without_an_exception(
    status: int, body: bytes, headers: dict[str, str], claims: dict[str, object] | None
) -> None:
    response = HttpResponse("GET", PROBE, status, headers, body, NOW, NOW + 0.1)
    findings = diagnose_response(response, claims=claims, service=APP_STORE_CONNECT)
    assert findings or status in range(100, 300)
    for finding in findings:
        assert finding.cause in CAUSES
        assert finding.evidence.isprintable()
        assert len(finding.evidence) < 1000


@pytest.mark.parametrize(
    ("value", "figures"),
    [
        ("user-hour-lim:3600;user-hour-rem:3571;", {"limit": 3600, "remaining": 3571}),
        ("user-hour-rem:0; user-hour-lim: 3500", {"limit": 3500, "remaining": 0}),
        ("user-minute-lim:300;user-minute-rem:9;user-hour-lim:3600;user-hour-rem:1;", {"limit": 3600, "remaining": 1}),
        ("user-minute-lim:300;user-minute-rem:9;", None),
        ("user-hour-lim:3600;", None),
        ("user-hour-lim:many;user-hour-rem:few;", None),
        (f"user-hour-lim:{'9' * 5000};user-hour-rem:1;", None),
        ("", None),
    ],
)
def test_x_rate_limit_is_parsed(value: str, figures: dict[str, int] | None) -> None:
    assert rate_limit({"x-rate-limit": value}) == figures


def test_a_missing_x_rate_limit_has_no_figures() -> None:
    assert rate_limit({}) is None


def test_headers_are_looked_up_without_regard_to_case() -> None:
    assert make_response(200, "", {"x-RATE-limit": "1"}).headers["X-Rate-Limit"] == "1"


def test_code_title_and_detail_are_those_of_the_first_error() -> None:
    response = make_response(403, {"errors": ["junk", {"code": "A", "title": "T", "detail": 5}, {"code": "B"}]})
    assert [error["code"] for error in response.errors] == ["A", "B"]
    assert (response.code, response.title, response.detail, response.message) == ("A", "T", None, "T")


@pytest.mark.parametrize(
    "body", ["", "no JSON", "[1]", "null", "[" * 100_000, "\ud800".encode("utf-16", "surrogatepass").decode("latin-1")]
)
def test_a_body_that_is_not_a_json_object_has_no_errors(body: str) -> None:
    response = make_response(403, body)
    assert not response.is_json
    assert (response.errors, response.code, response.title, response.detail, response.message) == (
        [],
        None,
        None,
        None,
        None,
    )


def test_the_repr_of_a_response_does_not_contain_its_body() -> None:
    assert "secret" not in repr(make_response(200, "secret"))


PUSH = "https://api.push.apple.com/3/device/80F3C8FA"
CHECK = "https://api.devicecheck.apple.com/v1/query_two_bits"
WEATHER = "https://weatherkit.apple.com/api/v2/weather/en-US/33.7/-84.2"
NOTARY = "https://appstoreconnect.apple.com/notary/v2/submissions"
IRIS = "https://appstoreconnect.apple.com/iris/v1/apiKeys/1"
MUSIC = "https://api.music.apple.com/v1/me/library/playlists"
TOKEN_URL = "https://appleid.apple.com/auth/token"


@pytest.mark.parametrize(
    ("response", "host"),
    [
        (
            make_response(
                401, {"message": "Unauthorized"}, url="https://x1.execute-api.us-east-1.amazonaws.com/v1/apps"
            ),
            "x1.",
        ),
        (make_response(401, {"message": "Bad credentials"}, url="https://api.github.com/user"), "api.github.com"),
        (
            make_response(409, {"status": "409", "detail": "$iss is required"}, url="https://api.repl.example/v1"),
            "api.repl",
        ),
        (
            make_response(403, {"errors": [{"code": "Unauthorized", "message": "No"}]}, url="https://na.example/r"),
            "na.example",
        ),
        (make_response(401, "", url="https://api.example/v1/apps"), "api.example"),
        (
            make_response(503, {"code": 503, "message": "no healthy upstream"}, url="https://api.example/v1"),
            "api.example",
        ),
        (make_response(429, {"message": "Too Many Requests"}, url="https://api.example/v1"), "api.example"),
        (make_response(500, {"error": "boom"}, url="https://api.example/v1"), "api.example"),
    ],
)
def test_an_error_response_of_another_host_is_attributed_to_that_host(response: HttpResponse, host: str) -> None:
    (finding,) = diagnose_response(response, claims=CLAIMS, service=APP_STORE_CONNECT)
    assert finding.cause == "not-apple"
    assert host in finding.evidence
    assert host in finding.fix
    assert "Apple " not in finding.evidence
    assert "proxy" not in finding.fix


@pytest.mark.parametrize(
    "response",
    [
        make_response(401, {"message": "Unauthorized"}),
        make_response(503, {"code": 503, "message": "no healthy upstream"}),
        make_response(401, "Unauthorized", {"Server": "awselb/2.0"}, url=WEATHER),
    ],
)
def test_a_response_from_apples_host_that_is_not_in_apples_format_is_reported_as_not_apple(
    response: HttpResponse,
) -> None:
    (finding,) = diagnose_response(
        response, claims=CLAIMS, service=WEATHERKIT if "weather" in response.url else APP_STORE_CONNECT
    )
    assert finding.cause == "not-apple"


def test_an_error_document_forwarded_by_a_gateway_is_attributed_to_apple() -> None:
    (finding,) = diagnose_response(
        make_response(401, UNAUTHORIZED, url="https://asc.example/v1/apps"), claims=CLAIMS, service=APP_STORE_CONNECT
    )
    assert (finding.cause, finding.certainty) == ("key-unknown-to-apple", "possible")


@pytest.mark.parametrize(
    ("response", "service", "cause", "words"),
    [
        (
            make_response(400, "Missing or badly formatted authorization token", url=CHECK),
            DEVICE_CHECK,
            "token-malformed",
            "formatted",
        ),
        (
            make_response(400, "Missing or incorrectly formatted device token payload", url=CHECK),
            DEVICE_CHECK,
            "device-token-or-topic",
            "payload",
        ),
        (
            make_response(401, "Unable to verify authorization token", url=CHECK),
            DEVICE_CHECK,
            "key-unknown-to-apple",
            "Unable to verify",
        ),
        (make_response(401, "", {"Server": "Apple"}, url=WEATHER), WEATHERKIT, "key-unknown-to-apple", "401"),
        (make_response(503, "", url=WEATHER), WEATHERKIT, "apple-outage", "503"),
        (make_response(403, "", url=MUSIC), APPLE_MUSIC, "device-token-or-topic", "Music-User-Token"),
        (make_response(401, "Unauthenticated", url=NOTARY), APP_STORE_CONNECT, "key-unknown-to-apple", "individual"),
        (
            make_response(403, errors(403, "FORBIDDEN_ERROR"), url=IRIS),
            APP_STORE_CONNECT,
            "apple-id-session",
            "Apple ID",
        ),
        (make_response(400, {"reason": "BadDeviceToken"}, url=PUSH), APNS, "device-token-or-topic", "BadDeviceToken"),
        (make_response(400, {"reason": "TopicDisallowed"}, url=PUSH), APNS, "device-token-or-topic", "TopicDisallowed"),
        (make_response(410, {"reason": "Unregistered"}, url=PUSH), APNS, "device-token-or-topic", "Unregistered"),
        (
            make_response(403, {"reason": "BadEnvironmentKeyIdInToken"}, url=PUSH),
            APNS,
            "key-unknown-to-apple",
            "BadEnvironment",
        ),
        (
            make_response(
                400, {"error": "invalid_grant", "error_description": "The code was not issued to x"}, url=TOKEN_URL
            ),
            SIGN_IN,
            "device-token-or-topic",
            "not issued to x",
        ),
        (
            make_response(403, errors(403, "FORBIDDEN_ERROR.CONTRACT_NOT_VALID")),
            APP_STORE_CONNECT,
            "agreement-missing",
            "403",
        ),
    ],
)
def test_the_evidence_quotes_responses_of_services_without_error_documents(
    response: HttpResponse, service: Service, cause: str, words: str
) -> None:
    (finding,) = diagnose_response(response, claims=CLAIMS, service=service)
    assert finding.cause == cause
    assert words in finding.evidence
    assert "proxy" not in finding.fix


@pytest.mark.parametrize(
    "response",
    [
        make_response(304, "", {"ETag": '"x"'}, url=ONE_APP),
        make_response(307, "", {"Location": f"{ONE_APP}?limit=50"}, url=ONE_APP),
        make_response(308, "<html>moved</html>", {"Location": "/v1/apps/2"}, url=ONE_APP),
    ],
)
def test_a_redirect_within_the_host_and_a_304_have_no_finding(response: HttpResponse) -> None:
    assert diagnose_response(response, claims=CLAIMS, service=APP_STORE_CONNECT) == ()


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"status": "error", "message": "Could not find APNs credentials"}},
        {"error": {"message": "Could not find APNs credentials"}},
        {"errors": [{"message": "Could not find APNs credentials"}]},
    ],
    ids=["data", "error", "errors"],
)
def test_a_200_of_another_host_that_reports_an_error_is_reported_as_not_apple(body: dict[str, object]) -> None:
    url = "https://exp.host/--/api/v2/push/send"
    (finding,) = diagnose_response(make_response(200, body, url=url), claims=None, service=APP_STORE_CONNECT)
    assert finding.cause == "not-apple"
    assert "exp.host" in finding.evidence


def test_a_200_of_another_host_without_an_error_is_not_reported() -> None:
    body = {"data": [{"status": "ok", "id": "1"}], "error": None, "errors": []}
    response = make_response(200, body, url="https://exp.host/--/api/v2/push/send")
    assert diagnose_response(response, claims=None, service=APP_STORE_CONNECT) == ()
