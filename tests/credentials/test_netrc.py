from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
import requests

from pytest_asc.credentials.netrc import find_entry

if TYPE_CHECKING:
    from pathlib import Path

HOST = "api.appstoreconnect.apple.com"
ENTRY = f"machine {HOST} login ci password hunter2-hunter2\n"
DEFAULT = "default login other password letmein-letmein\n"


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        (".netrc", ENTRY, f"the entry for {HOST} in ~/.netrc"),
        ("_netrc", ENTRY, f"the entry for {HOST} in ~/_netrc"),
        (".netrc", DEFAULT, "the default entry in ~/.netrc"),
        (".netrc", ENTRY + DEFAULT, f"the entry for {HOST} in ~/.netrc"),
    ],
)
def test_the_netrc_entry_found_is_the_one_that_requests_sends(
    clean_environment: Path, file: str, text: str, place: str
) -> None:
    (clean_environment / file).write_text(text, encoding="utf-8")
    entry = find_entry(HOST, environ={}, home=clean_environment)
    assert entry is not None
    assert entry.description == place
    prepared = requests.Session().prepare_request(requests.Request("GET", f"https://{HOST}/v1/apps"))
    assert entry.authorization == prepared.headers["Authorization"]


def test_the_variable_takes_precedence_over_the_home_folder(tmp_path: Path, clean_environment: Path) -> None:
    (clean_environment / ".netrc").write_text(ENTRY, encoding="utf-8")
    named = tmp_path / "netrc"
    named.write_text(DEFAULT, encoding="utf-8")
    entry = find_entry(HOST, environ={"NETRC": str(named)}, home=clean_environment)
    assert entry is not None
    assert entry.description == "the default entry in NETRC"
    assert base64.b64decode(entry.authorization.removeprefix("Basic ")) == b"other:letmein-letmein"


def test_the_repr_of_an_entry_shows_no_secret(clean_environment: Path) -> None:
    (clean_environment / ".netrc").write_text(ENTRY, encoding="utf-8")
    entry = find_entry(HOST, environ={}, home=clean_environment)
    assert entry is not None
    assert "hunter2" not in repr(entry)
    assert entry.authorization not in repr(entry)


@pytest.mark.parametrize("content", [None, b"", b"machine other login a password b\n", b"machine\n", b"\xff\xfe\x00"])
def test_a_missing_or_broken_file_has_no_entry(clean_environment: Path, content: bytes | None) -> None:
    if content is not None:
        (clean_environment / ".netrc").write_bytes(content)
    assert find_entry(HOST, environ={}, home=clean_environment) is None
    assert find_entry(HOST, environ={"NETRC": "/nowhere"}, home=clean_environment) is None
