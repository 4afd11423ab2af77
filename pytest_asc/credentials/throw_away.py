"""Throw-away credentials: a new key, and IDs that do not exist at Apple."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_asc.apple.services import APP_STORE_CONNECT, ServiceIds
from pytest_asc.credentials.finder import Credentials

if TYPE_CHECKING:
    from pytest_asc.apple.services import Service

KEY_ID = "EMULATOR24"
ISSUER_ID = "0e0e0e0e-a5c0-4e3d-9f1c-5eb0a6f0e024"
TEAM_ID = "EMULATEAM1"
SERVICE_ID = "com.example.weather"
BUNDLE_ID = "com.example.lists"
SOURCE = "emulator"


def new_key() -> str:
    """Return the text of a new private key, in the form of a .p8 file from App Store Connect."""
    key = ec.generate_private_key(ec.SECP256R1())
    pkcs8 = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()).decode("ascii")


def new_credentials(service: Service = APP_STORE_CONNECT) -> Credentials:
    """Return credentials with a new key.

    Args:
        service: The service that the credentials are for.
    """
    return Credentials(
        KEY_ID,
        ISSUER_ID,
        "enterprise" if service.name == "enterprise" else "team",
        ec.generate_private_key(ec.SECP256R1()),
        dict.fromkeys(("key_id", "issuer_id", "private_key"), SOURCE),
        ServiceIds(team_id=TEAM_ID, service_id=SERVICE_ID, bundle_id=BUNDLE_ID),
    )
