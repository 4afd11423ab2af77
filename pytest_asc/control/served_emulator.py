"""An emulator that runs without a test: with initial settings, time that passes by itself, and watchers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.control.open_decisions import open_decisions
from pytest_asc.control.waiting import WaitingClient
from pytest_asc.emulator import seeding
from pytest_asc.emulator.app import Emulator
from pytest_asc.emulator.auth.rate_limiter import RATE_LIMIT, RateLimiter, UnlimitedRate
from pytest_asc.emulator.planned_failures import PlannedFailures
from pytest_asc.emulator.service_faults import CLIENT_FAULTS, FAULTS
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.webhook_delivery import deferred, is_deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.roles import Role
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.http_models import Request, Response

TimeMode = Literal["seen", "manual", "instant", "real"]
"""The passing of time in the account.

``seen``: work is finished when a client reads it again after it has seen it pending. ``manual``: when it is told so.
``instant``: before the next request. ``real``: as by the clock.
"""

TIME_MODES: tuple[TimeMode, ...] = get_args(TimeMode)

SERVED_FAULTS = tuple(sorted({"wrong-host", *FAULTS} - ({*CLIENT_FAULTS} - {"wrong-host"})))
"""Faults that a server can bring about: a client outside of this process makes its own mistakes."""

_CLOCK_FAULTS = frozenset({"clock-ahead", "clock-behind"})


class InitialSettings(NamedTuple):
    """Settings that a reset returns to."""

    role: Role = "ADMIN"
    rate_limit: int | None = None
    """Requests of each key in an hour; None for no limit."""
    time: TimeMode = "seen"
    seed: int = 0
    faults: tuple[CauseSlug, ...] = ()
    failures: tuple[tuple[str, str, int], ...] = ()
    """Planned failures: method, path, status."""
    webhooks: str | None = None
    """URL on this machine that notifications of webhooks are sent to."""


class HandledRequest(NamedTuple):
    """A request that was handled, for those who watch."""

    number: int
    """Number of requests up to this one, since the start or the last reset."""
    request: Request
    response: Response
    refusal: Finding | None
    milliseconds: float


class ServedEmulator(Emulator):
    """An emulator for ``serve`` and ``run``.

    Args:
        credentials: The key that it accepts.
        initial: Settings to begin with, which :meth:`reset` returns to.
        clock: Returns the time, in seconds since 1970.
    """

    def __init__(
        self,
        credentials: Credentials,
        initial: InitialSettings = InitialSettings(),  # noqa: B008  it is never changed
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._initial = initial
        self._waiting = WaitingClient()
        self.watchers: list[Callable[[HandledRequest], None]] = []
        """Called after each request, in the thread that handled it."""
        self.listeners: list[Callable[[], None]] = []
        """Called after each request and each :meth:`record_creation`."""
        self.changes = 0
        """Number of changes that were announced."""
        self.resets = 0
        """Number of resets."""
        self.ended = False
        """The account has ended: nothing more will happen in it."""
        super().__init__(APP_STORE_CONNECT, clock, initial.seed, credentials=credentials)
        self._inject()

    def _start(self) -> None:
        super()._start()
        self.role = self._initial.role
        self.limit_rate(self._initial.rate_limit)
        self.time = self._initial.time
        self._waiting.forget()
        self._faults: list[CauseSlug] = []
        self.deliver_webhooks_to(self._initial.webhooks)

    def reset(self) -> None:
        """Return to an empty account and the initial settings; keep the keys and those who watch."""
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
        """Return whether notifications have a receiver: a command may have to wait for it."""
        return self._account.outbox.is_open

    @property
    def faults(self) -> tuple[CauseSlug, ...]:
        """Causes of the faults that were injected and have not been ended."""
        return tuple(self._faults)

    def fault(self, cause: CauseSlug) -> None:
        """Inject a fault of the service; see :meth:`Emulator.fault`.

        Raises:
            ValueError: There is no such fault, or it is a mistake that only a client can make.
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
        """End all faults that were injected; the account stays as it is."""
        with self._lock:
            if not _CLOCK_FAULTS.isdisjoint(self._faults):
                self.clock_offset = 0.0
            self.response_override = self.client_fault = None
            self.authenticator.override_keys()
            self._visible = self._account
            self._faults.clear()

    def forget_failures(self) -> None:
        """Forget the planned failures that have not happened."""
        with self._lock:
            self._failures = PlannedFailures()

    def open_decisions(self) -> list[dict[str, Any]]:
        """Return what Apple or a person is still to decide."""
        with self._lock:
            return open_decisions(self._account)

    def count_resources(self) -> dict[str, int]:
        """Return the number of resources of each type that the account has some of."""
        with self._lock:
            counts = {one: self._account.store.count(one) for one in api_spec().types}
        return {one: count for one, count in counts.items() if count}

    def end(self) -> None:
        """End the account, and tell those who listen."""
        self.ended = True
        self.record_creation()

    def record_creation(self) -> None:
        """Tell those who listen that the account has changed."""
        self.changes += 1
        for listener in list(self.listeners):
            listener()

    @property
    def time(self) -> TimeMode:
        """The passing of time; see :data:`TimeMode`.

        Raises:
            ValueError: It is set to another value.
        """
        return self._time

    @time.setter
    def time(self, mode: TimeMode) -> None:
        if mode not in TIME_MODES:
            raise ValueError(f"time: got {mode!r}, expected one of {', '.join(TIME_MODES)}")
        self._time = mode

    @property
    def limits_rate(self) -> bool:
        """Keys may send ``rate_limit`` requests in an hour; False for any number."""
        return not isinstance(self._rate_limiter, UnlimitedRate)

    def limit_rate(self, limit: int | None) -> None:
        """Limit the requests that each key may send in an hour, counted from now on; None for no limit.

        Raises:
            ValueError: It is no whole number from 1.
        """
        if limit is not None and (type(limit) is not int or limit < 1):
            raise ValueError(f"rate_limit: got {limit!r}, expected a whole number of at least 1, or null for no limit")
        with self._lock:
            self._rate_limiter = UnlimitedRate() if limit is None else RateLimiter()
            self.rate_limit = limit or RATE_LIMIT

    def replace_account(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Replace the content of the account by a document, as :meth:`load` takes it; keep settings and requests.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no such document, or a resource in it does not fit. The account is what it was.
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
        """Return whether the upload storage of the account has something under a key."""
        return self._account.storage.holds(key)

    def handle(self, request: Request) -> Response:
        """Handle a request, after the time that has passed by itself; see :meth:`Emulator.handle`."""
        begin = time.perf_counter()
        with deferred(), self._lock:  # nothing is sent under the lock
            schedule = self._account.schedule
            if self._time == "instant":
                schedule.finish()
            elif self._time == "real":
                schedule.advance(0)
            elif self._time == "seen" and schedule.work:
                self._waiting.before(request, self._account)
            response = super().handle(request)
            if self._time == "seen" and schedule.work:
                self._waiting.after(request, response, self._account)
            if self.watchers:
                refusal = self._log[-1][2]
                milliseconds = (time.perf_counter() - begin) * 1000
                handled = HandledRequest(self.request_count, request, response, refusal, milliseconds)
                for watcher in self.watchers:
                    watcher(handled)
            for listener in self.listeners:
                listener()
        if self.has_webhooks_to_send and not is_deferred():
            self.send_webhooks()
        return response
