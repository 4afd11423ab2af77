from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from pytest_asc import Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_asc import Credentials, Token

KEYS = [
    ec.generate_private_key(ec.SECP256R1()),
    rsa.generate_private_key(65537, 2048),
    ed25519.Ed25519PrivateKey.generate(),
]


def texts_of(key: Any) -> list[str]:
    content = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return [pem.decode(), b64encode(content).decode()]


def refusal_of(document: dict[str, Any], file: Path) -> str:
    file.write_text(json.dumps(document), encoding="utf-8")
    refusals = []
    for source in (document, file):
        emulator = Emulator()
        with pytest.raises(ValueError) as refused:  # noqa: PT011  the message is returned
            emulator.load(source)
        refusals.append(str(refused.value))
        assert emulator.find("appStoreReviewDetails") == []
    assert refusals[0] == refusals[1]
    return refusals[0]


@pytest.mark.parametrize("key", KEYS)
def test_a_document_with_a_private_key_is_rejected_with_the_path_of_the_key(key: Any, tmp_path: Path) -> None:
    for text in texts_of(key):
        notes = f"Sign in with this: {text}"
        entry = {"type": "appStoreReviewDetails", "id": "1", "attributes": {"notes": notes}}
        document = {"data": [{"type": "apps", "id": "1"}, entry]}
        refusal = refusal_of(document, tmp_path / "account.json")
        assert refusal.startswith("data[1].attributes.notes looks like a private key")
        assert text[40:60] not in refusal


def test_a_document_with_a_token_anywhere_is_rejected(asc_token: Token, tmp_path: Path) -> None:
    for document in (
        {"data": [], "note": [{"header": f"Bearer {asc_token}"}]},
        {"data": [{"type": "apps", "id": str(asc_token)}]},
        {"data": [], str(asc_token): 1},
    ):
        refusal = refusal_of(document, tmp_path / "account.json")
        assert "looks like a JSON Web Token" in refusal
        assert str(asc_token)[20:40] not in refusal


@pytest.mark.parametrize(
    ("prefix", "service"),
    [("ghp_", "GitHub"), ("gho_", "GitHub"), ("github_pat_", "GitHub"), ("glpat-", "GitLab"), ("xoxb-", "Slack")],
)
def test_a_document_with_a_token_of_another_service_is_rejected(prefix: str, service: str, tmp_path: Path) -> None:
    document = {"data": [{"type": "apps", "id": "1", "attributes": {"name": prefix + "aB3dE5gH7jK9" * 4}}]}
    refusal = refusal_of(document, tmp_path / "account.json")
    assert refusal.startswith(f"data[0].attributes.name looks like a {service} token")


@pytest.mark.parametrize("before", ["", " ", "\n", "\t", '"', "\\", "\u0001", "x-", "note:", "é "])
def test_a_token_is_found_after_any_character(asc_token: Token, tmp_path: Path, before: str) -> None:
    document = {"data": [{"type": "apps", "id": "1", "attributes": {"name": f"{before}{asc_token}"}}]}
    refusal = refusal_of(document, tmp_path / "account.json")
    assert refusal.startswith("data[0].attributes.name looks like a JSON Web Token")


@pytest.mark.parametrize("before", ["", "\n", '"', "\u0001"])
def test_a_private_key_is_found_after_any_character(tmp_path: Path, before: str) -> None:
    entry = {"type": "apps", "id": "1", "attributes": {"name": before + texts_of(KEYS[0])[1]}}
    refusal = refusal_of({"data": [entry]}, tmp_path / "account.json")
    assert refusal.startswith("data[0].attributes.name looks like a private key")


@pytest.mark.parametrize("piece", ["-eyJ", "eyJaaaaaaaaaaaa-", "a.eyJ", "Bearer ", "-----BEGIN ", "MIG", "xox"])
def test_long_texts_that_resemble_secrets_take_linear_time(piece: str) -> None:
    name = piece * (1_000_000 // len(piece)) + ".eyJ PRIVATE KEY AgEA"
    Emulator().load({"data": [{"type": "apps", "id": "1", "attributes": {"name": name}}]})


def test_values_that_are_not_json_are_searched_too(asc_token: Token) -> None:
    document: dict[Any, Any] = {"data": [], "note": {1, 2}, "token": f"{asc_token}"}
    with pytest.raises(ValueError, match=r"^token looks like a JSON Web Token"):
        Emulator().load(document)


def test_certificates_public_keys_and_ids_of_price_points_are_accepted(
    asc_credentials: Credentials, asc_emulator: Emulator
) -> None:
    public = asc_credentials.public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    asc_emulator.load_sample()
    key = asc_emulator.find("alternativeDistributionKeys")[0]
    asc_emulator.update(key, publicKey=public.decode())
    Emulator().load(asc_emulator.dump())
