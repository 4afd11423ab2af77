"""Context of a smoke run: credentials, token and responses, each obtained when a check first needs it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import requests

from pytest_asc.credentials.finder import CredentialsError
from pytest_asc.credentials.settings import check_host
from pytest_asc.credentials.tokens import LifetimeError, Token
from pytest_asc.diagnosis.diagnose import DiagnosisContext, diagnose, verify_evidence_token
from pytest_asc.diagnosis.findings import best_error
from pytest_asc.diagnosis.http.evidence import parse_request
from pytest_asc.diagnosis.http.http_response import HttpResponse
from pytest_asc.diagnosis.http.network import diagnose_failure
from pytest_asc.diagnosis.http.request import check_request
from pytest_asc.diagnosis.key.ids import normalize_id
from pytest_asc.plugin.run_context import get_run_context, netrc_entry, utc_offset
from pytest_asc.plugin.test_context import get_test_context
from pytest_asc.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.services import Service
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.token.verify import TokenVerification
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.experiments.role_access import AreaAccess
    from pytest_asc.experiments.table import ExperimentResult
    from pytest_asc.plugin.markers import Mode


T = TypeVar("T")


@dataclass(frozen=True)
class Identity:
    """Key ID, issuer ID and type of the key; ``credentials`` is None if they cannot be used."""

    credentials: Credentials | None
    key_id: str | None
    issuer_id: str | None
    kind: str
    sources: Mapping[str, str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class SentToken:
    """The value of the fixture ``asc_token``, verified by this machine's clock."""

    text: str
    minted_by: str
    verification: TokenVerification
    findings: tuple[Finding, ...]


class FixtureError(Exception):
    """Raised if a fixture raises an exception, usually a fixture that the test suite overrides.

    Args:
        cause: The exception.
    """

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _call(get: Callable[..., T], *args: object) -> T:
    try:
        return get(*args)
    except (CredentialsError, LifetimeError):  # they contain findings
        raise
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  a fixture may raise anything
        raise FixtureError(error) from None


def _fixture_value(request: pytest.FixtureRequest, name: str) -> Any:
    return _call(request.getfixturevalue, name)


class SmokeContext:
    """State that the checks of a run share. Each part is obtained on first use, so that every check can run alone.

    Args:
        config: The configuration of the run.
        mode: ``live`` or ``emulator``.
    """

    def __init__(self, config: pytest.Config, mode: Mode) -> None:
        self.mode = mode
        self.timeout: float = config.getoption("asc_timeout")
        self.response: HttpResponse | None = None
        """The response to the first request; None if there is none yet."""
        self.failure: Finding | None = None
        """The finding on a first request that got no response."""
        self.request_finding: Finding | None = None
        """The finding on the latest request as it was sent, which other code in this process may have changed."""
        self.experiments: ExperimentResult | None = None
        """The result of the experiments; None if there were none."""
        self.role_access: tuple[AreaAccess, ...] = ()
        """Access of the key's role to each area, with ``--asc-smoke-roles``."""
        self.requests_sent = 0
        self._emulator: Emulator | None = None
        self._run_context = get_run_context(config)
        self._identity: Identity | None = None
        self._token: SentToken | None = None

    @property
    def known_identity(self) -> Identity | None:
        """The identity; None if no check has needed it yet."""
        return self._identity

    @property
    def known_token(self) -> SentToken | None:
        """The token; None if no check has needed it yet."""
        return self._token

    @property
    def service(self) -> Service:
        """The service that requests go to: the one in the settings, or the one that the key is for."""
        return self._run_context.resolver.service(
            self._identity.kind if self._identity else self._key_type, self._faults
        )

    @property
    def _faults(self) -> tuple[CauseSlug, ...]:
        return self._run_context.active_faults(self.mode)

    @property
    def base_url(self) -> str:
        """Scheme and host of the requests."""
        return self._run_context.resolver.base_url(self.service, self.mode)

    @property
    def url(self) -> str:
        """URL of the first request."""
        return self.base_url + self.service.probe

    @property
    def _key_type(self) -> str:
        return (self._run_context.settings.choice("key_type") if self.mode == "live" else None) or "team"

    @property
    def key_type_is_set(self) -> bool:
        """True if a setting gives the key's type; otherwise the type is inferred from the IDs."""
        return self.mode == "live" and self._run_context.settings.get("key_type") is not None

    @property
    def unused_issuer_id(self) -> str | None:
        """The issuer ID in the settings, if the key type is set, too; tokens of an individual key do not use it."""
        found = self._run_context.settings.get("issuer_id") if self.key_type_is_set else None
        return normalize_id(found.value) if found else None

    def identity(self, request: pytest.FixtureRequest) -> Identity:
        """Return the key and the IDs from the fixture ``asc_credentials``."""
        if self._identity is None:
            self._identity = self._read_identity(request)
        return self._identity

    def _read_identity(self, request: pytest.FixtureRequest) -> Identity:
        reading = self._run_context.credentials_result(self.mode)
        try:
            credentials = _call(lambda: get_test_context(request).credentials(request))
        except CredentialsError as error:
            if self._has_token_without_key(request):
                return Identity(None, None, None, reading.kind, {}, ())
            return Identity(None, reading.key_id, reading.issuer_id, reading.kind, reading.sources, error.findings)
        findings = reading.findings if credentials is reading.credentials else ()
        return Identity(
            credentials,
            credentials.key_id,
            credentials.issuer_id,
            credentials.kind,
            credentials.sources,
            findings,
        )

    def _has_token_without_key(self, request: pytest.FixtureRequest) -> bool:
        try:
            _fixture_value(request, "asc_token")
        except CredentialsError:
            return False
        except LifetimeError:
            return True
        return True

    def token(self, request: pytest.FixtureRequest) -> SentToken:
        """Return the token from the fixture ``asc_token``.

        Raises:
            CredentialsError: There are no usable credentials to sign a token with.
            LifetimeError: Apple rejects the lifetime.
            FixtureError: The fixture raised another exception, or did not return a string.
        """
        if self._token is None:
            identity = self.identity(request)
            value = _fixture_value(request, "asc_token")
            if not isinstance(value, str):
                raise FixtureError(
                    TypeError(f"the fixture asc_token returned a {type(value).__name__}, expected a str")
                )
            verification = verify_evidence_token(value, service=self.service, credentials=identity.credentials)
            self._token = SentToken(
                text=value,
                minted_by=value.minted_by if isinstance(value, Token) else "asc_token fixture",
                verification=verification,
                findings=verification.findings_at(time.time(), utc_offset=utc_offset(self._faults)),
            )
        return self._token

    def send_first_request(self, request: pytest.FixtureRequest) -> None:
        """Send the first request, unless it has been sent, and set ``response`` or ``failure``."""
        if self.response or self.failure:
            return
        response = self.get(request, self.service.probe, self.token(request).text)
        if isinstance(response, HttpResponse):
            self.response = response
        else:
            self.failure = response

    def get(
        self, request: pytest.FixtureRequest, path: str, token: str, *, base_url: str | None = None
    ) -> HttpResponse | Finding:
        """Send a GET request.

        Args:
            request: The check's ``request`` fixture.
            path: Path and query.
            token: The token to send.
            base_url: Scheme and host; by default those of the service.

        Returns:
            The response, or a finding if there is none.
        """
        base_url = base_url or self.base_url
        url = base_url + path
        if self.mode == "live" and base_url == self.base_url:
            _call(check_host, url, self.service)
        self.requests_sent += 1
        with self._session(request, token, base_url) as session:
            sent_at = time.time()
            try:
                # A live token is sent only to its own host. The emulator redirects only to itself.
                response = session.get(url, allow_redirects=self.mode == "emulator")
            except Exception as error:
                failure = self._diagnose_failure(error, url)
                if failure is None:
                    raise
                return failure
        self.request_finding = self._check_sent_request(response)
        return HttpResponse(
            method="GET",
            url=url,
            status=response.status_code,
            headers=response.headers,
            body=response.content,
            sent_at=sent_at,
            received_at=time.time(),
        )

    def _diagnose_failure(self, error: Exception, url: str) -> Finding | None:
        """Diagnose an exception; return None if the request did not cause it."""
        context = DiagnosisContext(timeout=self.timeout)
        findings = diagnose(error, now=time.time(), service=self.service.name, context=context)
        if findings and not findings[0].definition.of_evidence:
            return findings[0]
        # requests raises a plain OSError if the CA bundle does not exist.
        known = isinstance(error, (requests.RequestException, OSError))
        return diagnose_failure(error, url=url, timeout=self.timeout) if known else None

    def _check_sent_request(self, response: requests.Response) -> Finding | None:
        sent = parse_request(response.request)
        hops = [parse_request(hop.request) for hop in response.history]
        netrc = netrc_entry(sent.host, self._emulator)
        return best_error(check_request(sent, service=self.service, netrc=netrc, hops=hops))

    def _session(self, request: pytest.FixtureRequest, token: str, base_url: str) -> Session:
        if self.mode == "live":
            return Session(base_url, token=lambda: token, timeout=self.timeout, retries=0, writes=False)
        from pytest_asc.transports.requests_adapter import EmulatorAdapter  # noqa: PLC0415  not needed in live mode

        if self._emulator is None:
            # All checks share one emulator. Each check is an item of its own, for which the fixture would make another.
            self._emulator = _fixture_value(request, "asc_emulator")
            if self._run_context.account is None:
                self._emulator.load_sample()
        return Session(base_url, token=lambda: token, adapter=EmulatorAdapter(self._emulator))
