from __future__ import annotations

import base64
import itertools
import json
import os
import pickle
import shutil
import subprocess
import textwrap
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_asc.credentials import sources
from pytest_asc.credentials.finder import Credentials, CredentialsError, CredentialsResult, find_credentials
from pytest_asc.credentials.search import searched_names
from pytest_asc.credentials.settings import SETTINGS, Settings, SettingsError, read_settings
from pytest_asc.secrets import GRAM, Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY_ID = "2X9R7KQF34"
OTHER_ID = "9QWERTY123"
ISSUER = "57246542-0a1b-4c2d-8e3f-1a2b3c4d072a"
OTHER_ISSUER = "69a6de7e-1111-47e3-a053-5b8c7c11a4d1"

# The same in every run, so that a failing example can be run again.
KEY = ec.derive_private_key(3**150, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(5**100, ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


P8, OTHER_P8 = pem(KEY), pem(OTHER_KEY)
P8_B64 = base64.b64encode(P8.encode()).decode()
FLAT = "".join(P8.splitlines()[1:-1])
IDS = {"ASC_KEY_ID": KEY_ID, "ASC_ISSUER_ID": ISSUER}
WITH_KEY = {**IDS, "ASC_PRIVATE_KEY": P8}

ENV = {setting.name: setting.env for setting in SETTINGS}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(home: Path, project: Path) -> Callable[..., Settings]:
    def make(
        environ: Mapping[str, str], options: Mapping[str, str] | None = None, ini: Mapping[str, str] | None = None
    ) -> Settings:
        return read_settings((options or {}).get, (ini or {}).get, environ, folder=project, home=home)

    return make


Find = Any  # takes the arguments of ``settings``


@pytest.fixture
def find(settings: Callable[..., Settings]) -> Find:
    return lambda *sources: find_credentials(settings(*sources))


@pytest.fixture
def redactor(monkeypatch: pytest.MonkeyPatch) -> Redactor:
    fresh = Redactor()
    monkeypatch.setattr(sources, "redactor", fresh)
    return fresh


def write(path: Path, content: str | bytes = P8, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def fastlane(**fields: object) -> str:
    return json.dumps({"key_id": KEY_ID, "issuer_id": ISSUER, "key": P8, "duration": 500, "in_house": False, **fields})


def causes(reading: CredentialsResult) -> list[str]:
    return [finding.cause for finding in reading.findings]


def holds(reading: CredentialsResult, key: ec.EllipticCurvePrivateKey = KEY) -> bool:
    return reading.require().public_key.public_numbers() == key.public_key().public_numbers()


# Sources of each value.


@pytest.mark.parametrize("name", ENV["private_key"])
def test_a_key_is_read_from_each_variable_for_its_text(find: Find, name: str) -> None:
    reading = find({**IDS, name: P8_B64 if name.endswith("_B64") else P8})
    assert holds(reading)
    assert reading.findings == ()
    assert reading.sources == {"key_id": "ASC_KEY_ID", "issuer_id": "ASC_ISSUER_ID", "private_key": name}
    assert (reading.key_id, reading.issuer_id, reading.kind) == (KEY_ID, ISSUER, "team")


@pytest.mark.parametrize("name", ENV["key_file"])
def test_a_key_is_read_from_the_file_that_a_variable_names(find: Find, project: Path, name: str) -> None:
    reading = find({**IDS, name: str(write(project / "asc.p8"))})
    assert holds(reading)
    assert reading.findings == ()
    assert reading.sources["private_key"] == name


def test_a_relative_path_starts_in_the_folder_and_a_tilde_in_the_home_folder(
    find: Find, project: Path, home: Path
) -> None:
    write(project / "keys" / "asc.p8")
    write(home / "asc.p8", OTHER_P8)
    assert holds(find({**IDS, "ASC_PRIVATE_KEY_PATH": "keys/asc.p8"}))
    assert holds(find({**IDS, "ASC_PRIVATE_KEY_PATH": "~/asc.p8"}), OTHER_KEY)


@pytest.mark.parametrize(
    ("options", "ini", "source"),
    [({"key_file": "asc.p8"}, {}, "--asc-key-file"), ({}, {"key_file": "asc.p8"}, "asc_key_file")],
)
def test_a_key_is_read_from_the_file_that_an_option_names(
    find: Find, project: Path, options: dict[str, str], ini: dict[str, str], source: str
) -> None:
    write(project / "asc.p8")
    reading = find(IDS, options, ini)
    assert holds(reading)
    assert reading.sources["private_key"] == source


@pytest.mark.parametrize("name", ENV["key_id"])
def test_a_key_id_is_read_from_each_of_its_variables(find: Find, name: str) -> None:
    reading = find({name: KEY_ID, "ASC_ISSUER_ID": ISSUER, "ASC_PRIVATE_KEY": P8})
    assert (reading.require().key_id, reading.sources["key_id"]) == (KEY_ID, name)


@pytest.mark.parametrize("name", ENV["issuer_id"])
def test_an_issuer_id_is_read_from_each_of_its_variables(find: Find, name: str) -> None:
    reading = find({"ASC_KEY_ID": KEY_ID, name: ISSUER, "ASC_PRIVATE_KEY": P8})
    assert (reading.require().issuer_id, reading.sources["issuer_id"]) == (ISSUER, name)


FOLDERS = ["private_keys", "~/private_keys", "~/.private_keys", "~/.appstoreconnect/private_keys", "~/elsewhere"]


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("key_id", [KEY_ID, None])
def test_a_key_is_read_from_each_key_folder(
    find: Find, home: Path, project: Path, folder: str, key_id: str | None
) -> None:
    place = home / folder[2:] if folder.startswith("~") else project / folder
    write(place / f"AuthKey_{KEY_ID}.p8")
    environ = {"API_PRIVATE_KEYS_DIR": "~/elsewhere", "ASC_ISSUER_ID": ISSUER}
    reading = find({**environ, "ASC_KEY_ID": key_id} if key_id else environ)
    assert holds(reading)
    assert reading.key_id == KEY_ID
    assert reading.findings == ()
    shown = folder if folder.startswith("~") else f"./{folder}"
    assert reading.sources["private_key"] == f"{shown}/AuthKey_2X9R…34.p8"


def test_the_key_folders_are_searched_in_order(find: Find, home: Path, project: Path) -> None:
    write(project / "private_keys" / f"AuthKey_{KEY_ID}.p8")
    write(home / "private_keys" / f"AuthKey_{KEY_ID}.p8", OTHER_P8)
    assert holds(find(IDS))
    assert holds(find({}))


def test_several_keys_in_the_folders_need_a_key_id(find: Find, home: Path) -> None:
    for key_id in (KEY_ID, OTHER_ID):
        write(home / "private_keys" / f"AuthKey_{key_id}.p8")
    assert holds(find(IDS))
    assert causes(find({})) == ["key-id-missing"]
    assert "2 AuthKey files" in find({}).findings[0].evidence


def test_a_configured_key_takes_precedence_over_the_key_folders(find: Find, home: Path) -> None:
    write(home / "private_keys" / f"AuthKey_{KEY_ID}.p8", OTHER_P8)
    assert holds(find(WITH_KEY))
    assert find(WITH_KEY).findings == ()


def test_a_missing_key_id_is_taken_from_the_name_of_the_key_file(find: Find, project: Path) -> None:
    path = write(project / f"AuthKey_{KEY_ID}.p8")
    reading = find({"ASC_ISSUER_ID": ISSUER, "ASC_PRIVATE_KEY_PATH": str(path)})
    assert reading.require().key_id == KEY_ID
    assert reading.findings == ()
    assert reading.sources["key_id"] == "ASC_PRIVATE_KEY_PATH"


def test_a_key_file_named_after_another_key_id_is_reported(find: Find, project: Path) -> None:
    path = write(project / f"AuthKey_{OTHER_ID}.p8")
    assert causes(find({**IDS, "ASC_PRIVATE_KEY_PATH": str(path)})) == ["key-id-file-mismatch"]


# Precedence of the sources.

LEVELS = ("options", "ini", "environ")


@pytest.mark.parametrize(("better", "worse"), [("options", "ini"), ("options", "environ"), ("ini", "environ")])
@pytest.mark.parametrize("name", ["key_id", "issuer_id", "key_file"])
def test_the_command_line_the_ini_file_and_the_environment_take_precedence_in_this_order(
    find: Find, project: Path, better: str, worse: str, name: str
) -> None:
    good = {"key_id": KEY_ID, "issuer_id": ISSUER, "key_file": str(write(project / "one.p8"))}
    bad = {"key_id": OTHER_ID, "issuer_id": OTHER_ISSUER, "key_file": str(write(project / "two.p8", OTHER_P8))}
    levels: dict[str, dict[str, str]] = {level: {} for level in LEVELS}
    for key, value in good.items():
        levels["environ"][ENV[key][0]] = value
    levels["environ"].pop(ENV[name][0])
    levels[better][name] = good[name]
    levels[worse][ENV[name][0] if worse == "environ" else name] = bad[name]
    reading = find(levels["environ"], levels["options"], levels["ini"])
    assert holds(reading)
    assert (reading.key_id, reading.issuer_id) == (KEY_ID, ISSUER)
    (finding,) = reading.findings
    assert (finding.cause, finding.level) == ("credentials-conflict", "warning")
    places = {"options": "the command line", "ini": "the ini file", "environ": "the environment"}
    assert f"is used, because {places[better]} takes precedence over {places[worse]}" in finding.evidence


@pytest.mark.parametrize("name", ["key_id", "issuer_id", "private_key"])
def test_the_first_variable_takes_precedence_over_the_others(find: Find, name: str) -> None:
    values = {"key_id": (KEY_ID, OTHER_ID), "issuer_id": (ISSUER, OTHER_ISSUER), "private_key": (P8, OTHER_P8)}[name]
    first, *_, last = ENV[name]
    reading = find({**WITH_KEY, first: values[0], last: values[1]})
    assert holds(reading)
    assert (reading.key_id, reading.issuer_id) == (KEY_ID, ISSUER)
    (finding,) = reading.findings
    assert finding.cause == "credentials-conflict"
    assert f"{first} is used, because it is searched first" in finding.evidence
    assert last in finding.evidence
    assert not any(value in finding.evidence for value in values)


def test_a_key_file_on_the_command_line_takes_precedence_over_a_key_in_a_variable(find: Find, project: Path) -> None:
    write(project / "asc.p8")
    reading = find({**IDS, "ASC_PRIVATE_KEY": OTHER_P8}, {"key_file": "asc.p8"})
    assert holds(reading)
    assert reading.sources["private_key"] == "--asc-key-file"
    assert causes(reading) == ["credentials-conflict"]


def test_in_the_environment_a_key_takes_precedence_over_a_file_and_a_file_over_json(find: Find, project: Path) -> None:
    file = str(write(project / "asc.p8"))
    file_of_fastlane = str(write(project / "asc.json", fastlane(key=OTHER_P8)))
    environ = {**IDS, "APP_STORE_CONNECT_API_KEY_PATH": file_of_fastlane}
    assert find({**environ, "SPACESHIP_CONNECT_API_KEY": P8}).sources["private_key"] == "SPACESHIP_CONNECT_API_KEY"
    assert find({**environ, "EXPO_ASC_API_KEY_PATH": file}).sources["private_key"] == "EXPO_ASC_API_KEY_PATH"


def test_the_same_key_in_two_encodings_is_not_a_conflict(find: Find, project: Path) -> None:
    path = str(write(project / "asc.p8", P8))
    environ = {
        "ASC_KEY_ID": KEY_ID,
        "ASC_API_KEY_ID": KEY_ID,
        "ASC_ISSUER_ID": ISSUER,
        "EXPO_ASC_ISSUER_ID": ISSUER,
        "ASC_PRIVATE_KEY": P8,
        "ASC_PRIVATE_KEY_B64": P8_B64,
        "SPACESHIP_CONNECT_API_KEY": P8.replace("\n", "\\n"),
        "ASC_PRIVATE_KEY_PATH": path,
        "APP_STORE_CONNECT_API_KEY_PATH": str(write(project / "asc.json", fastlane())),
    }
    assert find(environ).findings == ()


def test_an_empty_variable_is_ignored(find: Find) -> None:
    reading = find(
        {"ASC_KEY_ID": "", "ASC_API_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": " \n", "ASC_PRIVATE_KEY_B64": P8_B64}
    )
    assert holds(reading)
    assert reading.sources == {"key_id": "ASC_API_KEY_ID", "private_key": "ASC_PRIVATE_KEY_B64"}


# The type of the key.


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"ASC_ISSUER_ID": ISSUER}, "team"),
        ({}, "individual"),
        ({"ASC_KEY_TYPE": "individual"}, "individual"),
        ({"ASC_ISSUER_ID": ISSUER, "ASC_KEY_TYPE": "team"}, "team"),
        ({"ASC_ISSUER_ID": ISSUER, "ASC_KEY_TYPE": "enterprise"}, "enterprise"),
    ],
)
def test_the_key_type_follows_from_the_issuer_id_and_the_setting(
    find: Find, environ: dict[str, str], kind: str
) -> None:
    reading = find({"ASC_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": P8, **environ})
    assert reading.findings == ()
    assert reading.require().kind == reading.kind == kind


def test_an_individual_key_ignores_the_issuer_id(find: Find) -> None:
    reading = find({**WITH_KEY, "ASC_KEY_TYPE": "individual"})
    assert reading.require().issuer_id is None
    assert "issuer_id" not in reading.sources
    assert [(finding.cause, finding.level) for finding in reading.findings] == [("individual-key-as-team", "note")]


@pytest.mark.parametrize("kind", ["team", "enterprise"])
def test_a_team_key_without_an_issuer_id_is_an_error(find: Find, kind: str) -> None:
    reading = find({"ASC_KEY_ID": KEY_ID, "ASC_PRIVATE_KEY": P8, "ASC_KEY_TYPE": kind})
    assert [(finding.cause, finding.certainty) for finding in reading.findings] == [("issuer-id-missing", "certain")]
    assert reading.credentials is None


def test_an_issuer_id_that_is_set_but_empty_is_a_note(find: Find) -> None:
    reading = find({**WITH_KEY, "ASC_ISSUER_ID": ""})
    assert reading.require().kind == "individual"
    (finding,) = reading.findings
    assert (finding.cause, finding.level) == ("issuer-id-missing", "note")
    assert "ASC_ISSUER_ID is set but empty" in finding.evidence


def test_an_unknown_key_type_is_a_settings_error(find: Find) -> None:
    with pytest.raises(SettingsError, match="ASC_KEY_TYPE is 'admin', expected one of team, individual, enterprise"):
        find({**WITH_KEY, "ASC_KEY_TYPE": "admin"})


# fastlane's JSON.


@pytest.mark.parametrize("name", ["APP_STORE_CONNECT_API_KEY_PATH", "ASC_PRIVATE_KEY_PATH"])
def test_fastlanes_json_gives_the_key_and_both_ids(find: Find, project: Path, name: str) -> None:
    reading = find({name: str(write(project / "asc.json", fastlane()))})
    assert holds(reading)
    assert (reading.key_id, reading.issuer_id, reading.kind) == (KEY_ID, ISSUER, "team")
    assert reading.findings == ()
    assert reading.sources == dict.fromkeys(("key_id", "issuer_id", "private_key"), name)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (fastlane(), "team"),
        (fastlane(in_house=True), "enterprise"),
        (fastlane(issuer_id=None), "individual"),
        (fastlane(duration=None, in_house=None), "team"),
        (fastlane(key=P8_B64, is_key_content_base64=True), "team"),
        (fastlane(key=P8, is_key_content_base64=False), "team"),
        ("\ufeff" + fastlane(), "team"),
        (json.dumps({"key_id": KEY_ID, "key": P8}), "individual"),
    ],
    ids=itertools.count(),
)
def test_fastlanes_json_is_read_in_each_of_its_forms(find: Find, project: Path, content: str, kind: str) -> None:
    write(project / "asc.json", content)
    reading = find({}, {"key_file": "asc.json"})
    assert holds(reading)
    assert reading.findings == ()
    assert reading.kind == kind


def test_the_key_in_fastlanes_json_is_repaired_like_any_other(find: Find, project: Path) -> None:
    write(project / "asc.json", fastlane(key=P8.replace("\n", "\\n")))
    reading = find({}, {"key_file": "asc.json"})
    assert holds(reading)
    assert causes(reading) == ["key-newlines-lost"]


def test_the_ids_of_fastlanes_json_have_the_precedence_of_the_source_that_names_it(find: Find, project: Path) -> None:
    write(project / "asc.json", fastlane())
    other = {"ASC_KEY_ID": OTHER_ID, "ASC_ISSUER_ID": OTHER_ISSUER}
    named_by_option = find(other, {"key_file": "asc.json"})
    assert (named_by_option.key_id, named_by_option.issuer_id) == (KEY_ID, ISSUER)
    named_by_environment = find({**other, "APP_STORE_CONNECT_API_KEY_PATH": "asc.json"})
    assert (named_by_environment.key_id, named_by_environment.issuer_id) == (OTHER_ID, OTHER_ISSUER)
    assert causes(named_by_option) == causes(named_by_environment) == ["credentials-conflict"] * 2


@pytest.mark.parametrize(
    ("content", "cause", "evidence"),
    [
        (fastlane()[:-1], "key-unparsable", "not valid JSON: "),
        (fastlane() + "}", "key-unparsable", "Extra data (line 1"),
        (fastlane().replace("\\n", "\n"), "key-unparsable", "Invalid control character (line 1, column "),
        ("{" * 50_000, "key-unparsable", "not valid JSON"),
        ("{" * 100_000, "key-unparsable", "not valid JSON"),
        ('{"a":' * 10_000, "key-unparsable", "not valid JSON"),
        ('{"duration": ' + "9" * 5000 + "}", "key-unparsable", ""),
        (fastlane(key=None), "key-unparsable", "the field key is missing"),
        ("{}", "key-unparsable", "the field key is missing"),
        (fastlane(key=[P8]), "key-unparsable", "key is a list, expected a string"),
        (fastlane(key_id=1234567890), "key-unparsable", "key_id is a number, expected a string"),
        (fastlane(issuer_id={}), "key-unparsable", "issuer_id is an object, expected a string"),
        (fastlane(duration="500"), "key-unparsable", "duration is a string, expected a number"),
        (fastlane(duration=True), "key-unparsable", "duration is true or false, expected a number"),
        (fastlane(in_house="false"), "key-unparsable", "in_house is a string, expected true or false"),
        (fastlane(is_key_content_base64=1), "key-unparsable", "is_key_content_base64 is a number, expected true or"),
        (fastlane(key_id=None), "key-id-missing", ""),
        (fastlane(key=""), "key-empty", "APP_STORE_CONNECT_API_KEY_PATH: "),
        (fastlane(key="***"), "key-placeholder", ""),
        (fastlane(key=P8[:100]), "key-truncated", ""),
    ],
    ids=itertools.count(),
)
def test_invalid_fastlane_json_is_an_error_that_says_what_is_wrong(
    find: Find, project: Path, content: str, cause: str, evidence: str
) -> None:
    write(project / "asc.json", content)
    reading = find({"APP_STORE_CONNECT_API_KEY_PATH": "asc.json"})
    assert causes(reading) == [cause]
    assert evidence in reading.findings[0].evidence
    assert_no_secret(reading)


# A key in the wrong place.


@pytest.mark.parametrize("name", ["ASC_PRIVATE_KEY_PATH", "APP_STORE_CONNECT_API_KEY_PATH"])
@pytest.mark.parametrize("text", [P8, P8_B64, FLAT, P8.replace("\n", "\\n")], ids=itertools.count())
def test_the_text_of_a_key_in_a_variable_for_a_path_is_used_and_reported(find: Find, name: str, text: str) -> None:
    reading = find({**IDS, name: text})
    assert holds(reading)
    assert causes(reading)[0] == "key-content-for-path"
    assert f"{name} contains the text of a key (length {len(text)})" in reading.findings[0].evidence


def test_fastlanes_json_in_a_variable_for_a_path_is_used_and_reported(find: Find) -> None:
    reading = find({"APP_STORE_CONNECT_API_KEY_PATH": fastlane()})
    assert holds(reading)
    assert causes(reading) == ["key-content-for-path"]


@pytest.mark.parametrize("around", ["{}", '"{}"', "{}\n"])
def test_a_path_in_a_variable_for_the_text_of_a_key_is_used_and_reported(
    find: Find, project: Path, around: str
) -> None:
    write(project / f"AuthKey_{KEY_ID}.p8")
    reading = find({**IDS, "ASC_PRIVATE_KEY": around.format(f"AuthKey_{KEY_ID}.p8")})
    assert holds(reading)
    assert causes(reading) == ["key-path-for-content"]
    assert reading.findings[0].evidence == "ASC_PRIVATE_KEY contains the path of a file (./AuthKey_2X9R…34.p8)"


def test_a_path_in_a_variable_for_the_text_of_a_key_needs_no_suffix_if_the_file_exists(
    find: Find, project: Path
) -> None:
    path = write(project / "secret")
    assert causes(find({**IDS, "ASC_PRIVATE_KEY": str(path)})) == ["key-path-for-content"]


def test_a_path_without_a_file_in_a_variable_for_the_text_of_a_key_is_a_missing_file(find: Find) -> None:
    reading = find({**IDS, "ASC_PRIVATE_KEY": "~/AuthKey.p8"})
    assert causes(reading) == ["key-path-for-content", "key-file-missing"]


def test_fastlanes_json_in_a_variable_for_the_text_of_a_key_is_used(find: Find) -> None:
    reading = find({"ASC_PRIVATE_KEY": fastlane()})
    assert holds(reading)
    assert reading.key_id == KEY_ID


@pytest.mark.parametrize("value", ["***", "${ASC_PRIVATE_KEY_PATH}", "<path>"])
def test_a_placeholder_in_place_of_a_path_is_an_error(find: Find, value: str) -> None:
    assert causes(find({**IDS, "ASC_PRIVATE_KEY_PATH": value})) == ["key-placeholder"]


@pytest.mark.parametrize(
    ("around", "cause"), [('"{}"', "key-quoted"), ("{}\n", "key-invisible-characters"), ("'{}", "key-quoted")]
)
def test_quotes_and_whitespace_around_a_path_are_removed_and_reported(
    find: Find, project: Path, around: str, cause: str
) -> None:
    write(project / "asc.p8")
    reading = find({**IDS, "ASC_PRIVATE_KEY_PATH": around.format("asc.p8")})
    assert holds(reading)
    assert causes(reading) == [cause]
    assert "expected 6" in reading.findings[0].evidence


# Base64 in the variable for it, and in others.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (P8_B64, []),
        ("\n".join(textwrap.wrap(P8_B64, 76)), []),
        (base64.urlsafe_b64encode(P8.encode()).decode().rstrip("="), []),
        (P8, []),
        (base64.b64encode(P8_B64.encode()).decode(), ["key-base64-encoded"]),
        (base64.b64encode(P8.replace("\n", "\r\n").encode()).decode(), ["key-invisible-characters"]),
        (FLAT, ["key-pem-lines-missing"]),
    ],
    ids=itertools.count(),
)
def test_base64_in_the_variable_for_base64_is_not_reported_but_other_repairs_are(
    find: Find, text: str, expected: list[str]
) -> None:
    reading = find({**IDS, "ASC_PRIVATE_KEY_B64": text})
    assert holds(reading)
    assert causes(reading) == expected


@pytest.mark.parametrize(
    ("text", "cause"),
    [("changeme", "key-placeholder"), ("***", "key-placeholder"), (P8_B64[:100], "key-truncated"), ('""', "key-empty")],
    ids=itertools.count(),
)
def test_an_unusable_key_in_the_variable_for_base64_has_its_cause(find: Find, text: str, cause: str) -> None:
    assert causes(find({**IDS, "ASC_PRIVATE_KEY_B64": text})) == [cause]


# No key.


def test_no_source_of_credentials_is_reported_as_credentials_missing(find: Find) -> None:
    reading = find({})
    assert causes(reading) == ["credentials-missing"]
    assert (reading.credentials, reading.key_id, reading.issuer_id, reading.sources) == (None, None, None, {})
    evidence = reading.findings[0].evidence
    names = [name for key in ("key_id", "private_key", "key_file", "fastlane_key") for name in ENV[key]]
    assert {*names, "--asc-key-file", "asc_key_id"} <= set(searched_names())
    for place in (f"none of the {len(searched_names())} ", "./private_keys", *FOLDERS[1:-1]):
        assert place in evidence


@pytest.mark.parametrize("name", ["ASC_PRIVATE_KEY", "ASC_PRIVATE_KEY_PATH", "APP_STORE_CONNECT_API_KEY_PATH"])
@pytest.mark.parametrize("ids", [IDS, dict.fromkeys(IDS, ""), {}])
@pytest.mark.parametrize("value", ["", "\n"])
def test_an_empty_variable_for_the_key_is_reported_as_key_empty(
    find: Find, name: str, ids: dict[str, str], value: str
) -> None:
    reading = find({**ids, name: value})
    (finding,) = reading.findings
    assert (finding.cause, finding.level) == ("key-empty", "error")
    assert f"{name} is set but empty" in finding.evidence
    assert "forks" in finding.fix


def test_a_key_id_without_a_file_in_any_key_folder_is_a_missing_file(find: Find, home: Path) -> None:
    write(home / "private_keys" / f"AuthKey_{OTHER_ID}.p8")
    (finding,) = find({**IDS, "API_PRIVATE_KEYS_DIR": "/nowhere/keys"}).findings
    assert finding.cause == "key-file-missing"
    assert "AuthKey_2X9R…34.p8" in finding.evidence
    for folder in ("./private_keys", *FOLDERS[1:-1], "/nowhere/keys"):
        assert folder in finding.evidence
    assert str(home) not in finding.evidence


def test_an_invalid_key_id_is_the_cause_and_not_the_missing_file(find: Find) -> None:
    assert causes(find({"ASC_KEY_ID": ISSUER, "ASC_ISSUER_ID": KEY_ID})) == ["ids-swapped"]
    assert causes(find({"ASC_KEY_ID": "${KEY_ID}", "ASC_ISSUER_ID": ISSUER})) == ["id-placeholder"]
    assert causes(find({"ASC_KEY_ID": KEY_ID + "\n", "ASC_ISSUER_ID": ISSUER})) == [
        "key-file-missing",
        "key-id-whitespace",
    ]


def test_a_configured_file_that_does_not_exist_is_a_missing_file(find: Find, home: Path) -> None:
    for name in (f"~/AuthKey_{KEY_ID}.p8", f"{home}/AuthKey_{KEY_ID}.p8"):
        (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": name}).findings
        assert finding.cause == "key-file-missing"
        assert finding.evidence == "ASC_PRIVATE_KEY_PATH: ~/AuthKey_2X9R…34.p8 does not exist"


def test_no_findings_on_ids_are_made_if_their_file_cannot_be_read(find: Find) -> None:
    assert causes(find({"APP_STORE_CONNECT_API_KEY_PATH": "asc.json"})) == ["key-file-missing"]
    assert causes(find({"ASC_PRIVATE_KEY_PATH": "asc.p8", "ASC_KEY_TYPE": "team"})) == ["key-file-missing"]


@pytest.mark.parametrize("path", ["asc.p8/asc.p8", "a\0b.p8", "x" * 300 + ".p8", "folder.p8", "fifo.p8"])
def test_a_path_that_cannot_be_read_is_an_error_with_the_reason(find: Find, project: Path, path: str) -> None:
    write(project / "asc.p8")
    (project / "folder.p8").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(project / "fifo.p8")
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": path}).findings
    assert finding.cause in {"key-file-missing", "key-file-unreadable"}
    assert finding.evidence.isprintable()


def test_a_path_that_may_be_part_of_a_key_is_masked(find: Find) -> None:
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": f"/etc/some-company/{FLAT[80:100]}.p8"}).findings
    assert finding.cause == "key-file-missing"
    assert "/etc/some-company/" in finding.evidence
    assert FLAT[80:96] not in finding.evidence


def test_a_folder_in_place_of_a_file_is_an_error(find: Find, project: Path) -> None:
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": str(project)}).findings
    assert finding.cause == "key-file-unreadable"
    assert "is a folder, expected a file" in finding.evidence


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_is_an_error(find: Find, project: Path) -> None:
    path = write(project / "asc.p8", mode=0)
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": str(path)}).findings
    assert finding.cause == "key-file-unreadable"
    assert "Permission denied" in finding.evidence


def test_a_file_that_cannot_be_opened_is_an_error(find: Find, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(project / "asc.p8")

    def refuse(self: Path, *args: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": str(path)}).findings
    assert finding.cause == "key-file-unreadable"
    assert finding.evidence == "ASC_PRIVATE_KEY_PATH: ./asc.p8 cannot be opened: Permission denied"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"x" * 10_000_000, "key-unparsable"),
        (bytes(range(256)), "key-unparsable"),
        (b"", "key-empty"),
        (P8.encode() + b"\0" * 1_000_000, "key-unparsable"),
        (P8[:100].encode(), "key-truncated"),
    ],
    ids=itertools.count(),
)
def test_a_file_without_a_key_is_an_error(find: Find, project: Path, content: bytes, cause: str) -> None:
    path = write(project / "asc.p8", content)
    (finding,) = find({**IDS, "ASC_PRIVATE_KEY_PATH": str(path)}).findings
    assert finding.cause == cause
    assert finding.evidence.startswith("ASC_PRIVATE_KEY_PATH: ")


def test_a_file_that_is_not_utf8_is_read(find: Find, project: Path) -> None:
    path = write(project / "asc.p8", P8.encode("utf-16"))
    reading = find({**IDS, "ASC_PRIVATE_KEY_PATH": str(path)})
    assert holds(reading)
    assert causes(reading) == ["key-invisible-characters"]


# Key files that others can read.

posix = pytest.mark.skipif(os.name != "posix", reason="the mode of a file says who may read it on POSIX alone")


@posix
@pytest.mark.parametrize(
    ("mode", "exposed"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True), (0o644, True)]
)
def test_a_key_file_that_others_can_read_is_reported_as_exposed(
    find: Find, project: Path, home: Path, mode: int, exposed: bool
) -> None:
    path = write(project / "asc.p8", mode=mode)
    reading = find({**IDS, "ASC_PRIVATE_KEY_PATH": str(path)})
    assert holds(reading)
    assert causes(reading) == ["key-file-exposed"] * exposed
    assert all(finding.evidence == f"./asc.p8 has mode {mode:04o}" for finding in reading.findings)
    path.unlink()
    write(home / ".private_keys" / f"AuthKey_{KEY_ID}.p8", mode=mode)
    assert causes(find(IDS)) == ["key-file-exposed"] * exposed


@posix
def test_a_fastlane_json_file_that_others_can_read_is_reported_as_exposed(find: Find, project: Path) -> None:
    write(project / "asc.json", fastlane(), mode=0o644)
    assert causes(find({"APP_STORE_CONNECT_API_KEY_PATH": "asc.json"})) == ["key-file-exposed"]


def git(folder: Path, *arguments: str) -> None:
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder)}
    who = ("-c", "user.name=Someone", "-c", "user.email=someone@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=environ, check=True, capture_output=True)


@pytest.fixture
def repository(project: Path) -> Path:
    if not shutil.which("git"):
        pytest.skip("git is not there to make a repository")
    git(project, "init")
    return project


@pytest.mark.parametrize("name", ["asc.p8", "keys/deep/asc.p8", "keys/" + "x" * 200 + ".p8", "k\u00e9y.p8"])
def test_a_key_file_that_git_tracks_is_reported_as_exposed(find: Find, repository: Path, name: str) -> None:
    path = write(repository / name)
    environ = {**IDS, "ASC_PRIVATE_KEY_PATH": str(path)}
    write(repository / f"{name}.old")
    assert find(environ).findings == ()
    git(repository, "add", f"{name}.old")
    assert find(environ).findings == ()
    git(repository, "add", name)
    (finding,) = find(environ).findings
    assert finding.cause == "key-file-exposed"
    assert finding.evidence.endswith(" is tracked by git")


def test_a_key_file_that_git_tracks_in_another_worktree_is_reported_as_exposed(
    find: Find, repository: Path, tmp_path: Path
) -> None:
    write(repository / "asc.p8")
    git(repository, "add", "asc.p8")
    git(repository, "commit", "-m", "Oh no")
    git(repository, "worktree", "add", str(tmp_path / "tree"))
    (tmp_path / "tree" / "asc.p8").chmod(0o600)
    reading = find({**IDS, "ASC_PRIVATE_KEY_PATH": str(tmp_path / "tree" / "asc.p8")})
    assert causes(reading) == ["key-file-exposed"]


@pytest.mark.parametrize("content", [b"", b"gitdir: /nowhere\n", b"\xff\xfe"])
def test_a_broken_repository_leads_to_no_finding(find: Find, project: Path, content: bytes) -> None:
    write(project / ".git", content)
    path = write(project / "asc.p8")
    assert find({**IDS, "ASC_PRIVATE_KEY_PATH": str(path)}).findings == ()


# Credentials and errors.


def test_the_repr_of_credentials_shows_no_secret(find: Find) -> None:
    credentials = find(WITH_KEY).require()
    shown = repr(credentials)
    assert "2X9R…34" in shown
    assert "5724…072a" in shown
    assert "ASC_PRIVATE_KEY" in shown
    assert KEY_ID not in shown + repr(find(WITH_KEY))
    assert ISSUER not in shown + repr(find(WITH_KEY))
    assert str(credentials) == shown


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"issuer_id": ISSUER}, "team"),
        ({}, "individual"),
        ({"issuer_id": ISSUER, "kind": "enterprise"}, "enterprise"),
    ],
)
def test_credentials_are_loaded_from_given_values(given: dict[str, Any], kind: str) -> None:
    credentials = Credentials.load(key_id=f"{KEY_ID}\n", key=P8.replace("\n", r"\n"), **given)
    assert (credentials.key_id, credentials.issuer_id, credentials.kind) == (KEY_ID, given.get("issuer_id"), kind)
    assert set(credentials.sources.values()) == {"Credentials.load"}


def test_loaded_credentials_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER)
    assert Credentials.load(key_id=KEY_ID, key=P8).kind == "individual"


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"key": ""}, "key-empty"),
        ({"key": P8[:100]}, "key-truncated"),
        ({"key_id": ""}, "key-id-missing"),
        ({"issuer_id": "TEAM123456"}, "issuer-id-not-uuid"),
    ],
)
def test_loading_unusable_credentials_raises_their_cause(given: dict[str, Any], cause: str) -> None:
    with pytest.raises(CredentialsError, match=cause):
        Credentials.load(**{"key_id": KEY_ID, "key": P8, **given})


def test_the_message_of_a_credentials_error_has_cause_evidence_and_fix(find: Find) -> None:
    reading = find({"ASC_KEY_ID": f"{KEY_ID}\n", "ASC_ISSUER_ID": "TEAM123456", "ASC_PRIVATE_KEY": P8[:150]})
    assert causes(reading) == ["key-truncated", "key-id-whitespace", "issuer-id-not-uuid"]
    with pytest.raises(CredentialsError) as caught:
        reading.require()
    assert caught.value.findings == reading.findings
    assert str(caught.value).splitlines()[:3] == [
        "The key is cut off (key-truncated).",
        "  Evidence: ASC_PRIVATE_KEY: it has no END line (length 150).",
        "  Fix: Copy the key again, up to and including its END line.",
    ]
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_the_evidence_on_an_id_names_its_source(find: Find) -> None:
    reading = find({**WITH_KEY, "ASC_KEY_ID": f"{KEY_ID}\n", "ASC_ISSUER_ID": f'"{ISSUER}"'})
    assert [finding.evidence for finding in reading.findings] == [
        r"ASC_KEY_ID: length 11, expected 10; it ends with '\n'",
        "ASC_ISSUER_ID: length 38, expected 36; it starts with '\"' and ends with '\"'",
    ]
    assert reading.require().key_id == KEY_ID


@pytest.mark.parametrize(
    "environ",
    [
        {"ASC_PRIVATE_KEY": P8},
        {"ASC_PRIVATE_KEY": P8[:200]},
        {"ASC_PRIVATE_KEY": "".join(P8.split())},
        {"ASC_PRIVATE_KEY": f'"{P8_B64}"'},
        {"ASC_PRIVATE_KEY_B64": P8_B64},
        {"ASC_PRIVATE_KEY_PATH": P8_B64},
        {"ASC_PRIVATE_KEY": fastlane()},
        {"ASC_PRIVATE_KEY": fastlane()[:-1]},
        {"ASC_PRIVATE_KEY": fastlane(in_house="yes")},
        {"ASC_PRIVATE_KEY": OTHER_P8, "SPACESHIP_CONNECT_API_KEY": P8},
    ],
    ids=itertools.count(),
)
def test_every_text_of_a_key_is_registered_with_the_redactor(
    find: Find, redactor: Redactor, environ: dict[str, str]
) -> None:
    find({**IDS, **environ})
    piece = FLAT[70:100]
    assert redactor.clean(f"the key {piece}") == "the key ***"
    for value in environ.values():
        if value != OTHER_P8:
            at = len(value) // 2
            assert value[at : at + 30] not in redactor.clean(value)


@pytest.mark.parametrize("value", ["${APP_STORE_CONNECT_API_KEY_KEY}", "~/keys/of/the/company/AuthKey.p8", "***"])
def test_a_placeholder_or_path_is_not_registered_as_a_secret(find: Find, redactor: Redactor, value: str) -> None:
    find({**IDS, "ASC_PRIVATE_KEY": value, "ASC_PRIVATE_KEY_PATH": value})
    assert redactor.clean(value) == value


def test_the_field_names_of_fastlanes_json_are_not_registered_as_secrets(find: Find, redactor: Redactor) -> None:
    find({"ASC_PRIVATE_KEY": fastlane(in_house="yes", is_key_content_base64=False)})
    assert redactor.clean("is_key_content_base64 APP_STORE_CONNECT_API_KEY_PATH") != "***"
    assert "is_key_content_base64" in redactor.clean("is_key_content_base64")


SECRETS = {text[at : at + GRAM] for text in (FLAT[40:], P8_B64[90:]) for at in range(len(text) - GRAM + 1)}


def assert_no_secret(reading: CredentialsResult) -> None:
    told = [repr(reading), *(str(finding) for finding in reading.findings)]
    if reading.credentials is None:
        try:
            reading.require()
        except CredentialsError as error:
            told += [str(error), repr(error), "".join(traceback.format_exception(error))]
    text = "\n".join(told)
    assert not [text[at : at + GRAM] for at in range(len(text)) if text[at : at + GRAM] in SECRETS]


NAMES = st.sampled_from([*ENV["private_key"], *ENV["key_file"], *ENV["fastlane_key"]])
DAMAGES = st.tuples(st.integers(0, 350), st.integers(0, 60), st.text(max_size=4))


@example(name="ASC_PRIVATE_KEY", value=FLAT, damages=[(124, 60, ".P8")], ids=True)
@example(name="ASC_PRIVATE_KEY_PATH", value=FLAT, damages=[(0, 0, "/")], ids=True)
@given(NAMES, st.sampled_from([P8, P8_B64, FLAT, fastlane()]), st.lists(DAMAGES, max_size=3), st.booleans())
def test_damaged_settings_are_read_without_an_exception_or_a_leak(
    name: str,
    value: str,
    damages: list[tuple[int, int, str]],
    ids: bool,
) -> None:
    for at, length, new in damages:
        value = value[:at] + new + value[at + length :]
    nowhere = Path("/nowhere")
    environ = {**IDS, name: value} if ids else {name: value}
    reading = find_credentials(read_settings(lambda _: None, lambda _: None, environ, folder=nowhere, home=nowhere))
    assert_no_secret(reading)
    assert (reading.credentials is None) == any(finding.level == "error" for finding in reading.findings)


def test_the_key_folder_is_searched_once_if_the_current_folder_is_the_home_folder(home: Path) -> None:
    def no_value(_: str) -> None:
        return None

    (finding,) = find_credentials(read_settings(no_value, no_value, {}, folder=home, home=home)).findings
    assert finding.cause == "credentials-missing"
    assert finding.evidence.count("/private_keys,") == 1
