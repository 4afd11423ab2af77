"""A requests session for the API, which adds a valid token, retries, follows pages and can prevent writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.hooks import default_hooks
from urllib3.util.retry import Retry

from pytest_asc.diagnosis.http.url_origin import is_absolute, origin_or_none, parse_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests.adapters import BaseAdapter

DEFAULT_TIMEOUT = 30.0
"""Timeout in seconds for connecting, and for each read of the response."""

RETRIES = 3
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_ADDED_HEADER = "_asc_authorization"
_BODY_OR_CONNECTION_ERRORS = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ConnectionError,
    requests.exceptions.ContentDecodingError,
)


class WriteRefusedError(RuntimeError):
    """Raised in place of sending a request that could change a live account."""


class Session(requests.Session):
    """A ``requests.Session`` for one API host.

    Relative URLs are resolved against that host. The token is sent only to that host: not to another host after a
    redirect, and not to upload URLs. It is added when a request is sent, so ``~/.netrc`` does not replace it, and a
    long test does not send an expired token. An ``Authorization`` header that the caller sets is not changed.

    Args:
        base_url: Scheme and host, with a path if the API's paths have a prefix.
        token: Function that returns the token to send.
        renew: Function that returns a new token for a single retry after a 401; None for no retry. A request is
            retried only if an earlier one of this session succeeded: Apple sometimes rejects valid tokens (observed
            by asconnect and others).
        timeout: Timeout in seconds, for requests that do not set one.
        retries: How many times a GET is retried after 429, 5xx or a failed connection, with increasing delays.
        writes: Allow requests that can change data.
        adapter: Adapter that responds in place of the network; proxies from the environment are then not used.

    Raises:
        TypeError: The token is not a function.
        ValueError: The base URL is not an HTTP URL, or HTTP libraries may disagree about its host.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: Callable[[], str],
        renew: Callable[[], str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        retries: int = RETRIES,
        writes: bool = True,
        adapter: BaseAdapter | None = None,
    ) -> None:
        if not callable(token):
            raise TypeError(f"token: got a value of type {type(token).__name__}, expected a function that returns it")
        if adapter is None:
            super().__init__()
            self.mount("https://", HTTPAdapter(max_retries=_retry(retries)))
            self.mount("http://", HTTPAdapter(max_retries=_retry(retries)))
        else:
            vars(self).update(_state_with_shared_adapters())
            self.trust_env = False
        self._has_adapter = adapter is not None
        self.base_url = base_url
        self.timeout = timeout
        self.writes = writes
        self._token = token
        self._renew = renew
        self._has_succeeded = False
        self._origin = parse_origin(base_url)
        scheme, _, rest = base_url.partition("://")
        self._root = f"{scheme}://{rest.partition('/')[0]}/"
        # Without auth, requests would use credentials from ~/.netrc or the URL.
        self.auth = _no_auth
        if adapter is not None:
            self.mount(self._root, adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; see ``requests.Session.request``. Relative URLs are resolved against the base URL.

        Raises:
            WriteRefusedError: The session is read-only and the method is not GET, HEAD or OPTIONS.
        """
        if isinstance(url, bytes):
            url = url.decode()
        if not is_absolute(url):
            url = f"{self.base_url}/{url.lstrip('/')}"
        return super().request(method, url, *args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request with a valid token. requests also calls this method after each redirect."""
        if not self.writes and request.method not in SAFE_METHODS:
            raise WriteRefusedError(
                f"{request.method} {_without_query(request.url)} was not sent: in live mode, asc_session is read-only. "
                "To let this test write, mark it with @pytest.mark.asc(allow_writes=True) and run pytest with "
                "--asc-allow-writes."
            )
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        adds_token = self._may_authorise(request)
        if adds_token:
            self._authorise(request, self._token())
        try:
            response = super().send(request, **kwargs)
        except _BODY_OR_CONNECTION_ERRORS as error:
            # requests does not set this attribute for errors while the body is read.
            error.request = error.request or request
            raise
        if adds_token:
            response = self._retry_after_unexpected_401(request, response, kwargs)
        return response

    def _retry_after_unexpected_401(
        self, request: requests.PreparedRequest, response: requests.Response, kwargs: dict[str, Any]
    ) -> requests.Response:
        if response.status_code != requests.codes.unauthorized:
            self._has_succeeded = self._has_succeeded or response.ok
            return response
        replayable = request.body is None or isinstance(request.body, (bytes, str))
        if self._has_succeeded and self._renew and replayable and not response.history:
            self._authorise(request, self._renew())
            response.close()
            return super().send(request, **kwargs)
        return response

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Remove the token after a redirect to another host, without adding credentials from ``~/.netrc``."""
        del response
        if not self._is_own_host(prepared_request.url):
            prepared_request.headers.pop("Authorization", None)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Merge settings from the environment, unless an adapter responds and there is no connection to configure."""
        if not self._has_adapter or not self._is_own_host(url):
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        return {"proxies": {}, "stream": bool(stream), "verify": True, "cert": None}

    def pages(self, url: str, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """Get a collection page by page, following ``links.next``.

        Args:
            url: The collection, such as ``/v1/apps``.
            **kwargs: As for ``get``. ``params`` are sent only with the first request: ``links.next`` repeats them.

        Yields:
            The document of each page.

        Raises:
            requests.HTTPError: The response to one of the requests has an error status.
        """
        next_url: str | None = url
        while next_url:
            response = self.get(next_url, **kwargs)
            response.raise_for_status()
            document: dict[str, Any] = response.json()
            yield document
            next_url = document.get("links", {}).get("next")
            kwargs.pop("params", None)

    def resources(self, url: str, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """Get a collection resource by resource, over all its pages; see :meth:`pages`."""
        for page in self.pages(url, **kwargs):
            yield from page["data"]

    def _may_authorise(self, request: requests.PreparedRequest) -> bool:
        """Return whether to add the token: the host is the API's, and the caller set no Authorization header."""
        present = request.headers.get("Authorization")
        # A prepared request that is sent again still has the header that was added before.
        return present in {None, getattr(request, _ADDED_HEADER, None)} and self._is_own_host(request.url)

    def _authorise(self, request: requests.PreparedRequest, token: str) -> None:
        header = f"Bearer {token}"
        request.headers["Authorization"] = header
        setattr(request, _ADDED_HEADER, header)

    def _is_own_host(self, url: str | None) -> bool:
        if url is None:
            return False
        # Fast path for nearly every URL, without parsing it.
        return url.startswith(self._root) or origin_or_none(url) == self._origin


def _state_with_shared_adapters() -> dict[str, Any]:
    """Return the state of a new session that shares its default adapters with other sessions.

    This takes half the time of ``requests.Session()``. All other mutable members are copied.
    """
    if not _SHARED:
        _SHARED.update(vars(requests.Session()))
    return {
        **_SHARED,
        "headers": _SHARED["headers"].copy(),
        "cookies": RequestsCookieJar(),
        "hooks": default_hooks(),
        "proxies": {},
        "params": {},
        "adapters": _SHARED["adapters"].copy(),
    }


_SHARED: dict[str, Any] = {}


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _without_query(url: str | None) -> str:
    return (url or "").partition("?")[0]


def _retry(count: int) -> Retry:
    return Retry(
        total=count,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET", "HEAD"),
        backoff_factor=0.5,
        raise_on_status=False,
    )
