"""Delivery of webhook notifications to a receiver.

The format of the requests is documented ("Configuring and parsing App Store Connect API webhook notifications"). That
Apple retries after a failure is reported by users; the delays are inferred.
"""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.emulator.account.outbox import PendingDelivery
from pytest_asc.emulator.account.schedule import HOUR, MINUTE
from pytest_asc.emulator.account.times import timestamp
from pytest_asc.emulator.http_models import JSON, Request, Response
from pytest_asc.emulator.resources.webhooks import record_delivery
from pytest_asc.webhooks import SIGNATURE_HEADER, sign_webhook

if TYPE_CHECKING:
    from pytest_asc.emulator.account.account import Account

RETRY_DELAYS = (MINUTE, 10 * MINUTE, HOUR)
"""Seconds from a failed attempt to the next one (inferred)."""
DEFAULT_SECRET = "pytest-asc webhook secret"  # noqa: S105  it signs notifications of emulated webhooks alone
"""Secret of webhooks that were added or loaded without one."""
_SUCCESS = range(200, 300)
_MAX_BODY = 65_536
"""Number of characters of a response's body that a delivery keeps."""


class _Thread(threading.local):
    is_deferred = False


_thread = _Thread()


class Deferred:
    """Context manager: requests that this thread handles send no notifications. The caller uses ``send_webhooks``."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = _thread.is_deferred
        _thread.is_deferred = True

    def __exit__(self, *_: object) -> None:
        _thread.is_deferred = self._before


def is_deferred() -> bool:
    """Return whether requests that this thread handles leave their notifications to the caller."""
    return _thread.is_deferred


class Outcome(NamedTuple):
    """Outcome of an attempt to deliver a notification."""

    status: int | None
    """Status of the receiver's response; None if there was no response."""
    body: str = ""
    error: str | None = None


def next_request(account: Account) -> tuple[PendingDelivery, Request] | None:
    """Take the next delivery from the outbox, and return it with its request; None if the outbox is empty."""
    pending = account.outbox.pending
    while pending:
        job = pending.popleft()
        if not _still_exists(account, job):
            continue
        account.store.update(job.delivery, {"sentDate": timestamp(account.now)})
        body = str(job.event.attributes["payload"]).encode()
        secret = account.outbox.secret_of(job.webhook) or DEFAULT_SECRET
        headers = {"Content-Type": JSON, SIGNATURE_HEADER: sign_webhook(body, secret)}
        return job, Request("POST", str(job.webhook.attributes["url"]), headers, body)
    return None


def as_outcome(result: object) -> Outcome:
    """Return the outcome of a delivery, given the value that its receiver returned.

    Raises:
        TypeError: The value is neither a response, a status nor None.
    """
    if result is None:
        return _outcome(200, "")
    if isinstance(result, int) and not isinstance(result, bool):
        return _outcome(result, "")
    if isinstance(result, Response):
        return _outcome(result.status, result.body.decode("utf-8", "replace"))
    status: Any = getattr(result, "status_code", None)  # a response of requests, httpx, Flask, Starlette or Django
    if isinstance(status, int):
        text: Any = getattr(result, "text", None)
        return _outcome(status, text if isinstance(text, str) else "")
    hint = ""
    if inspect.iscoroutine(result):
        result.close()
        hint = "; it is called without an event loop, so run the coroutine in it: asyncio.run(…)"
    raise TypeError(
        f"the receiver of webhooks returned {type(result).__name__}, expected a status, a response with a status_code, "
        f"or None for 200{hint}"
    )


def _outcome(status: int, body: str) -> Outcome:
    error = None if status in _SUCCESS else f"The server responded with status {status}."
    return Outcome(status, body[:_MAX_BODY], error)


def record_outcome(account: Account, job: PendingDelivery, outcome: Outcome) -> None:
    """Record the outcome of a delivery, and schedule the next attempt after a failure."""
    if not _still_exists(account, job):
        return
    response = None if outcome.status is None else {"httpStatusCode": outcome.status, "body": outcome.body}
    state = "FAILED" if outcome.error else "SUCCEEDED"
    account.store.update(job.delivery, {"deliveryState": state, "errorMessage": outcome.error, "response": response})
    if outcome.error and job.attempt is not None and job.attempt < len(RETRY_DELAYS):
        description = f"webhooks {job.webhook.id}: {job.event.attributes['eventType']} is sent again"
        account.schedule.call_later(
            RETRY_DELAYS[job.attempt], description, lambda: _retry(account, job), key=job.webhook
        )


def _still_exists(account: Account, job: PendingDelivery) -> bool:
    """Return whether a delivery and its webhook have not been deleted in the meantime."""
    return all(account.store.get(one.type, one.id) is one for one in (job.webhook, job.delivery))


def _retry(account: Account, job: PendingDelivery) -> None:
    if job.webhook.attributes["enabled"] and job.attempt is not None:
        delivery = account.create("webhookDeliveries", None, {})
        again = PendingDelivery(job.webhook, delivery, job.event, job.attempt + 1)
        record_delivery(account, again, redelivery=True)
