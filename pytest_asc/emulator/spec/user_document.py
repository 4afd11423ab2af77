"""An OpenAPI document of the user's (``--asc-openapi``): reading, compiling, and a cache by its content."""

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


_MAX_LISTED = 3
"""Number of names that a line of a message lists."""


class UserDocument(NamedTuple):
    """A compiled document of the user's."""

    spec: CompiledSpec
    not_understood: tuple[str, ...]
    """Descriptions of the parts that are not understood and were left out."""

    @property
    def version(self) -> str:
        """Version of the document."""
        return self.spec["version"]

    @property
    def operations(self) -> int:
        """Number of operations."""
        return sum(map(len, self.spec["operations"].values()))

    def notes(self, path: Path, areas: list[str]) -> list[str]:
        """Return lines about parts that were left out, and about areas of the API whose roles are not known.

        Args:
            path: Path of the document.
            areas: Areas whose roles are not known, from :func:`.auth.role_policy.areas_without_roles`.
        """
        lines = []
        if self.not_understood:
            first, count = self.not_understood[0], len(self.not_understood)
            lines.append(f"not understood: {first}" + (f" and {count - 1} more" if count > 1 else ""))
            lines.append(f"for the whole list, run: python -m pytest_asc openapi {path}")
        if areas:
            more = f" and {len(areas) - _MAX_LISTED} more" if len(areas) > _MAX_LISTED else ""
            names = ", ".join(areas[:_MAX_LISTED])
            lines.append(f"the roles for these are not known, so only ADMIN may use them: {names}{more}")
        return lines

    def completed(self) -> CompiledSpec:
        """Return the spec for an emulator, with the hidden members that its workflows need."""
        return complete(self.spec, shipped_spec())

    def pack(self) -> bytes:
        """Serialize the document, for :meth:`unpack`."""
        return gzip.compress(json.dumps(self).encode(), compresslevel=6, mtime=0)

    @classmethod
    def unpack(cls, data: bytes) -> UserDocument:
        """Deserialize a document from :meth:`pack`.

        Raises:
            ValueError, OSError, EOFError: The data is damaged.
        """
        spec, not_understood = json.loads(gzip.decompress(data))
        return cls(spec, tuple(not_understood))


@contextmanager
def emulating(document: UserDocument) -> Iterator[None]:
    """Make every emulator of this process emulate the API of a document, until the context ends."""
    before = use_spec(document.completed())
    try:
        yield
    finally:
        use_spec(before)


def load_document(path: Path, folder: Path | None, notify: Callable[[str], object]) -> UserDocument:
    """Read and compile a document, or take it from the cache.

    Args:
        path: Path of the document, in JSON or YAML.
        folder: Folder of the cache; None for no cache.
        notify: Called with a line before and after the document is compiled; not called if it is in the cache.

    Raises:
        DocumentError: The file cannot be read, or is not an OpenAPI document of App Store Connect's API.
    """
    from pytest_asc.emulator.spec.compiler.reading import parse_document, read_bytes  # noqa: PLC0415  few runs use a document

    data = read_bytes(path)
    cached = folder / f"{_key(data)}.json.gz" if folder else None
    found = _read_cached(cached) if cached else None
    if found:
        return found
    from pytest_asc.emulator.spec.compiler import compile_leniently  # noqa: PLC0415  a cached document needs none of it

    notify(f"compiling the OpenAPI document {path} …")
    begin = time.perf_counter()
    spec, not_understood = compile_leniently(parse_document(data, str(path)))
    document = UserDocument(spec, tuple(map(str, not_understood)))
    notify(
        f"compiled in {time.perf_counter() - begin:.1f} s: version {document.version}, {document.operations} operations"
    )
    if cached:
        _write_cached(cached, document.pack())
    return document


def _key(data: bytes) -> str:
    """Return a cache key for the content of a document and the source code of the compiler."""
    digest = sha256(data)
    for file in sorted(Path(__file__).parent.glob("compiler/*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _read_cached(file: Path) -> UserDocument | None:
    try:
        return UserDocument.unpack(file.read_bytes())
    except (OSError, EOFError, ValueError, TypeError):  # the file does not exist, or is damaged
        return None


def _write_cached(file: Path, data: bytes) -> None:
    """Write a file of the cache atomically; do without the cache if the folder is not writable."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, delete=False) as temporary:
            temporary.write(data)
        Path(temporary.name).replace(file)
    except OSError:
        return
