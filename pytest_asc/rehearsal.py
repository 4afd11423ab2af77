"""The credentials of the emulator mode: a throw-away key, or one that rehearses a cause.

A rehearsed key is spoilt the way secrets are spoilt on their way into an environment, and then read, judged and sent
like any other.
"""

from __future__ import annotations

import base64
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pytest_asc.settings import SettingsError, settings_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from pytest_asc.settings import Settings

KEY_ID = "EMULATOR24"
ISSUER_ID = "0e0e0e0e-a5c0-4e3d-9f1c-5eb0a6f0e024"
TEAM_ID = "EMULATEAM1"
SERVICE_ID = "com.example.weather"
BUNDLE_ID = "com.example.lists"
SOURCE = "emulator"


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def _encrypted(_: str) -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"rehearsal"),
        )
        .decode("ascii")
    )


def _public(text: str) -> str:
    key = serialization.load_pem_private_key(text.encode("ascii"), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode("ascii")
    )


_KEY_TEXT: dict[str, Callable[[str], str]] = {
    "key-empty": lambda _: "",
    "key-placeholder": lambda _: "${ASC_PRIVATE_KEY}",
    "key-newlines-lost": lambda text: text.strip().replace("\n", r"\n"),
    "key-base64-encoded": lambda text: base64.b64encode(text.encode()).decode(),
    "key-pem-lines-missing": lambda text: "\n".join(text.splitlines()[1:-1]),
    "key-invisible-characters": lambda text: "\ufeff" + text,
    "key-indented": lambda text: re.sub("^", "    ", text, flags=re.MULTILINE),
    "key-quoted": lambda text: f'"{text.strip()}"',
    "key-truncated": lambda text: text[: len(text) // 2],
    "key-encrypted": _encrypted,
    "key-is-public": _public,
    "key-not-ec": lambda _: _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    "key-wrong-curve": lambda _: _pem(ec.generate_private_key(ec.SECP384R1())),
    "key-unparsable": lambda text: text.replace("M", "/", 1),
}
_KEY_ID: dict[str, Callable[[str], str]] = {
    "key-id-whitespace": lambda key_id: f"{key_id}\n",
    "key-id-quoted": lambda key_id: f'"{key_id}"',
    "key-id-missing": lambda _: "",
    "key-id-is-file-name": lambda key_id: f"AuthKey_{key_id}.p8",
}
_ISSUER_ID: dict[str, Callable[[str], str]] = {
    "issuer-id-whitespace": lambda issuer_id: f"{issuer_id}\n",
    "issuer-id-quoted": lambda issuer_id: f'"{issuer_id}"',
    "issuer-id-not-uuid": lambda _: "ABCDE12345",
    "issuer-id-missing": lambda _: "",
}

# What the token of a rehearsal is minted with; the judge then finds what it finds in anyone's.
TOKEN: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "token-lifetime-too-long": {"lifetime": 20 * 60 + 1},
        "token-lifetime-at-limit": {"lifetime": 20 * 60},
        "token-expired": {"lifetime": 0},
        "token-exp-is-duration": {"claims": {"exp": 1200}},
        "token-audience": {"claims": {"aud": "appstoreconnect-v2"}},
        "token-issuer": {"claims": {"iss": None}},
        "token-subject": {"claims": {"iss": None, "subject": "user"}},
        "token-claims-mixed": {"claims": {"sub": "user"}},
        "token-algorithm": {"headers": {"alg": "ES384"}},
        "token-kid-missing": {"headers": {"kid": None}},
        "token-form": {"claims": {"nonce": "rehearsal"}},
        "token-scope-format": {"claims": {"scope": "GET /v1/apps"}},
        "token-scope-mismatch": {"scope": ["GET /v1/users"]},
        "token-of-other-service": {"service": "apns"},
        "token-long-lived-not-allowed": {"scope": ["GET /v1/apps"], "lifetime": 24 * 60 * 60},
    }
)
NETRC = "default login rehearsal password rehearsal\n"
"""A netrc file that spoils a request as ``header-overridden-by-netrc`` has it."""


def _with_header(name: str, change: Callable[[str], str]) -> Callable[[requests.PreparedRequest], Any]:
    def spoil(good: requests.PreparedRequest) -> requests.PreparedRequest:
        spoilt = good.copy()
        spoilt.headers[name] = change(str(good.headers.get(name, "")))
        return spoilt

    return spoil


def _with_url(change: Callable[[SplitResult], SplitResult]) -> Callable[[requests.PreparedRequest], Any]:
    def spoil(good: requests.PreparedRequest) -> requests.PreparedRequest:
        spoilt = good.copy()
        spoilt.url = change(urlsplit(good.url or "")).geturl()
        return spoilt

    return spoil


def _without_header(good: requests.PreparedRequest) -> requests.PreparedRequest:
    spoilt = good.copy()
    del spoilt.headers["Authorization"]
    return spoilt


def _token_as_headers(good: requests.PreparedRequest) -> requests.Request:
    import requests  # noqa: PLC0415  only this one makes a request

    token: Any = good.headers["Authorization"].partition(" ")[2]
    return requests.Request(good.method, good.url, headers=token)


def _posted(good: requests.PreparedRequest) -> requests.PreparedRequest:
    spoilt = _without_header(good)
    spoilt.method = "POST"
    spoilt.body = f"grant_type=client_credentials&assertion={good.headers['Authorization'].partition(' ')[2]}"
    return spoilt


_BASIC = base64.b64encode(b"rehearsal:rehearsal").decode("ascii")

# A good prepared request as people spoil it; ``asc_diagnose`` then names the cause.
REQUESTS: Mapping[str, Callable[[requests.PreparedRequest], Any]] = MappingProxyType(
    {
        "header-missing": _without_header,
        "bearer-missing": _with_header("Authorization", lambda header: header.partition(" ")[2]),
        "bearer-doubled": _with_header("Authorization", lambda header: f"Bearer {header}"),
        "header-overridden-by-netrc": _with_header("Authorization", lambda _: f"Basic {_BASIC}"),
        "headers-is-token": _token_as_headers,
        "token-in-body": _posted,
        "wrong-host": _with_url(lambda url: url._replace(netloc="appstoreconnect.apple.com")),
        "insecure-url": _with_url(lambda url: url._replace(scheme="http")),
        "url-invalid": _with_url(lambda url: url._replace(netloc="[")),
    }
)
CREDENTIALS = frozenset({"credentials-missing", "ids-swapped", "service-id-missing", *_KEY_TEXT, *_KEY_ID, *_ISSUER_ID})


# The causes that only one service has, and which.
SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "service-id-missing": "weatherkit",
        "missing-auth": "weatherkit",
        "service-not-enabled": "weatherkit",
        "app-not-released": "app-store-server",
    }
)


def check_fault(fault: str, *, service: str | None = None) -> None:
    """See that a cause can be rehearsed.

    Args:
        fault: The slug of the cause.
        service: The name of the service that was chosen; None where none was.

    Raises:
        SettingsError: It cannot; the message lists those that can.
    """
    from pytest_asc.emulator.faults import FAULTS  # noqa: PLC0415  the emulator is loaded where it is used

    known = sorted({*CREDENTIALS, *TOKEN, *FAULTS})
    if fault not in known:
        raise SettingsError(f"{fault!r} is no such cause to rehearse; there are {', '.join(known)}")
    if service not in {None, SERVICES.get(fault, service)}:
        raise SettingsError(f"{fault!r} is a cause of {SERVICES[fault]}, and --asc-service is {service}")


def throw_away_settings(fault: str | None = None, service: str | None = None) -> Settings:
    """Settings with a new key, spoilt as the fault wants it.

    Args:
        fault: The slug of a cause; causes that are no state of a key leave it good.
        service: The name of the service that the key is for; None for App Store Connect.
    """
    values = {
        "team_id": "" if fault == "service-id-missing" else TEAM_ID,
        "service_id": SERVICE_ID,
        "bundle_id": BUNDLE_ID,
        "key_id": _KEY_ID.get(fault or "", str)(KEY_ID),
        "issuer_id": _ISSUER_ID.get(fault or "", str)(ISSUER_ID),
        "private_key": _KEY_TEXT.get(fault or "", str)(_pem(ec.generate_private_key(ec.SECP256R1()))),
    }
    if fault == "ids-swapped":
        values["key_id"], values["issuer_id"] = values["issuer_id"], values["key_id"]
    if fault == "credentials-missing":
        values = {}
    if service:
        values["service"] = service
    return settings_with(values, SOURCE)
