from __future__ import annotations

import base64
import datetime as dt
import itertools
import textwrap
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_asc.diagnosis.key.check import MAX_SIZE, KeyResult, read_key
from pytest_asc.secrets import GRAM, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

# The same in every run, so that a failing example can be run again.
KEY = ec.derive_private_key(3**150, ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def private(
    key: PrivateKeyTypes = KEY,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encoding: Encoding = Encoding.PEM,
    password: bytes | None = None,
) -> bytes:
    return key.private_bytes(encoding, form, BestAvailableEncryption(password) if password else NoEncryption())


def element(tag: int, *content: bytes) -> bytes:
    data = b"".join(content)
    return bytes([tag, len(data)] if len(data) < 0x80 else [tag, 0x81, len(data)]) + data


def apple_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the DER of Apple's files, which name the curve a second time inside the key."""
    curve = bytes.fromhex("06082a8648ce3d030107")
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    inner = element(
        0x30, b"\x02\x01\x01", element(4, scalar), element(0xA0, curve), element(0xA1, element(3, b"\0", point))
    )
    algorithm = element(0x30, bytes.fromhex("06072a8648ce3d0201"), curve)
    return element(0x30, b"\x02\x01\x00", algorithm, element(4, inner))


def pem(der: bytes, label: str = "PRIVATE KEY") -> str:
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def wrap(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 76))


def body(text: str) -> str:
    return "".join(line for line in text.splitlines() if not line.startswith("-----"))


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def indent(text: str) -> str:
    return textwrap.indent(text, "    ")


P8 = pem(apple_der(KEY))
SEC1 = private(form=PrivateFormat.TraditionalOpenSSL).decode()
PEMS = {"apple": P8, "openssl": private().decode()}


def is_the_key(reading: KeyResult) -> bool:
    return reading.key is not None and reading.key.public_key().public_numbers() == KEY.public_key().public_numbers()


def causes(reading: KeyResult) -> list[str]:
    return [finding.cause for finding in reading.findings]


def test_generated_pkcs8_keys_have_the_sizes_of_real_files() -> None:
    sizes = {name: len(base64.b64decode(body(text))) for name, text in PEMS.items()}
    assert sizes == {"apple": 150, "openssl": 138}


@pytest.mark.parametrize("ending", ["", "\n", "\n\n"])
@pytest.mark.parametrize("text", PEMS.values(), ids=PEMS)
def test_a_clean_key_has_no_finding(text: str, ending: str) -> None:
    for given_as in (text.rstrip("\n") + ending, (text.rstrip("\n") + ending).encode()):
        reading = read_key(given_as)
        assert is_the_key(reading)
        assert reading.findings == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"-----BEGIN PRIVATE KEY-----\n{body(P8)}\n-----END PRIVATE KEY-----", id="one long line"),
        pytest.param("Key Attributes: <No Attributes>\n" + P8, id="text before"),
        pytest.param(P8 + "sent from my phone\n", id="text behind"),
        pytest.param(P8.replace("\n", "  \n"), id="blanks at line ends"),
    ],
)
def test_harmless_key_texts_have_no_finding(text: str) -> None:
    reading = read_key(text)
    assert is_the_key(reading)
    assert reading.findings == ()


NEWLINES, BASE64, LINES = "key-newlines-lost", "key-base64-encoded", "key-pem-lines-missing"
INVISIBLE, INDENTED, QUOTED = "key-invisible-characters", "key-indented", "key-quoted"


def damages(text: str) -> dict[str, tuple[str | bytes, set[str]]]:
    """Return damaged texts of a key, as people store it, with the causes to be reported."""
    flat = text.strip()
    return {
        "literal newlines": (text.replace("\n", "\\n"), {NEWLINES}),
        "doubly escaped newlines": (text.replace("\n", "\\\\n"), {NEWLINES}),
        "literal CRLF": (text.replace("\n", "\\r\\n"), {NEWLINES}),
        "escaped slashes": (text.replace("\n", "\\n").replace("/", "\\/"), {NEWLINES}),
        "percent-encoded newlines": (text.replace("\n", "%0A"), {NEWLINES}),
        "blanks for newlines": (text.replace("\n", " "), {NEWLINES}),
        "tabs for newlines": (text.replace("\n", "\t"), {NEWLINES}),
        "nothing for newlines": (text.replace("\n", ""), {NEWLINES}),
        "no blanks at all": ("".join(text.split()), {NEWLINES}),
        "blanks became newlines": ("\n".join(text.split()), {NEWLINES}),
        "n for newlines": (flat.replace("\n", "n"), {NEWLINES}),
        "doubled newlines": (text.replace("\n", "\n\n"), {NEWLINES}),
        "continuation lines": (text.replace("\n", "\\\n"), {NEWLINES}),
        "an assignment": (f"ASC_PRIVATE_KEY={text}", {NEWLINES}),
        "base64": (b64(text), {BASE64}),
        "base64 in bytes": (b64(text).encode(), {BASE64}),
        "wrapped base64": (wrap(b64(text)), {BASE64}),
        "base64 with blanks": (wrap(b64(text)).replace("\n", " "), {BASE64}),
        "unpadded base64": (b64(text + "\n").rstrip("="), {BASE64}),
        "base64url": (base64.urlsafe_b64encode(text.encode()).decode().rstrip("="), {BASE64}),
        "base64 twice": (b64(b64(text)), {BASE64}),
        "wrapped base64 twice": (wrap(b64(wrap(b64(text)))), {BASE64}),
        "bare base64": (body(text), {LINES}),
        "bare base64 in lines": ("\n".join(textwrap.wrap(body(text), 64)), {LINES}),
        "bare base64url": (body(text).replace("+", "-").replace("/", "_"), {LINES}),
        "base64 of bare base64": (b64(body(text)), {BASE64, LINES}),
        "no BEGIN line": (text.partition("\n")[2], {LINES}),
        "DER": (base64.b64decode(body(text)), {LINES}),
        "em dashes": (text.replace("-----", "\u2014\u2014-"), {LINES}),
        "one em dash": (text.replace("-----", "\u2014"), {LINES}),
        "a dash short": (text.replace("-----", "----"), {LINES}),
        "another label": (text.replace("PRIVATE", "EC PRIVATE"), {LINES}),
        "single quotes": (f"'{flat}'", {QUOTED}),
        "double quotes": (f'"{text}"', {QUOTED}),
        "backticks": (f"`{flat}`", {QUOTED}),
        "typographic quotes": (f"\u201c{flat}\u201d", {QUOTED}),
        "two layers of quotes": (f"\"'{flat}'\"", {QUOTED}),
        "an opening quote": (f'"{flat}', {QUOTED}),
        "byte order mark": ("\ufeff" + text, {INVISIBLE}),
        "byte order mark in bytes": (text.encode("utf-8-sig"), {INVISIBLE}),
        "UTF-16": (text.encode("utf-16"), {INVISIBLE}),
        "UTF-16, big-endian": (b"\xfe\xff" + text.encode("utf-16-be"), {INVISIBLE}),
        "UTF-16, unmarked": (text.encode("utf-16-le"), {INVISIBLE}),
        "CRLF": (crlf(text), {INVISIBLE}),
        "CRLF in bytes": (crlf(text).encode(), {INVISIBLE}),
        "CR": (text.replace("\n", "\r"), {INVISIBLE}),
        "zero-width spaces": (text.replace("\n", "\u200b\n"), {INVISIBLE}),
        "no-break spaces": (text.replace(" ", "\u00a0"), {INVISIBLE}),
        "a no-break space of Windows": (text.replace(" ", "\u00a0").encode("cp1252"), {INVISIBLE}),
        "line separators": (text.replace("\n", "\u2028"), {INVISIBLE}),
        "indented": (indent(text), {INDENTED}),
        "blanks on its BEGIN line": (f"  {text}", {INDENTED}),
        "an empty line, and blanks on its BEGIN line": (f"\n \t{text}", {INDENTED}),
        "indented with tabs": (textwrap.indent(text, "\t"), {INDENTED}),
        "indented but for the first line": (text.replace("\n", "\n  "), {INDENTED}),
        "base64 of indented CRLF": (b64(crlf(indent(text))), {BASE64, INDENTED, INVISIBLE}),
        "base64 of a byte order mark": (b64(text.encode("utf-8-sig")), {BASE64, INVISIBLE}),
        "base64 of UTF-16": (b64(text.encode("utf-16")), {BASE64, INVISIBLE}),
        "base64 of literal newlines": (b64(text.replace("\n", "\\n")), {BASE64, NEWLINES}),
        "base64 of quotes": (b64(f'"{flat}"'), {BASE64, QUOTED}),
        "quoted base64": (f'"{b64(text)}"', {BASE64, QUOTED}),
        "quoted literal newlines": ('"' + text.replace("\n", "\\n") + '"', {QUOTED, NEWLINES}),
        "indented base64": (indent(wrap(b64(text))), {BASE64, INDENTED}),
        "indented and quoted, CRLF": (crlf(indent(f'"{flat}"')), {INDENTED, INVISIBLE, QUOTED}),
        "quoted bare base64, CRLF": (crlf(f"'{wrap(body(text))}'"), {LINES, INVISIBLE, QUOTED}),
        "em dashes, one line": (flat.replace("-----", "\u2014").replace("\n", " "), {LINES, NEWLINES}),
    }


@pytest.mark.parametrize("name", damages(P8))
@pytest.mark.parametrize("pem_", PEMS.values(), ids=PEMS)
def test_damage_is_repaired_and_reported(pem_: str, name: str) -> None:
    text, expected = damages(pem_)[name]
    reading = read_key(text)
    assert is_the_key(reading)
    assert sorted(causes(reading)) == sorted(expected)
    level = "note" if name == "CRLF in bytes" else "warning"
    assert {(finding.level, finding.certainty) for finding in reading.findings} == {(level, "certain")}


@pytest.mark.parametrize("pem_", PEMS.values(), ids=PEMS)
def test_windows_line_endings_in_a_key_file_are_only_a_note(pem_: str) -> None:
    load_pem_private_key(crlf(pem_).encode(), password=None)
    (finding,) = read_key(crlf(pem_).encode()).findings
    assert (finding.cause, finding.level) == (INVISIBLE, "note")


@pytest.mark.parametrize("text", [f"\n\n{P8}\n\n", f" \n{P8} \n", P8.rstrip(), f"\r\n{P8}"], ids=itertools.count())
def test_blank_lines_around_a_key_are_not_reported_as_indentation(text: str) -> None:
    assert INDENTED not in causes(read_key(text))


@pytest.mark.parametrize(
    ("text", "cause", "figure"),
    [
        (P8.replace("\n", " "), NEWLINES, "line count 1, expected 6"),
        (P8.replace("\n", "\\n"), NEWLINES, "6 line breaks written as \\n"),
        (crlf(P8), INVISIBLE, "carriage return (5)"),
        ("\ufeff" + P8.replace(" ", "\u00a0"), INVISIBLE, "no-break space (4), byte order mark (1)"),
        (indent(P8), INDENTED, "6 lines with leading whitespace"),
        (b64(b64(P8)), BASE64, "; then it is text of 258 characters encoded in base64"),
        (body(P8), LINES, "a key in base64 (150 bytes) with no BEGIN and END lines"),
        (f"'{P8}'", QUOTED, "starts with ' and ends with '"),
    ],
    ids=itertools.count(),
)
def test_the_evidence_of_a_repair_has_figures(text: str, cause: str, figure: str) -> None:
    (finding,) = read_key(text).findings
    assert finding.cause == cause
    assert figure in finding.evidence


@pytest.mark.parametrize(
    ("text", "others"),
    [
        pytest.param(SEC1, [], id="alone"),
        pytest.param(
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + SEC1,
            [],
            id="openssl ecparam",
        ),
        pytest.param(SEC1.replace("EC PRIVATE", "PRIVATE"), [LINES], id="labelled as PKCS#8"),
        pytest.param(body(SEC1), [LINES], id="bare"),
        pytest.param(SEC1.replace("\n", ""), [NEWLINES], id="no newlines"),
        pytest.param(private(form=PrivateFormat.TraditionalOpenSSL, encoding=Encoding.DER), [LINES], id="DER"),
    ],
)
def test_a_sec1_key_is_accepted_with_a_note(text: str | bytes, others: list[str]) -> None:
    reading = read_key(text)
    assert is_the_key(reading)
    *repairs, note = reading.findings
    assert [finding.cause for finding in repairs] == others
    assert (note.cause, note.level, note.certainty) == ("key-of-other-service", "note", "possible")


def certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Apple Distribution")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, start, start.replace(year=2030))
    return builder.sign(KEY, hashes.SHA256())


CERTIFICATE = certificate()
REQUEST = x509.CertificateSigningRequestBuilder(CERTIFICATE.subject).sign(KEY, hashes.SHA256())
PKCS12 = pkcs12.serialize_key_and_certificates(b"key", KEY, CERTIFICATE, None, BestAvailableEncryption(b"secret"))
PUBLIC = KEY.public_key()
DSA = dsa.generate_private_key(1024)
INSIDE = body(P8)

UNUSABLE: dict[str, list[str | bytes]] = {
    "key-empty": ["", b"", " \n\t", '""', "\ufeff", "''\n", b64("\n\n\n")],
    "key-placeholder": [
        "${ASC_PRIVATE_KEY}",
        "${{ secrets.ASC_PRIVATE_KEY }}",
        "$ASC_PRIVATE_KEY",
        "$(cat AuthKey.p8)",
        "%ASC_PRIVATE_KEY%",
        "{{ asc_private_key }}",
        "op://vault/asc/key",
        "***",
        "'***'",
        "[MASKED]",
        "<your key>",
        "changeme",
        "CHANGE_ME",
        "your-private-key",
        "null",
        "xxxxxxxx",
        "MIGTAgEAMBMGByqGSM49AgEG...",
        b64("changeme"),
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n<your key here>\n-----END PRIVATE KEY-----",
        r"-----BEGIN PRIVATE KEY-----\nMIGT\u2026\n-----END PRIVATE KEY-----".replace("\\u2026", "\u2026"),
    ],
    "key-truncated": [
        P8.rpartition("-----END")[0],
        P8[:100],
        P8.strip()[:-9],
        P8[:20],
        P8.replace(P8.splitlines()[2] + "\n", ""),
        P8.replace(INSIDE[-8:], ""),
        P8.replace("\n", "")[:120],
        INSIDE[:120],
        b64(P8)[:150],
        b64(P8[:150]),
        apple_der(KEY)[:100],
        P8.partition("\n")[2][30:],
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
    ],
    "key-encrypted": [
        private(password=b"secret"),
        private(form=PrivateFormat.TraditionalOpenSSL, password=b"secret"),
        private(form=PrivateFormat.TraditionalOpenSSL, password=b"secret").replace(b"\n", b" "),
        private(password=b"secret", encoding=Encoding.DER),
        b64(private(password=b"secret", encoding=Encoding.DER)),
        b64(private(password=b"secret")),
    ],
    "key-is-certificate": [
        CERTIFICATE.public_bytes(Encoding.PEM),
        CERTIFICATE.public_bytes(Encoding.DER),
        b64(CERTIFICATE.public_bytes(Encoding.DER)),
        b64(CERTIFICATE.public_bytes(Encoding.PEM)),
        CERTIFICATE.public_bytes(Encoding.PEM).decode().replace("\n", "\\n"),
        REQUEST.public_bytes(Encoding.PEM),
    ],
    "key-is-public": [
        PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        b64(PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1),
    ],
    "key-is-pkcs12": [PKCS12, b64(PKCS12), wrap(b64(PKCS12)), b64(PKCS12).encode(), b64(PKCS12)[:200]],
    "key-not-ec": [
        private(RSA),
        private(RSA, PrivateFormat.TraditionalOpenSSL),
        private(RSA, PrivateFormat.TraditionalOpenSSL, Encoding.DER),
        b64(private(RSA)),
        private(RSA).decode().replace("\n", "\\n"),
        private(ED25519),
        private(x25519.X25519PrivateKey.generate()),
        private(DSA),
        private(ED25519, PrivateFormat.OpenSSH),
        '{"type": "service_account", "private_key": "' + private(RSA).decode().replace("\n", "\\n") + '"}',
    ],
    "key-wrong-curve": [
        *(private(ec.generate_private_key(curve)) for curve in (ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1())),
        private(ec.generate_private_key(ec.SECP384R1()), PrivateFormat.TraditionalOpenSSL),
        private(ec.generate_private_key(ec.SECP384R1()), PrivateFormat.OpenSSH),
        b64(private(ec.generate_private_key(ec.SECP384R1()))),
    ],
    "key-unparsable": [
        "hello world",
        b"\xff\xfe\xfd",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "x" * (MAX_SIZE + 1),
        "A" * 64,
        P8.replace("MIGT", "M!GT"),
        P8.replace(INSIDE[:4], INSIDE[:4] * 2),
        P8.replace(INSIDE[60:63], "AAA"),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----",
        private(KEY, PrivateFormat.OpenSSH),
    ],
}


@pytest.mark.parametrize(
    ("cause", "text"),
    [
        pytest.param(cause, text, id=f"{cause}-{at}")
        for cause, texts in UNUSABLE.items()
        for at, text in enumerate(texts)
    ],
)
def test_an_unusable_key_has_one_error_that_names_the_cause(cause: str, text: str | bytes) -> None:
    reading = read_key(text)
    assert reading.key is None
    assert causes(reading) == [cause]
    assert (reading.findings[0].level, reading.findings[0].certainty) == ("error", "certain")


@pytest.mark.parametrize(
    ("piece", "cause"),
    [
        ("-", "key-unparsable"),
        ("-BEGIN A", "key-truncated"),
        ("- ", "key-unparsable"),
        ("\\", "key-empty"),
        ("%25", "key-unparsable"),
        ("MIIE", "key-unparsable"),
        ("\n  x", "key-unparsable"),
    ],
)
def test_long_input_is_diagnosed_in_linear_time(piece: str, cause: str) -> None:
    assert causes(read_key((piece * MAX_SIZE)[:MAX_SIZE])) == [cause]
    assert causes(read_key("-BEGIN A" + (piece * MAX_SIZE)[: MAX_SIZE - 8])) == ["key-truncated"]


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        (private(RSA), "an RSA key (12"),
        (private(ec.generate_private_key(ec.SECP384R1())), "secp384r1"),
        (P8.replace(P8.splitlines()[2] + "\n", ""), "102 bytes, expected 150"),
        (P8.replace("MIGT", "M!GT"), "1 of the 200 characters between BEGIN and END is not base64"),
        ("${ASC_PRIVATE_KEY}", "it is a variable that was not expanded (length 18)"),
        (PKCS12, f"{len(PKCS12)} bytes"),
        (P8.replace(INSIDE[60:63], "AAA"), "its 150 bytes "),
    ],
    ids=itertools.count(),
)
def test_the_evidence_of_an_error_has_figures(text: str | bytes, figure: str) -> None:
    assert figure in read_key(text).findings[0].evidence


@pytest.mark.parametrize(
    "text", [P8, b64(b64(P8)), indent(P8).replace("\n", "\\n"), apple_der(KEY), P8[:150]], ids=itertools.count()
)
def test_a_redactor_with_the_forms_of_a_key_redacts_it_in_every_encoding(text: str | bytes) -> None:
    redactor = Redactor()
    for form in read_key(text).secrets:
        redactor.add_key(form)
    middle = INSIDE[80:100]
    assert middle not in redactor.clean(f"a key {middle}")


@pytest.mark.parametrize("text", UNUSABLE["key-placeholder"] + UNUSABLE["key-empty"])
def test_a_placeholder_in_place_of_a_key_is_not_redacted(text: str | bytes) -> None:
    assert read_key(text).secrets == ()


def test_the_repr_shows_no_key() -> None:
    shown = repr(read_key(b64(P8)))
    assert INSIDE[80:100] not in shown
    assert b64(P8)[80:100] not in shown


# Kinds of damage that are combined in any order and number.
LAYERS: list[Callable[[str], str]] = [
    crlf,
    indent,
    b64,
    lambda text: wrap(b64(text)),
    lambda text: b64("\ufeff" + text),
    lambda text: f'"{text}"',
    lambda text: f"'{text.strip()}'",
    lambda text: text.replace("\n", "\\n"),
    lambda text: text.replace("\n", " "),
    lambda text: text.replace("\n", "%0A"),
    lambda text: text.replace("\n", "\\\n"),
    lambda text: text.replace("-----", "\u2014"),
    lambda text: text.replace(" ", "\u00a0"),
    lambda text: text.replace("\n", "\n\n"),
    lambda text: "\ufeff" + text,
]


@given(st.lists(st.sampled_from(LAYERS), max_size=4), st.sampled_from(list(PEMS.values())))
def test_any_combination_of_damages_is_repaired(layers: list[Callable[[str], str]], text: str) -> None:
    for damage in layers:
        text = damage(text)
    reading = read_key(text)
    assert is_the_key(reading), [finding.evidence for finding in reading.findings]
    assert all(finding.level == "warning" for finding in reading.findings)


# The start of the body is the same in all keys: it has the algorithm and the curve, and no secret.
SECRET = INSIDE[50:]
SECRETS = {
    text[at : at + GRAM] for text in (SECRET, b64(P8)[100:], body(SEC1)[12:]) for at in range(len(text) - GRAM + 1)
}


def assert_safe(reading: KeyResult) -> None:
    """Check that nothing leaks, and that any key found is the original or one that the text contains."""
    errors = [finding for finding in reading.findings if finding.level == "error"]
    assert len(errors) == (reading.key is None)
    told = "\n".join(f"{finding.evidence}\n{finding.fix}" for finding in reading.findings) + repr(reading)
    assert not [told[at : at + GRAM] for at in range(len(told)) if told[at : at + GRAM] in SECRETS]


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "insert", "replace", "double", "cut"]),
        st.integers(0, 400),
        st.integers(1, 80),
        st.text(max_size=3)
        | st.sampled_from(["\n", "\\n", " ", "-----", '"', "\u2014", "\0", "%", "\ud800", "Proc-Type: "]),
    ),
    max_size=4,
)
ENCODINGS: list[Callable[[str], str | bytes]] = [
    str,
    b64,
    lambda text: text.encode("utf-8", "surrogatepass"),
    lambda text: text.encode("utf-16", "surrogatepass"),
    lambda text: text.encode("cp1252", "replace"),
    lambda text: base64.b64decode(body(text).encode("ascii", "ignore") + b"==="),
]


@given(st.sampled_from([*PEMS.values(), SEC1, b64(P8), INSIDE]), EDITS, st.sampled_from(ENCODINGS))
@example(P8, [("insert", 50, 1, "\n\n")], str)
def test_a_mutated_key_is_read_without_an_exception_or_a_leak(
    text: str, edits: list[tuple[str, int, int, str]], encode: Callable[[str], str | bytes]
) -> None:
    for kind, at, length, new in edits:
        here, there = min(at, len(text)), min(at + length, len(text))
        middle = {
            "drop": "",
            "insert": new + text[here:there],
            "replace": new,
            "double": text[here:there] * 2,
            "cut": "",
        }
        text = text[:here] + middle[kind] + ("" if kind == "cut" else text[there:])
    try:
        damaged = encode(text)
    except (UnicodeError, ValueError):
        damaged = text
    assert_safe(read_key(damaged))


@given(st.text(max_size=400) | st.binary(max_size=400))
def test_any_text_is_read_as_a_key_without_an_exception(text: str | bytes) -> None:
    assert_safe(read_key(text))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 149))
def test_damaged_der_is_read_without_an_exception(patch: bytes, at: int) -> None:
    der = apple_der(KEY)
    damaged = der[:at] + patch + der[at + len(patch) :]
    assert_safe(read_key(damaged))
    reading = read_key(pem(damaged))
    assert_safe(reading)
    if reading.key:
        assert reading.key.public_key() == load_der_private_key(damaged, None).public_key()
