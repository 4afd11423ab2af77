"""Evidence of real cases: the key is generated here, and everything else is as people reported it."""

from __future__ import annotations

import base64
from email.utils import formatdate
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.credentials.tokens import sign

NOW = 1_780_000_000
MINUTE, HOUR, DAY = 60, 3600, 86_400
KEY_ID, TEAM_ID = "2X9R7KQF34", "M436QS2634"
ISSUER = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
BUNDLE_ID = "com.example.app"
KEY = ec.generate_private_key(ec.SECP256R1())
P8 = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
BODY = "".join(P8.splitlines()[1:-1])
API = APP_STORE_CONNECT.base_url
APPS = f"{API}/v1/apps"
PRODUCTION, SANDBOX = (f"https://api.{name}.itunes.apple.com" for name in ("storekit", "storekit-sandbox"))
PUSH = "https://api.push.apple.com/3/device/80F3C8FA"


class Case(NamedTuple):
    """One case."""

    source: str
    """Its source: ``repository#number``, or the address of a page."""
    description: str
    """The case in a few words."""
    evidence: Any
    """The evidence that a tool could have had."""
    causes: tuple[str, ...]
    """The expected causes, in this order; empty if nothing is wrong."""
    says: str = ""
    """A figure or a word that the evidence or the fix must hold."""

    @property
    def name(self) -> str:
        """Name of the case, for the ID of its test."""
        return f"{self.source} {self.description}"


class Stored(NamedTuple):
    """Credentials as they were stored."""

    environ: dict[str, str]
    """The environment; every value is kept to the character."""
    files: dict[str, str] = {}  # noqa: RUF012  never written to
    """Texts by their paths in the home folder."""


class Held(NamedTuple):
    """Any evidence that ``asc_diagnose`` accepts."""

    thing: object
    ahead: float = 0
    """Seconds that this machine's clock is ahead of Apple's, which says :data:`NOW`."""
    utc_offset: int = 0
    """Seconds that its local time is ahead of UTC."""
    service: str | None = None


def asc(**values: str) -> Stored:
    """Return valid credentials in the variables of rorkai's asc, with some values changed."""
    good = {"ASC_KEY_ID": KEY_ID, "ASC_ISSUER_ID": ISSUER, "ASC_PRIVATE_KEY": P8}
    return Stored({**good, **values})


def fastlane(**values: str) -> Stored:
    """Return valid credentials in the variables of fastlane, with some values changed."""
    prefix = "APP_STORE_CONNECT_API_KEY_"
    return Stored(
        {prefix + name: value for name, value in {"KEY_ID": KEY_ID, "ISSUER_ID": ISSUER, "KEY": P8, **values}.items()}
    )


def b64(text: str | bytes) -> str:
    """Encode as ``base64 -w0`` does."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Return a token of a team key, valid for 15 minutes, with some claims changed; None removes a claim."""
    members = {"iss": ISSUER, "iat": NOW, "exp": NOW + 15 * MINUTE, "aud": "appstoreconnect-v1", **claims}
    joined = {"alg": "ES256", "kid": KEY_ID, "typ": "JWT", **(header or {})}
    kept = [{name: value for name, value in part.items() if value is not None} for part in (joined, members)]
    return sign(kept[0], kept[1], KEY)


def of_team(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Return a token for the services whose issuer is the team: without ``aud``, and without ``exp`` unless given."""
    return token(header, **{"iss": TEAM_ID, "aud": None, "exp": None, **claims})


def make_response(
    status: int, body: object, *, url: str = APPS, method: str = "GET", bearer: str | None = None, **headers: str
) -> dict[str, Any]:
    """Return a response with the time of Apple's clock, and its request."""
    sent = {} if bearer is None else {"headers": {"Authorization": f"Bearer {bearer}"}}
    return {
        "status": status,
        "headers": {"Date": formatdate(NOW, usegmt=True), **headers},
        "body": body,
        "request": {"method": method, "url": url, **sent},
    }


def error(status: int, code: str, title: str = "", detail: str = "") -> dict[str, Any]:
    """Return an error document of App Store Connect."""
    return {"errors": [{"status": str(status), "code": code, "title": title, "detail": detail}]}


NOT_AUTHORIZED = error(401, "NOT_AUTHORIZED", "Authentication credentials are missing or invalid.")
UNAUTHENTICATED = "Unauthenticated\n\nRequest ID: ICM7THHI5RZTBKUQA3VWJCUECA.0.0\n"
FORBIDDEN = "This request is forbidden for security reasons"


def refused(bearer: str, **more: str) -> dict[str, Any]:
    """Return the only 401 that App Store Connect sends."""
    return make_response(401, NOT_AUTHORIZED, bearer=bearer, **more)


def at_server(bearer: str, body: str = UNAUTHENTICATED, host: str = PRODUCTION) -> dict[str, Any]:
    """Return the 401 of the App Store Server."""
    return make_response(401, body, url=f"{host}/inApps/v1/subscriptions/1", bearer=bearer)
