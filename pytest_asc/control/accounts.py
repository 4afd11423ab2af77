"""Accounts of a server: the first one, and additional ones, each of which is selected by its own key."""

from __future__ import annotations

import secrets
from dataclasses import replace
from string import ascii_uppercase, digits
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from pytest_asc.control.served_emulator import ServedEmulator
from pytest_asc.credentials.throw_away import new_credentials
from pytest_asc.diagnosis.token.verify import TokenError, decode
from pytest_asc.emulator.account import upload_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_asc.control.served_emulator import HandledRequest, InitialSettings
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.emulator.http_models import Request

MAX_ACCOUNTS = 1000
"""Maximum number of additional accounts that a server has at the same time."""

_KEY_ID_LENGTH = 10
_MAX_CACHED = 10_000
_MAX_CACHED_LENGTH = 4096
"""Maximum length of a cached header. An ordinary token has 300 characters."""


class OpenedAccount(NamedTuple):
    """An additional account."""

    id: str
    emulator: ServedEmulator

    @property
    def credentials(self) -> Credentials:
        """Credentials whose tokens select this account."""
        return self.emulator.credentials


class Accounts:
    """All accounts of a server.

    Args:
        first: The first account. It handles all requests that are not signed with the key of an additional account.
        initial: Initial settings of additional accounts.
    """

    def __init__(self, first: ServedEmulator, initial: InitialSettings) -> None:
        self.first = first
        self._initial = initial
        self._opened: dict[str, OpenedAccount] = {}
        self._by_authorization: dict[str, ServedEmulator] = {}
        self._request_listeners: list[Callable[[HandledRequest], None]] = []

    def add_request_listener(self, listener: Callable[[HandledRequest], None]) -> None:
        """Call a function after each request to any of the accounts, including accounts that are opened later."""
        self._request_listeners.append(listener)
        for emulator in (self.first, *(one.emulator for one in self)):
            emulator.request_listeners.append(listener)

    def __iter__(self) -> Iterator[OpenedAccount]:
        return iter(list(self._opened.values()))

    def open(self, *, sample: bool) -> OpenedAccount:
        """Open an account with a new key.

        Args:
            sample: True to load the sample account.

        Raises:
            ValueError: There are too many accounts.
        """
        if len(self._opened) >= MAX_ACCOUNTS:
            raise ValueError(
                f"there are already {MAX_ACCOUNTS} accounts, which is the limit: close one with DELETE accounts/ID"
            )
        key_id = "".join(secrets.choice(ascii_uppercase + digits) for _ in range(_KEY_ID_LENGTH))
        credentials = replace(new_credentials(), key_id=key_id, issuer_id=str(uuid4()))
        account = OpenedAccount(key_id, ServedEmulator(credentials, self._initial))
        account.emulator.request_listeners.extend(self._request_listeners)
        if sample:
            account.emulator.load_sample()
        self._opened[account.id] = account
        self._by_authorization.clear()
        return account

    def get(self, identifier: str) -> OpenedAccount:
        """Return an additional account.

        Raises:
            LookupError: There is no account with this id.
        """
        account = self._opened.get(identifier)
        if account is None:
            raise LookupError(f"there is no account {identifier!r}; open one with POST accounts")
        return account

    def close(self, identifier: str) -> None:
        """Close an account: its key is not accepted any more.

        Raises:
            LookupError: There is no account with this id.
        """
        account = self.get(identifier)
        del self._opened[account.id]
        self._by_authorization.clear()
        account.emulator.end()

    def emulator_for(self, request: Request) -> ServedEmulator:
        """Return the emulator for a request, by the key ID of its token or by the upload that it belongs to."""
        if not self._opened:
            return self.first
        if upload_storage.MARK in request.url and (key := upload_storage.key_of(request.url)) is not None:
            return next((one.emulator for one in self if one.emulator.owns_upload(key)), self.first)
        authorization = request.header("Authorization") or ""
        found = self._by_authorization.get(authorization)
        if found is None:
            try:
                key_id = decode(authorization.partition(" ")[2].strip()).key_id
            except TokenError:
                key_id = None
            account = self._opened.get(key_id or "")
            found = account.emulator if account else self.first
            if len(authorization) > _MAX_CACHED_LENGTH:
                return found
            if len(self._by_authorization) >= _MAX_CACHED:
                self._by_authorization.clear()
            self._by_authorization[authorization] = found
        return found
