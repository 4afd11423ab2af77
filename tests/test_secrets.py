from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_asc.secrets import GRAM, HIDDEN, Redactor, SecretStr, mask

TOKEN = "eyJhbGciOiJFUzI1NiIsImtpZCI6IlNFTlRJTkVMIn0.eyJpc3MiOiJzZW50aW5lbCJ9.c2VudGluZWwtc2lnbmF0dXJlLW9mLTY0LWJ5dGVz"


def cleaned(text: str, *tokens: str) -> str:
    redactor = Redactor()
    for token in tokens:
        redactor.add_token(token)
    return redactor.clean(text)


def test_a_secret_string_equals_its_text_and_has_a_masked_repr() -> None:
    secret = SecretStr(TOKEN)
    assert secret == TOKEN
    assert f"Bearer {secret}" == f"Bearer {TOKEN}"
    assert repr(secret) == "<SecretStr ***>"
    assert TOKEN[:GRAM] not in repr({"headers": [secret]})


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("2X9R4HXF34", "2X9R…34"),
        ("57246542-96fe-1a63-e053-0824d011072a", "5724…072a"),
        ("ABC", "A…"),
        ("", "…"),
        ("2X9R4HXF34\n", r"2X9R…\n"),
        ("\x1b[31m2X9R4HXF34", r"\x1b…XF34"),
    ],
)
def test_identifiers_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"token = '{TOKEN}'", f"token = '{HIDDEN}'"),
        (f"'{TOKEN[:40]}...{TOKEN[-30:]}'", f"'{HIDDEN}...{HIDDEN}'"),
        (f"{TOKEN[:50]}\n{TOKEN[50:]}", f"{HIDDEN}\n{HIDDEN}"),
        (f"a {TOKEN} b {TOKEN} c", f"a {HIDDEN} b {HIDDEN} c"),
        (TOKEN + TOKEN, HIDDEN),
        (TOKEN[: GRAM - 1], TOKEN[: GRAM - 1]),
    ],
)
def test_a_token_is_redacted_whole_split_and_repeated(text: str, expected: str) -> None:
    assert cleaned(text, TOKEN) == expected


def test_a_text_without_a_secret_is_returned_unchanged() -> None:
    text = "nothing to see here, and quite a lot of it"
    assert cleaned(text, TOKEN) is text


def test_the_lines_of_a_key_are_redacted_but_not_its_begin_and_end_lines() -> None:
    frame = "-----BEGIN PRIVATE KEY-----"
    redactor = Redactor()
    redactor.add_key(f"{frame}\nMIGHAgEAMBMGByqGSM49sentinel\n{'q' * 40}\n-----END PRIVATE KEY-----\n")
    assert redactor.clean(frame) == frame
    assert redactor.clean(rf"'{frame}\nMIGHAgEAMBMGByqGSM49sentinel\n{'q' * 40}'") == rf"'{frame}\n{HIDDEN}\n{HIDDEN}'"


def test_a_redactor_without_secrets_is_false() -> None:
    redactor = Redactor()
    assert not redactor
    redactor.add_token(TOKEN)
    assert redactor


def test_the_redactor_forgets_the_oldest_tokens_but_never_a_key() -> None:
    redactor = Redactor(keep=2)
    key = "MIGHAgEAMBMGByqGSM49sentinel"
    redactor.add_key(key)
    tokens = [letter * 40 for letter in "abcd"]
    for token in tokens:
        redactor.add_token(token)
        assert redactor.clean(token) == HIDDEN
    assert [redactor.clean(token) for token in tokens] == [tokens[0], tokens[1], HIDDEN, HIDDEN]
    assert redactor.clean(key) == HIDDEN


letters = st.text("abc-_.", min_size=GRAM, max_size=60)


@given(letters, st.lists(st.one_of(st.text(), st.tuples(st.integers(0, 60), st.integers(0, 60))), max_size=8))
def test_no_sequence_of_16_characters_of_a_secret_remains_after_redaction(
    secret: str, parts: list[str | tuple[int, int]]
) -> None:
    text = "".join(secret[part[0] : part[1]] if isinstance(part, tuple) else part for part in parts)
    clean = cleaned(text, secret)
    grams = {secret[at : at + GRAM] for at in range(len(secret) - GRAM + 1)}
    assert not any(gram in clean for gram in grams)


@given(st.text("ab", min_size=1, max_size=90), st.lists(st.text("ab", max_size=40), max_size=4))
def test_only_sequences_of_16_or_more_characters_of_a_secret_are_replaced(text: str, secrets: list[str]) -> None:
    redactor = Redactor()
    for secret in secrets:
        redactor.add_id(secret)
    grams = {secret[at : at + GRAM] for secret in secrets for at in range(len(secret) - GRAM + 1)}
    runs = [at for at in range(len(text) - GRAM + 1) if text[at : at + GRAM] in grams]
    hidden = {at + offset for at in runs for offset in range(GRAM)}
    expected = re.sub("#+", HIDDEN, "".join("#" if at in hidden else text[at] for at in range(len(text))))
    assert redactor.clean(text) == expected
    assert redactor.may_contain_secret(text) or not runs


def test_a_secret_string_is_still_masked_after_pickling() -> None:
    assert repr(pickle.loads(pickle.dumps(SecretStr(TOKEN)))) == "<SecretStr ***>"
