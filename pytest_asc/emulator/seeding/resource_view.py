"""Live mappings of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.account import Account
    from pytest_asc.emulator.account.store import Resource


class ResourceView(dict[str, Any]):
    """A resource as a mapping with ``type``, ``id``, ``attributes`` and ``relationships``.

    Each access returns the current state of the resource, including changes that a client has made. After the resource
    was deleted, it has its last state. The class is a ``dict``, so that it can be compared with one and dumped as JSON.
    """

    def __init__(self, account: Account, resource: Resource) -> None:
        super().__init__(account.show(resource))
        self._account = account
        self._resource = resource

    def _update(self) -> ResourceView:
        resource = self._resource
        if self._account.store.get(resource.type, resource.id) is resource:
            super().update(self._account.show(resource))
        return self

    def __getitem__(self, name: str) -> Any:
        return (
            super().__getitem__(name)
            if name in {"id", "type"}
            else super(ResourceView, self._update()).__getitem__(name)
        )

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member; the default if there is no such member."""
        return super(ResourceView, self._update()).get(name, default)

    def __iter__(self) -> Iterator[str]:
        return super(ResourceView, self._update()).__iter__()

    def items(self) -> Any:
        """Return the members with their names."""
        return super(ResourceView, self._update()).items()

    def values(self) -> Any:
        """Return the members."""
        return super(ResourceView, self._update()).values()

    def copy(self) -> dict[str, Any]:
        """Return an ordinary dict with the current state, which does not change."""
        return dict(self.items())

    def __eq__(self, other: object) -> bool:
        return super(ResourceView, self._update()).__eq__(other)

    __hash__ = None

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __repr__(self) -> str:
        return super(ResourceView, self._update()).__repr__()

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (self.copy(),)
