"""Webhook notifications to be sent, and the secrets that they are signed with."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from pytest_asc.secrets import SecretStr, redactor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_asc.emulator.account.store import Resource

_SHORTEST_REDACTED = 8


class PendingDelivery(NamedTuple):
    """A delivery of a notification that has not been sent yet."""

    webhook: Resource
    delivery: Resource
    event: Resource
    attempt: int | None
    """Number of earlier attempts; None if a failed delivery is not attempted again."""


class Outbox:
    """Deliveries that have not been sent yet, in the order of their events."""

    def __init__(self) -> None:
        self.pending: deque[PendingDelivery] = deque()
        self.is_open = False
        """True if there is a receiver. Without one, deliveries are recorded and stay pending."""
        self.is_paused = False
        """True while a test fills the account with data: changes cause no events."""
        self.is_sending = False
        """True while a thread sends deliveries; it also sends those that are added in the meantime."""
        self._secrets: dict[str, SecretStr] = {}

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Suspend the events that changes to the account would cause."""
        before, self.is_paused = self.is_paused, True
        try:
            yield
        finally:
            self.is_paused = before

    def keep_secret(self, webhook: Resource, secret: str) -> None:
        """Set the secret of a webhook. Reports redact it, unless it is so short that it may be an ordinary word."""
        self._secrets[webhook.id] = SecretStr(secret)
        if len(secret) >= _SHORTEST_REDACTED:
            redactor.add_word(secret)

    def secret_of(self, webhook: Resource) -> SecretStr | None:
        """Return the secret of a webhook; None if it is not known."""
        return self._secrets.get(webhook.id)
