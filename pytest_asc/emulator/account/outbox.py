"""Webhook notifications that wait to be sent, and the secrets that sign them."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.secrets import SecretStr, redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.store import Resource

_SHORTEST_REDACTED = 8


class Waiting(NamedTuple):
    """A delivery that waits to be sent."""

    webhook: Resource
    delivery: Resource
    event: Resource
    attempt: int | None
    """Number of earlier attempts; None where a failure leads to no further one."""


class Outbox:
    """Deliveries that wait to be sent, in the order of their events."""

    def __init__(self) -> None:
        self.waiting: deque[Waiting] = deque()
        self.is_open = False
        """There is a receiver; without one, deliveries are recorded and stay pending."""
        self.is_paused = False
        """Changes cause no events: a test builds the account up."""
        self.is_sending = False
        """A thread sends what waits, and what comes in the meantime."""
        self._secrets: dict[str, SecretStr] = {}

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let changes cause no events."""
        before, self.is_paused = self.is_paused, True
        try:
            yield
        finally:
            self.is_paused = before

    def keep_secret(self, webhook: Resource, secret: str) -> None:
        """Set the secret of a webhook. Reports do not show it, unless it is as short as an ordinary word."""
        self._secrets[webhook.id] = SecretStr(secret)
        if len(secret) >= _SHORTEST_REDACTED:
            redactor.add_word(secret)

    def secret_of(self, webhook: Resource) -> SecretStr | None:
        """Return the secret of a webhook; None where it is not known."""
        return self._secrets.get(webhook.id)
