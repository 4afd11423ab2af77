"""List of the parts of a document that are not understood, filled while the rest is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pytest_asc.emulator.spec.compiler.part import NotUnderstood, UnknownPatternError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.emulator.spec.compiler.part import Part

_Compiled = TypeVar("_Compiled")


class Problems:
    """Parts that were left out, without duplicates."""

    def __init__(self) -> None:
        self._found: dict[NotUnderstood, None] = {}

    @property
    def found(self) -> tuple[NotUnderstood, ...]:
        """The parts that were left out so far, in the order in which they were found."""
        return tuple(self._found)

    def add(self, part: Part, pattern: str) -> None:
        """Add a part that is left out."""
        self._found[NotUnderstood(part.pointer, pattern)] = None

    def attempt(self, compile_part: Callable[[Part], _Compiled], part: Part) -> _Compiled | None:
        """Compile a part; if it is not understood, add it to the list and return None."""
        try:
            return compile_part(part)
        except UnknownPatternError as error:
            self._found.update(dict.fromkeys(error.parts))
        except RecursionError:
            self.add(part, "it is nested too deeply")
        return None
