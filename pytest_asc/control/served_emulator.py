"""Emulator for a server: with initial settings, time that passes by itself, and listeners."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.control.open_decisions import open_decisions
from pytest_asc.control.polling import PollDetector
from pytest_asc.emulator import seeding
from pytest_asc.emulator.app import Emulator
from pytest_asc.emulator.auth.rate_limiter import RATE_LIMIT, RateLimiter, UnlimitedRate
from pytest_asc.emulator.planned_failures import PlannedFailures
from pytest_asc.emulator.service_faults import CLIENT_FAULTS, FAULTS
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.webhook_delivery import Deferred, is_deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.roles import Role
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.http_models import Request, Response

TimeMode = Literal["seen", "manual", "instant", "real"]
"""Modes of time in the account.

``seen``: pending work is finished when a client that has read its state reads it again. ``manual``: only a command
advances the time. ``instant``: all work is finished before the next request. ``real``: time follows the clock.
"""

TIME_MODES: tuple[TimeMode, ...] = get_args(TimeMode)

SERVED_FAULTS = tuple(sorted({"wrong-host", *FAULTS} - ({*CLIENT_FAULTS} - {"wrong-host"})))
"""Faults that a server can inject: it cannot make clients in other processes send wrong requests."""

_CLOCK_FAULTS = frozenset({"clock-ahead", "clock-behind"})


class InitialSettings(NamedTuple):
    """Settings that a reset restores."""

    role: Role = "ADMIN"
    rate_limit: int | None = None
    """Number of requests that each key may send within an hour; None for no limit."""
    time: TimeMode = "seen"
    seed: int = 0
    faults: tuple[CauseSlug, ...] = ()
    failures: tuple[tuple[str, str, int], ...] = ()
    """Planned failures, each with method, path and status."""
    webhooks: str | None = None
    """URL on this machine to which webhook notifications are sent; None to send none."""


class HandledRequest(NamedTuple):
    """A request that was handled, for listeners."""

    number: int
    """Number of the request since the start or the last reset, starting with 1."""
    request: Request
    response: Response
    refusal: Finding | None
    milliseconds: float


class ServedEmulator(Emulator):
    """An emulator for ``serve`` and ``run``.

    Args:
        credentials: The key that the emulator accepts.
        initial: Initial settings, which :meth:`reset` restores.
        clock: Function that returns the time, in seconds since 1970.
    """

    def __init__(
        self,
        credentials: Credentials,
        initial: InitialSettings = InitialSettings(),  # noqa: B008  it is never changed
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._initial = initial
        self._polling = PollDetector()
        self.request_listeners: list[Callable[[HandledRequest], None]] = []
        """Functions called after each request, in the thread that has handled it."""
        self.change_listeners: list[Callable[[], None]] = []
        """Functions called after each request and by :meth:`notify_change`."""
        self.changes = 0
        """Number of calls of :meth:`notify_change`."""
        self.resets = 0
        """Number of resets."""
        self.ended = False
        """True once the account is closed, and no further events will follow."""
        super().__init__(APP_STORE_CONNECT, clock, initial.seed, credentials=credentials)
        self._inject()

    def _start(self) -> None:
        super()._start()
        self.role = self._initial.role
        self.limit_rate(self._initial.rate_limit)
        self.time = self._initial.time
        self._polling.forget()
        self._faults: list[CauseSlug] = []
        self.deliver_webhooks_to(self._initial.webhooks)

    def reset(self) -> None:
        """Restore the empty account and the initial settings; keep the keys and the listeners."""
        with self._lock:
            super().reset()
            self.resets += 1
            self._inject()

    def _inject(self) -> None:
        for cause in self._initial.faults:
            self.fault(cause)
        for method, path, status in self._initial.failures:
            self.fail(method, path, status=status, optional=True)

    @property
    def delivers_webhooks(self) -> bool:
        """True if there is a webhook receiver, for which a command may have to wait."""
        return self._account.outbox.is_open

    @property
    def faults(self) -> tuple[CauseSlug, ...]:
        """Causes of the faults that were injected and have not been ended."""
        return tuple(self._faults)

    def fault(self, cause: CauseSlug) -> None:
        """Inject a fault of the service; see :meth:`Emulator.fault`.

        Raises:
            ValueError: The fault does not exist, or is a mistake of the client, which a server cannot inject.
        """
        if cause in FAULTS and cause not in SERVED_FAULTS:
            raise ValueError(
                f"{cause!r} is a mistake that the client makes, so a server cannot inject it; "
                f"the faults of a server are {', '.join(SERVED_FAULTS)}"
            )
        with self._lock:
            super().fault(cause)
            self._faults.append(cause)

    def end_faults(self) -> None:
        """End all injected faults; the account is not changed."""
        with self._lock:
            if not _CLOCK_FAULTS.isdisjoint(self._faults):
                self.clock_offset = 0.0
            self.response_override = self.client_fault = None
            self.authenticator.override_keys()
            self._visible = self._account
            self._faults.clear()

    def discard_failures(self) -> None:
        """Discard the planned failures that have not happened yet."""
        with self._lock:
            self._failures = PlannedFailures()

    def open_decisions(self) -> list[dict[str, Any]]:
        """Return the open decisions of Apple or a person."""
        with self._lock:
            return open_decisions(self._account)

    def dump_json(self) -> bytes:
        """Return the JSON of :meth:`dump`."""
        with self._lock:
            return seeding.dump_json(self._account)

    def count_resources(self) -> dict[str, int]:
        """Return the number of resources by type, without types of which the account has none."""
        with self._lock:
            counts = {one: self._account.store.count(one) for one in api_spec().types}
        return {one: count for one, count in counts.items() if count}

    def end(self) -> None:
        """Close the account, and notify the listeners."""
        self.ended = True
        self.notify_change()

    def notify_change(self) -> None:
        """Notify the listeners that the account has changed."""
        self.changes += 1
        for listener in list(self.change_listeners):
            listener()

    @property
    def time(self) -> TimeMode:
        """Mode of time; see :data:`TimeMode`.

        Raises:
            ValueError: The property is set to an unknown mode.
        """
        return self._time

    @time.setter
    def time(self, mode: TimeMode) -> None:
        if mode not in TIME_MODES:
            raise ValueError(f"time: got {mode!r}, expected one of {', '.join(TIME_MODES)}")
        self._time = mode

    @property
    def limits_rate(self) -> bool:
        """True if keys may send ``rate_limit`` requests within an hour, False if there is no limit."""
        return not isinstance(self._rate_limiter, UnlimitedRate)

    def limit_rate(self, limit: int | None) -> None:
        """Limit the requests that each key may send within an hour, counted from now on; None for no limit.

        Raises:
            ValueError: The limit is not a positive integer.
        """
        if limit is not None and (type(limit) is not int or limit < 1):
            raise ValueError(f"rate_limit: got {limit!r}, expected a whole number of at least 1, or null for no limit")
        with self._lock:
            self._rate_limiter = UnlimitedRate() if limit is None else RateLimiter()
            self.rate_limit = limit or RATE_LIMIT

    def replace_account(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Replace the data of the account by a document for :meth:`load`; keep settings and requests.

        Raises:
            OSError: The file cannot be read.
            ValueError: The document or a resource in it is not valid. The account has not been changed.
        """
        with self._lock:
            old, account = self._account, self._new_account()
            account.schedule.passed = old.schedule.passed
            account.storage.part_size = old.storage.part_size
            account.review_requirements = old.review_requirements
            account.vendor_number = old.vendor_number
            seeding.load(account, source)
            if self._visible is old:
                self._visible = account
            self._account = account

    def owns_upload(self, key: str) -> bool:
        """Return whether the upload storage of the account has a file or an upload with this key."""
        return self._account.storage.holds(key)

    def handle(self, request: Request) -> Response:
        """Advance the time as the mode says, and handle a request; see :meth:`Emulator.handle`."""
        if is_deferred():
            return self._handle(request)
        with Deferred():
            response = self._handle(request)
        if self.has_webhooks_to_send:  # now that the lock is released
            self.send_webhooks()
        return response

    def _handle(self, request: Request) -> Response:
        begin = time.perf_counter()
        with self._lock:
            schedule = self._account.schedule
            if self._time == "instant":
                schedule.finish()
            elif self._time == "real":
                schedule.advance(0)
            elif self._time == "seen" and schedule.work:
                self._polling.before_request(request, self._account)
            response = super().handle(request)
            if self._time == "seen" and schedule.work:
                self._polling.after_response(request, response, self._account)
            if self.request_listeners:
                refusal = self._log[-1][2]
                milliseconds = (time.perf_counter() - begin) * 1000
                handled = HandledRequest(self.request_count, request, response, refusal, milliseconds)
                for listener in self.request_listeners:
                    listener(handled)
            for notify in self.change_listeners:
                notify()
        return response
