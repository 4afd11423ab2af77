from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.apple.causes import CAUSES
from pytest_asc.diagnosis.key.ids import IdsResult, read_ids

KEY_ID = "2X9R7KQF34"
ISSUER = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
TEAM_ID = "9QWERTY123"


def causes(reading: IdsResult) -> list[str]:
    return [finding.cause for finding in reading.findings]


@pytest.mark.parametrize("kind", [None, "team", "enterprise"])
@pytest.mark.parametrize(
    ("key_id", "issuer_id"),
    [
        (KEY_ID, ISSUER),
        (KEY_ID, ISSUER.upper()),
        (KEY_ID, "69a6de7e-1111-47e3-a053-5b8c7c11a4d1"),
        (KEY_ID, "00000000-0000-0000-0000-000000000000"),
        ("2x9r4hxf34", ISSUER),
        ("2X9R7KQF3456", ISSUER),
        ("my-key_1", ISSUER),
    ],
)
def test_good_ids_have_no_finding(key_id: str, issuer_id: str, kind: str | None) -> None:
    reading = read_ids(key_id, issuer_id, key_type=kind)
    assert (reading.key_id, reading.issuer_id, reading.findings) == (key_id, issuer_id, ())


@pytest.mark.parametrize("issuer_id", [None, "", "\n"])
@pytest.mark.parametrize("kind", [None, "individual"])
def test_an_individual_key_is_read_without_an_issuer_id(issuer_id: str | None, kind: str | None) -> None:
    assert read_ids(KEY_ID, issuer_id, key_type=kind) == IdsResult(KEY_ID, None, ())


@pytest.mark.parametrize(
    ("around", "suffix", "evidence"),
    [
        ("{}\n", "whitespace", r"length {}, expected {}; it ends with '\n'"),
        (" {}", "whitespace", "length {}, expected {}; it starts with ' '"),
        ("\t{}\r\n", "whitespace", r"it starts with '\t' and ends with '\n'"),
        ("\ufeff{}", "whitespace", r"it starts with '\ufeff'"),
        ("{}\u200b", "whitespace", r"it ends with '\u200b'"),
        ("{}\u00a0", "whitespace", r"it ends with '\xa0'"),
        ('"{}"', "quoted", "length {}, expected {}; it starts with '\"' and ends with '\"'"),
        ("'{}", "quoted", 'it starts with "\'"'),
        ("\u201c{}\u201d", "quoted", r"it starts with '\u201c' and ends with '\u201d'"),
    ],
)
def test_whitespace_and_quotes_around_an_id_are_removed_and_reported(around: str, suffix: str, evidence: str) -> None:
    for which, key_id, issuer_id, bare in (
        ("key-id", around.format(KEY_ID), ISSUER, KEY_ID),
        ("issuer-id", KEY_ID, around.format(ISSUER), ISSUER),
    ):
        reading = read_ids(key_id, issuer_id)
        assert (reading.key_id, reading.issuer_id) == (KEY_ID, ISSUER)
        (finding,) = reading.findings
        assert (finding.cause, finding.level) == (f"{which}-{suffix}", "warning")
        assert evidence.format(len(around.format(bare)), len(bare)) in finding.evidence


def test_whitespace_and_quotes_together_are_reported_once_each() -> None:
    reading = read_ids(f' "{KEY_ID}"\n', ISSUER)
    assert reading.key_id == KEY_ID
    assert causes(reading) == ["key-id-whitespace", "key-id-quoted"]


def test_whitespace_inside_an_id_is_reported() -> None:
    reading = read_ids(KEY_ID, ISSUER.replace("-8e3f", "- 8e3f"))
    assert reading.issuer_id == ISSUER
    assert reading.findings[0].evidence == "length 37, expected 36; it contains whitespace"


@pytest.mark.parametrize(
    ("key_id", "issuer_id", "certainty"),
    [
        (ISSUER, KEY_ID, "certain"),
        (ISSUER.upper(), "2x9r4hxf34", "certain"),
        (ISSUER, None, "certain"),
        (ISSUER, "", "certain"),
        (f"{ISSUER}\n", KEY_ID, "certain"),
        (ISSUER[:-2], KEY_ID, "certain"),
        (ISSUER, "69a6de7e-1111-47e3-a053-5b8c7c11a4d1", "likely"),
        (ISSUER, "issuer-uuid", "likely"),
    ],
)
def test_swapped_ids_are_found(key_id: str, issuer_id: str | None, certainty: str) -> None:
    errors = [finding for finding in read_ids(key_id, issuer_id).findings if finding.level == "error"]
    assert [(finding.cause, finding.certainty) for finding in errors] == [("ids-swapped", certainty)]


@pytest.mark.parametrize("issuer_id", [None, "issuer-uuid", "69a6de7e-1111-47e3-a053-5b8c7c11a4d1"])
def test_ids_that_are_not_swapped_get_no_advice_to_swap(issuer_id: str | None) -> None:
    (finding,) = read_ids(ISSUER, issuer_id).findings
    assert finding.fix != CAUSES["ids-swapped"].fix
    assert "AuthKey_<key ID>.p8" in finding.fix


@pytest.mark.parametrize(
    ("issuer_id", "evidence"),
    [
        (TEAM_ID, "9QWE…23, length 10, expected 36"),
        (KEY_ID, "length 10"),
        (ISSUER.replace("-", ""), "length 32"),
        (ISSUER[:-1], "length 35"),
        (ISSUER.replace("a", "g"), "length 36"),
        ("{" + ISSUER + "}", "length 38"),
        (ISSUER.replace("-", "\u2013", 1), "character 9 is en dash"),
    ],
)
def test_an_issuer_id_that_is_not_a_uuid_is_reported(issuer_id: str, evidence: str) -> None:
    reading = read_ids(KEY_ID, issuer_id)
    (finding,) = reading.findings
    assert (finding.cause, finding.level, finding.certainty) == ("issuer-id-not-uuid", "error", "certain")
    assert evidence in finding.evidence


@pytest.mark.parametrize(
    "key_id",
    [
        f"AuthKey_{KEY_ID}.p8",
        f"AuthKey_{KEY_ID}",
        f"{KEY_ID}.p8",
        f"/home/me/private_keys/AuthKey_{KEY_ID}.p8",
        f"C:\\keys\\AuthKey_{KEY_ID}.P8",
        f"SubscriptionKey_{KEY_ID}.p8",
    ],
)
def test_a_key_id_that_is_a_file_name_is_an_error_that_names_the_key_id(key_id: str) -> None:
    reading = read_ids(key_id, ISSUER)
    assert reading.key_id == KEY_ID
    (finding,) = reading.findings
    assert (finding.cause, finding.level) == ("key-id-is-file-name", "error")
    assert f"a file name (length {len(key_id)})" in finding.evidence
    assert "2X9R…34" in finding.evidence


@pytest.mark.parametrize("key_id", [None, "", " \n", '""'])
def test_a_missing_key_id_is_found(key_id: str | None) -> None:
    reading = read_ids(key_id, ISSUER)
    assert reading.key_id is None
    assert causes(reading) == ["key-id-missing"]
    assert causes(read_ids(key_id, ISSUER, key_file="key.p8")) == ["key-id-missing"]


PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49/AgEG\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\\n"), f"'{PEM}'"])
def test_a_key_in_place_of_a_key_id_is_reported_as_key_id_missing(text: str) -> None:
    (finding,) = read_ids(text, ISSUER).findings
    assert finding.cause == "key-id-missing"
    assert re.fullmatch(r"the key ID is the text of a key \(length \d+\)", finding.evidence)
    (finding,) = read_ids(KEY_ID, text).findings
    assert finding.cause == "issuer-id-not-uuid"
    assert finding.evidence.endswith("it is the text of a key")


@pytest.mark.parametrize(
    ("placeholder", "words"),
    [
        ("${ASC_KEY_ID}", "a variable that was not expanded"),
        ("$ASC_KEY_ID", "a variable that was not expanded"),
        ("[[APPSTORE_KEY_ID]]", "a variable that was not expanded"),
        ("<key ID>", "a placeholder in angle brackets"),
        ("***", "a masked value"),
        ("XXXXXXXXXX", "a masked value"),
        ("69a6xxxx-xxxx-....", "a masked value"),
        ("YOUR_KEY_ID", "a template's placeholder"),
        ("your-issuer-id-here", "a template's placeholder"),
        ("key ID", "a template's placeholder"),
        ("DEADBEEF", "a word for a missing value"),
        ("undefined", "a word for a missing value"),
    ],
)
def test_a_placeholder_in_place_of_an_id_is_found(placeholder: str, words: str) -> None:
    for ids in ((placeholder, ISSUER), (KEY_ID, placeholder), (placeholder, placeholder)):
        (finding,) = read_ids(*ids).findings
        assert (finding.cause, finding.level) == ("id-placeholder", "error")
        assert words in finding.evidence


@pytest.mark.parametrize("key_id", ["39X58XWA75", "JP8Z7XXKD9", "XA4T9N4ZK5", "EMULATOR24", "9822DWD339", "KEY"])
def test_an_unusual_key_id_is_not_reported_as_a_placeholder(key_id: str) -> None:
    assert read_ids(key_id, ISSUER).findings == ()


def test_an_id_from_the_examples_on_apples_pages_is_a_warning() -> None:
    (finding,) = read_ids("2X9R4HXF34", "57246542-96fe-1a63-e053-0824d011072a").findings
    assert (finding.cause, finding.level) == ("id-placeholder", "warning")
    assert "2X9R…34 and the issuer ID 5724…072a" in finding.evidence


def test_a_comment_after_an_id_is_removed_and_reported() -> None:
    reading = read_ids(f"{KEY_ID} # the key of the build server", ISSUER)
    assert reading.key_id == KEY_ID
    (finding,) = reading.findings
    assert finding.cause == "key-id-whitespace"
    assert "a comment" in finding.evidence


def test_the_finding_on_an_invisible_character_in_an_id_names_it() -> None:
    (finding,) = read_ids(f"{KEY_ID[:4]}\u00a0{KEY_ID[4:]}", ISSUER).findings
    assert "the character no-break space" in finding.evidence


@pytest.mark.parametrize(
    "key_file",
    [
        f"AuthKey_{KEY_ID}.p8",
        f"/home/me/AuthKey_{KEY_ID}.p8",
        f"AuthKey_{KEY_ID} (1).p8",
        f"AuthKey_{KEY_ID} copy.p8",
        f"authkey_{KEY_ID}.P8",
    ],
)
def test_the_key_id_is_taken_from_the_file_name(key_file: str) -> None:
    assert read_ids(None, ISSUER, key_file=key_file) == IdsResult(KEY_ID, ISSUER, ())
    assert read_ids(KEY_ID, ISSUER, key_file=key_file) == IdsResult(KEY_ID, ISSUER, ())


def test_a_file_of_any_other_name_gives_no_key_id() -> None:
    assert read_ids(KEY_ID, ISSUER, key_file="/run/secrets/asc.p8").findings == ()


@pytest.mark.parametrize(
    ("file_id", "evidence"),
    [
        ("9QWERTY123", "the key ID is 2X9R…34, but the file name has 9QWE…23"),
        (KEY_ID.lower(), "differs only in upper and lower case"),
    ],
)
def test_a_file_of_another_key_is_a_likely_cause(file_id: str, evidence: str) -> None:
    reading = read_ids(KEY_ID, ISSUER, key_file=f"AuthKey_{file_id}.p8")
    assert reading.key_id == KEY_ID
    (finding,) = reading.findings
    assert (finding.cause, finding.level, finding.certainty) == ("key-id-file-mismatch", "warning", "likely")
    assert evidence in finding.evidence


@pytest.mark.parametrize("prefix", ["SubscriptionKey", "APNSAuthKey"])
def test_a_file_of_another_service_is_a_likely_cause(prefix: str) -> None:
    for key_id in (KEY_ID, None):
        reading = read_ids(key_id, ISSUER, key_file=f"keys/{prefix}_{KEY_ID}.p8")
        assert reading.key_id == KEY_ID
        (finding,) = reading.findings
        assert (finding.cause, finding.level, finding.certainty) == ("key-of-other-service", "warning", "likely")


@pytest.mark.parametrize("kind", ["team", "enterprise"])
@pytest.mark.parametrize("issuer_id", [None, "", "\n"])
def test_a_team_or_enterprise_key_needs_an_issuer_id(kind: str, issuer_id: str | None) -> None:
    (finding,) = read_ids(KEY_ID, issuer_id, key_type=kind).findings
    assert (finding.cause, finding.level, finding.certainty) == ("issuer-id-missing", "error", "certain")
    assert kind in finding.evidence


@pytest.mark.parametrize("issuer_id", [ISSUER, TEAM_ID])
def test_the_issuer_id_is_ignored_for_an_individual_key(issuer_id: str) -> None:
    reading = read_ids(KEY_ID, issuer_id, key_type="individual")
    assert reading.issuer_id is None
    (finding,) = reading.findings
    assert (finding.cause, finding.level) == ("individual-key-as-team", "note")


ANY_ID = st.none() | st.text() | st.text("-_.p8 \n\"'" + string.ascii_letters + string.digits, max_size=40)


@given(ANY_ID, ANY_ID, st.sampled_from([None, "team", "individual", "enterprise"]), ANY_ID)
def test_any_text_is_read_without_an_exception(
    key_id: str | None, issuer_id: str | None, kind: str | None, key_file: str | None
) -> None:
    reading = read_ids(key_id, issuer_id, key_type=kind, key_file=key_file)
    assert reading.key_id is None or reading.key_id.strip() == reading.key_id != ""
    assert all(finding.evidence.isprintable() for finding in reading.findings)


@given(st.text(string.ascii_letters + string.digits, min_size=10, max_size=10), st.uuids())
def test_findings_and_reprs_do_not_show_a_whole_id(key_id: str, issuer: object) -> None:
    for ids in ((key_id + "\n", f'"{issuer}"'), (str(issuer), key_id), (f"AuthKey_{key_id}.p8", str(issuer)[:-1])):
        reading = read_ids(*ids, key_file="AuthKey_ABCDEFGHIJ.p8")
        assert key_id not in repr(reading)
        assert str(issuer)[:-1] not in repr(reading)
