"""Emulator with an account, its keys, and the pipeline from request to response (:meth:`Emulator._respond`)."""

from __future__ import annotations

import math
import threading
import time
from email.utils import formatdate
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.causes import CAUSES, nearest_cause
from pytest_asc.apple.roles import check_role
from pytest_asc.apple.services import APP_STORE_CONNECT, NOT_AUTHORIZED, Service, TokenRejection
from pytest_asc.credentials.lifetimes import DEFAULT_LIFETIME
from pytest_asc.credentials.tokens import mint
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.emulator import other_services, seeding, webhook_delivery
from pytest_asc.emulator.account import upload_storage
from pytest_asc.emulator.account.account import Account
from pytest_asc.emulator.account.ids import IdGenerator
from pytest_asc.emulator.account.review_requirements import check_requirements
from pytest_asc.emulator.account.schedule import DAY, HOUR, HUNDRED_YEARS, MINUTE
from pytest_asc.emulator.auth.authenticator import Authenticator, Key, KeyOverrides
from pytest_asc.emulator.auth.rate_limiter import RATE_LIMIT, RateLimiter
from pytest_asc.emulator.auth.role_policy import check_role_access
from pytest_asc.emulator.dispatch import DEPRECATED_IN_USE, MAX_CACHED_LENGTH, find_endpoint, make_endpoint
from pytest_asc.emulator.http_models import JSON, Request, Response
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, error_response
from pytest_asc.emulator.planned_failures import PlannedFailure, PlannedFailures
from pytest_asc.emulator.request_log import CORRELATION_KEYS, MAX_BYTES, MAX_RECORDS, RequestLog
from pytest_asc.emulator.request_records import CORRELATION_KEY, RequestRecord, RequestRecords
from pytest_asc.emulator.resources.webhook_events import observe
from pytest_asc.emulator.service_faults import FAULTS
from pytest_asc.emulator.spec.api_spec import api_spec, depends_on_spec
from pytest_asc.emulator.webhook_receivers import receiver_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date
    from os import PathLike

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.roles import Role
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.credentials.tokens import Token
    from pytest_asc.emulator.dispatch import HandlerResult
    from pytest_asc.emulator.http_models import Broken
    from pytest_asc.emulator.seeding import ResourceView
    from pytest_asc.emulator.service_faults import ResponseOverride
    from pytest_asc.emulator.webhook_receivers import Receiver

_OK, _TOO_MANY_REQUESTS = 200, 429

__all__ = ["Emulator", "Request", "RequestRecord", "Response"]


class _Result(NamedTuple):
    """Result of the pipeline for one request."""

    answer: bytes | Response | TokenRejection | ApiError | tuple[ApiError, ...]
    """JSON document, complete response, or the errors to report."""
    refusal: Finding | None = None
    """Cause of a refusal that the response does not show; else None."""
    remaining: int | None = None
    """Number of requests that the key has left in this hour; None if the service has no rate limit."""
    from_front_end: bool = False
    """True if the response comes from a front end, and so has none of the application's headers."""


class Emulator:
    """In-memory App Store Connect API: an account, its keys, and :meth:`handle`.

    Args:
        service: The Apple service to emulate.
        clock: Function that returns the caller's time, in seconds since 1970; None for ``time.time``, which is looked
            up at each call so that it can be patched.
        seed: Seed of the generated ids: emulators with the same seed generate the same ids.
        authenticator: An authenticator that already accepts some keys; None for a new one without keys.
        credentials: The key that :meth:`token` signs with, and that the emulator accepts; None for a throw-away key,
            which is generated on first use.

    Raises:
        TypeError: The service is not a Service object.
    """

    def __init__(
        self,
        service: Service = APP_STORE_CONNECT,
        clock: Callable[[], float] | None = None,
        seed: int = 0,
        authenticator: Authenticator | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        __tracebackhide__ = True
        if not isinstance(service, Service):
            raise TypeError(
                f"service: got {service!r}, expected a Service; pytest_asc.emulate(service=…) accepts its name"
            )
        self.service = service
        self._credentials = credentials
        self.authenticator: Authenticator = authenticator or Authenticator(service)
        if credentials and authenticator is None:
            self.authenticator.trust(_key_of(credentials, service))
        self._clock = clock or _now
        self._seed = seed
        # A server handles requests in its own threads while the test adds resources.
        self._lock = threading.RLock()
        self._start()

    def _start(self) -> None:
        self._clock_offset = 0.0
        self._role: Role = "ADMIN"
        self._rate_limit = RATE_LIMIT
        self.response_override: ResponseOverride | None = None
        """Response to every request while a fault is active; else None."""
        self.client_fault: str | None = None
        """Cause of a mistake of the client, which in-process transports make in every request; else None."""
        self._receiver: Receiver | None = None
        self._account = self._new_account()
        self._visible = self._account
        self._error_ids = IdGenerator(self._seed)
        self._rate_limiter = RateLimiter()
        self._failures = PlannedFailures()
        self._log = RequestLog()

    def _new_account(self) -> Account:
        account = Account(self._clock, self._seed)
        account.outbox.is_open = self._receiver is not None
        observe(account)
        return account

    def reset(self) -> None:
        """Restore the empty account and the default settings; keep the keys and the cache of verified tokens."""
        with self._lock:
            self._start()
            if self.authenticator.overrides != KeyOverrides():
                self.authenticator.override_keys()

    # Settings.

    @property
    def api_version(self) -> str:
        """Version of the emulated OpenAPI document of Apple, such as ``4.5.1``."""
        return api_spec().version

    @property
    def role(self) -> Role:
        """Role of the keys: one of :data:`pytest_asc.apple.roles.ROLES`. An individual key has the role of its user.

        Raises:
            ValueError: The property is set to an unknown role.
        """
        __tracebackhide__ = True
        return self._role

    @role.setter
    def role(self, role: Role) -> None:
        __tracebackhide__ = True
        self._role = check_role(role)

    @property
    def part_size(self) -> int:
        """Size in bytes of each part of an upload but the last: 5 MiB. A smaller size splits small files, too.

        Raises:
            ValueError: The property is set to something other than a whole number of at least 1.
        """
        __tracebackhide__ = True
        return self._account.storage.part_size

    @part_size.setter
    def part_size(self, size: int) -> None:
        __tracebackhide__ = True
        if type(size) is not int or size < 1:
            raise ValueError(f"part_size: got {size!r}, expected at least 1 byte, as a whole number")
        self._account.storage.part_size = size

    @property
    def clock_offset(self) -> float:
        """Seconds by which the clock of the emulated service is ahead of the caller's.

        Raises:
            ValueError: The property is set to something other than a number, or to more than a hundred years.
        """
        __tracebackhide__ = True
        return self._clock_offset

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        __tracebackhide__ = True
        if type(seconds) not in {int, float} or not abs(seconds) <= HUNDRED_YEARS:
            raise ValueError(f"clock_offset: got {seconds!r}, expected a number of seconds, at most a hundred years")
        self._clock_offset = seconds

    @property
    def rate_limit(self) -> int:
        """Number of requests that each key may send within an hour.

        Raises:
            ValueError: The property is set to something other than a whole number of at least 1.
        """
        __tracebackhide__ = True
        return self._rate_limit

    @rate_limit.setter
    def rate_limit(self, limit: int) -> None:
        __tracebackhide__ = True
        if type(limit) is not int or limit < 1:
            raise ValueError(f"rate_limit: got {limit!r}, expected a whole number of at least 1")
        self._rate_limit = limit

    @property
    def vendor_number(self) -> str:
        """Number of the only vendor that has sales and finance reports.

        Raises:
            ValueError: The property is set to something other than a string of digits.
        """
        __tracebackhide__ = True
        return self._account.vendor_number

    @vendor_number.setter
    def vendor_number(self, number: str) -> None:
        __tracebackhide__ = True
        if type(number) is not str or not (number.isascii() and number.isdigit()):
            raise ValueError(f"vendor_number: got {number!r}, expected a string of digits, such as '80012345'")
        self._account.vendor_number = self._visible.vendor_number = number

    @property
    def review_requirements(self) -> AbstractSet[str]:
        """Names of the requirements that a version or a submission must meet to be reviewed. Tests can change the set.

        ``review_requirements -= {"screenshots"}`` drops a requirement. ``review_requirements |= {"privacy-answers"}``
        adds one that cannot be met through the API, and that is taken as met by default. The names are the keys of
        :data:`pytest_asc.emulator.account.review_requirements.REQUIREMENTS`.

        Raises:
            ValueError: The property is set to a set with an unknown name.
        """
        return self._account.review_requirements

    @review_requirements.setter
    def review_requirements(self, names: AbstractSet[str]) -> None:
        self._account.review_requirements = check_requirements(names)

    @property
    def base_url(self) -> str:
        """Scheme and host of the emulated service."""
        return self.service.base_url

    def trust(self, key_id: str, issuer_id: str | None, kind: str, public_key: EllipticCurvePublicKey) -> None:
        """Accept tokens that are signed with an API key.

        Args:
            key_id: The key ID, as in the header of its tokens.
            issuer_id: The issuer ID of the key's team; None for an individual key.
            kind: ``team``, ``individual`` or ``enterprise``.
            public_key: The public key that belongs to the private key that signs the tokens.
        """
        with self._lock:
            self.authenticator.trust(Key(key_id, issuer_id, kind, public_key))

    @property
    def credentials(self) -> Credentials:
        """Key that :meth:`token` signs with, and that the emulator accepts."""
        if self._credentials is None:
            from pytest_asc.credentials.throw_away import new_credentials  # noqa: PLC0415  few tests need it

            with self._lock:
                made = self._credentials = new_credentials(self.service)
                self.authenticator.trust(_key_of(made, self.service))
        return self._credentials

    def token(self, *, lifetime: float = DEFAULT_LIFETIME) -> Token:
        """Return a new token that the emulator accepts.

        Args:
            lifetime: Seconds from ``iat`` to ``exp``.

        Raises:
            TypeError: The lifetime is not a number.
        """
        __tracebackhide__ = True
        if type(lifetime) not in {int, float} or not math.isfinite(lifetime):
            raise TypeError(f"token(lifetime={lifetime!r}): expected a number of seconds")
        return mint(self.credentials, now=self._clock(), lifetime=lifetime, service=self.service.name)

    def add(self, resource_type: str, /, *, id: str | None = None, **members: Any) -> ResourceView:  # noqa: A002  the name in JSON:API
        """Add a resource: ``add("apps", name="Lists", bundleId="com.example.lists")``.

        Attributes that are not given get a plausible value or null. The value of a relationship is the related
        resource, its id, or a list of these: ``add("builds", app=app)``.

        Args:
            resource_type: Resource type of Apple's API, such as ``betaGroups``.
            id: ID of the resource; by default a new one in the format of this type.
            **members: Attributes and relationships.

        Returns:
            The resource, a mapping with ``id``, ``type``, ``attributes`` and ``relationships``.

        Raises:
            ValueError: The type, an attribute or a relationship does not exist, a value is not valid, or the id is
                taken.
        """
        __tracebackhide__ = True
        with self._lock:
            added = seeding.add(self._account, resource_type, id, members)
        self._send_waiting()
        return added

    def add_ready_version(
        self,
        app: Mapping[str, Any] | None = None,
        /,
        *,
        id: str | None = None,  # noqa: A002  the name in JSON:API
        **members: Any,
    ) -> ResourceView:
        """Add an App Store version that can be submitted for review: ``add_ready_version(app, versionString="2.0")``.

        Whatever the version and its app still need for a review is added: a processed build, texts and screenshots, the
        contact for App Review, a category, an age rating, a price, …. Existing data is kept.

        Args:
            app: The app, as :meth:`add` returned it; by default a new app.
            id: ID of the version; by default a new one.
            **members: Attributes and relationships of the version, as for :meth:`add`.

        Returns:
            The version.

        Raises:
            ValueError: An attribute or a relationship does not exist, or a value is not valid.
        """
        __tracebackhide__ = True
        with self._lock, self._account.outbox.paused():
            return seeding.add_ready_version(self._account, app, id, members)

    def add_released_app(self, *, id: str | None = None, **members: Any) -> ResourceView:  # noqa: A002  the name in JSON:API
        """Add an app whose version 1.0 is for sale: ``add_released_app(bundleId="com.example.lists")``.

        Args:
            id: ID of the app; by default a new one.
            **members: Attributes and relationships of the app, as for :meth:`add`.

        Returns:
            The app.

        Raises:
            ValueError: An attribute or a relationship does not exist, or a value is not valid.
        """
        __tracebackhide__ = True
        with self._lock, self._account.outbox.paused():
            return seeding.add_released_app(self._account, id, members)

    def add_testflight_build(
        self,
        app: Mapping[str, Any] | None = None,
        /,
        *,
        testers: int = 2,
        id: str | None = None,  # noqa: A002  the name in JSON:API
        **members: Any,
    ) -> ResourceView:
        """Add a build that external testers can install: ``add_testflight_build(app, testers=3, version="7")``.

        Args:
            app: The app, as :meth:`add` returned it; by default a new app.
            testers: Number of testers in the build's beta group.
            id: ID of the build; by default a new one.
            **members: Attributes and relationships of the build, as for :meth:`add`.

        Returns:
            The build.

        Raises:
            ValueError: An attribute or a relationship does not exist, or a value is not valid.
        """
        __tracebackhide__ = True
        with self._lock, self._account.outbox.paused():
            return seeding.add_testflight_build(self._account, app, id, testers, members)

    def get(self, resource_type: str, id: str, /) -> ResourceView:  # noqa: A002  the name in JSON:API
        """Return a resource of the account: ``get("apps", "6446998023")``.

        Raises:
            LookupError: There is no such resource.
        """
        __tracebackhide__ = True
        with self._lock:
            return seeding.get(self._account, resource_type, id)

    def find(self, resource_type: str, /, **attributes: Any) -> list[ResourceView]:
        """Return the resources with these values: ``find("builds", version="7", app=app)``.

        Args:
            resource_type: Resource type of Apple's API, such as ``builds``.
            **attributes: Values of attributes. For a relationship, the related resource or its id.

        Returns:
            The matching resources, an empty list if there are none.

        Raises:
            ValueError: The type, an attribute or a relationship does not exist, or a value is not valid.
        """
        __tracebackhide__ = True
        with self._lock:
            return seeding.find(self._account, resource_type, attributes)

    def update(self, resource: Mapping[str, Any], /, **members: Any) -> ResourceView:
        """Change a resource, even if the API would not allow it: ``update(version, appVersionState="IN_REVIEW")``.

        Args:
            resource: The resource, as :meth:`add` returned it or a response shows it.
            **members: Attributes and relationships, as for :meth:`add`.

        Returns:
            The changed resource.

        Raises:
            ValueError: The resource, an attribute or a relationship does not exist, or a value is not valid.
        """
        __tracebackhide__ = True
        with self._lock:
            updated = seeding.update(self._account, resource, members)
        self._send_waiting()
        return updated

    def delete(self, resource: Mapping[str, Any], /) -> None:
        """Delete a resource and its dependent resources, even if the API would not allow it.

        Args:
            resource: The resource, as :meth:`add` returned it or a response shows it.

        Raises:
            ValueError: The resource does not exist.
        """
        __tracebackhide__ = True
        with self._lock:
            seeding.delete(self._account, resource)
        self._send_waiting()

    def dump(self) -> dict[str, Any]:
        """Return the account as a document that :meth:`load` reads: resources, sales and measurements.

        The document contains neither the content of uploaded files nor scheduled events.
        """
        with self._lock:
            return seeding.dump(self._account)

    def save(self, file: str | PathLike[str]) -> None:
        """Write the document of :meth:`dump` to a JSON file that :meth:`load` reads. Only its owner can read the file.

        Args:
            file: Path of the file. An existing file is replaced.

        Raises:
            OSError: The file cannot be written.
        """
        with self._lock:
            seeding.save(self._account, file)

    def load(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Add the resources of a JSON file or a mapping: ``{"data": [{"type", "id", "attributes", …}, …]}``.

        Args:
            source: Path of the file, or the document itself.

        Raises:
            OSError: The file cannot be read.
            ValueError: The content is not such a document, or a resource in it is not valid.
        """
        __tracebackhide__ = True
        with self._lock, self._account.outbox.paused():
            seeding.load(self._account, source)

    def load_sample(self) -> None:
        """Add the sample account that ships with the package. Its dates are relative to the current day."""
        with self._lock, self._account.outbox.paused():
            seeding.load_sample(self._account)

    def sell(self, product: Mapping[str, Any], /, **details: Any) -> None:
        """Record a sale for the sales and finance reports: ``sell(app, units=3, day="2026-06-01", country="DE")``.

        Args:
            product: An app, an in-app purchase or a subscription, as :meth:`add` returned it.
            **details: Any of the following; defaults are in parentheses. ``units`` (1; negative for refunds); ``day``,
                a date, an ISO 8601 date as text, or a number of days relative to today (-1, yesterday: the last day
                for which Apple has a report); ``country``, a code of two letters (US); ``product_type``, Apple's
                identifier (1F for apps, IA1 for in-app purchases, IAY for subscriptions); ``price`` (0) and
                ``proceeds`` (70 % of the price) of one unit, in ``currency`` (that of the country); ``device``
                (iPhone); ``version`` of the app (1.0).

        Raises:
            TypeError: There is no such detail.
            ValueError: The product does not exist or cannot be sold, or a detail is not valid.
        """
        __tracebackhide__ = True
        with self._lock:
            seeding.sell(self._account, product, **details)

    def measure(
        self, resource: Mapping[str, Any], metric: str, /, *, day: str | date | int = -1, **members: Any
    ) -> None:
        """Record a measurement for the metrics operations: ``measure(build, "betaBuildUsages", crashCount=2)``.

        Args:
            resource: The resource, as :meth:`add` returned it.
            metric: The last segment of the operation's path: ``betaTesterUsages``, ``matchmakingRequests``,
                ``perfPowerMetrics``, …
            day: A date, an ISO 8601 date as text, or a number of days relative to today.
            **members: Measured values and their dimensions: ``betaTesters=tester``, ``result="MATCHED"``.

        Raises:
            ValueError: The resource does not exist or has no such metric, or a member is not valid.
        """
        __tracebackhide__ = True
        with self._lock:
            seeding.measure(self._account, resource, metric, day=day, **members)

    def advance(
        self,
        seconds: float | None = None,
        *,
        minutes: float | None = None,
        hours: float | None = None,
        days: float | None = None,
    ) -> list[str]:
        """Advance the account's time: ``advance(hours=2)``. Nothing in the account changes otherwise; no call waits.

        Dates of new resources follow the account's time. Tokens, the ``Date`` header and rate limits follow the
        emulator's clock, which is not changed. Without arguments, time passes until Apple has finished all its work,
        such as the processing of builds. Events with a fixed date, such as the expiry of a build after 90 days, happen
        only if that date is reached.

        Args:
            seconds: Seconds to advance. It can be positional, so that ``advance`` can replace ``time.sleep``.
            minutes: Minutes to add to the seconds.
            hours: Hours to add to the seconds.
            days: Days to add to the seconds.

        Returns:
            Descriptions of the events that happened, in order.

        Raises:
            TypeError: An argument is not a number.
            ValueError: The sum of the arguments is negative, or more than a hundred years.
        """
        __tracebackhide__ = True
        parts = ((seconds, 1), (minutes, MINUTE), (hours, HOUR), (days, DAY))
        for amount, _ in parts:
            if amount is not None and type(amount) not in {int, float}:
                raise TypeError(f"advance: got {amount!r}, expected a number")
        given = [amount * unit for amount, unit in parts if amount is not None]
        if not sum(given) >= 0:
            raise ValueError(f"time does not go back: got {sum(given)} seconds, expected 0 or more")
        if sum(given) > HUNDRED_YEARS:
            raise ValueError(f"advance: got {sum(given)} seconds, expected at most {HUNDRED_YEARS}, a hundred years")
        happened: list[str] = []
        steps = self._account.schedule.steps(sum(given) if given else None)
        while True:
            with self._lock:
                description = next(steps, None)
            self._send_waiting()
            if description is None:
                return happened
            happened.append(description)

    def decide(self, about: Mapping[str, Any] | str, outcome: str) -> None:
        """Choose the outcome of a decision: ``decide(version, "REJECTED")``, ``decide("builds", "INVALID")``.

        Some decisions are Apple's, such as that of App Review; they take effect when :meth:`advance` reaches them.
        Others are a person's, such as an invited tester's; they take effect at once. The outcome stays chosen until
        another one is chosen.

        Args:
            about: A resource, as :meth:`add` returned it or a response shows it; or a type, for all of its present and
                future resources that have no outcome of their own.
            outcome: The final state. By default Apple processes and approves everything, and people do nothing.

        Raises:
            ValueError: The resource or the outcome does not exist; the message lists the possible outcomes.
        """
        __tracebackhide__ = True
        with self._lock:
            seeding.decide(self._account, about, outcome)
        self._send_waiting()

    # Webhooks.

    def deliver_webhooks_to(self, receiver: str | Receiver | None) -> None:
        """Send the notifications of all webhooks to a URL on this machine or to a function of the test.

        From now on, each event is sent once the change that causes it is made, in :meth:`advance`, :meth:`update` or a
        request that writes: to every enabled webhook of the app that subscribes to the event, one after the other. The
        function may use the API and this object. Without a receiver, deliveries are recorded and stay pending.

        Args:
            receiver: A URL with a host of 127.0.0.0/8, ::1 or localhost, which has 10 seconds to respond; or a function
                that takes the :class:`pytest_asc.Request` and returns a status, a response with a ``status_code``, a
                :class:`pytest_asc.Response`, or None for 200. An OSError that it raises counts as a failure of the
                connection; other exceptions fail the delivery and are raised in the test. None to send nothing.

        Raises:
            TypeError: The receiver is neither a URL, a callable nor None.
            ValueError: The URL does not lead to this machine.
        """
        __tracebackhide__ = True
        chosen = None if receiver is None else receiver_of(receiver)
        with self._lock:
            self._receiver = chosen
            self._account.outbox.is_open = chosen is not None

    def send_webhooks(self) -> None:
        """Send the pending notifications. Every method that causes notifications calls it.

        Raises:
            Exception: The first exception of the receiver, raised after all notifications were sent.
        """
        __tracebackhide__ = True
        account, receiver = self._account, self._receiver
        outbox = account.outbox
        problem: Exception | None = None
        with self._lock:
            if outbox.is_sending or receiver is None:
                return  # the call that is sending now sends these notifications as well
            outbox.is_sending = True
        try:
            while True:
                with self._lock:
                    waiting = webhook_delivery.next_request(account)
                    if waiting is None:
                        outbox.is_sending = False
                        break
                job, request = waiting
                outcome = webhook_delivery.Outcome(None, error="The notification was not delivered.")
                try:
                    outcome = webhook_delivery.as_outcome(receiver(request))
                except OSError as error:
                    outcome = outcome._replace(error=f"{type(error).__name__}: {error}")
                except Exception as error:  # noqa: BLE001  raised below, once everything was sent
                    outcome = outcome._replace(error=f"{type(error).__name__} in the receiver of the test")
                    problem = problem or error
                finally:
                    with self._lock:
                        webhook_delivery.record_outcome(account, job, outcome)
        except BaseException:
            outbox.is_sending = False
            raise
        if problem:
            raise problem

    @property
    def has_webhooks_to_send(self) -> bool:
        """True if there are notifications to send."""
        return bool(self._account.outbox.pending)

    def _send_waiting(self) -> None:
        __tracebackhide__ = True
        if self._account.outbox.pending:
            self.send_webhooks()

    def hide_account(self) -> None:
        """Show an empty account to all keys."""
        self._visible = Account(self._clock, self._seed)
        self._visible.vendor_number = self.vendor_number

    # Faults and planned failures.

    def fault(self, cause: CauseSlug) -> None:
        """Inject a fault of the service or of the network.

        Args:
            cause: Slug of the cause: a key of :data:`pytest_asc.emulator.service_faults.FAULTS`.

        Raises:
            ValueError: The cause does not exist, or is a fault of the key or the token; the message says how that is
                injected.
        """
        __tracebackhide__ = True
        if cause not in CAUSES:
            nearest = nearest_cause(cause)
            hint = (
                f"did you mean {nearest!r}?"
                if nearest
                else f"the faults of the service are {', '.join(sorted(FAULTS))}"
            )
            raise ValueError(f"there is no fault {cause!r}; {hint}")
        if cause not in FAULTS:
            raise ValueError(
                f"{cause!r} is a fault of the key or the token, not of the service: inject it with "
                f"@pytest.mark.asc(faults=[{cause!r}]) or --asc-fault={cause}"
            )
        with self._lock:
            FAULTS[cause](self)

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        broken: Broken | None = None,
        latency: float = 0.0,
        sleep: bool = False,
        times: int = 1,
        after: int = 0,
        optional: bool = False,
        front_end: bool = False,
        code: str | None = None,
        title: str | None = None,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        """Plan a failure of the next requests of a method and path: ``fail("GET", "/v1/apps", status=429, times=2)``.

        At least one of ``status``, ``broken`` and ``latency`` is required. They can be combined: an error can be late,
        a response can be late and cut. Several failures for the same request happen in the order of planning. A failure
        that has not happened as often as planned by the end of the test is unused, and fails the test.

        Args:
            method: Method of the requests, in capitals.
            path: A path of the API, such as ``/v1/apps/123/builds``. ``{id}`` stands for any id, ``*`` for any text.
                Requests to upload URLs and downloads of report segments have the path ``/object-storage/*``.
            status: Respond with this status, and with Apple's error for it. To give a 429 a time to retry after, add
                ``headers={"Retry-After": "30"}``.
            broken: Break the connection: ``"refused"``, ``"reset"`` before a response, ``"timeout"``, ``"tls"`` (a
                certificate that the client does not trust), ``"proxy"`` (a proxy requires a password), or ``"cut"``:
                only half of the response arrives, which is the real response unless a status is given. With every
                value but ``"cut"``, the request does not reach the account.
            latency: Seconds until the response arrives, which is the real response unless a status is given. The record
                and the response's ``elapsed`` have this value, but no time passes; a client with a shorter timeout gets
                a timeout.
            sleep: Wait for the latency. ``asc_server`` always waits for it, until the client gives up.
            times: Number of requests that fail.
            after: Number of matching requests that are handled as usual before the first failure.
            optional: The failure may stay unused.
            front_end: The response comes from Apple's front end, which verifies no tokens: HTML for a status from 500,
                otherwise an error of the gateway. A 401 of the front end rejects valid and invalid tokens alike.
            code: Code of the error, instead of Apple's for the status. With a code of
                :data:`.known_errors.KNOWN_ERRORS`, the error has Apple's title and detail.
            title: Title of the error.
            detail: Detail of the error.
            headers: Additional headers of the response.
            body: The whole body of the response, instead of an error document.

        Raises:
            ValueError: The failure can never happen, or the arguments contradict each other.
        """
        __tracebackhide__ = True
        failure = PlannedFailure(
            method,
            path,
            status=status,
            broken=broken,
            latency=latency,
            sleep=sleep,
            times=times,
            after=after,
            optional=optional,
            front_end=front_end,
            code=code,
            title=title,
            detail=detail,
            headers=headers,
            body=body,
        )
        is_other_service = self.service.name in other_services.ENDPOINTS
        with self._lock:
            self._failures.plan(failure, None if is_other_service else _methods_by_path())

    @property
    def pending_failures(self) -> list[PlannedFailure]:
        """Planned failures that have not happened as often as planned."""
        return self._failures.unused

    def explain_missing(self) -> str | None:
        """Describe the unused planned failures and the requests that came instead; None if all were used."""
        return self._failures.explain_unused(self.requests) if self._failures.unused else None

    @property
    def requests(self) -> RequestRecords:
        """Requests that were handled, in order, each with its status and, if it was refused, the cause.

        ``requests.find("POST", "/v1/builds*")`` selects some of them; a failed assertion on the result lists the
        requests that came instead. The log keeps the last 10,000 requests, or fewer if their URLs and bodies have more
        than 64 MiB in total.
        """
        with self._lock:
            return self._log.records()

    @property
    def request_count(self) -> int:
        """Number of requests that were handled since the start or the last :meth:`reset`."""
        return len(self._log) + self._log.dropped

    def requests_since(self, count: int) -> RequestRecords:
        """Return the records of the requests after the first ``count`` requests, without those the log has dropped."""
        with self._lock:
            return self._log.records(max(0, count - self._log.dropped))

    def has_received(self, tokens: Collection[str]) -> bool:
        """Return whether a request in the log had one of these tokens in its Authorization header."""
        with self._lock:
            headers = [str(request.header("Authorization") or "") for request, *_ in self._log]
        return any(header.endswith(token) for header in headers for token in tokens)

    # Requests.

    def handle(self, request: Request) -> Response:
        """Handle a request, and return the response. Errors of the request are in the response, as Apple words them.

        It raises no exceptions. If the emulator itself fails, the response is a 500 that says so, with the exception in
        its ``crash``: transports in the test's process raise it, a server can only send the response.

        Webhook notifications that the request causes are sent before this method returns, unless they are
        :class:`~pytest_asc.emulator.webhook_delivery.Deferred`. An exception of their receiver is the ``crash``.
        """
        with self._lock:
            now = self._clock() + self._clock_offset
            try:
                result = self._respond(request, now)
                response = self._as_response(result.answer)
            except Exception as crash:  # noqa: BLE001  a bug in the emulator must reach the test over every transport
                result = _Result(ApiError(errors.CRASHED, {"error": repr(crash)}))
                response = self._as_response(result.answer)._replace(crash=crash)
            if request.method == "HEAD":  # a response to HEAD has no body (RFC 9110)
                response = response._replace(body=b"")
            self._record(request, response, result, now)
        if self._account.outbox.pending and not webhook_delivery.is_deferred():
            try:
                self.send_webhooks()
            except Exception as problem:  # noqa: BLE001  the receiver's exceptions must reach the test
                return response._replace(crash=problem)
        return response

    def _respond(  # noqa: C901, PLR0911, PLR0912  one function shows the whole pipeline
        self, request: Request, now: float
    ) -> _Result:
        """Run the pipeline of a request: storage, front end, authentication, rate limit, authorization, handler.

        Args:
            request: The request.
            now: Time in seconds since 1970, by the clock of the emulated service.
        """
        method, url = request.method, request.url
        is_app_store_connect = self.service.name not in other_services.ENDPOINTS
        account_now = now + self._account.schedule.passed

        # 1. Upload storage. It is another host of Apple's, and takes no tokens.
        storage_key = upload_storage.key_of(url) if upload_storage.MARK in url else None
        if storage_key is not None:
            path = f"/{upload_storage.MARK}/{storage_key}"
            failure = self._failures.take_for_storage(method, path) if self._failures.planned else None
            if failure and failure.replaces_response:
                return _Result(failure.deliver(failure.response(self._error_ids.uuid)), from_front_end=True)
            file = self._account.storage.respond(request, storage_key, account_now)
            return _Result(failure.deliver(file) if failure else file)

        # 2. Front end: faults and planned failures before authentication.
        override = self.response_override
        if override and not override.covers(url):
            override = None
        if override and override.before_authentication:
            return _Result(next(override.responses), override.refusal, from_front_end=True)
        failure = self._failures.take(method, url, before_authentication=True) if self._failures.planned else None
        if failure:
            return _Result(failure.deliver(failure.response(self._error_ids.uuid)), from_front_end=True)

        # 3. Authentication.
        authorization = request.header("Authorization")
        key = self.authenticator.authenticate(authorization, method, url, now, skew=self._clock_offset)
        if isinstance(key, Finding):
            return _Result(self.service.refusal or NOT_AUTHORIZED, key)

        # 4. Rate limit. The other services have none.
        remaining = self._rate_limiter.count(key.key_id, now, self._rate_limit) if is_app_store_connect else None
        if remaining == RateLimiter.EXCEEDED:
            evidence = f"the key has sent {self.rate_limit} requests in the last hour"
            return _Result(ApiError(errors.RATE_LIMIT_EXCEEDED), make_finding("rate-limited", evidence), 0)

        # 5. Faults and planned failures of the application.
        if override:
            return _Result(next(override.responses), override.refusal, remaining)
        failure = self._failures.take(method, url, before_authentication=False) if self._failures.planned else None
        if failure and failure.replaces_response:
            return _Result(failure.deliver(failure.response(self._error_ids.uuid)), None, remaining)

        # 6. Authorization by role.
        refusal = check_role_access(self._role, key.key_type, method, url) if is_app_store_connect else None

        # 7. Routing and handler.
        if refusal:
            answer: HandlerResult = ApiError(errors.ROLE_INSUFFICIENT)
        elif is_app_store_connect:
            try:
                endpoint = (find_endpoint if len(method) + len(url) <= MAX_CACHED_LENGTH else make_endpoint)(
                    method, url
                )
            except RefusedError as refused:
                answer = refused.reasons
            else:
                operation = endpoint.route.operation
                if operation.deprecated:
                    DEPRECATED_IN_USE.add(operation)
                answer = endpoint.handle(self._visible, endpoint.route, request, account_now)
        else:
            answer = other_services.respond(self.service, method, url)

        # 8. A planned failure can delay or cut the response.
        return _Result(failure.deliver(self._as_response(answer)) if failure else answer, refusal, remaining)

    def _record(self, request: Request, response: Response, result: _Result, now: float) -> None:
        """Set the headers that all responses have, and add the request to the log."""
        status, headers = response.status, response.headers
        headers["Date"] = _http_date(int(now))
        if result.remaining is not None:
            left = 0 if status == _TOO_MANY_REQUESTS else result.remaining
            headers["X-Rate-Limit"] = f"user-hour-lim:{self._rate_limit};user-hour-rem:{left};"
        correlation_key = None
        if not result.from_front_end:
            correlation_key = headers[CORRELATION_KEY] = next(CORRELATION_KEYS)
        log, sent = self._log, request.headers
        header_size = sum(map(len, chain(sent, sent.values(), headers, headers.values())))
        size = len(request.url) + len(request.body) + len(response.body) + header_size
        log.append((request, response, result.refusal, correlation_key, size))
        log.bytes += size
        if log.bytes > MAX_BYTES or len(log) > MAX_RECORDS:
            log.shrink()

    def _as_response(self, answer: HandlerResult | TokenRejection) -> Response:
        if isinstance(answer, bytes):
            return Response(_OK, {"Content-Type": JSON}, answer)
        if isinstance(answer, Response):
            return answer._replace(headers=dict(answer.headers))
        if isinstance(answer, TokenRejection):
            return other_services.reject_token(answer, self._error_ids.uuid)
        return error_response((answer,) if isinstance(answer, ApiError) else answer, self._error_ids.uuid)


def _now() -> float:
    return time.time()  # looked up at each call, because freezegun replaces it during a test


@lru_cache(maxsize=2)
def _http_date(second: int) -> str:
    """Format a Date header (RFC 9110). The cache makes it once a second for all emulators."""
    return formatdate(second, usegmt=True)


def _key_of(credentials: Credentials, service: Service) -> Key:
    return Key(credentials.key_id, credentials.issuer(service), credentials.kind, credentials.public_key)


@depends_on_spec
@cache
def _methods_by_path() -> dict[str, tuple[str, ...]]:
    return {path: api_spec().methods(path) for path in api_spec().paths}
