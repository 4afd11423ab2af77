"""``python -m pytest_asc openapi FILE``: compares an OpenAPI document with the one that ships with the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.cli.arguments import add_command
from pytest_asc.credentials.settings import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from pytest_asc.cli.arguments import Commands
    from pytest_asc.emulator.spec.differences import Differences
    from pytest_asc.emulator.spec.user_document import UserDocument

NO_DIFFERENCE, DIFFERENCES = 0, 1


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands, "openapi", "compare an OpenAPI document from Apple with the one that pytest-asc ships"
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the document, in JSON or YAML")
    parser.add_argument("--json", action="store_true", help="print the differences as JSON")


def run(options: argparse.Namespace) -> int:
    """Print what is new, removed and changed in a document, and which of its parts are not understood.

    Returns:
        0 if nothing differs and everything is understood, 1 otherwise.

    Raises:
        SettingsError: The file cannot be read, or is not an OpenAPI document.
    """
    from pytest_asc.emulator.spec.api_spec import shipped_spec  # noqa: PLC0415  not needed for --help
    from pytest_asc.emulator.spec.compiler.reading import DocumentError  # noqa: PLC0415
    from pytest_asc.emulator.spec.differences import compare  # noqa: PLC0415
    from pytest_asc.emulator.spec.user_document import load_document  # noqa: PLC0415

    try:
        document = load_document(options.file, None, lambda _: None)
    except DocumentError as error:
        raise SettingsError(str(error)) from None
    shipped = shipped_spec()
    found = compare(shipped, document.spec)
    if options.json:
        print(json.dumps(_as_json(shipped["version"], document, found), indent=2))
    else:
        print("\n".join(_as_text(shipped["version"], document, found)))
    return DIFFERENCES if any(found.values()) or document.not_understood else NO_DIFFERENCE


def _as_json(shipped: str, document: UserDocument, found: Mapping[str, Differences]) -> dict[str, object]:
    return {
        "shipped": shipped,
        "document": document.version,
        "operations_of_document": document.operations,
        "differences": {what: differences._asdict() for what, differences in found.items()},
        "not_understood": list(document.not_understood),
    }


def _as_text(shipped: str, document: UserDocument, found: Mapping[str, Differences]) -> Iterator[str]:
    yield f"Version {document.version}, {document.operations} operations; compared with the shipped version {shipped}"
    for what, differences in found.items():
        yield from _section(f"New {what}", differences.new)
        yield from _section(f"Removed {what}", differences.gone)
        changed = [f"{name}: {'; '.join(changes)}" for name, changes in differences.changed.items()]
        yield from _section(f"Changed {what}", changed)
    yield from _section("Not understood", document.not_understood)
    if not any(found.values()):
        yield "No differences."


def _section(title: str, lines: list[str] | tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield f"\n{title} ({len(lines)})"
        yield from (f"  {line}" for line in lines)
