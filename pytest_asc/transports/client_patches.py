"""The libraries whose connections to Apple's hosts the emulator answers: each is patched once, when it is loaded.

A patch asks for the emulator of the current test at each connection, so that it can stay until the process ends.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_PATCHES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "http.client": ("http_client", "patch_http_client"),
        "urllib3": ("http_client", "patch_urllib3"),
        "httpcore": ("httpcore_client", "patch_httpcore"),
        "aiohttp": ("aiohttp_client", "patch_aiohttp"),
    }
)


@cache
def patch_clients() -> None:
    """Patch the libraries that are loaded, and each of the others as soon as it is."""
    for name in _PATCHES:
        if sys.modules.get(name):
            _patch(name)
    sys.meta_path.insert(0, _PatchWhenLoaded())


@cache
def _patch(name: str) -> None:
    module, function = _PATCHES[name]
    getattr(import_module(f"pytest_asc.transports.{module}"), function)()


class _PatchWhenLoaded(MetaPathFinder):
    """Finds nothing itself: it adds the patch to what the other finders find."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _PATCHES:
            return None
        specs = (finder.find_spec(fullname, path, target) for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, specs), None)
        if spec and spec.loader:
            spec.loader = _PatchingLoader(spec.loader)
        return spec


class _PatchingLoader(Loader):
    """Loads a library as its own loader does, and patches it."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _patch(module.__name__)
