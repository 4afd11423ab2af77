"""A user's own OpenAPI document: read, compiled and cached by its content."""

from __future__ import annotations

import gzip
import json
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.emulator.spec.api_spec import shipped_spec, use_spec
from pytest_asc.emulator.spec.completion import complete

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_asc.emulator.spec.compiled_format import CompiledSpec


_SHOWN = 3
"""Names in a line."""


class UserDocument(NamedTuple):
    """A compiled document."""

    spec: CompiledSpec
    not_understood: tuple[str, ...]
    """Places and patterns that were left out."""

    @property
    def version(self) -> str:
        """Version of the document."""
        return self.spec["version"]

    @property
    def operations(self) -> int:
        """Number of its operations."""
        return sum(map(len, self.spec["operations"].values()))

    def notes(self, path: Path, areas: list[str]) -> list[str]:
        """Return lines on what is left out, and on the areas whose roles are not known.

        Args:
            path: The document's file.
            areas: Beginnings of paths, as :func:`.auth.role_policy.areas_without_roles` has them.
        """
        lines = []
        if self.not_understood:
            first, count = self.not_understood[0], len(self.not_understood)
            lines.append(f"not understood: {first}" + (f" and {count - 1} more" if count > 1 else ""))
            lines.append(f"for the whole list, run: python -m pytest_asc openapi {path}")
        if areas:
            more = f" and {len(areas) - _SHOWN} more" if len(areas) > _SHOWN else ""
            names = ", ".join(areas[:_SHOWN])
            lines.append(f"the roles for these are not known, so only ADMIN may use them: {names}{more}")
        return lines

    def completed(self) -> CompiledSpec:
        """Return the spec for an emulator: with what its workflows need beside it."""
        return complete(self.spec, shipped_spec())

    def pack(self) -> bytes:
        """Return it as bytes, for :meth:`unpack`."""
        return gzip.compress(json.dumps(self).encode(), compresslevel=6, mtime=0)

    @classmethod
    def unpack(cls, data: bytes) -> UserDocument:
        """Return a document from :meth:`pack`.

        Raises:
            ValueError, OSError, EOFError: The bytes are not whole.
        """
        spec, not_understood = json.loads(gzip.decompress(data))
        return cls(spec, tuple(not_understood))


@contextmanager
def emulating(document: UserDocument) -> Iterator[None]:
    """Have every emulator of this process emulate the API of a document, until the context ends."""
    before = use_spec(document.completed())
    try:
        yield
    finally:
        use_spec(before)


def load_document(path: Path, folder: Path | None, say: Callable[[str], object]) -> UserDocument:
    """Read and compile a document, or take it from the cache.

    Args:
        path: The document, in JSON or YAML.
        folder: Folder of the cache; None for no cache.
        say: Is called with a line before the document is compiled, and with one afterwards. A cached one says nothing.

    Raises:
        DocumentError: The file cannot be read, or is no OpenAPI document of App Store Connect's API.
    """
    from pytest_asc.emulator.spec.compiler.reading import parse_document, read_bytes  # noqa: PLC0415  few use it

    data = read_bytes(path)
    cached = folder / f"{_key(data)}.json.gz" if folder else None
    found = _read_cached(cached) if cached else None
    if found:
        return found
    from pytest_asc.emulator.spec.compiler import compile_leniently  # noqa: PLC0415  a cached document needs none of it

    say(f"compiling the OpenAPI document {path} …")
    begin = time.perf_counter()
    spec, not_understood = compile_leniently(parse_document(data, str(path)))
    document = UserDocument(spec, tuple(map(str, not_understood)))
    say(
        f"compiled in {time.perf_counter() - begin:.1f} s: version {document.version}, {document.operations} operations"
    )
    if cached:
        _write_cached(cached, document.pack())
    return document


def _key(data: bytes) -> str:
    """Return a name for the content of a document and the compiler that reads it."""
    digest = sha256(data)
    for file in sorted(Path(__file__).parent.glob("compiler/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _read_cached(file: Path) -> UserDocument | None:
    try:
        return UserDocument.unpack(file.read_bytes())
    except (OSError, EOFError, ValueError, TypeError):  # not there, or damaged
        return None


def _write_cached(file: Path, data: bytes) -> None:
    """Write a file whole or not at all; go without where the folder cannot be written to."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, delete=False) as temporary:
            temporary.write(data)
        Path(temporary.name).replace(file)
    except OSError:
        return
