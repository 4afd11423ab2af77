"""Faults of the private key: for each cause, a function that changes the text of a valid key file."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from pytest_asc.credentials.throw_away import new_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _pem(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption(),  # noqa: B008  immutable
) -> str:
    pkcs8 = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, encryption).decode("ascii")


def _public_key_of(text: str) -> str:
    key = serialization.load_pem_private_key(text.encode("ascii"), password=None)
    public_format = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, public_format).decode("ascii")


def _certificate(_: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pytest-asc")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=timezone.utc))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=timezone.utc))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _pkcs12(_: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    archive = pkcs12.serialize_key_and_certificates(b"pytest-asc", key, None, None, serialization.NoEncryption())
    return base64.b64encode(archive).decode("ascii")


KEYS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "key-empty": lambda _: "",
        "key-placeholder": lambda _: "${ASC_PRIVATE_KEY}",
        "key-newlines-lost": lambda text: text.strip().replace("\n", r"\n"),
        "key-base64-encoded": lambda text: base64.b64encode(text.encode()).decode(),
        "key-pem-lines-missing": lambda text: "\n".join(text.splitlines()[1:-1]),
        "key-invisible-characters": lambda text: "\ufeff" + text,
        "key-indented": lambda text: re.sub("^", "    ", text, flags=re.MULTILINE),
        "key-quoted": lambda text: f'"{text.strip()}"',
        "key-truncated": lambda text: text[: len(text) // 2],
        "key-encrypted": lambda _: _pem(
            ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"pytest-asc")
        ),
        "key-is-certificate": _certificate,
        "key-is-public": _public_key_of,
        "key-is-pkcs12": _pkcs12,
        "key-not-ec": lambda _: _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "key-wrong-curve": lambda _: _pem(ec.generate_private_key(ec.SECP384R1())),
        "key-several": lambda text: text + new_key(),
        "key-of-other-vendor": lambda _: '{"type": "service_account", "project_id": "pytest-asc"}',
        "key-unparsable": lambda text: text.replace("M", "/", 1),
    }
)
"""Maps the slug of a cause to a function that takes the text of a valid key file and returns one with the fault."""
