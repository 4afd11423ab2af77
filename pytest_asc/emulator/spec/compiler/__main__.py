"""Command that compiles Apple's document into the file that ships with the package."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.emulator.spec.compiled_format import COMPILED_SPEC
from pytest_asc.emulator.spec.compiler import DocumentError, UnknownPatternError, compile_document, merge, read_document

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.compiled_format import CompiledSpec


def write(compiled: CompiledSpec, path: Path = COMPILED_SPEC) -> int:
    """Write a compiled spec. Equal specs give identical files.

    Returns:
        The size of the file in bytes.
    """
    text = json.dumps(compiled, separators=(",", ":"), sort_keys=False)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return path.stat().st_size


def main() -> int:
    """Compile the document that is named on the command line.

    Returns:
        The exit status: 1 if a part of the document is not understood; nothing is written then.
    """
    parser = argparse.ArgumentParser(
        prog="python -m pytest_asc.emulator.spec.compiler",
        description="Compile Apple's OpenAPI document into the emulator's API spec.",
    )
    parser.add_argument("document", type=Path, help="Apple's document, as JSON or YAML")
    parser.add_argument("--addendum", type=Path, help="additions of a newer version, in the same form")
    parser.add_argument("--output", type=Path, default=COMPILED_SPEC, help="default: %(default)s")
    arguments = parser.parse_args()
    try:
        document = read_document(arguments.document)
        if arguments.addendum:
            document = merge(document, read_document(arguments.addendum))
        compiled = compile_document(document)
    except (DocumentError, UnknownPatternError) as error:
        print(error, file=sys.stderr)  # noqa: T201  the output of a command
        return 1
    size = write(compiled, arguments.output)
    operations = sum(map(len, compiled["operations"].values()))
    facts = f"{operations} operations, {len(compiled['schemas'])} schemas, {size} bytes"
    print(f"{compiled['version']}: {facts}")  # noqa: T201  the output of a command
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
