"""Reader of a live API: GET requests to one host, within the rate limit, with retries."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from pytest_asc.control.polling import RECORDER
from pytest_asc.diagnosis.http.url_origin import origin_or_none
from pytest_asc.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from requests.structures import CaseInsensitiveDict

_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500
_RATE = re.compile(r"user-hour-lim:\s*(\d{1,9});\s*user-hour-rem:\s*(\d{1,9})")
_HOUR = 3600.0
_LOW_SHARE = 0.1
"""Share of the rate limit below which requests are slowed down, so that some are left for other users of the key."""
_ATTEMPTS = 5
"""Maximum number of attempts for a request that gets no response or a server error."""
_MAX_PAUSE = 60.0
_MAX_WAIT = 2 * _HOUR
"""Maximum time to wait for the rate limit for a single request, in seconds."""


class ReadError(Exception):
    """Failure to read the live API."""


class ApiResponse(NamedTuple):
    """A response of the live API."""

    status: int
    document: Any
    """The JSON document; None if the body is not JSON."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the errors in the document."""
        found = self.document.get("errors") if isinstance(self.document, dict) else None
        errors = found if isinstance(found, list) else []
        return tuple(str(error.get("code")) for error in errors if isinstance(error, dict))


class Reader:
    """Sends GET requests to one host, and cannot send requests with other methods.

    Args:
        base_url: Scheme and host.
        token: Function that returns the token to send.
        renew: Function that returns a new token after a 401 for a token that has worked before; None not to retry.
        hosts: Other hosts that links to the next page may have. All requests are nevertheless sent to the host of the
            base URL.
        tell: Function that is called with a message when the reader has to wait.
        timeout: Timeout for each request, in seconds.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: Callable[[], str],
        renew: Callable[[], str] | None = None,
        hosts: Collection[str] = (),
        tell: Callable[[str], None] = lambda _text: None,
        timeout: float = 60.0,
    ) -> None:
        self._session = Session(base_url, token=token, renew=renew, timeout=timeout, retries=0, writes=False)
        self._session.headers["User-Agent"] = RECORDER
        # All requests go to the same host, so its proxy and certificates are looked up only once.
        found = self._session.merge_environment_settings(base_url, {}, None, None, None)
        self._session.proxies, self._session.verify = found["proxies"], found["verify"]
        self._session.trust_env = False
        self._hosts = frozenset(hosts)
        self._base = base_url
        self._tell = tell
        self._is_throttled = False
        self.sent = 0
        """Number of requests that were sent."""

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, path: str) -> ApiResponse:
        """Return the response to a GET request, which is retried if necessary.

        Args:
            path: Path and query.

        Raises:
            ReadError: There is no response, or it is a redirect.
        """
        failures, waited = 0, 0.0
        while True:
            response = self._attempt(path, failures)
            if response is not None and response.status_code == _TOO_MANY_REQUESTS and waited < _MAX_WAIT:
                pause = _retry_after(response.headers) or min(2.0 ** min(failures, 6), _MAX_PAUSE)
                waited += pause
                self._wait(pause, "rate limit reached (429)")
            elif (response is None or response.status_code >= _SERVER_ERRORS) and failures + 1 < _ATTEMPTS:
                reason = f"status {response.status_code}" if response is not None else "no response"
                self._wait(min(0.5 * 2**failures, _MAX_PAUSE), reason)
            elif response is None:
                raise ReadError(f"GET {path_of(path)}: no response from {self._base} after {_ATTEMPTS} attempts")
            else:
                return self._as_api_response(path, response)
            failures += 1

    def path_in(self, link: str, path: str) -> str:
        """Return path and query of the link to the next page.

        Args:
            link: The link. If it has no host, it is relative to the page.
            path: Path and query of the page that has the link.

        Raises:
            ReadError: The link leads to another host.
        """
        try:
            target = urljoin(f"{self._base}{path}", link)
        except ValueError:
            target = link
        origin, own = origin_or_none(target), origin_or_none(self._base)
        if origin is None or (origin != own and origin.host not in self._hosts):
            raise ReadError("the link to the next page points to another host and was not followed")
        parts = urlsplit(target)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def _attempt(self, path: str, failures: int) -> requests.Response | None:
        self.sent += 1
        try:
            response = self._session.get(path, allow_redirects=False)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            if failures + 1 >= _ATTEMPTS:
                raise ReadError(
                    f"GET {path_of(path)}: no response from {self._base} after {_ATTEMPTS} attempts "
                    f"({type(error).__name__})"
                ) from None
            return None
        self._throttle(response.headers)
        return response

    def _as_api_response(self, path: str, response: requests.Response) -> ApiResponse:
        if response.is_redirect:
            raise ReadError(f"GET {path_of(path)}: got a redirect ({response.status_code}), which was not followed")
        try:
            document = response.json()
        except ValueError:
            document = None
        return ApiResponse(response.status_code, document)

    def _throttle(self, headers: CaseInsensitiveDict[str]) -> None:
        """Wait before the next request if only few requests are left in this hour."""
        found = _RATE.search(headers.get("X-Rate-Limit", ""))
        if not found:
            return
        limit, remaining = int(found[1]), int(found[2])
        if limit < 1 or remaining >= limit * _LOW_SHARE:
            self._is_throttled = False
            return
        pause = min(_HOUR / limit, _MAX_PAUSE)
        if not self._is_throttled:
            self._is_throttled = True
            self._tell(
                f"{remaining} of {limit} requests are left this hour: from now on, waiting {pause:.3g} s before each"
            )
        time.sleep(pause)

    def _wait(self, seconds: float, reason: str) -> None:
        self._tell(f"{reason}: trying again in {seconds:.3g} s")
        time.sleep(seconds)


def unauthorized(path: str, reply: ApiResponse) -> str:
    """Return the message for a 401."""
    return f"GET {path_of(path)}: status 401 {' '.join(reply.codes)}. To find the cause, run: pytest --asc-smoke"


def path_of(path: str) -> str:
    """Return a path without its query, for messages."""
    return path.partition("?")[0]


def _retry_after(headers: CaseInsensitiveDict[str]) -> float | None:
    """Return the seconds that the Retry-After header asks to wait; None if it has no usable value."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _HOUR)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return min(max(until - time.time(), 0.0), _HOUR) or None
