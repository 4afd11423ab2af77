"""Generation, caching and verification of tokens, compared with PyJWT: ``python benchmarks/tokens.py``."""

from __future__ import annotations

import time

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from interleaved import Aim, measure, repeat, show

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.credentials.finder import Credentials
from pytest_asc.credentials.tokens import TokenSource, mint
from pytest_asc.diagnosis.token.verify import verify_token

AIMS = (
    Aim("generate", "generate, PyJWT", 1 / 0.95),
    Aim("generate", "signature only"),
    Aim("cached token", "empty call"),
    Aim("verify", "verify, PyJWT"),
    Aim("verify, cached", "verify, PyJWT", 0.01),
)


def main() -> None:
    """Measure, and print the ratios."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    issuer_id = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
    credentials = Credentials(key_id="2X9R7KQF34", issuer_id=issuer_id, kind="team", private_key=key, sources={})
    payload = {"iss": issuer_id, "iat": 1_528_407_600, "exp": 1_528_408_500, "aud": "appstoreconnect-v1"}
    source = TokenSource(credentials)
    token = str(source.token())
    verification = verify_token(token, service=APP_STORE_CONNECT, key=public)
    cases = {
        "generate, PyJWT": (
            repeat(lambda: jwt.encode(payload, key, algorithm="ES256", headers={"kid": "2X9R7KQF34"})),
            500,
        ),
        "generate": (repeat(lambda: mint(credentials, now=time.time())), 500),
        "signature only": (repeat(lambda: key.sign(b"x" * 200, ec.ECDSA(hashes.SHA256()))), 500),
        "cached token": (repeat(source.token), 20_000),
        "empty call": (repeat(lambda: None), 20_000),
        "verify, PyJWT": (
            repeat(lambda: jwt.decode(token, public, algorithms=["ES256"], audience="appstoreconnect-v1")),
            200,
        ),
        "verify": (repeat(lambda: verify_token(token, service=APP_STORE_CONNECT, key=public)), 200),
        "verify, cached": (
            repeat(lambda: verification.valid_from <= time.time() < verification.valid_until),
            20_000,
        ),
    }
    show("Tokens", AIMS, measure(cases))


if __name__ == "__main__":
    main()
