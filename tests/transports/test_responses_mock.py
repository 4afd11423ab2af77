from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
import responses
from emulator.harness import BASE, TOKEN, EmulatorClient
from requests.adapters import HTTPAdapter

from pytest_asc.transports.responses_mock import intercept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loopback import Apple

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
APPS = f"{BASE}/v1/apps"


@pytest.fixture
def intercepted(emulator_client: EmulatorClient) -> Iterator[EmulatorClient]:
    """An emulator that intercepts all calls to Apple."""
    with intercept(emulator_client.emulator):
        yield emulator_client


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE"])
def test_every_method_reaches_the_emulator(intercepted: EmulatorClient, method: str) -> None:
    response = requests.request(method, f"{BASE}/v1/apps/1", headers=HEADERS, timeout=1)
    (record,) = intercepted.emulator.requests
    assert (record.method, record.status) == (method, response.status_code)
    assert response.headers["Content-Type"] == "application/json"


def test_the_response_to_a_delete_has_no_body(intercepted: EmulatorClient) -> None:
    group = intercepted.emulator.add("betaGroups")["id"]
    response = requests.delete(f"{BASE}/v1/betaGroups/{group}", headers=HEADERS, timeout=1)
    assert (response.status_code, response.content, response.headers.get("Content-Type")) == (204, b"", None)


@pytest.mark.parametrize(
    "url",
    [
        APPS,
        f"{BASE}:443/v1/apps",
        "http://api.appstoreconnect.apple.com/v1/apps",
        "https://API.appstoreconnect.apple.com/v1/apps",
        "https://api.enterprise.developer.apple.com/v1/bundleIds",
        BASE,
        f"{BASE}?x",
    ],
)
def test_no_request_is_sent_to_apple(intercepted: EmulatorClient, url: str) -> None:
    requests.get(url, headers=HEADERS, timeout=1)
    assert len(intercepted.emulator.requests) == 1


def test_headers_and_bodies_are_those_of_the_emulator(intercepted: EmulatorClient) -> None:
    intercepted.emulator.add("apps", name="Straße")
    response = requests.get(APPS, headers=HEADERS, timeout=1)
    assert response.headers == intercepted.get("/v1/apps").headers | {
        "X-Rate-Limit": "user-hour-lim:3600;user-hour-rem:3599;",
        "X-Apple-Jingle-Correlation-Key": intercepted.emulator.requests[0].correlation_key,
    }
    assert response.json()["data"][0]["attributes"]["name"] == "Straße"
    with requests.get(APPS, headers=HEADERS, stream=True, timeout=1) as streamed:
        assert b"".join(streamed.iter_content(100)) == response.content


def test_other_hosts_are_reached_as_before(intercepted: EmulatorClient, apple: Apple) -> None:
    assert requests.get(f"{apple.url}/anything", timeout=5).status_code in {200, 401}
    assert intercepted.emulator.requests == []


@pytest.mark.parametrize(
    "url", ["https://example.com/api.appstoreconnect.apple.com/", "https://api.appstoreconnect.apple.com.example.com/"]
)
def test_hosts_that_resemble_apples_are_not_intercepted(emulator_client: EmulatorClient, url: str) -> None:
    with responses.RequestsMock() as outer:
        outer.get(url, json={"other": True})
        with intercept(emulator_client.emulator):
            assert requests.get(url, timeout=1).json() == {"other": True}
    assert emulator_client.emulator.requests == []


def test_a_surrounding_mock_still_responds_for_other_hosts(emulator_client: EmulatorClient) -> None:
    with responses.RequestsMock() as outer:
        outer.get("https://example.com/", json={"outer": True})
        with intercept(emulator_client.emulator):
            assert requests.get("https://example.com/", timeout=1).json() == {"outer": True}
            assert requests.get(APPS, headers=HEADERS, timeout=1).status_code == 200


def test_an_inner_mock_comes_first_until_it_is_stopped(intercepted: EmulatorClient) -> None:
    with responses.RequestsMock() as inner:
        inner.get(APPS, json={"inner": True})
        assert requests.get(APPS, headers=HEADERS, timeout=1).json() == {"inner": True}
        with pytest.raises(requests.ConnectionError, match="doesn't match any registered mock"):
            requests.get(f"{BASE}/v1/users", headers=HEADERS, timeout=1)
    assert intercepted.emulator.requests == []
    assert requests.get(APPS, headers=HEADERS, timeout=1).status_code == 200


def test_an_inner_mock_can_pass_requests_to_the_emulator(intercepted: EmulatorClient) -> None:
    with responses.RequestsMock(real_adapter_send=HTTPAdapter.send) as inner:
        inner.get("https://example.com/", json={"inner": True})
        inner.add_passthru(BASE)
        assert requests.get("https://example.com/", timeout=1).json() == {"inner": True}
        assert requests.get(APPS, headers=HEADERS, timeout=1).status_code == 200
    assert len(intercepted.emulator.requests) == 1


def test_two_emulators_can_be_nested(intercepted: EmulatorClient) -> None:
    inner = EmulatorClient()
    with intercept(inner.emulator):
        requests.get(APPS, headers=HEADERS, timeout=1)
    requests.get(APPS, headers=HEADERS, timeout=1)
    assert (len(inner.emulator.requests), len(intercepted.emulator.requests)) == (1, 1)


def test_emulators_can_end_in_any_order() -> None:
    before: Callable[..., object] = HTTPAdapter.send
    first, second = EmulatorClient(), EmulatorClient()
    outer, inner = intercept(first.emulator), intercept(second.emulator)
    outer.__enter__()
    inner.__enter__()
    outer.__exit__()
    requests.get(APPS, headers=HEADERS, timeout=1)
    inner.__exit__()
    assert (len(first.emulator.requests), len(second.emulator.requests)) == (0, 1)
    assert HTTPAdapter.send is before


def test_successive_emulators_respond_with_their_own_accounts(emulator_client: EmulatorClient) -> None:
    for client in (emulator_client, EmulatorClient()):
        client.emulator.add("apps", name=f"App of {id(client)}")
        with intercept(client.emulator):
            (app,) = requests.get(APPS, headers=HEADERS, timeout=1).json()["data"]
        assert app["attributes"]["name"] == f"App of {id(client)}"
        assert len(client.emulator.requests) == 1


def test_a_thread_that_outlives_the_interception_does_not_reach_apple(emulator_client: EmulatorClient) -> None:
    with intercept(emulator_client.emulator):
        send = HTTPAdapter.send
    request = requests.Request("GET", APPS, headers=HEADERS).prepare()
    with pytest.raises(requests.ConnectionError, match="the test of this request has ended"):
        send(HTTPAdapter(), request, timeout=1)
    assert emulator_client.emulator.requests == []


def test_no_patch_of_requests_is_left(emulator_client: EmulatorClient) -> None:
    before: Callable[..., object] = HTTPAdapter.send
    with intercept(emulator_client.emulator):
        assert HTTPAdapter.send is not before
    assert HTTPAdapter.send is before


def test_an_exception_of_the_emulator_is_raised_to_the_sender_of_the_request(
    intercepted: EmulatorClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyError("oh")

    monkeypatch.setattr("pytest_asc.emulator.app.find_endpoint", crash)
    with pytest.raises(KeyError, match="oh"):
        requests.get(APPS, headers=HEADERS, timeout=1)
