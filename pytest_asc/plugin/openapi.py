"""``--asc-openapi``: the user's OpenAPI document, compiled once for a run, and used by all of its processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_asc.emulator.auth.role_policy import areas_without_roles
from pytest_asc.emulator.spec.api_spec import use_spec
from pytest_asc.emulator.spec.compiler.reading import DocumentError
from pytest_asc.emulator.spec.user_document import UserDocument, load_document

if TYPE_CHECKING:
    from pytest_asc.emulator.spec.compiled_format import CompiledSpec

_PACKED = "asc_openapi"
"""Key of the compiled document in the input that a worker of pytest-xdist receives from its controller."""


class OpenApiDocument:
    """Plugin for the option and the ini value, registered if either is set.

    Args:
        config: The configuration of the pytest run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._path = _path(config)
        self._document: UserDocument | None = None
        self._before: tuple[CompiledSpec | None] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Read the document before pytest prints the header and before the workers of pytest-xdist start.

        Raises:
            pytest.UsageError: The document cannot be read, or is not a valid OpenAPI document of the API.
        """
        packed = getattr(self._config, "workerinput", {}).get(_PACKED)
        self._document = UserDocument.unpack(packed) if packed else self._load()
        self._before = (use_spec(self._document.completed()),)

    def _load(self) -> UserDocument:
        cache: pytest.Cache | None = getattr(self._config, "cache", None)  # None with -p no:cacheprovider
        folder = cache.mkdir("asc-openapi") if cache else None
        try:
            return load_document(self._path, folder, self._print_line)
        except DocumentError as error:
            source = "--asc-openapi" if self._config.option.asc_openapi else "asc_openapi"
            raise pytest.UsageError(f"{source}: {error}") from None

    def _print_line(self, line: str) -> None:
        reporter: pytest.TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter and reporter.verbosity >= 0:
            reporter.write_line(f"asc: {line}")

    def pytest_report_header(self) -> list[str]:
        """Show the version of the document, the ignored parts, and the operations for which the roles are unknown."""
        document = self._document
        if document is None:
            return []
        title = f"App Store Connect API {document.version}, from {self._path}"
        return [f"asc: {line}" for line in (title, *document.notes(self._path, areas_without_roles()))]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Pass the compiled document to a worker of pytest-xdist."""
        if self._document:
            node.workerinput[_PACKED] = self._document.pack()

    def pytest_unconfigure(self) -> None:
        """Restore the document that was used before the run."""
        if self._before:
            use_spec(*self._before)


def _path(config: pytest.Config) -> Path:
    option: str | None = config.option.asc_openapi
    if option:
        return config.invocation_params.dir / Path(option).expanduser()
    folder = config.inipath.parent if config.inipath else config.rootpath
    return folder / Path(config.getini("asc_openapi")).expanduser()
