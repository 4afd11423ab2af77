"""Check of the text of a private key: repairs it in memory if that is safe, or reports why it cannot be used."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.diagnosis.key import pem
from pytest_asc.diagnosis.key.placeholders import placeholder
from pytest_asc.diagnosis.key.repairs import QUOTES, REPAIRS, is_only_crlf
from pytest_asc.secrets import Redactor

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

MAX_SIZE = 64 * 1024
"""Maximum length of a text that is read as a key, in characters or bytes. A .p8 file has about 250 bytes."""

# Limit of the repair loop. No plausible damage needs as many repairs.
_MAX_REPAIRS = 24


@dataclass(frozen=True)
class KeyResult:
    """Result of :func:`read_key`."""

    key: EllipticCurvePrivateKey | None
    """The key; None if it cannot be read or is not of the type that Apple accepts."""
    findings: tuple[Finding, ...]
    """A warning for each kind of repair, or a single error if there is no key.

    Windows line endings in a file are only a note.
    """
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The text before and after each repair, for the redactor; empty for a placeholder, which is not secret."""


def read_key(text: str | bytes) -> KeyResult:
    """Read a private key from the text of a variable or the bytes of a file. Never raises for invalid input.

    Apple's keys are PKCS#8 in PEM, on the curve P-256 (ES256 is documented, the encoding was observed in downloaded
    keys).
    """
    if len(text) > MAX_SIZE:
        return _unusable(
            make_finding("key-unparsable", f"it has more than {MAX_SIZE} characters; a .p8 file has about 250")
        )
    seen: dict[str, list[str]] = {}
    is_file = isinstance(text, bytes)
    if isinstance(text, bytes):
        if pem.is_der(text):
            seen["key-pem-lines-missing"] = [f"it is a key in DER ({len(text)} bytes), not in PEM"]
        text = _as_text(text)
    if finding := _check_not_a_key(text):
        return _unusable(finding)
    forms = _repair(text, seen)
    block = pem.main_block(forms[-1])
    if block is None:
        return _unusable(_check_not_a_key(forms[-1]) or _no_pem_block(forms[-1].strip()), *forms)
    if (count := pem.count_private_keys(forms[-1])) > 1:
        return _unusable(make_finding("key-several", f"it contains {count} different private keys"), *forms)
    # The redactor does not match across line breaks, so the key is also registered without them.
    forms.append("".join(block.body.split()))
    key = _load(block)
    if isinstance(key, Finding):
        return _unusable(key, *forms)
    if is_file and list(seen) == ["key-invisible-characters"] and is_only_crlf(text):
        evidence, fix = seen["key-invisible-characters"][0], "Ignore this: OpenSSL also reads Windows line endings."
        repaired = [make_finding("key-invisible-characters", evidence, level="note", fix=fix)]
    else:
        repaired = [make_finding(cause, "; then ".join(evidence)) for cause, evidence in seen.items()]
    return KeyResult(key, (*repaired, *_label_note(block)), tuple(forms))


def _repair(text: str, seen: dict[str, list[str]]) -> list[str]:
    """Apply repairs until none applies.

    Args:
        text: The text of a key.
        seen: Mapping of causes to evidence, to which the evidence for each repair is added.

    Returns:
        The text before and after each repair. The last one is the repaired text.
    """
    forms = [text]
    while len(forms) <= _MAX_REPAIRS:
        tried = ((cause, repair(_trim(forms[-1]))) for cause, repair in REPAIRS)
        cause, repaired = next((pair for pair in tried if pair[1]), ("", None))
        if repaired is None:
            break
        forms.append(repaired.text)
        seen.setdefault(cause, []).append(repaired.evidence)
    return forms


def _trim(text: str) -> str:
    """Strip whitespace, except before BEGIN on the same line: OpenSSL does not find such a key."""
    bare = text.strip()
    indent = text[: len(text) - len(text.lstrip())].rpartition("\n")[2]
    return indent + bare if bare.startswith("-----BEGIN") and not indent.strip(" \t") else bare


def _as_text(data: bytes) -> str:
    if not pem.is_der(data):
        return pem.decode_text(data)
    return pem.format_block(pem.private_key_label(data) or "PRIVATE KEY", pem.encode_base64(data))


def _unusable(finding: Finding, *secrets: str) -> KeyResult:
    return KeyResult(None, (finding,), () if finding.definition.holds_no_key else secrets)


def _check_not_a_key(text: str) -> Finding | None:
    """Return a finding for an empty value or a placeholder; None if the value may be a key, even a damaged one."""
    if not text.strip(QUOTES + string.whitespace):
        return make_finding("key-empty", "it contains nothing but whitespace and quotes")
    if (block := pem.main_block(text)) and _WORDS.fullmatch(block.body):
        return make_finding("key-placeholder", "it has a template's placeholder between BEGIN and END")
    what = placeholder(text)
    return make_finding("key-placeholder", f"it is {what} (length {len(text)})") if what else None


def _no_pem_block(text: str) -> Finding:
    if pem.BOUNDARY.search(text) or "-BEGIN" in text:
        missing = "BEGIN" if any(boundary[1] == "END" for boundary in pem.BOUNDARY.finditer(text)) else "END"
        return make_finding("key-truncated", f"it has no {missing} line (length {len(text)})")
    if re.match(r"(ssh|ecdsa-sha2|sk-ssh|sk-ecdsa)-\S+ AAAA", text):
        return make_finding("key-is-public", "it is an OpenSSH public key")
    return make_finding("key-unparsable", f"it is neither a PEM block nor a key in base64 (length {len(text)})")


_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_ENCRYPTED = re.compile(r"Proc-Type:\s*4,ENCRYPTED")  # RFC 1421, as OpenSSL writes it
# Longer messages from the parser are cut off.
_MAX_MESSAGE_LENGTH = 160

_LABELS = (
    ("key-encrypted", "ENCRYPTED"),
    ("key-is-certificate", "CERTIFICATE"),
    ("key-is-public", "PUBLIC KEY"),
    ("key-is-pkcs12", "PKCS12"),
)

# Kinds of files, recognised by their first bytes if the BEGIN line is missing or wrong.
_SEQUENCES = pem.SEQUENCE * 2
_FORMS = tuple(
    (cause, what, re.compile(form, re.DOTALL))
    for cause, what, form in (
        # RFC 7292: version 3. RFC 5280: a version; an algorithm. RFC 8018: PBES2, and PKCS#12's own encryption.
        ("key-is-pkcs12", "a PKCS#12 archive", pem.SEQUENCE + rb"\x02\x01\x03"),
        ("key-is-certificate", "a certificate", _SEQUENCES + rb"\xa0\x03\x02\x01"),
        ("key-encrypted", "an encrypted key", _SEQUENCES + rb"\x06.\x2a\x86\x48\x86\xf7\x0d\x01[\x05\x0c]"),
        ("key-is-public", "a public key", _SEQUENCES + rb"\x06"),
        # OpenSSH's format (its PROTOCOL.key) starts with the length and the name of the cipher; the key types follow.
        ("key-encrypted", "an encrypted OpenSSH key", rb"openssh-key-v1\x00\x00\x00\x00[^\x04]"),
        ("key-not-ec", "an OpenSSH key that is not ECDSA", rb"openssh-key-v1\x00(?!.*ecdsa-sha2-)"),
        ("key-wrong-curve", "an OpenSSH key that is not on P-256", rb"openssh-key-v1\x00(?!.*nistp256)"),
        ("key-unparsable", "an OpenSSH key, expected PKCS#8", rb"openssh-key-v1\x00"),
    )
)


def _load(block: pem.Block) -> EllipticCurvePrivateKey | Finding:
    """Load the key of a repaired PEM block. Return a finding if it cannot be loaded."""
    for cause, word in _LABELS:
        if word in block.label:
            return make_finding(cause, f"its BEGIN line says {block.label}")
    if _ENCRYPTED.search(block.body):
        return make_finding("key-encrypted", "its Proc-Type line says ENCRYPTED")
    digits = "".join(block.body.split())
    if what := placeholder(block.body) or _masked_value(block.body):
        return make_finding("key-placeholder", f"it has {what} between BEGIN and END")
    if not digits:
        return make_finding("key-truncated", "there is nothing between BEGIN and END")
    data = pem.decode_base64(digits)
    if data is None:
        invalid = len(_NOT_BASE64.findall(digits))
        verb = "is" if invalid == 1 else "are"
        return make_finding(
            "key-unparsable", f"{invalid} of the {len(digits)} characters between BEGIN and END {verb} not base64"
        )
    return _load_der(data)


_MASKED = re.compile(r"[xX]{6}|[*\u2022]{4}")
_WORDS = re.compile(r"\s*[A-Za-z']{1,20}( [A-Za-z']{1,20}){1,8}\s*")
_MAX_DISTINCT_IN_MASK = 3
_MIN_MASK_LENGTH = 16


def _masked_value(body: str) -> str | None:
    """Describe a masked value in place of the base64 text of a key; None if the text may be a key."""
    digits = "".join(body.split())
    if len(_MASKED.findall(digits)) > 1 or (
        len(digits) >= _MIN_MASK_LENGTH and len(set(digits)) <= _MAX_DISTINCT_IN_MASK
    ):
        return "a masked value"
    return None


def _load_der(data: bytes) -> EllipticCurvePrivateKey | Finding:
    for cause, what, form in _FORMS:
        if form.match(data):
            return make_finding(cause, f"it is {what} ({len(data)} bytes)")
    size = pem.der_size(data) if pem.is_der(data) else None
    if size is not None and size > len(data):
        return make_finding("key-truncated", f"it has {len(data)} bytes, expected {size}")
    try:
        key = load_der_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return make_finding(
            "key-unparsable", f"its {len(data)} bytes cannot be read as a key: {_parser_message(error, data)}"
        )
    return _check_key(key, data)


def _check_key(key: PrivateKeyTypes, data: bytes) -> EllipticCurvePrivateKey | Finding:
    if not isinstance(key, EllipticCurvePrivateKey):
        algorithm = type(key).__name__.removesuffix("PrivateKey")
        form = f"{'an' if algorithm[0] in 'REX' else 'a'} {algorithm} key"
        return make_finding("key-not-ec", f"it is {form} ({len(data)} bytes); Apple accepts only ES256")
    if not isinstance(key.curve, SECP256R1):
        return make_finding("key-wrong-curve", f"its curve is {key.curve.name}; Apple accepts only P-256 (secp256r1)")
    return key


def _parser_message(error: Exception, data: bytes) -> str:
    """Return the parser's message, without its general advice and any part of the key."""
    redactor = Redactor()
    redactor.add_key(pem.encode_base64(data))
    message = str(error).rpartition("Details: ")[2] or type(error).__name__
    return redactor.clean(message)[:_MAX_MESSAGE_LENGTH]


def _label_note(block: pem.Block) -> tuple[Finding, ...]:
    """Return a note if the PEM label of a valid key differs from that of keys from App Store Connect."""
    if block.label == "PRIVATE KEY":
        return ()
    evidence = f"its BEGIN line says {block.label}, as in keys for Apple Ads, not PRIVATE KEY"
    fix = "If you converted the file yourself, ignore this; otherwise generate a key in App Store Connect."
    return (make_finding("key-of-other-service", evidence, level="note", certainty="possible", fix=fix),)
