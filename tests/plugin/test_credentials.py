"""Every source of credentials, every repair of a key and every type of key, in a smoke run over HTTP."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from loopback import ISSUER_ID, KEY_ID, Apple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@pytest.fixture
def smoke(pytester: pytest.Pytester, apple: Apple) -> Callable[..., dict[str, Any]]:
    """Run the smoke check against the server, check that the server accepted the token, and return the report."""

    def smoke(*options: str, ret: int = 0) -> dict[str, Any]:
        result = pytester.runpytest("--asc-smoke", f"--asc-base-url={apple.url}", "--asc-report=report.json", *options)
        assert result.ret == ret
        report: dict[str, Any] = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
        assert len(apple.requests) == (1 if ret == 0 else 0)
        return report

    return smoke


IDS = {"ASC_KEY_ID": KEY_ID, "ASC_ISSUER_ID": ISSUER_ID}
TEXTS = (
    "ASC_PRIVATE_KEY",
    "APP_STORE_CONNECT_API_KEY_KEY",
    "APP_STORE_CONNECT_PRIVATE_KEY",
    "SPACESHIP_CONNECT_API_KEY",
)
PATHS = (
    "ASC_PRIVATE_KEY_PATH",
    "APP_STORE_CONNECT_API_KEY_KEY_FILEPATH",
    "SPACESHIP_CONNECT_API_KEY_FILEPATH",
    "EXPO_ASC_API_KEY_PATH",
)
KEY_IDS = (
    "ASC_KEY_ID",
    "ASC_API_KEY_ID",
    "APP_STORE_CONNECT_API_KEY_KEY_ID",
    "APP_STORE_CONNECT_KEY_IDENTIFIER",
    "APP_STORE_CONNECT_KEY_ID",
    "SPACESHIP_CONNECT_API_KEY_ID",
    "EXPO_ASC_KEY_ID",
)
ISSUER_IDS = (
    "ASC_ISSUER_ID",
    "ASC_API_ISSUER_ID",
    "APP_STORE_CONNECT_API_KEY_ISSUER_ID",
    "APP_STORE_CONNECT_ISSUER_ID",
    "SPACESHIP_CONNECT_API_ISSUER_ID",
    "EXPO_ASC_ISSUER_ID",
)


def set_all(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def key_file(folder: Path, text: str, name: str = f"AuthKey_{KEY_ID}.p8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("name", [*TEXTS, "ASC_PRIVATE_KEY_B64"])
def test_each_variable_for_the_text_of_a_key_is_read(
    smoke: Callable[..., dict[str, Any]], key_text: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text = base64.b64encode(key_text.encode()).decode() if name.endswith("_B64") else key_text
    set_all(monkeypatch, {**IDS, name: text})
    report = smoke()
    assert report["credentials"]["sources"]["private_key"] == name
    assert report["findings"] == []


@pytest.mark.parametrize("name", PATHS)
def test_each_source_for_the_path_of_a_key_is_read(
    smoke: Callable[..., dict[str, Any]], key_text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    set_all(monkeypatch, {**IDS, name: str(key_file(tmp_path, key_text))})
    report = smoke()
    assert report["credentials"]["sources"]["private_key"] == name
    assert report["findings"] == []


@pytest.mark.parametrize("name", KEY_IDS)
def test_each_source_for_the_key_id_is_read(
    smoke: Callable[..., dict[str, Any]], key_text: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    set_all(monkeypatch, {name: KEY_ID, "ASC_ISSUER_ID": ISSUER_ID, "ASC_PRIVATE_KEY": key_text})
    assert smoke()["credentials"]["sources"]["key_id"] == name


@pytest.mark.parametrize("name", ISSUER_IDS)
def test_each_source_for_the_issuer_id_is_read(
    smoke: Callable[..., dict[str, Any]], key_text: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    set_all(monkeypatch, {"ASC_KEY_ID": KEY_ID, name: ISSUER_ID, "ASC_PRIVATE_KEY": key_text})
    assert smoke()["credentials"]["sources"]["issuer_id"] == name


@pytest.mark.parametrize(
    "folder", ["./private_keys", "~/private_keys", "~/.private_keys", "~/.appstoreconnect/private_keys"]
)
def test_each_key_folder_is_searched(
    smoke: Callable[..., dict[str, Any]],
    pytester: pytest.Pytester,
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    clean_environment: Path,
    folder: str,
) -> None:
    # pytester uses the folder of the run as the home folder as well.
    monkeypatch.setenv("HOME", str(clean_environment))
    start = pytester.path if folder.startswith(".") else clean_environment
    key_file(start / folder[2:], key_text)
    set_all(monkeypatch, IDS)
    report = smoke()
    assert report["findings"] == []
    assert folder in report["credentials"]["sources"]["private_key"]
    assert KEY_ID not in json.dumps(report)


def test_the_folder_in_api_private_keys_dir_is_searched(
    smoke: Callable[..., dict[str, Any]], key_text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key_file(tmp_path / "keys", key_text)
    set_all(monkeypatch, {**IDS, "API_PRIVATE_KEYS_DIR": str(tmp_path / "keys")})
    assert smoke()["findings"] == []


@pytest.mark.parametrize("option", ["APP_STORE_CONNECT_API_KEY_PATH", "--asc-key-file", "asc_key_file"])
@pytest.mark.parametrize("encoded", [True, False])
def test_fastlanes_json_key_file_is_read(
    smoke: Callable[..., dict[str, Any]],
    pytester: pytest.Pytester,
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    encoded: bool,
) -> None:
    key = base64.b64encode(key_text.encode()).decode() if encoded else key_text
    content = {"key_id": KEY_ID, "issuer_id": ISSUER_ID, "key": key, "duration": 500, "in_house": False}
    path = key_file(
        pytester.path, json.dumps({**content, "is_key_content_base64": encoded} if encoded else content), "key.json"
    )
    options: list[str] = []
    if option.startswith("--"):
        options = [f"{option}={path}"]
    elif option.islower():
        pytester.makeini(f"[pytest]\n{option} = key.json")
    else:
        monkeypatch.setenv(option, str(path))
    report = smoke(*options)
    assert report["findings"] == []
    assert report["credentials"]["issuer_id"] == "5724…072a"


def test_options_take_precedence_over_ini_values_and_ini_values_over_variables(
    smoke: Callable[..., dict[str, Any]], pytester: pytest.Pytester, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file(pytester.path, key_text, "mine.p8")
    set_all(monkeypatch, {"ASC_PRIVATE_KEY_PATH": "mine.p8", "ASC_ISSUER_ID": ISSUER_ID})
    pytester.makeini(f"[pytest]\nasc_key_id = {KEY_ID}\nasc_issuer_id = {ISSUER_ID}\n")
    report = smoke(f"--asc-key-id={KEY_ID}")
    assert report["credentials"]["sources"] == {
        "key_id": "--asc-key-id",
        "issuer_id": "asc_issuer_id",
        "private_key": "ASC_PRIVATE_KEY_PATH",
    }
    assert report["findings"] == []


def test_the_finding_on_conflicting_sources_names_both_of_them(
    smoke: Callable[..., dict[str, Any]], key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, {**IDS, "ASC_PRIVATE_KEY": key_text, "APP_STORE_CONNECT_KEY_ID": "OTHER12345"})
    report = smoke()
    (finding,) = report["findings"]
    assert (finding["cause"], finding["level"]) == ("credentials-conflict", "warning")
    assert "ASC_KEY_ID" in finding["evidence"]
    assert "OTHER12345" not in finding["evidence"]


@pytest.mark.parametrize(
    ("variables", "options", "kind"),
    [
        ({"ASC_ISSUER_ID": ISSUER_ID}, [], "team"),
        ({}, [], "individual"),
        ({}, ["--asc-key-type=individual"], "individual"),
        ({"ASC_ISSUER_ID": ISSUER_ID, "ASC_KEY_TYPE": "enterprise"}, [], "enterprise"),
        ({"ASC_ISSUER_ID": ISSUER_ID}, ["--asc-key-type=enterprise"], "enterprise"),
    ],
)
def test_every_type_of_key_passes_the_smoke_check(
    smoke: Callable[..., dict[str, Any]],
    apple: Apple,
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    options: list[str],
    kind: str,
) -> None:
    set_all(monkeypatch, {"ASC_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": key_text, **variables})
    report = smoke(*options)
    assert report["credentials"]["kind"] == kind
    assert report["findings"] == []
    probe = "/v1/bundleIds?limit=1" if kind == "enterprise" else "/v1/apps?limit=1"
    assert [request.path for request in apple.requests] == [probe]


REPAIRS: list[tuple[str, Callable[[str], str]]] = [
    ("key-newlines-lost", lambda text: text.replace("\n", r"\n")),
    ("key-newlines-lost", lambda text: text.replace("\n", " ")),
    ("key-newlines-lost", lambda text: text.replace("\n", "")),
    ("key-base64-encoded", lambda text: base64.b64encode(text.encode()).decode()),
    ("key-pem-lines-missing", lambda text: "".join(text.splitlines()[1:-1])),
    ("key-invisible-characters", lambda text: "\ufeff" + text),
    ("key-invisible-characters", lambda text: text.replace("\n", "\r\n")),
    ("key-indented", lambda text: re.sub("^", "  ", text, flags=re.MULTILINE)),
    ("key-quoted", lambda text: f"'{text}'"),
]


@pytest.mark.parametrize(("cause", "damage"), REPAIRS)
def test_a_key_is_repaired_in_memory_and_the_repair_is_reported(
    smoke: Callable[..., dict[str, Any]],
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    cause: str,
    damage: Callable[[str], str],
) -> None:
    set_all(monkeypatch, {**IDS, "ASC_PRIVATE_KEY": damage(key_text)})
    report = smoke()
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [(cause, "warning")]
    assert report["ok"]


@pytest.mark.parametrize(
    ("variables", "cause"),
    [
        ({"ASC_KEY_ID": KEY_ID + "\n"}, "key-id-whitespace"),
        ({"ASC_KEY_ID": f'"{KEY_ID}"'}, "key-id-quoted"),
        ({"ASC_ISSUER_ID": ISSUER_ID + " "}, "issuer-id-whitespace"),
        ({"ASC_ISSUER_ID": f"'{ISSUER_ID}'"}, "issuer-id-quoted"),
    ],
)
def test_an_id_is_repaired_and_the_repair_is_reported(
    smoke: Callable[..., dict[str, Any]],
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    cause: str,
) -> None:
    set_all(monkeypatch, {**IDS, "ASC_PRIVATE_KEY": key_text, **variables})
    report = smoke()
    assert [(finding["cause"], finding["level"]) for finding in report["findings"]] == [(cause, "warning")]


@pytest.mark.parametrize(
    ("variables", "cause"),
    [
        ({"ASC_PRIVATE_KEY": ""}, "key-empty"),
        ({"ASC_PRIVATE_KEY": "${APPLE_KEY}"}, "key-placeholder"),
        ({"ASC_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n"}, "key-truncated"),
        ({"ASC_PRIVATE_KEY_PATH": "nowhere.p8"}, "key-file-missing"),
        ({"ASC_KEY_ID": ISSUER_ID, "ASC_ISSUER_ID": KEY_ID}, "ids-swapped"),
        ({"ASC_ISSUER_ID": "ABCDE12345"}, "issuer-id-not-uuid"),
        ({"ASC_KEY_ID": ""}, "key-id-missing"),
    ],
)
def test_a_key_that_cannot_be_repaired_gives_one_error_and_no_request_is_sent(
    smoke: Callable[..., dict[str, Any]],
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    cause: str,
) -> None:
    good = (
        {**IDS}
        if any(name.startswith("ASC_PRIVATE_KEY") for name in variables)
        else {**IDS, "ASC_PRIVATE_KEY": key_text}
    )
    set_all(monkeypatch, {**good, **variables})
    report = smoke(ret=1)
    assert report["cause"] == cause
    assert [finding["cause"] for finding in report["findings"] if finding["level"] == "error"] == [cause]
