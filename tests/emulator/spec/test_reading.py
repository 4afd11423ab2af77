from __future__ import annotations

import gzip
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from emulator.miniature import MINIATURE
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_asc.emulator.spec.compiler import DocumentError, compile_document, read_document
from pytest_asc.emulator.spec.compiler.reading import parse_document

if TYPE_CHECKING:
    from pathlib import Path

JSON_TEXT = json.dumps(MINIATURE)


def parsed_or_refused(data: bytes) -> Any:
    try:
        return parse_document(data, "F")
    except DocumentError as refused:
        return refused


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_is_read_in_every_encoding_that_is_allowed(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "openapi.json"
    file.write_bytes(JSON_TEXT.encode(encoding))
    assert read_document(file) == MINIATURE


def test_yaml_is_read_as_openapi_requires_it_and_compiles_to_the_same(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    file = tmp_path / "openapi.yaml"
    file.write_text(yaml.safe_dump(MINIATURE), encoding="utf-8")
    assert compile_document(read_document(file)) == compile_document(MINIATURE)
    text = b"on: NO\ndate: 2026-11-04\nversion: 4.10\ntime: 1:30\noctal: 010\nwhole: 7\nyes: true\n200: ~\nempty:\n"
    assert parse_document(text, "openapi.yaml") == {
        "on": "NO",
        "date": "2026-11-04",
        "version": "4.10",
        "time": "1:30",
        "octal": "010",
        "whole": 7,
        "yes": True,
        "200": None,
        "empty": None,
    }


def test_yaml_needs_pyyaml_and_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(DocumentError) as refused:
        parse_document(b"openapi: 3.0.1\n", "openapi.yaml")
    assert str(refused.value) == "openapi.yaml is not JSON. To read YAML, install PyYAML: pip install pyyaml"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "F is empty, expected an OpenAPI document"),
        (b" \n", "F is empty, expected an OpenAPI document"),
        (b"[]", "F contains an array, expected an OpenAPI document, which is an object"),
        (b"3", "F contains the number 3, expected an OpenAPI document, which is an object"),
        (b"{", "F is not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"PK\x03\x04...", "F is a ZIP archive: unpack it, and give the JSON or YAML file inside"),
        (
            gzip.compress(b"{}", mtime=0),
            "F is compressed by gzip: unpack it, and give the JSON or YAML file inside",
        ),
        (b"\xff\xfa\x00\x80", "F is not text: byte 0 cannot be decoded as utf-8"),
        (
            b"{" * 200_000,
            "F is not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (b"[" * 200_000, "F is nested too deeply"),
    ],
)
def test_files_that_are_not_documents_are_rejected_with_the_reason(data: bytes, complaint: str) -> None:
    with pytest.raises(DocumentError) as refused:
        parse_document(data, "F")
    assert str(refused.value) == complaint


def test_a_file_that_cannot_be_read_or_is_too_large_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DocumentError, match=r"none\.json cannot be read: No such file"):
        read_document(tmp_path / "none.json")
    with pytest.raises(DocumentError, match="cannot be read"):
        read_document(tmp_path)
    monkeypatch.setattr("pytest_asc.emulator.spec.compiler.reading._MAX_BYTES", 10)
    large = tmp_path / "large.json"
    large.write_text(JSON_TEXT, encoding="utf-8")
    with pytest.raises(DocumentError, match="more than 10 bytes, expected an OpenAPI document"):
        read_document(large)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "a: &a {b: *a}",
        "a: [&b [x,x,x,x,x,x,x,x], &c [*b,*b,*b,*b,*b,*b,*b,*b]]\n",
        "- - - a: : b",
        "? [a, b]\n: c",
        "!!python/object/apply:os.system ['true']",
        "a: !!binary '*'",
        "a: !!timestamp nonsense",
        "a: !!float nonsense",
        "a: !!int nonsense",
        "<<: [1]",
    ],
)
def test_unusual_yaml_is_read_or_rejected_with_a_document_error(text: str) -> None:
    pytest.importorskip("yaml")
    assert isinstance(parsed_or_refused(text.encode()), (dict, DocumentError))


def test_yaml_with_exponentially_growing_aliases_is_rejected() -> None:
    pytest.importorskip("yaml")
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(DocumentError, match=r"^F has more than 5,000,000 values with its aliases expanded"):
        parse_document("\n".join(lines).encode(), "F")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_read_or_rejected_with_a_document_error(data: bytes) -> None:
    assert isinstance(parsed_or_refused(data), (dict, DocumentError))
