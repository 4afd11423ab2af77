"""Findings of the experiments, against a service that rejects one property of the token."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import APP_STORE_CONNECT, ENTERPRISE, Service
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.http.response import diagnose_response
from pytest_asc.diagnosis.token.verify import DecodedToken
from pytest_asc.experiments.probe_requests import ProbeRequest, UnexplainedRefusal
from pytest_asc.experiments.table import EXPERIMENTS, ExperimentResult, is_unexplained, run_experiments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    StatusOf = Callable[[Mapping[str, Any], Mapping[str, Any], str], int]

NOW = 1_528_407_600
KEY_ID = "2X9R7KQF34"
ISSUER_ID = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
APPLE = APP_STORE_CONNECT.base_url
LOOPBACK = "http://127.0.0.1:8080"
APPS = {"data": [{"type": "apps", "id": "1"}], "links": {}}
AGREEMENT = "FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED"

TEAM = {"iss": ISSUER_ID, "iat": NOW - 60, "exp": NOW + 840, "aud": "appstoreconnect-v1"}
INDIVIDUAL = {"sub": "user", "iat": NOW - 60, "exp": NOW + 840, "aud": "appstoreconnect-v1"}
HEADER = {"alg": "ES256", "kid": KEY_ID, "typ": "JWT"}

SAME, AT_SANDBOX, TIMES, FORM, AS_INDIVIDUAL, AS_TEAM, AS_ENTERPRISE = (entry.name for entry in EXPERIMENTS)


def make_response(
    status: int, code: str | None = None, *, body: bytes | None = None, date: bool = True, ahead: float = 0
) -> HttpResponse:
    document = APPS if status == 200 else {"errors": [{"status": str(status), "code": code or "NOT_AUTHORIZED"}]}
    return HttpResponse(
        method="GET",
        url=APPLE + APP_STORE_CONNECT.probe,
        status=status,
        headers={"Date": formatdate(NOW, usegmt=True)} if date else {},
        body=json.dumps(document).encode() if body is None else body,
        sent_at=NOW + ahead,
        received_at=NOW + ahead + 0.3,
    )


def refusal(
    claims: dict[str, Any] | None,
    *,
    header: dict[str, Any] | None = None,
    service: Service = APP_STORE_CONNECT,
    base_url: str = APPLE,
    has_key: bool = True,
    issuer_id: str | None = ISSUER_ID,
    key_type_is_set: bool = False,
    before: tuple[Finding, ...] = (),
    date: bool = True,
    ahead: float = 0,
) -> UnexplainedRefusal:
    refused = make_response(401, date=date, ahead=ahead)
    (finding,) = diagnose_response(refused, claims=claims, service=service)
    token = None if claims is None else DecodedToken(header or HEADER, claims, b"", b"")
    return UnexplainedRefusal(refused, finding, service, base_url, token, has_key, issuer_id, key_type_is_set, before)


def run_with(refused: UnexplainedRefusal, status_of: StatusOf) -> tuple[ExperimentResult, list[ProbeRequest]]:
    """Run the experiments against a service whose status for a token is given by ``status_of``."""
    sent: list[ProbeRequest] = []

    def send(attempt: ProbeRequest) -> HttpResponse | None:
        sent.append(attempt)
        header = refused.decoded.header if attempt.header is None else attempt.header
        claims = refused.decoded.claims if attempt.claims is None else attempt.claims
        return make_response(status_of(header, claims, attempt.path))

    return run_experiments(refused, send), sent


def accept_claims(**wanted: Any) -> StatusOf:
    """Return a function that accepts only tokens with these claims; None means that the claim must be missing."""
    return lambda _, claims, __: 200 if all(claims.get(name) == value for name, value in wanted.items()) else 401


def refuse(*_: object) -> int:
    return 401


@pytest.mark.parametrize(
    ("refused", "status_of", "cause", "certainty", "probes"),
    [
        # The same token.
        (refusal(TEAM), accept_claims(), "transient-401", "certain", [SAME]),
        # Its times.
        (
            refusal({**TEAM, "iat": NOW + 20, "exp": NOW + 920}, ahead=20),
            accept_claims(iat=NOW - 180, exp=NOW + 120),
            "clock-ahead",
            "certain",
            [TIMES],
        ),
        (
            refusal({**TEAM, "iat": NOW + 20, "exp": NOW + 920}),
            accept_claims(iat=NOW - 180, exp=NOW + 120),
            "token-issued-in-future",
            "certain",
            [TIMES],
        ),
        (
            refusal({**TEAM, "iat": NOW, "exp": NOW + 1200}),
            accept_claims(exp=NOW + 120),
            "token-lifetime-at-limit",
            "likely",
            [SAME, TIMES],
        ),
        (refusal({**TEAM, "nbf": NOW + 5}), accept_claims(nbf=NOW - 180), "clock-ahead", "certain", [SAME, TIMES]),
        # Times that Apple's clock does not explain, and a response without a Date header.
        (refusal(TEAM), accept_claims(exp=NOW + 120), "clock-ahead", "possible", [SAME, TIMES]),
        (refusal(TEAM, date=False), accept_claims(exp=NOW + 120), "clock-ahead", "likely", [SAME, TIMES]),
        # Its form.
        (refusal({**TEAM, "nonce": "x"}), accept_claims(nonce=None), "token-form", "certain", [SAME, TIMES, FORM]),
        (
            refusal({**TEAM, "aud": ["appstoreconnect-v1"]}),
            accept_claims(aud="appstoreconnect-v1"),
            "token-audience",
            "certain",
            [SAME, TIMES, FORM],
        ),
        (
            refusal({**TEAM, "iss": ISSUER_ID.upper()}),
            accept_claims(iss=ISSUER_ID),
            "token-issuer",
            "certain",
            [SAME, TIMES, FORM],
        ),
        (
            refusal({**TEAM, "scope": ["GET /v1/apps"], "nonce": "x"}),
            accept_claims(scope=None),
            "token-form",
            "certain",
            [SAME, TIMES, FORM],
        ),
        # The type of key.
        (
            refusal(TEAM),
            accept_claims(iss=None, sub="user"),
            "individual-key-as-team",
            "certain",
            [SAME, TIMES, AS_INDIVIDUAL],
        ),
        (
            refusal(INDIVIDUAL, key_type_is_set=True),
            accept_claims(iss=ISSUER_ID, sub=None),
            "issuer-id-missing",
            "certain",
            [SAME, TIMES, AS_TEAM],
        ),
        (
            refusal(TEAM, base_url=LOOPBACK),
            accept_claims(aud=ENTERPRISE.audience),
            "key-of-other-service",
            "certain",
            [SAME, TIMES, AS_INDIVIDUAL, AS_ENTERPRISE],
        ),
        # No experiment is accepted.
        (refusal(TEAM), refuse, "key-unknown-to-apple", "possible", [SAME, TIMES, AS_INDIVIDUAL]),
        (refusal(INDIVIDUAL, key_type_is_set=True), refuse, "key-unknown-to-apple", "possible", [SAME, TIMES, AS_TEAM]),
        (refusal(INDIVIDUAL, issuer_id=None), refuse, "issuer-id-missing", "possible", [SAME, TIMES]),
        (
            refusal({**TEAM, "aud": ENTERPRISE.audience}, service=ENTERPRISE),
            refuse,
            "key-unknown-to-apple",
            "possible",
            [SAME, TIMES],
        ),
        # An iat in the future, where an older iat is rejected as well.
        (
            refusal({**TEAM, "iat": NOW + 20, "exp": NOW + 920}),
            refuse,
            "key-unknown-to-apple",
            "possible",
            [TIMES, AS_INDIVIDUAL],
        ),
        # A token without its key can only be sent again.
        (refusal(TEAM, has_key=False), refuse, "key-unknown-to-apple", "possible", [SAME]),
        (refusal({**TEAM, "iat": NOW + 20, "exp": NOW + 920}, has_key=False), refuse, "token-issued-in-future",
         "likely", []),
    ],
)  # fmt: skip
def test_an_accepted_experiment_gives_its_finding(
    refused: UnexplainedRefusal, status_of: StatusOf, cause: str, certainty: str, probes: list[str]
) -> None:
    conclusion, sent = run_with(refused, status_of)
    (finding,) = [finding for finding in conclusion.findings if finding.cause in CAUSES]
    assert (finding.cause, finding.certainty) == (cause, certainty)
    assert [probe.name for probe in conclusion.probes if probe.status] == probes
    assert len(sent) == len(probes)
    # Only the same token's acceptance lets the run go on.
    assert (conclusion.accepted is not None) == (cause == "transient-401")
    assert finding.level == ("warning" if cause == "transient-401" else "error")


@pytest.mark.parametrize("cause", ["key-id-file-mismatch", "key-of-other-service"])
def test_a_warning_about_the_file_name_becomes_the_cause_of_an_opaque_refusal(cause: str) -> None:
    before = (make_finding("key-file-exposed", "mode 644"), make_finding(cause, "the file is of another key"))
    conclusion, _ = run_with(refusal(TEAM, before=before), refuse)
    (finding,) = conclusion.findings
    assert (finding.cause, finding.level, finding.certainty) == (cause, "error", "likely")
    assert finding.evidence == (
        "the file is of another key; api.appstoreconnect.apple.com returned 401 for this token and in 3 experiments "
        "(same token again; older iat, lifetime of five minutes; as an individual key)"
    )


def test_a_warning_about_the_file_is_ignored_for_a_token_of_another_key() -> None:
    before = (make_finding("key-id-file-mismatch", "the file is of another key"),)
    conclusion, _ = run_with(refusal(TEAM, before=before, has_key=False), refuse)
    assert [finding.cause for finding in conclusion.findings] == ["key-unknown-to-apple"]


def test_an_empty_issuer_id_is_in_the_evidence() -> None:
    before = (make_finding("issuer-id-missing", "ASC_ISSUER_ID is set but empty", level="note"),)
    conclusion, _ = run_with(refusal(INDIVIDUAL, issuer_id=None, before=before), refuse)
    (finding,) = conclusion.findings
    assert (finding.cause, finding.level) == ("issuer-id-missing", "error")
    assert finding.evidence.startswith("ASC_ISSUER_ID is set but empty; ")


def test_the_evidence_lists_the_causes_that_apple_does_not_separate() -> None:
    (finding,) = run_with(refusal(TEAM), refuse)[0].findings
    assert finding.evidence.endswith(
        "Apple's response is the same for a wrong key ID, a wrong issuer ID, a key of another service and a revoked key"
    )
    (finding,) = run_with(refusal(TEAM, has_key=False), refuse)[0].findings
    assert "an individual key" in finding.evidence


def test_differing_members_are_shown_with_both_values_masked() -> None:
    refused = refusal({**TEAM, "nonce": "a secret of someone's"}, header={"alg": "ES256", "kid": KEY_ID})
    (finding,) = run_with(refused, accept_claims(nonce=None))[0].findings
    assert finding.evidence == (
        "a token that pytest-asc generated with the same key was accepted with 200; header typ is missing in the "
        "rejected token and 'JWT' in the accepted one; nonce is a se…ne's in the rejected token and missing in the "
        "accepted one"
    )


@pytest.mark.parametrize(
    ("claims", "changed"),
    [
        (TEAM, {"iat", "exp"}),
        ({**TEAM, "nbf": NOW - 60, "scope": ["GET /v1/apps"]}, {"iat", "exp", "nbf"}),
        ({"iss": ISSUER_ID, "exp": NOW + 840, "aud": "appstoreconnect-v1"}, {"exp"}),
    ],
)
def test_the_first_experiment_changes_only_the_times(claims: dict[str, Any], changed: set[str]) -> None:
    _, sent = run_with(refusal(claims), refuse)
    header, others, _, _ = sent[1]
    assert header == HEADER
    assert others is not None
    assert {name for name in {**claims, **others} if claims.get(name) != others.get(name)} == changed
    assert others["exp"] == NOW + 120


def test_experiments_take_their_times_from_the_date_of_the_response() -> None:
    _, sent = run_with(refusal({**TEAM, "exp": NOW + 700}, ahead=-400), refuse)
    assert sent[1].claims is not None
    assert (sent[1].claims["iat"], sent[1].claims["exp"]) == (NOW - 180, NOW + 120)


@pytest.mark.parametrize(
    ("base_url", "made"),
    [
        (APPLE, False),
        ("https://API.AppStoreConnect.Apple.com:443", False),
        ("https://api.storekit.itunes.apple.com", False),
        (ENTERPRISE.base_url, True),
        (LOOPBACK, True),
        ("https://gateway.example.com", True),
    ],
)
def test_no_token_is_sent_to_a_host_of_another_service(base_url: str, made: bool) -> None:
    conclusion, sent = run_with(refusal(TEAM, base_url=base_url), refuse)
    assert any(attempt.path == ENTERPRISE.probe for attempt in sent) == made
    (probe,) = [probe for probe in conclusion.probes if probe.name == AS_ENTERPRISE]
    other_host = "not tried (it needs another host, api.enterprise.developer.apple.com;"
    assert probe.showed.startswith("rejected again" if made else other_host)


def test_an_experiment_that_is_not_possible_gives_the_reason() -> None:
    conclusion, _ = run_with(refusal(INDIVIDUAL, issuer_id=None), refuse)
    assert conclusion.probes[-1] == (AS_TEAM, None, "not tried (it needs an issuer ID, but none is set)")
    conclusion, _ = run_with(refusal(TEAM, has_key=False, base_url=LOOPBACK), refuse)
    assert {probe.showed for probe in conclusion.probes[1:]} == {
        "not tried (the private key of this token is not available)"
    }


@pytest.mark.parametrize(
    ("second", "status", "words"),
    [
        (None, None, "no response"),
        (make_response(429, "RATE_LIMIT_EXCEEDED"), 429, "neither accepted nor rejected"),
        (make_response(503, "UNEXPECTED_ERROR"), 503, "neither accepted nor rejected"),
        (make_response(200, body=b"<html>Sign in</html>"), 200, "neither accepted nor rejected"),
        # Documented: a revoked key is forbidden, too.
        (make_response(403, "FORBIDDEN_ERROR"), 403, "neither accepted nor rejected"),
    ],
)
def test_a_response_without_information_ends_the_experiments(
    second: HttpResponse | None, status: int | None, words: str
) -> None:
    answers = [make_response(401), second]
    conclusion = run_experiments(refusal(TEAM), lambda _: answers.pop(0))
    assert answers == []
    assert [probe.status for probe in conclusion.probes] == [401, status]
    assert conclusion.probes[-1].showed == f"{words}: no further experiments"
    assert [finding.cause for finding in conclusion.findings] == ["key-unknown-to-apple"]


def test_findings_of_the_second_response_are_reported_too() -> None:
    conclusion = run_experiments(refusal(TEAM), lambda _: make_response(403, AGREEMENT))
    assert [finding.cause for finding in conclusion.findings] == ["transient-401", "agreement-missing"]


def test_a_token_that_cannot_be_decoded_is_only_sent_again() -> None:
    sent: list[ProbeRequest] = []

    def send(attempt: ProbeRequest) -> HttpResponse:
        sent.append(attempt)
        return make_response(401)

    conclusion = run_experiments(refusal(None), send)
    assert sent == [ProbeRequest(None, None, APP_STORE_CONNECT.probe)]
    assert [finding.cause for finding in conclusion.findings] == ["key-unknown-to-apple"]


@pytest.mark.parametrize(
    ("finding", "is_question"),
    [
        (make_finding("key-unknown-to-apple", ""), True),
        (make_finding("clock-ahead", "", certainty="likely"), True),
        (make_finding("token-issued-in-future", "", certainty="likely"), True),
        (make_finding("clock-ahead", ""), False),
        (make_finding("clock-ahead", "", level="warning", certainty="possible"), False),
        (make_finding("token-expired", ""), False),
        (make_finding("not-apple", ""), False),
    ],
)
def test_only_uncertain_errors_need_experiments(finding: Finding, is_question: bool) -> None:
    assert is_unexplained(finding) == is_question


def test_the_experiments_and_the_first_request_are_at_most_eight_requests() -> None:
    refused = refusal({**TEAM, "nonce": "x"}, base_url=LOOPBACK)
    _, sent = run_with(refused, refuse)
    assert len(sent) == 5
    assert len(EXPERIMENTS) < 8
