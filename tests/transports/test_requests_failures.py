"""Late, truncated and missing responses in code that uses requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
import urllib3
from emulator.harness import BASE, TOKEN, EmulatorClient

from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose
from pytest_asc.transports.requests_adapter import EmulatorAdapter
from pytest_asc.transports.responses_mock import intercept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    Get: TypeAlias = Callable[..., requests.Response]

APPS = f"{BASE}/v1/apps"


@pytest.fixture(params=["adapter", "interception"])
def get(request: pytest.FixtureRequest, emulator_client: EmulatorClient) -> Iterator[Get]:
    """Send a GET request with a valid token over one of the transports."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        if request.param == "adapter":
            session.mount(BASE, EmulatorAdapter(emulator_client.emulator))
            yield session.get
        else:
            with intercept(emulator_client.emulator):
                yield session.get


@pytest.mark.parametrize(
    ("broken", "error", "cause", "evidence"),
    [
        ("refused", requests.ConnectionError, "connection-failed", "refused the connection"),
        ("reset", requests.ConnectionError, "connection-failed", "closed the connection without a response"),
        ("timeout", requests.ReadTimeout, "timed-out", "did not respond"),
        ("cut", requests.exceptions.ChunkedEncodingError, "connection-failed", "before the response was complete"),
        ("tls", requests.exceptions.SSLError, "tls-intercepted", "self-signed certificate in certificate chain"),
        ("proxy", requests.exceptions.ProxyError, "proxy-authentication", "returned 407"),
    ],
)
def test_a_broken_connection_raises_the_exception_of_requests(
    emulator_client: EmulatorClient, get: Get, broken: Any, error: type[Exception], cause: str, evidence: str
) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", broken=broken)
    with pytest.raises(error) as caught:
        get(APPS)
    (finding,) = diagnose(caught.value, context=DiagnosisContext(), now=0.0)
    assert finding.cause == cause
    assert evidence in finding.evidence
    assert get(APPS).status_code == 200


def test_reading_a_truncated_response_raises_an_exception(emulator_client: EmulatorClient, get: Get) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", broken="cut")
    with get(APPS, stream=True) as response:
        assert response.status_code == 200
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            list(response.iter_content(10))


def test_a_latency_is_added_to_elapsed_once(emulator_client: EmulatorClient, get: Get) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", latency=20)
    assert 20 < get(APPS).elapsed.total_seconds() < 25
    assert get(APPS).elapsed.total_seconds() < 5


def test_hooks_of_the_caller_are_called_as_well(emulator_client: EmulatorClient, get: Get) -> None:
    seen: list[float] = []

    def note(response: requests.Response, **_: object) -> None:
        seen.append(response.elapsed.total_seconds())

    emulator_client.emulator.fail("GET", "/v1/apps", latency=20)
    response = get(APPS, hooks={"response": note})
    assert len(seen) == 1
    assert response.elapsed.total_seconds() > 20


@pytest.mark.parametrize("timeout", [1, 1.0, (60, 1), urllib3.Timeout(connect=60, read=1)])
def test_a_client_with_a_timeout_below_the_latency_gets_a_timeout(
    emulator_client: EmulatorClient, get: Get, timeout: Any
) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", latency=20)
    with pytest.raises(requests.ReadTimeout):
        get(APPS, timeout=timeout)
    assert emulator_client.emulator.requests[0].status == 200


@pytest.mark.parametrize("timeout", [None, 21, (1, 21), (1, None), urllib3.Timeout()])
def test_a_client_with_a_timeout_above_the_latency_gets_the_response(
    emulator_client: EmulatorClient, get: Get, timeout: Any
) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", latency=20)
    assert get(APPS, timeout=timeout).status_code == 200


@pytest.mark.parametrize(("timeout", "slept"), [(None, 20), (1, 1)])
def test_sleep_ends_with_the_timeout_of_the_client(
    emulator_client: EmulatorClient, get: Get, monkeypatch: pytest.MonkeyPatch, timeout: float | None, slept: float
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    emulator_client.emulator.fail("GET", "/v1/apps", latency=20, sleep=True)
    if timeout is None:
        get(APPS)
    else:
        with pytest.raises(requests.ReadTimeout):
            get(APPS, timeout=timeout)
    assert pauses == [slept]


def test_a_request_over_a_broken_connection_does_not_reach_the_account(
    emulator_client: EmulatorClient, get: Get
) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", broken="reset")
    with pytest.raises(requests.ConnectionError):
        get(APPS)
    assert get(APPS).headers["X-Rate-Limit"].endswith("rem:3599;")
