"""The emulator: an account, its keys, and the pipeline from request to response (:meth:`Emulator._respond`)."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_asc.apple.causes import CAUSES, nearest_cause
from pytest_asc.apple.roles import check_role
from pytest_asc.apple.services import APP_STORE_CONNECT, NOT_AUTHORIZED, TokenRejection
from pytest_asc.credentials.lifetimes import DEFAULT_LIFETIME
from pytest_asc.credentials.tokens import mint
from pytest_asc.diagnosis.findings import Finding, make_finding
from pytest_asc.emulator import other_services, seeding, webhook_delivery
from pytest_asc.emulator.account import upload_storage
from pytest_asc.emulator.account.account import Account
from pytest_asc.emulator.account.ids import IdGenerator
from pytest_asc.emulator.account.review_requirements import check_requirements
from pytest_asc.emulator.account.schedule import DAY, HOUR, MINUTE
from pytest_asc.emulator.auth.authenticator import Authenticator, Key, KeyOverrides
from pytest_asc.emulator.auth.rate_limiter import RATE_LIMIT, RateLimiter
from pytest_asc.emulator.auth.role_policy import check_role_access
from pytest_asc.emulator.dispatch import DEPRECATED_IN_USE, MOST_CACHED, find_endpoint, make_endpoint
from pytest_asc.emulator.http_models import JSON, Request, Response
from pytest_asc.emulator.jsonapi import errors
from pytest_asc.emulator.jsonapi.errors import ApiError, RefusedError, error_response
from pytest_asc.emulator.planned_failures import PlannedFailure, PlannedFailures
from pytest_asc.emulator.request_log import CORRELATION_KEYS, MOST_BYTES, MOST_RECORDS, RequestLog
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
    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.credentials.tokens import Token
    from pytest_asc.emulator.dispatch import Answer
    from pytest_asc.emulator.http_models import Broken
    from pytest_asc.emulator.seeding import ResourceView
    from pytest_asc.emulator.service_faults import ResponseOverride
    from pytest_asc.emulator.webhook_receivers import Receiver

_OK, _TOO_MANY_REQUESTS = 200, 429

__all__ = ["Emulator", "Request", "RequestRecord", "Response"]


class _Result(NamedTuple):
    """Result of the pipeline for one request."""

    answer: bytes | Response | TokenRejection | ApiError | tuple[ApiError, ...]
    """JSON document, whole response, or the errors to report."""
    refusal: Finding | None = None
    """Cause of a refusal, where the response does not show it."""
    remaining: int | None = None
    """Requests that the key has left in this hour; None where the service shows no rate limit."""
    from_front_end: bool = False
    """The response comes from a front end, and has none of the application's headers."""


class Emulator:
    """In-memory App Store Connect API: an account, its keys, and :meth:`handle`.

    Args:
        service: The service of Apple's to emulate.
        clock: Returns the caller's time, in seconds since 1970; None for ``time.time`` as it is at each request.
        seed: The same seed makes the same ids.
        authenticator: One that accepts some keys already; None for one without keys.
        credentials: A key for :meth:`token`, which the authenticator accepts; None for a throw-away key, made when it
            is first asked for.
    """

    def __init__(
        self,
        service: Service = APP_STORE_CONNECT,
        clock: Callable[[], float] | None = None,
        seed: int = 0,
        authenticator: Authenticator | None = None,
        credentials: Credentials | None = None,
    ) -> None:
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
        self.clock_offset = 0.0
        """Seconds that the emulated service's clock is ahead of the caller's."""
        self._role: Role = "ADMIN"
        self.rate_limit = RATE_LIMIT
        """Requests that each key may send in an hour."""
        self.response_override: ResponseOverride | None = None
        """Response to every request, while a fault is active."""
        self.client_fault: str | None = None
        """Cause of a mistake that the transports make in every request."""
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
        """Return to an empty account and default settings; keep the keys and the cache of verified tokens."""
        with self._lock:
            self._start()
            if self.authenticator.overrides != KeyOverrides():
                self.authenticator.override_keys()

    # Settings.

    @property
    def api_version(self) -> str:
        """Version of Apple's OpenAPI document that is emulated: ``4.5.1``."""
        return api_spec().version

    @property
    def role(self) -> Role:
        """The role of the keys: one of :data:`pytest_asc.apple.roles.ROLES`. An individual key's is its user's.

        Raises:
            ValueError: It is set to what is no role.
        """
        __tracebackhide__ = True
        return self._role

    @role.setter
    def role(self, role: Role) -> None:
        __tracebackhide__ = True
        self._role = check_role(role)

    @property
    def part_size(self) -> int:
        """Bytes of each part of an upload but the last: 5 MiB; fewer make small files come in parts.

        Raises:
            ValueError: It is set to less than 1.
        """
        return self._account.storage.part_size

    @part_size.setter
    def part_size(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a part has 1 byte or more, got {size}")
        self._account.storage.part_size = size

    @property
    def vendor_number(self) -> str:
        """Vendor whose sales and finance reports there are."""
        return self._account.vendor_number

    @vendor_number.setter
    def vendor_number(self, number: str) -> None:
        self._account.vendor_number = self._visible.vendor_number = number

    @property
    def review_requirements(self) -> AbstractSet[str]:
        """Names of what a version or a submission must have for a review, to be changed by a test.

        ``review_requirements -= {"screenshots"}`` relaxes one; ``|= {"privacy-answers"}`` adds one that no API can
        meet, and that counts as met otherwise. The names are the keys of
        :data:`pytest_asc.emulator.account.review_requirements.REQUIREMENTS`.

        Raises:
            ValueError: It is set to an unknown name.
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
            key_id: Its id, as in the header of its tokens.
            issuer_id: The issuer id of its team; None for an individual key.
            kind: ``team``, ``individual`` or ``enterprise``.
            public_key: The public half of the key that signs the tokens.
        """
        with self._lock:
            self.authenticator.trust(Key(key_id, issuer_id, kind, public_key))

    @property
    def credentials(self) -> Credentials:
        """The key that :meth:`token` signs with, and that the emulator accepts."""
        if self._credentials is None:
            from pytest_asc.credentials.throw_away import new_credentials  # noqa: PLC0415  few need it

            with self._lock:
                made = self._credentials = new_credentials(self.service)
                self.authenticator.trust(_key_of(made, self.service))
        return self._credentials

    def token(self, *, lifetime: float = DEFAULT_LIFETIME) -> Token:
        """Return a new token that the emulator accepts.

        Args:
            lifetime: Seconds from ``iat`` to ``exp``.
        """
        return mint(self.credentials, now=self._clock(), lifetime=lifetime, service=self.service.name)

    def add(self, resource_type: str, /, *, id: str | None = None, **members: Any) -> ResourceView:  # noqa: A002  JSON's name
        """Add a resource: ``add("apps", name="Lists", bundleId="com.example.lists")``.

        Attributes that are left out get a plausible value or null. The value of a relationship is the related resource,
        its id, or a list of these: ``add("builds", app=app)``.

        Args:
            resource_type: The type.
            id: The id; left out, a new one in the format of this type.
            **members: Attributes and relationships.

        Returns:
            The resource: ``["id"]``, ``["type"]``, ``["attributes"]``, ``["relationships"]``.

        Raises:
            ValueError: There is no such type, attribute or relationship, a value does not fit, or the id is taken.
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
        id: str | None = None,  # noqa: A002  JSON's name
        **members: Any,
    ) -> ResourceView:
        """Add an App Store version that can be submitted for review: ``add_ready_version(app, versionString="2.0")``.

        What the version and its app lack for a review is added: a processed build, texts and screenshots, the contact
        for App Review, a category, an age rating, a price, …; what is there is kept.

        Args:
            app: The app, as :meth:`add` returned it; left out, a new one.
            id: The id of the version; left out, a new one.
            **members: Attributes and relationships of the version, as :meth:`add` takes them.

        Returns:
            The version.

        Raises:
            ValueError: There is no such attribute or relationship, or a value does not fit.
        """
        with self._lock, self._account.outbox.paused():
            return seeding.add_ready_version(self._account, app, id, members)

    def add_released_app(self, *, id: str | None = None, **members: Any) -> ResourceView:  # noqa: A002  JSON's name
        """Add an app whose version 1.0 is for sale: ``add_released_app(bundleId="com.example.lists")``.

        Args:
            id: The id of the app; left out, a new one.
            **members: Attributes and relationships of the app, as :meth:`add` takes them.

        Raises:
            ValueError: There is no such attribute or relationship, or a value does not fit.
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
        id: str | None = None,  # noqa: A002  JSON's name
        **members: Any,
    ) -> ResourceView:
        """Add a build that external testers can install: ``add_testflight_build(app, testers=3, version="7")``.

        Args:
            app: The app, as :meth:`add` returned it; left out, a new one.
            testers: Number of testers in the build's beta group.
            id: The id of the build; left out, a new one.
            **members: Attributes and relationships of the build, as :meth:`add` takes them.

        Raises:
            ValueError: There is no such attribute or relationship, or a value does not fit.
        """
        __tracebackhide__ = True
        with self._lock, self._account.outbox.paused():
            return seeding.add_testflight_build(self._account, app, id, testers, members)

    def get(self, resource_type: str, id: str, /) -> ResourceView:  # noqa: A002  JSON's name
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
            resource_type: The type.
            **attributes: Values of attributes; of relationships, the related resource or its id.

        Raises:
            ValueError: There is no such type, attribute or relationship.
        """
        __tracebackhide__ = True
        with self._lock:
            return seeding.find(self._account, resource_type, attributes)

    def update(self, resource: Mapping[str, Any], /, **members: Any) -> ResourceView:
        """Change a resource, whatever the API would allow: ``update(version, appVersionState="IN_REVIEW")``.

        Args:
            resource: The resource, as :meth:`add` returned it or a response shows it.
            **members: Attributes and relationships, as :meth:`add` takes them.

        Raises:
            ValueError: The resource is not there, there is no such attribute or relationship, or a value does not fit.
        """
        __tracebackhide__ = True
        with self._lock:
            updated = seeding.update(self._account, resource, members)
        self._send_waiting()
        return updated

    def delete(self, resource: Mapping[str, Any], /) -> None:
        """Delete a resource, and those that cannot be without it, whatever the API would allow.

        Args:
            resource: The resource, as :meth:`add` returned it or a response shows it.

        Raises:
            ValueError: The resource is not there.
        """
        __tracebackhide__ = True
        with self._lock:
            seeding.delete(self._account, resource)
        self._send_waiting()

    def dump(self) -> dict[str, Any]:
        """Return the account as a document that :meth:`load` reads: resources, sales and measurements.

        Files and events that are still to come are not part of it.
        """
        with self._lock:
            return seeding.dump(self._account)

    def save(self, file: str | PathLike[str]) -> None:
        """Write the account to a JSON file that :meth:`load` reads; see :meth:`dump`. Only its owner can read it.

        Raises:
            OSError: The file cannot be written.
        """
        with self._lock:
            seeding.save(self._account, file)

    def load(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Add the resources of a JSON file or a mapping: ``{"data": [{"type", "id", "attributes", …}, …]}``.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is no such document, or a resource in it does not fit.
        """
        __tracebackhide__ = True
        with self._lock, self._account.outbox.paused():
            seeding.load(self._account, source)

    def load_sample(self) -> None:
        """Add the sample account that ships with the package; its dates are as many days ago each time."""
        with self._lock, self._account.outbox.paused():
            seeding.load_sample(self._account)

    def sell(self, product: Mapping[str, Any], /, **details: Any) -> None:
        """Enter a sale, for the sales and finance reports: ``sell(app, units=3, day="2026-06-01", country="DE")``.

        Args:
            product: An app, an in-app purchase or a subscription, as :meth:`add` returned it.
            **details: ``units`` (1; negative for refunds); ``day``, a date, its text or a number of days from
                today (-1, yesterday: the last day that Apple has a report of); ``country``, two letters (US);
                ``product_type``, Apple's identifier (1F for apps, IA1 for purchases, IAY for subscriptions);
                ``price`` (0) and ``proceeds`` (70 % of the price) of one unit, in ``currency`` (the country's);
                ``device`` (iPhone); ``version`` of the app (1.0).

        Raises:
            ValueError: The product is not there or not sold, or a detail does not fit.
        """
        __tracebackhide__ = True
        with self._lock:
            seeding.sell(self._account, product, **details)

    def measure(
        self, resource: Mapping[str, Any], metric: str, /, *, day: str | date | int = -1, **members: Any
    ) -> None:
        """Enter a measurement, for the metrics: ``measure(build, "betaBuildUsages", crashCount=2)``.

        Args:
            resource: The resource, as :meth:`add` returned it.
            metric: The last part of the operation's path: ``betaTesterUsages``, ``matchmakingRequests``,
                ``perfPowerMetrics``, …
            day: A date, its text or a number of days from today.
            **members: Values, and the dimensions that they are of: ``betaTesters=tester``, ``result="MATCHED"``.

        Raises:
            ValueError: The resource is not there, it has no such metric, or a member does not fit.
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
        """Let time pass in the account: ``advance(hours=2)``. Nothing changes there by itself, and no call waits.

        The dates of new resources follow it; tokens, the ``Date`` header and rate limits follow the clock alone.
        Without arguments, time passes until Apple has finished all its work, such as the processing of builds.
        Events with a date, such as the expiry of a build after 90 days, happen only if that date is reached.

        Args:
            seconds: Positional as well, so that ``advance`` can replace ``time.sleep``.
            minutes: Added to the seconds.
            hours: Added to the seconds.
            days: Added to the seconds.

        Returns:
            Descriptions of the events, in order.

        Raises:
            ValueError: The sum is negative.
        """
        __tracebackhide__ = True
        parts = ((seconds, 1), (minutes, MINUTE), (hours, HOUR), (days, DAY))
        given = [amount * unit for amount, unit in parts if amount is not None]
        if not sum(given) >= 0:
            raise ValueError(f"time does not go back: got {sum(given)} seconds, expected 0 or more")
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

        Some decisions are Apple's, others a person's.

        Decisions of Apple take effect when :meth:`advance` reaches them, those of a person at once. The outcome holds
        until another one is chosen.

        Args:
            about: A resource, as :meth:`add` returned it or a response shows it; or a type, for all of its resources,
                present and future, without an outcome of their own.
            outcome: Final state. By default Apple processes and approves everything, and people do nothing.

        Raises:
            ValueError: There is no such resource or outcome; the message has the possible outcomes.
        """
        __tracebackhide__ = True
        with self._lock:
            seeding.decide(self._account, about, outcome)
        self._send_waiting()

    # Webhooks.

    def deliver_webhooks_to(self, receiver: str | Receiver | None) -> None:
        """Send the notifications of all webhooks to a URL on this machine or to a function of the test.

        From now on, each event goes out when it happens, in :meth:`advance`, :meth:`update` or a write, once the
        change is made: to every webhook of the app that is enabled and names the event, one after the other. The
        function may use the API and this object. Without a receiver, deliveries are recorded and stay pending.

        Args:
            receiver: A URL of 127.0.0.0/8, ::1 or localhost, which has 10 seconds to respond; or a function that takes
                the :class:`pytest_asc.Request` and returns a status, a response with a ``status_code``, a
                :class:`pytest_asc.Response`, or None for 200. Its OSErrors are failures of the connection; other
                exceptions fail the delivery and are raised in the test. None to send nothing.

        Raises:
            TypeError: The receiver is none of these.
            ValueError: The URL is not of this machine.
        """
        __tracebackhide__ = True
        chosen = None if receiver is None else receiver_of(receiver)
        with self._lock:
            self._receiver = chosen
            self._account.outbox.is_open = chosen is not None

    def send_webhooks(self) -> None:
        """Send the notifications that wait, as every method does that causes some.

        Raises:
            Exception: The receiver has raised it; everything was sent nevertheless.
        """
        __tracebackhide__ = True
        account, receiver = self._account, self._receiver
        outbox = account.outbox
        problem: Exception | None = None
        with self._lock:
            if outbox.is_sending or receiver is None:
                return  # whoever sends sends what waits as well
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
                        webhook_delivery.conclude(account, job, outcome)
        except BaseException:
            outbox.is_sending = False
            raise
        if problem:
            raise problem

    @property
    def has_webhooks_to_send(self) -> bool:
        """Return whether notifications wait to be sent."""
        return bool(self._account.outbox.waiting)

    def _send_waiting(self) -> None:
        __tracebackhide__ = True
        if self._account.outbox.waiting:
            self.send_webhooks()

    def hide_account(self) -> None:
        """Let the keys see an empty account."""
        self._visible = Account(self._clock, self._seed)
        self._visible.vendor_number = self.vendor_number

    # Faults and planned failures.

    def fault(self, cause: CauseSlug) -> None:
        """Put the emulated service, or the way to it, into the state that a cause names.

        Args:
            cause: One of :data:`pytest_asc.emulator.service_faults.FAULTS`.

        Raises:
            ValueError: There is no such cause, or it is a state of the key or of the token; the message says how that
                is injected.
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

        One of ``status``, ``broken`` and ``latency`` is needed, and some go together: an error can be late, a response
        late and cut. Several failures for one request happen in the order of planning. An unused failure, one that has
        not happened as often as planned when the test ends, makes the test fail.

        Args:
            method: In capitals.
            path: A path of the API, such as ``/v1/apps/123/builds``. ``{id}`` stands for any id, ``*`` for anything.
                Files that are sent to upload URLs and downloaded from segments are at ``/object-storage/*``.
            status: Respond with this status, and Apple's error for it. To say in a 429 when to try again, add
                ``headers={"Retry-After": "30"}``.
            broken: Break the connection: ``"refused"``, ``"reset"`` before a response, ``"timeout"``, ``"tls"`` (a
                certificate that nobody trusts), ``"proxy"`` (a proxy requires a password), or ``"cut"``: half of the
                response arrives, of the real one unless there is a status. Except for ``"cut"``, the request does not
                reach the account.
            latency: Seconds until the response arrives, the real one unless there is a status. They are in the record
                and in the response's ``elapsed``, without waiting; a client with a shorter timeout gets its timeout.
            sleep: Wait for the latency. Over ``asc_server`` it is always waited for, until the client gives up.
            times: Number of requests that fail.
            after: Number of matching requests that are handled as usual before.
            optional: The failure may stay unused.
            front_end: The response comes from Apple's front end, which verifies no token: HTML for a status from 500,
                else an error of the gateway. A 401 so planned rejects valid and invalid tokens alike.
            code: The error's code, in place of Apple's for the status. With one of
                :data:`.known_errors.KNOWN_ERRORS`, the error has Apple's words.
            title: The error's title.
            detail: The error's detail.
            headers: Further headers of the answer.
            body: The whole body, in place of an error document.

        Raises:
            ValueError: It can never happen, or the arguments do not fit together.
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
        """Unused planned failures: those that have not happened as often as planned."""
        return self._failures.unused

    def explain_missing(self) -> str | None:
        """Describe the unused planned failures and the requests that came instead; None where there are none."""
        return self._failures.explain_unused(self.requests) if self._failures.unused else None

    @property
    def requests(self) -> RequestRecords:
        """Requests that were handled, in order, each with its status and, where it was refused, the cause.

        ``requests.find("POST", "/v1/builds*")`` selects some of them; the failure of an assertion on the result lists
        what came instead. The log keeps the last 10,000 requests, and fewer where their bodies have more than 64 MiB
        together.
        """
        with self._lock:
            return self._log.records()

    @property
    def request_count(self) -> int:
        """Number of requests that were handled since the start or the last reset."""
        return len(self._log) + self._log.dropped

    def requests_since(self, count: int) -> RequestRecords:
        """Return the records of the requests after the first ``count`` ones, as far as the log keeps them."""
        with self._lock:
            return self._log.records(max(0, count - self._log.dropped))

    def has_received(self, tokens: Collection[str]) -> bool:
        """Return whether a request in the log had one of these tokens in its Authorization header."""
        with self._lock:
            headers = [str(request.header("Authorization") or "") for request, *_ in self._log]
        return any(header.endswith(token) for header in headers for token in tokens)

    # Requests.

    def handle(self, request: Request) -> Response:
        """Handle a request. It raises nothing: errors of the request are in the response, worded as Apple's.

        Where the emulator itself fails, the response is a 500 that says so, with the exception in its ``crash``: the
        transports inside the test's process raise it, a server can only send the response.

        Notifications of webhooks that it causes are sent before this returns, unless they are
        :func:`~pytest_asc.emulator.webhook_delivery.deferred`; what their receiver raises is the ``crash``.
        """
        with self._lock:
            now = self._clock() + self.clock_offset
            try:
                result = self._respond(request, now)
                response = self._as_response(result.answer)
            except Exception as crash:  # noqa: BLE001  a bug of ours must reach the test, over every transport
                result = _Result(ApiError(errors.CRASHED, {"error": repr(crash)}))
                response = self._as_response(result.answer)._replace(crash=crash)
            if request.method == "HEAD":  # its response has no body (RFC 9110)
                response = response._replace(body=b"")
            self._record(request, response, result, now)
        if self._account.outbox.waiting and not webhook_delivery.is_deferred():
            try:
                self.send_webhooks()
            except Exception as problem:  # noqa: BLE001  of the receiver, for the test
                return response._replace(crash=problem)
        return response

    def _respond(  # noqa: C901, PLR0911, PLR0912  one function shows the whole pipeline
        self, request: Request, now: float
    ) -> _Result:
        """Take a request through the pipeline: storage, front end, authentication, limits, authorization, handler.

        Args:
            request: The request.
            now: Seconds since 1970, by the clock of the emulated service.
        """
        method, url = request.method, request.url
        is_app_store_connect = self.service.name not in other_services.ENDPOINTS
        account_now = now + self._account.schedule.passed

        # 1. The upload storage is another host, and takes no tokens.
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
        key = self.authenticator.authenticate(request.header("Authorization"), method, url, now, skew=self.clock_offset)
        if isinstance(key, Finding):
            return _Result(self.service.refusal or NOT_AUTHORIZED, key)

        # 4. Rate limit. The other services show none.
        remaining = self._rate_limiter.count(key.key_id, now, self.rate_limit) if is_app_store_connect else None
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
            answer: Answer = ApiError(errors.ROLE_INSUFFICIENT)
        elif is_app_store_connect:
            try:
                endpoint = (find_endpoint if len(method) + len(url) <= MOST_CACHED else make_endpoint)(method, url)
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
        """Set the headers that every response has, and add the request to the log."""
        status, headers = response.status, response.headers
        headers["Date"] = _http_date(int(now))
        if result.remaining is not None:
            left = 0 if status == _TOO_MANY_REQUESTS else result.remaining
            headers["X-Rate-Limit"] = f"user-hour-lim:{self.rate_limit};user-hour-rem:{left};"
        correlation_key = None
        if not result.from_front_end:
            correlation_key = headers[CORRELATION_KEY] = next(CORRELATION_KEYS)
        log, url, body = self._log, request.url, request.body
        log.append((request, response, result.refusal, correlation_key))
        log.bytes += len(url) + len(body) + len(response.body)
        if log.bytes > MOST_BYTES or len(log) > MOST_RECORDS:
            log.shrink()

    def _as_response(self, answer: Answer | TokenRejection) -> Response:
        if isinstance(answer, bytes):
            return Response(_OK, {"Content-Type": JSON}, answer)
        if isinstance(answer, Response):
            return answer._replace(headers=dict(answer.headers))
        if isinstance(answer, TokenRejection):
            return other_services.reject_token(answer, self._error_ids.uuid)
        return error_response((answer,) if isinstance(answer, ApiError) else answer, self._error_ids.uuid)


def _now() -> float:
    return time.time()  # looked up now: freezegun replaces it during a test


@lru_cache(maxsize=2)
def _http_date(second: int) -> str:
    """Format a Date header (RFC 9110), once a second for all emulators."""
    return formatdate(second, usegmt=True)


def _key_of(credentials: Credentials, service: Service) -> Key:
    return Key(credentials.key_id, credentials.issuer(service), credentials.kind, credentials.public_key)


@depends_on_spec
@cache
def _methods_by_path() -> dict[str, tuple[str, ...]]:
    return {path: api_spec().methods(path) for path in api_spec().paths}
