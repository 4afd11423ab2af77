"""Client of an emulator with a key and a clock that tests can set."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_asc.emulator.app import Emulator, Request
from pytest_asc.emulator.spec.compiler import ADDENDUM, merge, read_document

BASE = "https://api.appstoreconnect.apple.com"
NOW = 1_780_000_000.0
KEY_ID = "2X9R7KQF34"
ISSUER_ID = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
KEY = ec.generate_private_key(ec.SECP256R1())


def token(*, key: ec.EllipticCurvePrivateKey = KEY, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """Sign a token with the key that is valid at :data:`NOW`. Claims and headers that are None are left out."""
    now = int(NOW)
    payload = {"iss": ISSUER_ID, "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1", **claims}
    header = {"kid": KEY_ID, **(headers or {})}
    return jwt.encode(
        {name: value for name, value in payload.items() if value is not None},
        key,
        algorithm="ES256",
        headers={name: value for name, value in header.items() if value is not None},
    )


TOKEN = token()


class Answer(NamedTuple):
    """A response, with properties for its content."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        return [resource["id"] for resource in self.json["data"]]

    @property
    def codes(self) -> list[str]:
        return [error["code"] for error in self.json["errors"]]


class Clock:
    """A clock whose time only changes when a test sets it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class EmulatorClient:
    """An emulator with its clock, and methods that send requests with a valid token."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.emulator = Emulator(clock=self.clock)
        self.emulator.trust(KEY_ID, ISSUER_ID, "team", KEY.public_key())

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """Send a request to a path of the service, or to an absolute URL."""
        url = path if "://" in path else BASE + path
        sent = {"Authorization": f"Bearer {TOKEN}"} if headers is None else headers
        response = self.emulator.handle(Request(method, url, sent, body))
        if response.crash:
            raise response.crash
        return Answer(response.status, response.headers, response.body)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers={"Authorization": f"Bearer {TOKEN}", **headers})


@cache
def find_openapi() -> Path | None:
    """Return the path of Apple's OpenAPI document: that in ASC_OPENAPI, or in a folder next to the project."""
    named = os.environ.get("ASC_OPENAPI")
    if named:
        return Path(named)
    shared = Path(__file__).parents[3] / "shared" / "apple"
    return max(shared.glob("openapi-*.json"), default=None)


@cache
def openapi() -> dict[str, Any]:
    """Return Apple's OpenAPI document, with the addendum if it is an older one; skip the test if there is none."""
    path = find_openapi()
    if path is None or not path.is_file():
        pytest.skip("Apple's OpenAPI document is not here: set ASC_OPENAPI to its path")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return merge(document, read_document(ADDENDUM)) if document["info"]["version"] == "4.4.1" else document


@cache
def _openapi_text() -> str:
    return json.dumps(openapi())


def copy_of_openapi() -> dict[str, Any]:
    """Return a copy of the document that a test can change."""
    document: dict[str, Any] = json.loads(_openapi_text())
    return document
