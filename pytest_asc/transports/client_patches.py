"""The HTTP libraries that are patched, each once, when it is loaded.

A patch asks for the emulator or the guard of the current test at each connection or request, so that it can stay until
the process ends.
"""

from __future__ import annotations

import sys
from functools import cache, partial
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

Patches: TypeAlias = "Mapping[str, tuple[str, str]]"
"""By the name of a library, the module of this package and its function that patch it."""

_EMULATION: Patches = MappingProxyType(
    {
        "http.client": ("http_client", "patch_http_client"),
        "urllib3": ("http_client", "patch_urllib3"),
        "httpcore": ("httpcore_client", "patch_httpcore"),
        "aiohttp": ("aiohttp_client", "patch_aiohttp"),
        "pycurl": ("pycurl_client", "patch_pycurl"),
    }
)
_GUARD: Patches = MappingProxyType(
    {
        "http.client": ("write_guard", "guard_http_client"),
        "httpcore": ("write_guard", "guard_httpcore"),
        "aiohttp": ("write_guard", "guard_aiohttp"),
    }
)


@cache
def patch_clients() -> None:
    """Let the emulator answer for connections to Apple's hosts."""
    _patch_when_loaded(_EMULATION)


@cache
def guard_clients() -> None:
    """Let :mod:`.write_guard` see each request before it is sent."""
    _patch_when_loaded(_GUARD)


def _patch_when_loaded(patches: Patches) -> None:
    """Patch the libraries that are loaded, and each of the others as soon as it is."""
    for name, patch in patches.items():
        if sys.modules.get(name):
            _apply(patch)
    sys.meta_path.insert(0, _PatchWhenLoaded(patches))


@cache
def _apply(patch: tuple[str, str]) -> None:
    module, function = patch
    getattr(import_module(f"pytest_asc.transports.{module}"), function)()


class _PatchWhenLoaded(MetaPathFinder):
    """Finds nothing itself: it adds the patch to what the finders after it find."""

    def __init__(self, patches: Patches) -> None:
        self._patches = patches

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._patches:
            return None
        others = sys.meta_path[sys.meta_path.index(self) + 1 :]
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next(filter(None, specs), None)
        if spec and spec.loader:
            spec.loader = _PatchingLoader(spec.loader, partial(_apply, self._patches[fullname]))
        return spec


class _PatchingLoader(Loader):
    """Loads a library as its own loader does, and patches it."""

    def __init__(self, loader: Loader, patch: partial[None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._patch()
