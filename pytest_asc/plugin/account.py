"""``asc_account``: the account file that every emulator of a run loads when it starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_asc.emulator.seeding import CheckedDocument

_ACCOUNT: pytest.StashKey[CheckedDocument] = pytest.StashKey()


class AccountFile:
    """Plugin for the ini value ``asc_account``, registered if it is set.

    Args:
        config: The configuration of the pytest run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._before: tuple[CheckedDocument | None] | None = None

    def pytest_sessionstart(self) -> None:
        """Read the file once for the run, after the user's OpenAPI document.

        Raises:
            pytest.UsageError: The file cannot be read, or is not a valid account file.
        """
        from pytest_asc.api import start_from  # noqa: PLC0415  rarely used
        from pytest_asc.emulator.app import Emulator  # noqa: PLC0415
        from pytest_asc.emulator.seeding import check_document  # noqa: PLC0415

        name: str = self._config.getini("asc_account")
        path = self._config.rootpath / Path(name).expanduser()
        try:
            document = check_document(path)
            Emulator().load(document)
        except OSError as error:
            raise pytest.UsageError(f"asc_account = {name}: {path}: {error.strerror}") from None
        except ValueError as error:
            raise pytest.UsageError(f"asc_account = {name}: {path} cannot be loaded: {error}") from None
        self._config.stash[_ACCOUNT] = document
        self._before = (start_from(document),)

    def pytest_unconfigure(self) -> None:
        """Restore the account that emulators loaded before the run."""
        from pytest_asc.api import start_from  # noqa: PLC0415

        if self._before:
            start_from(*self._before)


def account_of(config: pytest.Config) -> CheckedDocument | None:
    """Return the account that every emulator of a run loads when it starts, or None."""
    return config.stash.get(_ACCOUNT, None)
