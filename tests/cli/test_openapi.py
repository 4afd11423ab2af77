from __future__ import annotations

import copy
import gzip
import json
from typing import TYPE_CHECKING

import pytest
from emulator.miniature import MINIATURE, Json

from pytest_asc.cli.main import main
from pytest_asc.emulator.spec.compiler import compile_document, merge
from pytest_asc.emulator.spec.compiler.__main__ import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a small document in place of the shipped one."""
    file = tmp_path / "shipped.json.gz"
    write(compile_document(MINIATURE), file)
    monkeypatch.setattr("pytest_asc.emulator.spec.api_spec.COMPILED_SPEC", file)


def written(tmp_path: Path, document: Json) -> str:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return str(file)


NEWER = {
    "info": {"version": "0.2"},
    "paths": {"/v2/shelves": {"get": {"deprecated": True}}, "/v1/bookReports": None},
    "components": {"schemas": {"Kind": {"enum": ["ELM"]}}},
}


def test_openapi_exits_with_0_if_the_document_equals_the_shipped_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["openapi", written(tmp_path, MINIATURE)]) == 0
    assert (
        capsys.readouterr().out == "Version 0.1, 7 operations; compared with the shipped version 0.1\nNo differences.\n"
    )


def test_openapi_lists_differences_by_kind_and_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi", written(tmp_path, merge(MINIATURE, NEWER))]) == 1
    assert (
        capsys.readouterr().out
        == """\
Version 0.2, 6 operations; compared with the shipped version 0.1

Removed operations (1)
  GET /v1/bookReports

Changed operations (1)
  GET /v2/shelves: is deprecated; filter[kind] adds ELM

Changed attributes (1)
  shelves.kind: adds ELM

Changed requests (1)
  ShelfCreateRequest.attributes.kind: was one of ASH, OAK, or null, is one of ASH, ELM, OAK, or null
"""
    )


def test_openapi_lists_unsupported_parts_of_a_document_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = copy.deepcopy(MINIATURE)
    document["paths"]["/v1/search"] = {"get": {"responses": {}}}
    assert main(["openapi", written(tmp_path, document)]) == 1
    assert capsys.readouterr().out.endswith(
        """
Not understood (1)
  /paths/~1v1~1search/get: it has responses of no status, expected one of 2xx
"""
    )


def test_openapi_prints_the_differences_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi", "--json", written(tmp_path, merge(MINIATURE, NEWER))]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["shipped"], printed["document"], printed["operations_of_document"]) == ("0.1", "0.2", 6)
    assert printed["differences"]["operations"]["gone"] == ["GET /v1/bookReports"]
    assert printed["differences"]["attributes"]["changed"] == {"shelves.kind": ["adds ELM"]}
    assert printed["not_understood"] == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty, expected an OpenAPI document"),
        (gzip.compress(b"{}", mtime=0), "is compressed by gzip: unpack it"),
        (b"\x00\x01\xff", "is not text"),
        (b"{}", "this is not an OpenAPI document: /: there is no 'paths'"),
    ],
)
def test_openapi_exits_with_4_for_a_file_that_is_not_a_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "openapi.json"
    if content is not None:
        file.write_bytes(content)
    assert main(["openapi", str(file)]) == 4
    output = capsys.readouterr()
    assert complaint in output.err
    assert output.out == ""
