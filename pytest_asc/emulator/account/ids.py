"""Ids of new resources, in Apple's format for each type."""

from __future__ import annotations

import random

_NUMERIC = frozenset({"apps"})
_PORTAL = frozenset(
    {"bundleIds", "certificates", "devices", "merchantIds", "passTypeIds", "profiles"},
)
_PORTAL_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class IdGenerator:
    """Generator of ids in Apple's formats. The same seed gives the same sequence.

    Ids of apps are numbers, those of resources of the developer portal have 10 capitals and digits, and all others are
    UUIDs (observed).
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random: random.Random | None = None

    def new(self, resource_type: str) -> str:
        """Return the next id for a resource of this type."""
        if resource_type in _NUMERIC:
            return str(self._source().randrange(10**9, 10**10))
        if resource_type in _PORTAL:
            return "".join(self._source().choices(_PORTAL_ALPHABET, k=10))
        return self.uuid()

    def uuid(self) -> str:
        """Return the next UUID."""
        text = f"{self._source().getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _source(self) -> random.Random:
        if self._random is None:
            self._random = random.Random(self._seed)  # noqa: S311  the ids are not secret
        return self._random
