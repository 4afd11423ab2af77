"""Number of Python calls inside the package for one request through asc_session, which is equal on every machine.

Run it with ``python benchmarks/calls.py``; ``--list`` prints the calls in order.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

import pytest_asc
from pytest_asc.emulator.app import Emulator
from pytest_asc.session import Session
from pytest_asc.transports.requests_adapter import EmulatorAdapter

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

PACKAGE = str(Path(pytest_asc.__file__).parent)
KEY_ID, ISSUER_ID = "2X9R7KQF34", "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
AIMS = {"GET /v1/apps?filter[bundleId]": 32, "POST /v1/betaGroups": 120}


def count_calls(request: Callable[[], object]) -> list[str]:
    """Return the functions of the package that a request calls, in order, when the caches are filled.

    The request is sent three more times, and the shortest list is returned: the Date header is formatted once a second.
    """
    request()
    request()
    return min((_calls_of(request) for _ in range(3)), key=len)


def _calls_of(request: Callable[[], object]) -> list[str]:
    calls: list[str] = []

    def record(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            calls.append(f"{code.co_filename[len(PACKAGE) + 1 :]}:{code.co_firstlineno} {code.co_name}")

    sys.setprofile(record)
    try:
        request()
    finally:
        sys.setprofile(None)
    return calls


def make_requests() -> dict[str, Callable[[], object]]:
    """Return the requests to count, by the name of their aim."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = int(time.time())
    claims = {"iss": ISSUER_ID, "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1"}
    token = jwt.encode(claims, key, algorithm="ES256", headers={"kid": KEY_ID})
    emulator = Emulator()
    emulator.trust(KEY_ID, ISSUER_ID, "team", key.public_key())
    app = emulator.add("apps", name="Lists", bundleId="com.example.lists")
    session = Session(emulator.base_url, token=lambda: token, adapter=EmulatorAdapter(emulator))
    group = {
        "data": {
            "type": "betaGroups",
            "attributes": {"name": "Friends"},
            "relationships": {"app": {"data": {"type": "apps", "id": app["id"]}}},
        }
    }

    def get() -> None:
        session.get("/v1/apps?filter[bundleId]=com.example.lists").raise_for_status()

    def post() -> None:
        session.post("/v1/betaGroups", json=group).raise_for_status()

    return dict(zip(AIMS, (get, post), strict=True))


def main(arguments: list[str]) -> int:
    """Print the counts and their aims; return 1 if a count is above its aim."""
    missed = False
    for name, request in make_requests().items():
        calls = count_calls(request)
        missed = missed or len(calls) > AIMS[name]
        print(f"{name}: {len(calls)} calls, aim {AIMS[name]}")
        if "--list" in arguments:
            print(*(f"  {call}" for call in calls), sep="\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
