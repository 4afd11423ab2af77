"""What one smoke run gets to know: credentials, token, answer. Each is looked up once, when a check first needs it."""

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
from pytest_asc.diagnosis.http.network import read_failure
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
    """The key and the ids, or what is known of them where they are of no use."""

    credentials: Credentials | None
    key_id: str | None
    issuer_id: str | None
    kind: str
    sources: Mapping[str, str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class SentToken:
    """The token of the ``asc_token`` fixture, judged by this machine's clock."""

    text: str
    minted_by: str
    examination: TokenVerification
    findings: tuple[Finding, ...]


class FixtureError(Exception):
    """A fixture ended with an exception of its own: mostly one that the suite overrides."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _called(get: Callable[..., T], *args: object) -> T:
    try:
        return get(*args)
    except (CredentialsError, LifetimeError):  # they carry their findings
        raise
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  a fixture may raise anything
        raise FixtureError(error) from None


def _fixture(request: pytest.FixtureRequest, name: str) -> Any:
    return _called(request.getfixturevalue, name)


class SmokeContext:
    """Lazy: a check that is run alone gets what it needs."""

    def __init__(self, config: pytest.Config, mode: Mode) -> None:
        self.mode = mode
        self.timeout: float = config.getoption("asc_timeout")
        self.answer: HttpResponse | None = None
        self.failure: Finding | None = None
        self.spoilt: Finding | None = None
        """What is wrong with a request as it was sent: something in this process may have changed it."""
        self.conclusion: ExperimentResult | None = None
        """What the experiments said, where there were any."""
        self.looks: tuple[AreaAccess, ...] = ()
        """What was seen of the key's role, where that was asked for."""
        self.requests = 0
        """How many were made."""
        self._emulator: Emulator | None = None
        self._run = get_run_context(config)
        self._identity: Identity | None = None
        self._token: SentToken | None = None

    @property
    def identity_known(self) -> Identity | None:
        """The identity if it was looked up."""
        return self._identity

    @property
    def token_known(self) -> SentToken | None:
        """The token if it was looked up."""
        return self._token

    @property
    def service(self) -> Service:
        """The service that is asked: the chosen one, or the one that the key is for."""
        return self._run.resolver.service(self._identity.kind if self._identity else self._kind_set, self._faults)

    @property
    def _faults(self) -> tuple[CauseSlug, ...]:
        return self._run.active_faults(self.mode)

    @property
    def base_url(self) -> str:
        """Where requests go: scheme and host."""
        return self._run.resolver.base_url(self.service, self.mode)

    @property
    def url(self) -> str:
        """Where the first request goes."""
        return self.base_url + self.service.probe

    @property
    def _kind_set(self) -> str:
        return (self._run.settings.choice("key_type") if self.mode == "live" else None) or "team"

    @property
    def kind_said(self) -> bool:
        """Whether the user said of which kind the key is."""
        return self.mode == "live" and self._run.settings.get("key_type") is not None

    @property
    def issuer_left_out(self) -> str | None:
        """The issuer id that is set though the key is said to be an individual one, which has none."""
        found = self._run.settings.get("issuer_id") if self.kind_said else None
        return normalize_id(found.value) if found else None

    def identity(self, request: pytest.FixtureRequest) -> Identity:
        """Key and ids, from the ``asc_credentials`` fixture."""
        if self._identity is None:
            self._identity = self._look_up_identity(request)
        return self._identity

    def _look_up_identity(self, request: pytest.FixtureRequest) -> Identity:
        reading = self._run.credentials_result(self.mode)
        try:
            credentials = _called(lambda: get_test_context(request).credentials(request))
        except CredentialsError as error:
            if self._has_token_of_its_own(request):
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

    def _has_token_of_its_own(self, request: pytest.FixtureRequest) -> bool:
        try:
            _fixture(request, "asc_token")
        except CredentialsError:
            return False
        except LifetimeError:
            return True
        return True

    def token(self, request: pytest.FixtureRequest) -> SentToken:
        """The token, from the ``asc_token`` fixture."""
        if self._token is None:
            identity = self.identity(request)
            value = _fixture(request, "asc_token")
            if not isinstance(value, str):
                raise FixtureError(TypeError(f"the fixture asc_token gave a {type(value).__name__}, expected a str"))
            examination = verify_evidence_token(value, service=self.service, credentials=identity.credentials)
            self._token = SentToken(
                text=value,
                minted_by=value.minted_by if isinstance(value, Token) else "asc_token fixture",
                examination=examination,
                findings=examination.at(time.time(), utc_offset=utc_offset(self._faults)),
            )
        return self._token

    def ask(self, request: pytest.FixtureRequest) -> None:
        """Make the first request, unless it was made: afterwards there is an answer or a failure."""
        if self.answer or self.failure:
            return
        answer = self.get(request, self.service.probe, self.token(request).text)
        if isinstance(answer, HttpResponse):
            self.answer = answer
        else:
            self.failure = answer

    def get(
        self, request: pytest.FixtureRequest, path: str, token: str, *, base_url: str | None = None
    ) -> HttpResponse | Finding:
        """Make one request; the finding says why there was no answer.

        Args:
            request: Of the check.
            path: Path and query.
            token: The token to send.
            base_url: Scheme and host, where it goes to another than the service's own.
        """
        base_url = base_url or self.base_url
        url = base_url + path
        if self.mode == "live" and base_url == self.base_url:
            _called(check_host, url, self.service)
        self.requests += 1
        with self._session(request, token, base_url) as session:
            sent_at = time.time()
            try:
                # Live, nobody is asked who is not meant. What the emulator leads to is the emulator.
                response = session.get(url, allow_redirects=self.mode == "emulator")
            except Exception as error:
                failure = self._read_failure(error, url)
                if failure is None:
                    raise
                return failure
        self.spoilt = self._read_request(response)
        return HttpResponse(
            method="GET",
            url=url,
            status=response.status_code,
            headers=response.headers,
            body=response.content,
            sent_at=sent_at,
            received_at=time.time(),
        )

    def _read_failure(self, error: Exception, url: str) -> Finding | None:
        """Why there was no answer; None where the exception is no matter of the request."""
        around = DiagnosisContext(timeout=self.timeout)
        if findings := diagnose(error, now=time.time(), service=self.service.name, context=around):
            return findings[0]
        # A CA bundle that is not there is a bare OSError.
        known = isinstance(error, (requests.RequestException, OSError))
        return read_failure(error, url=url, timeout=self.timeout) if known else None

    def _read_request(self, response: requests.Response) -> Finding | None:
        sent = parse_request(response.request)
        hops = [parse_request(hop.request) for hop in response.history]
        netrc = netrc_entry(sent.host, self._emulator)
        return best_error(check_request(sent, service=self.service, netrc=netrc, hops=hops))

    def _session(self, request: pytest.FixtureRequest, token: str, base_url: str) -> Session:
        if self.mode == "live":
            return Session(base_url, token=lambda: token, timeout=self.timeout, retries=0, writes=False)
        from pytest_asc.transports.requests_adapter import EmulatorAdapter  # noqa: PLC0415  not needed in live mode

        if self._emulator is None:
            # One for all checks: each check is a test of its own, and would get an emulator of its own.
            self._emulator = _fixture(request, "asc_emulator")
            self._emulator.load_sample()
        return Session(base_url, token=lambda: token, adapter=EmulatorAdapter(self._emulator))
