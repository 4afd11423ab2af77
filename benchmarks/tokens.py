"""Minting, keeping and judging tokens, beside PyJWT with a loaded key."""

from __future__ import annotations

import time

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from interleaved import compare

from pytest_asc.credentials import Credentials
from pytest_asc.diagnosis.token import examine
from pytest_asc.services import APP_STORE_CONNECT
from pytest_asc.tokens import TokenSource, mint


def main() -> None:
    """Print the tables."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_id = "57246542-96fe-1a63-e053-0824d011072a"
    credentials = Credentials(key_id="2X9R4HXF34", issuer_id=issuer_id, kind="team", private_key=key, sources={})
    payload = {"iss": issuer_id, "iat": 1_528_407_600, "exp": 1_528_408_500, "aud": "appstoreconnect-v1"}
    compare(
        "Minting a token",
        {
            "PyJWT, loaded key": lambda: jwt.encode(payload, key, algorithm="ES256", headers={"kid": "2X9R4HXF34"}),
            "pytest-asc": lambda: mint(credentials, now=time.time()),
            "the raw signature": lambda: key.sign(b"x" * 200, ec.ECDSA(hashes.SHA256())),
        },
        calls=500,
    )
    source = TokenSource(credentials)
    compare("A kept token", {"TokenSource.token": source.token, "an empty call": lambda: None}, calls=20_000)
    token = source.token()
    public = key.public_key()
    examination = examine(token, service=APP_STORE_CONNECT, key=public)
    compare(
        "Judging a token",
        {
            "PyJWT": lambda: jwt.decode(token, public, algorithms=["ES256"], audience="appstoreconnect-v1"),
            "pytest-asc, first look": lambda: examine(token, service=APP_STORE_CONNECT, key=public),
            "pytest-asc, the times again": lambda: examination.valid_from <= time.time() < examination.valid_until,
        },
        calls=500,
    )


if __name__ == "__main__":
    main()
