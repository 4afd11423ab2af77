"""Failed requests of a live test. Each is diagnosed at once, so that neither its token nor its body has to be kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests

from pytest_asc.diagnosis.formatting import one_line
from pytest_asc.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.plugin.live_observers import LiveObserver

MAX_FAILURES = 20
"""Maximum number of different failures that are recorded for one test."""
_FOLLOWS_REDIRECT = "_asc_follows_redirect"
_FIRST_ERROR_STATUS = 400


class LiveFailure(NamedTuple):
    """One failed request and its causes."""

    request: str
    """Method and path."""
    outcome: str
    """The status code or the name of the exception, such as ``returned 401``."""
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        lines = [f"{self.request} {self.outcome}"]
        for finding in self.findings:
            lines += [f"  {finding.cause} ({finding.certainty}): {finding.evidence}", f"  {finding.fix}"]
        return "\n".join(lines)


class LiveFailures:
    """The failed requests of one test. ``str()`` returns the text for the report of the test.

    Args:
        diagnose: Returns the findings for a response or an exception.
    """

    def __init__(self, diagnose: Callable[[object], tuple[Finding, ...]]) -> None:
        self._diagnose = diagnose
        self._counts: Counter[LiveFailure] = Counter()

    def record(self, request: requests.PreparedRequest, result: requests.Response | Exception) -> None:
        """Diagnose a response or an exception, and record it if it is a failure.

        An HTML page is a failure whatever its status code is, because the API does not return HTML.
        """
        if isinstance(result, requests.Response):
            is_page = "html" in result.headers.get("Content-Type", "")
            if result.status_code < _FIRST_ERROR_STATUS and not is_page:
                return
            outcome = f"returned {result.status_code}"
        else:
            outcome = f"raised {type(result).__name__}"
        findings = self._diagnose(result)
        failure = LiveFailure(f"{request.method} {_path(request.url)}", outcome, findings)
        if findings and (failure in self._counts or len(self._counts) < MAX_FAILURES):
            self._counts[failure] += 1

    def __bool__(self) -> bool:
        return bool(self._counts)

    def __str__(self) -> str:
        return "\n".join(
            f"{failure}\n  ({count} times)" if count > 1 else str(failure) for failure, count in self._counts.items()
        )


class RecordingSession(Session):
    """A session that records its failed requests and passes its responses to observers.

    Args:
        base_url: As for :class:`~pytest_asc.session.Session`.
        failures: Records the failed requests.
        observers: Called with each request to the API and its response, unless a redirect was followed.
        **kwargs: The other arguments of :class:`~pytest_asc.session.Session`.
    """

    def __init__(
        self, base_url: str, *, failures: LiveFailures, observers: Sequence[LiveObserver] = (), **kwargs: Any
    ) -> None:
        super().__init__(base_url, **kwargs)
        self._failures = failures
        self._observers = observers

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request. If it fails, record the failure once, however many redirects were followed."""
        if hasattr(request, _FOLLOWS_REDIRECT):
            return super().send(request, **kwargs)
        try:
            response = super().send(request, **kwargs)
        # requests raises a bare OSError if the CA bundle does not exist.
        except (requests.RequestException, OSError) as error:
            self._failures.record(request, error)
            raise
        self._failures.record(request, response)
        if self._observers and not response.history and self._is_own_host(request.url):
            for observe in self._observers:
                observe(request, response)
        return response

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Mark the request as one that follows a redirect, then set its Authorization header as the session does."""
        setattr(prepared_request, _FOLLOWS_REDIRECT, True)
        super().rebuild_auth(prepared_request, response)


def _path(url: str | None) -> str:
    try:
        return one_line(urlsplit(url or "").path)
    except ValueError:
        return ""
