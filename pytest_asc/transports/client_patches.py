"""HTTP libraries that are patched when they are loaded, each only once.

A patch looks up the active emulator or guard at each connection or request, so it can stay in place until the process
ends.
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
"""Module of this package and name of its function that patches a library, by the name of the library."""

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
    """Patch the libraries so that connections to Apple's hosts lead to the emulator."""
    _patch_when_loaded(_EMULATION)


@cache
def guard_clients() -> None:
    """Patch the libraries so that :mod:`.write_guard` checks each request before it is sent."""
    _patch_when_loaded(_GUARD)


def _patch_when_loaded(patches: Patches) -> None:
    """Patch the libraries that are already loaded, and the others as soon as they are loaded."""
    for name, patch in patches.items():
        if sys.modules.get(name):
            _apply(patch)
    sys.meta_path.insert(0, _PatchWhenLoaded(patches))


@cache
def _apply(patch: tuple[str, str]) -> None:
    module, function = patch
    getattr(import_module(f"pytest_asc.transports.{module}"), function)()


class _PatchWhenLoaded(MetaPathFinder):
    """Import finder that adds the patch to the specs that the finders after it find."""

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
    """Loads a library with its original loader, and patches it."""

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
