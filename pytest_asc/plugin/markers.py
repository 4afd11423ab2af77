"""Arguments of ``@pytest.mark.asc``. They are checked when a test first requests a fixture of this plugin."""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from pytest_asc.apple.roles import check_role
from pytest_asc.emulator.account.review_requirements import check_requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.roles import Role

Mode = Literal["emulator", "live"]


class MarkerError(Exception):
    """An argument of ``@pytest.mark.asc`` is invalid."""


@dataclass(frozen=True)
class MarkerOptions:
    """The arguments of a test's ``@pytest.mark.asc(...)``."""

    mode: Mode | None = None
    """``emulator`` or ``live``: where the test sends its requests. None for the mode of the run."""
    role: Role | None = None
    """Role of the API key in the emulator; None for the emulator's default, ADMIN."""
    lifetime: int | None = None
    """Lifetime of the test's tokens, in seconds from ``iat`` to ``exp``; None for that of the run."""
    faults: tuple[CauseSlug, ...] = ()
    """Slugs of the causes to inject as faults."""
    allow_writes: bool = False
    """True if a live session may send POST, PATCH, PUT and DELETE requests in a run with ``--asc-allow-writes``."""
    allow_unfired: bool = False
    """True if planned failures and token faults that had no effect are not reported as errors."""
    relax: tuple[str, ...] = ()
    """Names of the review requirements that the emulator does not check."""


_DEFAULT = MarkerOptions()


def merge(marks: Iterable[tuple[tuple[Any, ...], Mapping[str, Any]]]) -> MarkerOptions:
    """Merge the markers of a test. An argument of a closer marker overrides the same argument of the others.

    Args:
        marks: The positional and keyword arguments of each marker, the closest marker first.

    Raises:
        MarkerError: An argument is positional, unknown or invalid.
    """
    merged: dict[str, Any] = {}
    for args, kwargs in marks:
        if args:
            raise MarkerError(f"@pytest.mark.asc takes keyword arguments only, got {args[0]!r}")
        merged = {**kwargs, **merged}
    if not merged:
        return _DEFAULT
    known = [field.name for field in fields(MarkerOptions)]
    for name in merged:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the arguments are {', '.join(known)}"
            raise MarkerError(f"@pytest.mark.asc({name}=…): there is no argument {name}; {hint}")
    options = MarkerOptions(**{**merged, "faults": _names(merged, "faults"), "relax": _names(merged, "relax")})
    if options.mode not in {None, "emulator", "live"}:
        raise MarkerError(f"@pytest.mark.asc(mode={options.mode!r}): expected 'emulator' or 'live'")
    if options.lifetime is not None and type(options.lifetime) is not int:
        raise MarkerError(f"@pytest.mark.asc(lifetime={options.lifetime!r}): expected a whole number of seconds")
    for name in ("allow_writes", "allow_unfired"):
        if type(getattr(options, name)) is not bool:
            raise MarkerError(f"@pytest.mark.asc({name}={getattr(options, name)!r}): expected True or False")
    _check(check_role, "role", options.role)
    _check(check_requirements, "relax", options.relax)
    return options


def _names(merged: Mapping[str, Any], argument: str) -> tuple[str, ...]:
    """Return the value of an argument that takes one name or several, as a tuple."""
    names = merged.get(argument, ())
    if isinstance(names, str):
        return (names,)
    if not isinstance(names, (list, tuple, set, frozenset)):
        raise MarkerError(f"@pytest.mark.asc({argument}={names!r}): expected a name or a list of names")
    return tuple(names)


def _check(function: Callable[[Any], object], argument: str, value: object) -> None:
    """Check the value of an argument, unless it is None.

    Raises:
        MarkerError: The function raised ValueError.
    """
    try:
        if value is not None:
            function(value)
    except ValueError as error:
        raise MarkerError(f"@pytest.mark.asc({argument}=…): {error}") from None
