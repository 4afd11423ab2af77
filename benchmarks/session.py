"""One emulated GET beside what a user would pick instead, and beside the floor below both.

Run it with ``python benchmarks/session.py``. Every round measures all cases one after the other, so that a slow moment
of the machine meets them alike; what is printed is the median over the rounds of the ratio within a round. Only ratios
travel between machines.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

import jwt
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import ec
from requests.adapters import BaseAdapter

from pytest_asc.emulator.api import Emulator, Request
from pytest_asc.emulator.transports.adapter import EmulatorAdapter
from pytest_asc.emulator.transports.interception import intercept

if TYPE_CHECKING:
    from collections.abc import Callable

    Case = Callable[[], object]

KEY_ID, ISSUER_ID = "2X9R4HXF34", "57246542-96fe-1a63-e053-0824d011072a"
APPS = "https://api.appstoreconnect.apple.com/v1/apps"

# case, what it is compared with, the aim for the time of the one over the time of the other
AIMS = (
    ("adapter", "responses, one route", 1 / 3.5),
    ("adapter", "bare adapter", 1.2),
    ("adapter, 100,000 resources", "adapter", 1.1),
    ("intercepted", "responses, bare callback", 1.1),
    ("intercepted, 100,000 resources", "intercepted", 1.1),
    ("page of 200", "json.dumps of it", 0.25),
    ("reset", "responses, start and stop", 0.6),
)


class BareAdapter(BaseAdapter):
    """The least that an adapter can do."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer with an empty document."""
        response = requests.Response()
        response.status_code = 200
        response.url = request.url or ""
        response.request = request
        response._content = b"{}"  # noqa: SLF001
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        return response

    def close(self) -> None:
        """Nothing is open."""


class Account:
    """An emulator with a key, a token, and some apps."""

    def __init__(self, apps: int, builds: int = 0) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        now = int(time.time())
        claims = {"iss": ISSUER_ID, "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1"}
        token = jwt.encode(claims, key, algorithm="ES256", headers={"kid": KEY_ID})
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

    def session(self) -> requests.Session:
        """A session that is answered by the emulator."""
        session = bare_session(EmulatorAdapter(self.emulator))
        session.headers.update(self.headers)
        return session

    def get(self, url: str) -> bytes:
        """The body of a GET, without any HTTP library."""
        return self.emulator.handle(Request("GET", url, self.headers)).body


def bare_session(adapter: BaseAdapter) -> requests.Session:
    """A session that is answered by an adapter and does not look into the environment."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", adapter)
    return session


def mocked(prepare: Callable[[responses.RequestsMock], object], get: Case) -> Callable[[int], None]:
    """Run a case inside a mock of responses."""

    def run(times: int) -> None:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            prepare(mock)
            repeat(get)(times)

    return run


def intercepted(emulator: Emulator, get: Case) -> Callable[[int], None]:
    """Run a case inside the emulator's interception."""

    def run(times: int) -> None:
        with intercept(emulator):
            repeat(get)(times)

    return run


def repeat(case: Case) -> Callable[[int], None]:
    """Run a case as often as wanted."""

    def run(times: int) -> None:
        for _ in range(times):
            case()

    return run


def cases() -> dict[str, tuple[Callable[[int], None], int]]:
    """Each case with how often it is run in a round."""
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
        "adapter": (repeat(lambda: small_session.get(small.url)), 300),
        "adapter, 100,000 resources": (repeat(lambda: large_session.get(large.url)), 300),
        "responses, one route": (mocked(lambda mock: mock.get(small.url, body=body), get), 100),
        "responses, bare callback": (
            mocked(lambda mock: mock.add_callback("GET", small.url, lambda _: (200, {}, body)), get),
            100,
        ),
        "intercepted": (intercepted(small.emulator, get), 100),
        "intercepted, 100,000 resources": (intercepted(large.emulator, get_large), 100),
        "page of 200": (repeat(lambda: many.get(page)), 30),
        "json.dumps of it": (repeat(lambda: json.dumps(document)), 10),
        "reset": (repeat(Account(1).emulator.reset), 100),
        "responses, start and stop": (repeat(start_and_stop), 100),
    }


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of one call, for each case and round."""
    seconds: dict[str, list[float]] = {}
    prepared = cases()
    for number in range(rounds + 1):
        for name, (run, times) in prepared.items():
            gc.collect()
            start = time.perf_counter()
            run(times)
            took = (time.perf_counter() - start) / times
            if number:  # the first round warms up
                seconds.setdefault(name, []).append(took)
    return seconds


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    seconds = measure(parser.parse_args().rounds)
    print(f"{'case':32}{'compared with':28}{'ratio':>7}{'aim':>8}")
    for case, other, aim in AIMS:
        ratio = statistics.median(one / two for one, two in zip(seconds[case], seconds[other], strict=True))
        print(f"{case:32}{other:28}{ratio:7.3f}{'≤':>3}{aim:5.2f}")
    print("\nmicroseconds on this machine, medians:")
    for name, values in seconds.items():
        print(f"{name:32}{statistics.median(values) * 1e6:9.1f}")


if __name__ == "__main__":
    main()
