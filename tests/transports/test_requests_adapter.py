from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

import pytest
import requests
from emulator.harness import BASE, TOKEN, EmulatorClient
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth

from pytest_asc.session import Session
from pytest_asc.transports.requests_adapter import EmulatorAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def session(emulator_client: EmulatorClient) -> Iterator[requests.Session]:
    """A session with a valid token whose requests go to the emulator."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount(BASE, EmulatorAdapter(emulator_client.emulator))
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield session


def test_a_response_has_the_attributes_of_one_over_a_socket(
    emulator_client: EmulatorClient, session: requests.Session
) -> None:
    app = emulator_client.emulator.add("apps", name="Straße")
    response = session.get(f"{BASE}/v1/apps", params={"filter[name]": "Straße", "limit": "5"})
    assert (response.status_code, response.reason, response.ok) == (200, "OK", True)
    assert response.url == f"{BASE}/v1/apps?filter%5Bname%5D=Stra%C3%9Fe&limit=5"
    assert response.headers["content-type"] == response.headers["Content-Type"] == "application/json"
    assert response.encoding == "utf-8"
    assert response.json()["data"][0]["id"] == app["id"]
    assert "Straße" in response.text
    assert response.elapsed.total_seconds() > 0
    assert (response.history, list(response.cookies), response.is_redirect) == ([], [], False)
    assert response.request.method == "GET"
    assert isinstance(response.connection, EmulatorAdapter)
    response.close()


def test_errors_raise_for_status(session: requests.Session) -> None:
    response = session.get(f"{BASE}/v1/apps/1")
    assert (response.status_code, response.reason) == (404, "Not Found")
    with pytest.raises(requests.HTTPError, match="404 Client Error: Not Found for url: https://api"):
        response.raise_for_status()


def test_the_body_can_be_streamed(emulator_client: EmulatorClient, session: requests.Session) -> None:
    emulator_client.emulator.add("apps")
    whole = session.get(f"{BASE}/v1/apps").content
    with session.get(f"{BASE}/v1/apps", stream=True) as response:
        assert response.raw.read(10) + response.raw.read() == whole
        assert response.raw.status == 200
        assert response.raw.headers["Content-Type"] == "application/json"
    with session.get(f"{BASE}/v1/apps", stream=True) as response:
        assert b"".join(response.raw.stream(7, decode_content=True)) == whole
    with session.get(f"{BASE}/v1/apps", stream=True) as response:
        assert b"".join(response.iter_content(100)) == whole
    with session.get(f"{BASE}/v1/apps", stream=True) as response:
        assert b"\n".join(response.iter_lines()) == whole


def test_a_response_can_be_pickled(session: requests.Session) -> None:
    response = pickle.loads(pickle.dumps(session.get(f"{BASE}/v1/apps")))
    assert (response.status_code, response.json()["data"]) == (200, [])


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        ({"json": {"a": 1}}, b'{"a": 1}'),
        ({"data": "ü".encode()}, "ü".encode()),
        ({"data": "text"}, b"text"),
        ({"data": io.BytesIO(b"file")}, b"file"),
        ({"data": iter([b"one", b"two"])}, b"onetwo"),
        ({}, b""),
    ],
)
def test_request_bodies_of_all_types_arrive(
    emulator_client: EmulatorClient, session: requests.Session, sent: dict[str, Any], received: bytes
) -> None:
    session.post(f"{BASE}/v1/betaGroups", **sent)
    assert emulator_client.emulator.requests[0].body == received


def test_a_201_is_not_a_redirect_and_a_204_has_no_body(
    emulator_client: EmulatorClient, session: requests.Session
) -> None:
    data = {"type": "bundleIds", "attributes": {"name": "Lists", "identifier": "com.example.x", "platform": "IOS"}}
    created = session.post(f"{BASE}/v1/bundleIds", json={"data": data})
    assert (created.status_code, created.history) == (201, [])
    deleted = session.delete(created.headers["Location"])
    assert (deleted.status_code, deleted.content, deleted.encoding) == (204, b"", None)
    assert session.get(created.headers["Location"]).status_code == 404


def test_a_redirect_is_followed(emulator_client: EmulatorClient, session: requests.Session) -> None:
    emulator_client.emulator.fail("GET", "/v1/apps", status=302, headers={"Location": f"{BASE}/v1/users"})
    response = session.get(f"{BASE}/v1/apps")
    assert (response.status_code, response.url) == (200, f"{BASE}/v1/users")
    assert [one.status_code for one in response.history] == [302]


def test_authentication_handlers_can_send_again(emulator_client: EmulatorClient, session: requests.Session) -> None:
    emulator_client.emulator.fail(
        "GET", "/v1/apps", status=401, headers={"WWW-Authenticate": 'Digest realm="x", nonce="y", qop="auth"'}
    )
    del session.headers["Authorization"]
    auth = HTTPDigestAuth("user", "password")
    response = session.get(f"{BASE}/v1/apps", auth=auth)
    assert response.status_code == 401
    response = session.get(
        f"{BASE}/v1/apps", headers={"Authorization": f"Bearer {TOKEN}"}, auth=lambda request: request
    )
    assert response.status_code == 401
    assert len(emulator_client.emulator.requests) == 2


def test_hooks_are_called(session: requests.Session) -> None:
    seen: list[int] = []
    session.get(f"{BASE}/v1/apps", hooks={"response": lambda response, *_, **__: seen.append(response.status_code)})
    assert seen == [200]


def test_an_exception_of_the_emulator_is_raised_to_the_sender_of_the_request(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyError("oh")

    monkeypatch.setattr("pytest_asc.emulator.app.find_endpoint", crash)
    with pytest.raises(KeyError, match="oh"):
        session.get(f"{BASE}/v1/apps")


def test_sessions_do_not_share_state_that_a_test_can_set(emulator_client: EmulatorClient) -> None:
    def new_session() -> Session:
        return Session(BASE, token=lambda: TOKEN, adapter=EmulatorAdapter(emulator_client.emulator))

    with new_session() as session, new_session() as other:
        session.headers["X-Test"] = "1"
        session.cookies.set("name", "value")
        session.params["limit"] = "1"  # type: ignore[index]  # a dict unless it is replaced
        session.hooks["response"].append(lambda *_, **__: None)
        session.proxies["https"] = "http://127.0.0.1:1"
        session.mount("https://example.com", HTTPAdapter())
        for state in (session, other, requests.Session()):
            assert vars(state).keys() >= vars(requests.Session()).keys()
        assert (other.params, other.proxies, other.hooks) == ({}, {}, {"response": []})
        assert "X-Test" not in other.headers
        assert not other.cookies
        assert list(other.adapters) == [f"{BASE}/", "https://", "http://"]
        assert other.get("/v1/apps").status_code == 200
