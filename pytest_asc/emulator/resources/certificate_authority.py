"""Untrusted certificate authority that signs certificates and provisioning profiles instead of Apple's.

Its key is generated on first use and kept until the process ends.
"""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# cryptography is imported in the functions that use it, because most tests sign nothing.

_NAME = "pytest-asc Certification Authority"
_VALID_FROM = datetime(2000, 1, 1, tzinfo=timezone.utc)
_VALID_UNTIL = datetime(2100, 1, 1, tzinfo=timezone.utc)


class _Authority(NamedTuple):
    key: EllipticCurvePrivateKey
    certificate: x509.Certificate


def read_request(text: str) -> x509.CertificateSigningRequest | None:
    """Parse a certificate signing request in PEM or in base64-encoded DER; None if it or its signature is invalid."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415

    try:
        if "-----BEGIN" in text:
            request = x509.load_pem_x509_csr(text.encode())
        else:
            request = x509.load_der_x509_csr(base64.b64decode(text))
        sound = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return request if sound else None


def is_rsa_2048(request: x509.CertificateSigningRequest) -> bool:
    """Return whether the key of a request is RSA with 2048 bits, the only one that Apple accepts for signing code."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415

    key = request.public_key()
    return isinstance(key, RSAPublicKey) and key.key_size == 2048  # noqa: PLR2004  the name of the type explains the number


def issue(
    request: x509.CertificateSigningRequest,
    *,
    name: str,
    holder: str,
    team: str,
    serial: int,
    since: float,
    until: float,
) -> bytes:
    """Issue a certificate for the key of a request. The subject of the request is ignored (observed).

    Args:
        request: The certificate signing request.
        name: Common name without an id, such as ``Apple Distribution: Example``.
        holder: ID of the holder: the team for distribution, a member or an API key for development.
        team: The team ID.
        serial: Serial number.
        since: Start of the validity, in seconds since 1970.
        until: End of the validity, in seconds since 1970.

    Returns:
        The certificate, in DER.
    """
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    authority = _authority()
    # A common name has a maximum of 64 characters (RFC 5280).
    names = {
        NameOID.USER_ID: holder,
        NameOID.COMMON_NAME: f"{name} ({holder})"[:64],
        NameOID.ORGANIZATIONAL_UNIT_NAME: team,
    }
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(oid, value) for oid, value in names.items()]))
        .issuer_name(authority.certificate.subject)
        .public_key(request.public_key())
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(since, timezone.utc))
        .not_valid_after(datetime.fromtimestamp(until, timezone.utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=True)
        .sign(authority.key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def sign_message(content: bytes) -> bytes:
    """Sign content, and return the CMS message in DER, the format of provisioning profiles."""
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import pkcs7  # noqa: PLC0415

    authority = _authority()
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(authority.certificate, authority.key, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )


@cache
def _authority() -> _Authority:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Authority(key, certificate)
