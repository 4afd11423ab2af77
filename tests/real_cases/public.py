"""Cases of ``public_cases.json`` and ``healthy.json``: their evidence, with a key that is generated here.

In the tables, ``<<name>>`` stands for a form of the key (``KEYS``), the home folder or the token of the case,
and ``@now+900`` for a time: seconds since 1970, with ``ms`` and ``us`` behind it in those units, with ``s`` as a text.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import requests
import urllib3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from real_cases.evidence import BODY, KEY, NOW, P8, b64

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PublicCase:
    """A case of either table."""

    source: str
    """Its repository and thread or file, or its page."""
    case: str
    """The cause in a few words, or what is odd about what is right."""
    given: dict[str, Any]
    """The evidence, with recipes in it."""
    thread: str = ""
    """The words of the source that tell the cause."""
    causes: tuple[str, ...] = ()
    """The causes of which the first finding has one."""
    cannot_be_told: bool = False
    """True where the evidence is too little for any cause: what is said then is a possibility or a note."""
    says: str = ""
    """A regular expression that the title, the evidence or the fix of the first finding matches."""
    not_said: str = ""
    """One that no finding matches: it would be wrong."""
    allowed: tuple[str, ...] = ()
    """Causes that may be named where the credentials are right and the request was not."""
    reconstructed: str = ""
    """The part of the evidence that the source does not show."""
    page_not_opened: bool = False
    """True where the set-up is from general documentation, and the page was not opened for this table."""
    now: float = NOW
    """The time of the case, in seconds since 1970."""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.source} {self.case}")


def load(file: str) -> tuple[PublicCase, ...]:
    """Load a table of this folder."""
    rows = json.loads((_FOLDER / file).read_text(encoding="utf-8"))
    lists = ("causes", "allowed")
    return tuple(PublicCase(**{**row, **{name: tuple(row.get(name, ())) for name in lists}}) for row in rows)


_SEC1 = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
_ESCAPED = P8.replace("\n", "\\n")


def _on_one_line(body: str) -> str:
    return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"


def _apples_form() -> str:
    """Return the key in the form of Apple's files: the curve is repeated inside it, and there is no final newline."""
    inner = KEY.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    algorithm = bytes.fromhex("020100301306072a8648ce3d020106082a8648ce3d030107")
    content = algorithm + b"\x04" + bytes([len(inner)]) + inner
    digits = b64(b"\x30\x81" + bytes([len(content)]) + content)
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *re.findall(".{1,64}", digits), "-----END PRIVATE KEY-----"])


KEYS = {
    "p8": P8,
    "p8:escaped": _ESCAPED,
    "p8:oneline": P8.replace("\n", ""),
    "p8:spaces": P8.replace("\n", " ").strip(),
    "p8:b64": b64(P8),
    "p8:b64lines": base64.encodebytes(P8.encode()).decode(),
    "p8:escaped:b64": b64(_ESCAPED),
    "p8:body": BODY,
    "p8:bodylines": "\n".join(P8.splitlines()[1:-1]) + "\n",
    "p8:crlf": P8.replace("\n", "\r\n"),
    "p8:nofinal": P8.rstrip("\n"),
    "p8:blankend": P8 + "\n\n",
    "p8:oneline64": _on_one_line(BODY),
    "p8:cutbody": _on_one_line(BODY[:120]),
    "p8:letters-replaced": _on_one_line(re.sub("^(...)...(.{40}).{5}(.{15}).{5}", r"\1BUS\2APPLE\3APPLE", BODY)),
    "p8:encrypted": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode(),
    "sec1": _SEC1,
    "sec1:b64": b64(_SEC1),
    "apple-p8": _apples_form(),
}
"""Forms of one key: a recipe's name, and the text."""

_TIME = re.compile(r"@now([+-][0-9.]+)?(ms|us|s)?")
_UNITS = {"ms": 1_000, "us": 1_000_000}


def fill(value: Any, now: float, **more: str) -> Any:
    """Replace the placeholders of keys and times in a JSON value.

    Args:
        value: The value.
        now: Seconds since 1970.
        **more: Further texts by the names of their placeholders.
    """
    if isinstance(value, dict):
        return {name: fill(member, now, **more) for name, member in value.items()}
    if isinstance(value, list):
        return [fill(member, now, **more) for member in value]
    if not isinstance(value, str):
        return value
    if time := _TIME.fullmatch(value):
        at, unit = now + float(time[1] or 0), time[2]
        return str(int(at)) if unit == "s" else int(at * _UNITS.get(unit, 1))
    return re.sub("<<(.*?)>>", lambda recipe: {**KEYS, **more}[recipe[1]], value)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sign(spec: dict[str, Any], now: float) -> str:
    """Make the token of a case; the header may be JSON as text, which need not be well-formed."""
    header, claims = spec["header"], spec["claims"]
    parts = [part if isinstance(part, str) else json.dumps(fill(part, now)) for part in (header, claims)]
    signed = ".".join(_encode(part.encode()) for part in parts)
    how = spec.get("signature", "es256")
    if how.startswith("hs256"):
        secret = P8 if how == "hs256-with-p8" else BODY
        signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    else:
        r, s = decode_dss_signature(KEY.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return f"{signed}.{_encode(signature)}"


_EXCEPTIONS: dict[str, type[Exception]] = {
    "ValueError": ValueError,
    "RuntimeError": RuntimeError,
    "Exception": Exception,
    "requests.exceptions.InvalidSchema": requests.exceptions.InvalidSchema,
}


def raised(spec: dict[str, Any]) -> BaseException:
    """Return the exception of a case: from a request through a proxy, or of a library by its name and message."""
    if proxy := spec.get("proxy"):
        return _raised_by_proxy(proxy)
    name, message = spec["type"], spec["message"]
    if name == "urllib3.exceptions.ProxySchemeUnknown":
        return urllib3.exceptions.ProxySchemeUnknown(message)
    module, _, short = name.rpartition(".")
    kind = _EXCEPTIONS.get(name) or type(short, (Exception,), {"__module__": module or "other"})
    error: BaseException = kind(message) if message else kind()
    return error


def _raised_by_proxy(proxy: str) -> BaseException:
    with requests.Session() as session:
        session.trust_env = False
        try:
            session.get("https://api.appstoreconnect.invalid/v1/apps", proxies={"https": proxy}, timeout=1)
        except Exception as error:  # noqa: BLE001  whatever it is
            return error
    raise AssertionError("it raised nothing")


def evidence_of(case: PublicCase, now: float) -> dict[str, Any]:
    """Return the arguments of ``pytest_asc.diagnose``, except the time, for a case without an environment."""
    given = case.given
    service = {"service": given["service"]} if "service" in given else {}
    if "token" in given:
        return {"token": sign(given["token"], now), **service}
    if "raw_token" in given:
        return {"token": fill(given["raw_token"], now), **service}
    bearer = sign(given["bearer"], now) if "bearer" in given else ""
    if "text" in given:
        return {"evidence": fill(given["text"], now, token=bearer), **service}
    if "response" in given:
        return {"evidence": _response(given["response"], now), **service}
    if "request" in given:
        request = fill(given["request"], now)
        headers = {"Authorization": given.get("scheme", "Bearer ") + bearer} if bearer else {}
        return {"evidence": {**request, "headers": {**request["headers"], **headers}}, **service}
    return {"evidence": raised(given["exception"]) if "exception" in given else given["object"], **service}


def _response(spec: dict[str, Any], now: float) -> dict[str, Any]:
    headers = requests.structures.CaseInsensitiveDict({"Date": formatdate(now, usegmt=True)})
    if isinstance(spec["body"], (dict, list)):
        headers["Content-Type"] = "application/json"
    headers.update(spec["headers"])
    sent = {"headers": {"Authorization": f"Bearer {sign(spec['token'], now)}"}} if "token" in spec else {}
    request = {"method": spec["method"], "url": spec["url"], **sent}
    body = gzip.compress(spec["body"].encode()) if spec.get("gzip") else spec["body"]
    return {"status": spec["status"], "headers": dict(headers), "body": body, "request": request}
