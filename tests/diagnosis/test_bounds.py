"""Diagnosis of long input takes time in proportion to its length."""

from __future__ import annotations

import base64
import json
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.apple.services import SERVICES
from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.settings import read_settings
from pytest_asc.diagnosis.diagnose import diagnose
from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.diagnosis.token.verify import verify_token
from pytest_asc.secrets import mask
from pytest_asc.smoke.token_report import report_on_evidence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOWHERE: dict[str, str] = {}
NOW = 1_780_000_000
APPS = "https://api.appstoreconnect.apple.com/v1/apps?limit=1"
EXCHANGE = "https://appleid.apple.com/auth/token"
SHORT, LONG = 125_000, 1_000_000
# A quadratic check takes 64 times as long for eight times the length.
MOST_GROWTH = 24
LEAST = 0.04
"""Seconds; a shorter measured time is treated as this long, because it is mostly noise."""

REPEATED = (
    "eyJ",
    "eyJa.",
    "eyJa.eyJa.",
    "<title",
    "<html><title>",
    " ",
    "a",
    "[",
    '{"a":',
    "'",
    "\x1b[",
    "\x9d",
    "-----BEGIN ",
    "Bearer ",
    "\u200b",
    "in header value: b'",
    "user-hour-lim: ",
    "must agree to ",
    "scope mapkit_js\n",
)


def response(body: object, headers: dict[str, str] | None = None, status: int = 401) -> Any:
    return {"status": status, "headers": headers or {}, "body": body, "url": APPS, "method": "GET"}


def posted(body: str, url: str = APPS, **headers: str) -> Any:
    return {"method": "POST", "url": url, "headers": headers, "body": body}


def forbidden(text: str) -> Any:
    return response({"errors": [{"code": "FORBIDDEN", "title": text, "detail": text}]}, status=403)


HEADERS = ("Server", "Location", "X-Rate-Limit", "Retry-After", "Date", "Content-Type", "Proxy-Authenticate")
# Evidence with a long text, by the place of the text.
EVIDENCE: dict[str, Callable[[str], object]] = {
    "page": lambda text: response(f"<html>{text}", status=200),
    "body": response,
    "message": forbidden,
    "headers of a 429": lambda text: response("x", dict.fromkeys(HEADERS, text), 429),
    "headers of a 302": lambda text: response("x", dict.fromkeys(HEADERS, text), 302),
    "posted": posted,
    "posted to be exchanged": lambda text: posted(text, EXCHANGE),
    "bearer": lambda text: posted("", Authorization=f"Bearer {text}"),
    "header": lambda text: posted("", Authorization=text, Accept=text, Other=text),
    "headers that are a text": lambda text: {"method": "GET", "url": APPS, "headers": text},
    "URL": lambda text: {"method": "GET", "url": text, "headers": {}},
    "path": lambda text: {"method": "GET", "url": APPS[:38] + text, "headers": {}},
    "exception": lambda text: ValueError(f"in header value: b'{text}"),
}


@cache
def token_of(text: str) -> str:
    members = ("iss", "sub", "aud", "bid", "origin")
    claims = {**dict.fromkeys(members, text), "scope": [f"GET /{text}", text], "iat": NOW, "exp": NOW + 900}
    parts = ({"alg": "ES256", "kid": text, "id": text}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "A" * 86])


def seconds(diagnosis: Callable[[], object]) -> float:
    """Return the CPU time of a call, which depends little on other processes."""
    start = time.process_time()
    diagnosis()
    return time.process_time() - start


def takes_less_than_a_second(diagnosis: Callable[[], object]) -> bool:
    """Return whether a call takes less than a second; measured twice if the first time is longer."""
    return any(seconds(diagnosis) < 1 for _ in range(2))


def check_growth(short: Callable[[], object], long: Callable[[], object]) -> None:
    """Check that eight times the length takes no longer than linear growth allows; measured up to three times."""
    limit = max(LEAST, seconds(short)) * MOST_GROWTH
    assert limit < MOST_GROWTH, "an eighth of the length must take no second"
    assert any(seconds(long) < limit for _ in range(3))


@pytest.mark.parametrize("repeated", REPEATED)
@pytest.mark.parametrize("place", EVIDENCE)
def test_diagnosing_a_megabyte_of_evidence_takes_linear_time(place: str, repeated: str) -> None:
    short, long = (EVIDENCE[place](repeated * (size // len(repeated))) for size in (SHORT, LONG))
    check_growth(lambda: diagnose(short, now=NOW), lambda: diagnose(long, now=NOW))


def test_many_different_tokens_in_a_body_take_linear_time() -> None:
    short, long = (
        posted("\n".join(f"eyJ{number}.eyJ{number}.x" for number in range(size // 20))) for size in (SHORT, LONG)
    )
    check_growth(lambda: diagnose(short, now=NOW), lambda: diagnose(long, now=NOW))


PASTED = (
    *REPEATED,
    "\n",
    "\r\n",
    "{{",
    "\\",
    '"',
    "%41",
    "é",
    "\0",
    "https://a ",
    "password=",
    "machine a password b ",
    "aB3/",
)


@pytest.mark.parametrize("repeated", PASTED)
def test_a_pasted_megabyte_is_diagnosed_in_less_than_a_second(repeated: str, tmp_path: Path) -> None:
    reading = find_credentials(read_settings(NOWHERE.get, NOWHERE.get, {}, folder=tmp_path, home=tmp_path))
    text = repeated * (LONG // len(repeated))
    for is_token in (False, True):
        assert takes_less_than_a_second(
            lambda: report_on_evidence(text, is_token=is_token, service=None, credentials_result=reading, now=NOW)  # noqa: B023
        )


@pytest.mark.parametrize("repeated", PASTED)
@pytest.mark.parametrize("names", [("ASC_PRIVATE_KEY",), ("ASC_PRIVATE_KEY_PATH",), ("ASC_KEY_ID", "ASC_ISSUER_ID")])
def test_credentials_of_a_megabyte_are_read_in_less_than_a_second(
    repeated: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    text = repeated * (LONG // len(repeated))
    if names == ("ASC_PRIVATE_KEY_PATH",):
        (tmp_path / "key.p8").write_text(text, encoding="utf-8")
        text = str(tmp_path / "key.p8")
    environ = {"ASC_KEY_ID": "2X9R7KQF34", "ASC_PRIVATE_KEY": "x", **dict.fromkeys(names, text)}
    settings = read_settings(NOWHERE.get, NOWHERE.get, environ, folder=tmp_path, home=tmp_path)
    assert takes_less_than_a_second(lambda: find_credentials(settings))


@pytest.mark.parametrize("repeated", ["eyJ", "a", "\u200b", "scope mapkit_js\n"])
@pytest.mark.parametrize("service", SERVICES)
def test_verifying_a_token_with_long_claims_takes_linear_time(service: str, repeated: str) -> None:
    short, long = (token_of(repeated * (size // len(repeated))) for size in (20_000, 160_000))
    check_growth(
        lambda: verify_token(short, service=SERVICES[service]).findings_at(NOW),
        lambda: verify_token(long, service=SERVICES[service]).findings_at(NOW),
    )


@pytest.mark.parametrize("service", SERVICES)
def test_verifying_a_token_with_20000_claims_takes_less_than_a_second(service: str) -> None:
    claims = {f"claim {number}": "x" for number in range(20_000)}
    encoded = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    token = f"eyJhbGciOiJFUzI1NiJ9.{encoded}.{'A' * 86}"
    assert seconds(lambda: verify_token(token, service=SERVICES[service])) < 1


def test_a_quotation_from_a_long_text_is_shortened() -> None:
    assert one_line("a" * LONG) == f"{'a' * 399}…"
    assert one_line(" " * LONG) == "…"
    assert mask("a" * LONG) == "aaaa…aaaa"
