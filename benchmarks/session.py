"""Time of one emulated GET, relative to other mocks and to the minimum that ``requests`` needs.

Run it with ``python benchmarks/session.py``.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import ec
from interleaved import Aim, measure, repeat, show
from requests.adapters import BaseAdapter

from pytest_asc.emulator.app import Emulator, Request
from pytest_asc.session import Session
from pytest_asc.transports.requests_adapter import EmulatorAdapter
from pytest_asc.transports.responses_mock import intercept

if TYPE_CHECKING:
    from collections.abc import Callable

    Case = Callable[[], object]

KEY_ID, ISSUER_ID = "2X9R7KQF34", "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
APPS = "https://api.appstoreconnect.apple.com/v1/apps"

AIMS = (
    Aim("asc_session", "responses, one route", 1 / 3.5),
    Aim("asc_session", "bare adapter", 1.05),
    Aim("asc_session, 100,000 resources", "asc_session", 1.1),
    Aim("intercepted", "responses, bare callback", 1.1),
    Aim("intercepted, 100,000 resources", "intercepted", 1.1),
    Aim("page of 200", "json.dumps of the page", 0.25),
    Aim("reset", "responses, start and stop", 0.6),
)


class BareAdapter(BaseAdapter):
    """Adapter without any work, as a lower bound."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Return an empty document."""
        response = requests.Response()
        response.status_code = 200
        response.url = request.url or ""
        response.request = request
        response._content = b"{}"  # noqa: SLF001
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    def close(self) -> None:
        """Do nothing."""


class Account:
    """Emulator with a key, a token and some apps."""

    def __init__(self, apps: int, builds: int = 0) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        now = int(time.time())
        claims = {"iss": ISSUER_ID, "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1"}
        token = jwt.encode(claims, key, algorithm="ES256", headers={"kid": KEY_ID})
        self.token = token
        self.headers = {"Authorization": f"Bearer {token}"}
        self.emulator = Emulator()
        self.emulator.rate_limit = 10**9
        self.emulator.trust(KEY_ID, ISSUER_ID, "team", key.public_key())
        first = self.emulator.add("apps", name="Lists", bundleId="com.example.lists")
        for _ in range(apps - 1):
            self.emulator.add("apps")
        for _ in range(builds):
            self.emulator.add("builds", app=first["id"])
        self.url = f"{APPS}/{first['id']}"

    def session(self) -> Session:
        """Return a session that sends its requests to the emulator."""
        return Session(self.emulator.base_url, token=lambda: self.token, adapter=EmulatorAdapter(self.emulator))

    def get(self, url: str) -> bytes:
        """Return the body of a GET, without an HTTP library."""
        return self.emulator.handle(Request("GET", url, self.headers)).body


def bare_session(adapter: BaseAdapter) -> requests.Session:
    """Return a session that uses an adapter and ignores the environment."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", adapter)
    return session


def mocked(prepare: Callable[[responses.RequestsMock], object], get: Case) -> Callable[[int], None]:
    """Return a function that runs a case inside a mock of responses."""

    def run(times: int) -> None:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            prepare(mock)
            repeat(get)(times)

    return run


def intercepted(emulator: Emulator, get: Case) -> Callable[[int], None]:
    """Return a function that runs a case inside the emulator's interception."""

    def run(times: int) -> None:
        with intercept(emulator):
            repeat(get)(times)

    return run


def cases() -> dict[str, tuple[Callable[[int], None], int]]:
    """Return each case with its number of runs in a round."""
    small, large, many = Account(1), Account(50_000, builds=50_000), Account(10_000)
    page = f"{APPS}?limit=200"
    document = json.loads(many.get(page))
    body = small.get(small.url).decode()
    small_session, large_session, bare = small.session(), large.session(), bare_session(BareAdapter())
    get = lambda: requests.get(small.url, headers=small.headers)  # noqa: E731  nothing is waited for
    get_large = lambda: requests.get(large.url, headers=large.headers)  # noqa: E731
    mock = responses.RequestsMock(assert_all_requests_are_fired=False)

    def start_and_stop() -> None:
        mock.start()
        mock.stop()
        mock.reset()

    return {
        "bare adapter": (repeat(lambda: bare.get(small.url, headers=small.headers)), 300),
        "asc_session": (repeat(lambda: small_session.get(small.url)), 300),
        "asc_session, 100,000 resources": (repeat(lambda: large_session.get(large.url)), 300),
        "responses, one route": (mocked(lambda mock: mock.get(small.url, body=body), get), 100),
        "responses, bare callback": (
            mocked(lambda mock: mock.add_callback("GET", small.url, lambda _: (200, {}, body)), get),
            100,
        ),
        "intercepted": (intercepted(small.emulator, get), 100),
        "intercepted, 100,000 resources": (intercepted(large.emulator, get_large), 100),
        "page of 200": (repeat(lambda: many.get(page)), 30),
        "json.dumps of the page": (repeat(lambda: json.dumps(document)), 10),
        "reset": (repeat(Account(1).emulator.reset), 100),
        "responses, start and stop": (repeat(start_and_stop), 100),
    }


def main() -> None:
    """Measure, and print the ratios."""
    show("One emulated GET", AIMS, measure(cases()))


if __name__ == "__main__":
    main()
