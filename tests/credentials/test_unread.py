"""Credentials in variables that are not read, and settings of other tools that contradict the credentials."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING

import pytest
from real_cases.evidence import BODY, ISSUER, KEY_ID, P8

from pytest_asc.credentials.finder import find_credentials
from pytest_asc.credentials.settings import read_settings
from pytest_asc.credentials.throw_away import new_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_asc.diagnosis.findings import Finding

NOTHING: dict[str, str] = {}
B64 = base64.b64encode(P8.encode()).decode()
FLAG = "APP_STORE_CONNECT_API_KEY_IS_KEY_CONTENT_BASE64"
IDS = {"ASC_KEY_ID": KEY_ID, "ASC_ISSUER_ID": ISSUER}
FASTLANE = {"APP_STORE_CONNECT_API_KEY_KEY_ID": KEY_ID, "APP_STORE_CONNECT_API_KEY_ISSUER_ID": ISSUER}


def find(environ: Mapping[str, str], folder: Path) -> tuple[Finding, ...]:
    settings = read_settings(NOTHING.get, NOTHING.get, environ, folder=folder, home=folder)
    return find_credentials(settings).findings


@pytest.mark.parametrize(
    "environ",
    [
        {"APPLE_API_KEY_ID": KEY_ID, "APPLE_API_ISSUER": ISSUER, "APPLE_API_KEY": "AuthKey.p8"},
        {"APPSTORE_CONNECT_API_KEY_ID": KEY_ID, "APPSTORE_CONNECT_API_KEY": BODY},
        {"IOS_ASC_KEY_P8": P8, "IOS_ASC_KEY_ID": KEY_ID, "IOS_ASC_ISSUER_ID": ISSUER},
        {"MACOS_NOTARY_KEY": B64, "MACOS_NOTARY_KEY_ID": KEY_ID},
        {"EXPO_ASC_API_KEY_P8": B64},
        {"API_KEY_ID": KEY_ID, "API_KEY_ISSUER_ID": ISSUER},
        {"MY_TOOL_KEY_B64": B64},
        {**IDS, "ASC_KEY_CONTENT": B64},
        {**IDS, "ASC_KEY_P8_B64": B64},
    ],
    ids=lambda environ: list(environ)[-1],
)
def test_variables_that_are_set_but_not_read_are_reported_first(environ: dict[str, str], tmp_path: Path) -> None:
    (finding, *_) = find(environ, tmp_path)
    assert (finding.cause, finding.level) == ("variable-not-read", "error")
    for name in environ.keys() - IDS.keys():
        assert name in finding.evidence
        assert f" to the value of {name}" in finding.fix


@pytest.mark.parametrize(
    "environ",
    [
        {"STRIPE_API_KEY": "sk_live_0000", "SSH_PRIVATE_KEY": "-----BEGIN OPENSSH PRIVATE KEY-----\n", "TEAM_ID": "1"},
        {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "GPG_KEY_ID": "0xABCDEF", "APPLE_ID": "a@example.com"},
    ],
)
def test_unrelated_variables_are_not_reported_as_unread_credentials(environ: dict[str, str], tmp_path: Path) -> None:
    (finding,) = find(environ, tmp_path)
    assert finding.cause == "credentials-missing"


def test_unread_variables_are_not_reported_if_the_credentials_are_valid(tmp_path: Path) -> None:
    assert find({**IDS, "ASC_PRIVATE_KEY": P8, "NOTARY_KEY_ID": "XANFG7S7YS", "NOTARY_KEY": P8}, tmp_path) == ()


def test_an_issuer_id_under_another_name_is_a_warning(tmp_path: Path) -> None:
    (finding,) = find({"ASC_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": P8, "APPSTORE_ISSUER_ID": ISSUER}, tmp_path)
    assert (finding.cause, finding.level) == ("variable-not-read", "warning")


def test_a_session_of_an_apple_id_in_place_of_a_key_is_reported(tmp_path: Path) -> None:
    (finding,) = find({"FASTLANE_SESSION": "---\n- !ruby/object:HTTP::Cookie"}, tmp_path)
    assert finding.cause == "apple-id-session"
    assert "FASTLANE_SESSION" in finding.evidence


@pytest.mark.parametrize(
    ("key", "flag", "causes"),
    [
        (B64, "true", []),
        (P8, "false", []),
        (P8, "", []),
        (B64, "", ["key-base64-encoded"]),
        (B64, "false", ["tool-setting-conflict", "key-base64-encoded"]),
        (P8, "true", ["tool-setting-conflict"]),
    ],
)
def test_the_flag_for_base64_is_compared_with_the_value(key: str, flag: str, causes: list[str], tmp_path: Path) -> None:
    findings = find({**FASTLANE, "APP_STORE_CONNECT_API_KEY_KEY": key, FLAG: flag}, tmp_path)
    assert [finding.cause for finding in findings] == causes


def test_a_key_in_the_variable_for_fastlanes_json_is_used_and_reported(tmp_path: Path) -> None:
    file = tmp_path / f"AuthKey_{KEY_ID}.p8"
    file.write_text(P8, encoding="ascii")
    file.chmod(0o600)
    (finding,) = find({**FASTLANE, "APP_STORE_CONNECT_API_KEY_PATH": str(file)}, tmp_path)
    assert (finding.cause, finding.level) == ("tool-setting-conflict", "warning")
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": f"file://{file}"}, tmp_path)
    assert finding.cause == "tool-setting-conflict"
    assert "file://" in finding.evidence


@pytest.mark.skipif(sys.platform == "win32", reason="its paths begin with a drive, which is a folder here")
def test_a_slash_before_the_drive_of_a_windows_path_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "C:" / "keys"
    folder.mkdir(parents=True)
    file = folder / f"AuthKey_{KEY_ID}.p8"
    file.write_text(P8, encoding="ascii")
    file.chmod(0o600)
    monkeypatch.setattr(sys, "platform", "win32")
    url = f"file:///C:/keys/{file.name}"
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": url}, tmp_path)
    assert finding.cause == "tool-setting-conflict"


@pytest.mark.parametrize(
    ("key", "cause", "words"),
    [
        (P8 + new_key(), "key-several", "2 different private keys"),
        (json.dumps({"type": "service_account", "private_key": "x"}), "key-of-other-vendor", "Google"),
        (json.dumps({"kty": "EC", "crv": "P-256", "d": "x"}), "key-of-other-vendor", "JWK"),
        ("{{resolve:secretsmanager:asc:SecretString:key::}}", "key-placeholder", "a variable"),
        ("op://Apple Developer/App Store Connect API/password", "key-placeholder", "a secret store"),
        ("ref+vault://secret/asc#/key", "key-placeholder", "a secret store"),
        ("arn:aws:secretsmanager:eu-west-1:1:secret:asc", "key-placeholder", "a secret store"),
        ("projects/1/secrets/asc/versions/latest", "key-placeholder", "a secret store"),
        ("-----BEGIN PRIVATE KEY-----\nOur key\n-----END PRIVATE KEY-----", "key-placeholder", "template"),
    ],
)
def test_a_credential_that_is_not_a_key_of_apple_is_reported_as_what_it_is(
    key: str, cause: str, words: str, tmp_path: Path
) -> None:
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY": key}, tmp_path)
    assert finding.cause == cause
    assert words in finding.evidence


def test_a_file_with_the_same_key_twice_is_accepted(tmp_path: Path) -> None:
    assert find({**IDS, "ASC_PRIVATE_KEY": P8 + P8}, tmp_path) == ()


def test_the_json_of_rcodesign_is_used_and_reported(tmp_path: Path) -> None:
    content = json.dumps({"issuer_id": ISSUER, "key_id": KEY_ID, "private_key": BODY})
    (finding,) = find({"ASC_PRIVATE_KEY": content}, tmp_path)
    assert (finding.cause, finding.level) == ("tool-setting-conflict", "warning")
    assert "rcodesign" in finding.evidence


@pytest.mark.parametrize("prefix", ["APP_STORE_CONNECT_API_KEY_", "SPACESHIP_CONNECT_API_TOKEN_"])
@pytest.mark.parametrize(
    ("duration", "words"),
    [("1201", "1201 s, but Apple allows at most 1200 s"), ("20m", "not a whole number"), ("-1", "not a whole number")],
)
def test_a_duration_that_fastlane_rejects_is_reported_as_a_conflict(
    prefix: str, duration: str, words: str, tmp_path: Path
) -> None:
    key = "SPACESHIP_CONNECT_API_KEY" if "SPACESHIP" in prefix else "APP_STORE_CONNECT_API_KEY_KEY"
    (finding,) = find({**FASTLANE, key: P8, f"{prefix}DURATION": duration}, tmp_path)
    assert (finding.cause, finding.level) == ("tool-setting-conflict", "warning")
    assert f"{prefix}DURATION is {words}" in finding.evidence


@pytest.mark.parametrize(
    "environ",
    [
        {"APP_STORE_CONNECT_API_KEY_KEY": P8, "APP_STORE_CONNECT_API_KEY_DURATION": "1200"},
        {"APP_STORE_CONNECT_API_KEY_KEY": P8, "APP_STORE_CONNECT_API_KEY_IN_HOUSE": "false"},
        {"ASC_PRIVATE_KEY": P8, "APP_STORE_CONNECT_API_KEY_DURATION": "9999"},
    ],
    ids=["longest", "not-in-house", "for-another-key"],
)
def test_fastlane_flags_that_match_the_values_are_not_reported(environ: dict[str, str], tmp_path: Path) -> None:
    assert find({**FASTLANE, **environ}, tmp_path) == ()


@pytest.mark.parametrize(
    ("key", "flag"),
    [
        ("APP_STORE_CONNECT_API_KEY_KEY", "APP_STORE_CONNECT_API_KEY_IN_HOUSE"),
        ("SPACESHIP_CONNECT_API_KEY", "SPACESHIP_CONNECT_API_IN_HOUSE"),
    ],
)
@pytest.mark.parametrize(("value", "kind"), [("true", "enterprise"), ("1", "enterprise"), ("no", "team")])
def test_fastlanes_in_house_flag_decides_the_type_of_the_key(
    key: str, flag: str, value: str, kind: str, tmp_path: Path
) -> None:
    environ = {**FASTLANE, key: P8, flag: value}
    settings = read_settings(NOTHING.get, NOTHING.get, environ, folder=tmp_path, home=tmp_path)
    assert find_credentials(settings).require().kind == kind


def test_a_fastlane_flag_that_is_neither_true_nor_false_is_reported_as_a_conflict(tmp_path: Path) -> None:
    environ = {"APP_STORE_CONNECT_API_KEY_KEY": P8, "APP_STORE_CONNECT_API_KEY_IN_HOUSE": "enterprise"}
    (finding,) = find({**FASTLANE, **environ}, tmp_path)
    assert (finding.cause, finding.level) == ("tool-setting-conflict", "warning")


def test_a_file_in_the_variable_for_the_key_folder_is_used_and_reported(tmp_path: Path) -> None:
    file = tmp_path / f"AuthKey_{KEY_ID}.p8"
    file.write_text(P8)
    file.chmod(0o600)
    (finding,) = find({**IDS, "API_PRIVATE_KEYS_DIR": str(file)}, tmp_path)
    assert (finding.cause, finding.level) == ("tool-setting-conflict", "warning")
    assert "API_PRIVATE_KEYS_DIR is a file" in finding.evidence


def test_a_file_url_in_the_variable_for_the_text_of_a_key_is_the_first_finding(tmp_path: Path) -> None:
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY": "file:///srv/app/AuthKey_2X9R7KQF34.p8"}, tmp_path)
    assert (finding.cause, finding.level) == ("key-path-for-content", "error")
    assert "file://" in finding.evidence
    assert "that file does not exist" in finding.evidence


@pytest.mark.parametrize(
    ("key_type", "environ", "seen"),
    [
        (
            "team",
            {"APP_STORE_CONNECT_API_KEY_KEY": P8, "APP_STORE_CONNECT_API_KEY_IN_HOUSE": "true"},
            "ASC_KEY_TYPE is team",
        ),
        (
            "individual",
            {"SPACESHIP_CONNECT_API_KEY": P8, "SPACESHIP_CONNECT_API_IN_HOUSE": "1"},
            "SPACESHIP_CONNECT_API_IN",
        ),
        (
            "enterprise",
            {"APP_STORE_CONNECT_API_KEY_KEY": P8, "APP_STORE_CONNECT_API_KEY_IN_HOUSE": "false"},
            "is false",
        ),
        (
            "team",
            {"APP_STORE_CONNECT_API_KEY_KEY": json.dumps({"key_id": KEY_ID, "key": P8, "in_house": True})},
            "in_house",
        ),
    ],
)
def test_a_key_type_that_contradicts_fastlanes_flag_is_a_warning(
    tmp_path: Path, key_type: str, environ: dict[str, str], seen: str
) -> None:
    findings = find({**IDS, **environ, "ASC_KEY_TYPE": key_type}, tmp_path)
    (conflict,) = [one for one in findings if one.cause == "tool-setting-conflict"]
    assert conflict.level == "warning"
    assert seen in conflict.evidence


@pytest.mark.parametrize(
    ("key_type", "flag"), [("team", "false"), ("enterprise", "true"), ("team", ""), ("enterprise", "")]
)
def test_a_key_type_that_agrees_with_fastlanes_flag_is_not_reported(tmp_path: Path, key_type: str, flag: str) -> None:
    environ = {
        "APP_STORE_CONNECT_API_KEY_KEY": P8,
        "APP_STORE_CONNECT_API_KEY_IN_HOUSE": flag,
        "ASC_KEY_TYPE": key_type,
    }
    assert "tool-setting-conflict" not in {one.cause for one in find({**IDS, **environ}, tmp_path)}
