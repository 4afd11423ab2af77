"""A requests session for the API: the token at send time, retries, pages, and the guard against writes."""

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
"""Seconds to connect, and seconds between two bytes of the answer."""

RETRIES = 3
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = "_asc_authorization"
_BROKEN = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ConnectionError,
    requests.exceptions.ContentDecodingError,
)


class WriteRefusedError(RuntimeError):
    """A request that could change a live account; it was not sent."""


class Session(requests.Session):
    """A ``requests.Session`` for one API host.

    A relative URL goes to that host, and so does the token: never along a redirect to another host, never to an upload
    URL. A token is put in when a request is sent, so ``~/.netrc`` does not replace it and a long test does not send an
    expired one. An ``Authorization`` header of the caller's own is left alone.

    Args:
        base_url: Scheme and host, and a path where there is one in front of the API's.
        token: Gives the token to send now.
        renew: Gives another token, for the one retry of a 401 where this session's tokens have worked before (Apple
            refuses good tokens at times; observed by asconnect and others). None: no such retry.
        timeout: Seconds, for requests that name none.
        retries: How often a GET is tried again after 429, 5xx or a failed connection, with growing pauses.
        writes: Send requests that can change something.
        adapter: Answers for the host instead of the network; the environment's proxies do not apply then.

    Raises:
        ValueError: The base URL is none of HTTP, or libraries read its host differently.
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
        self._worked = False
        self._origin = parse_origin(base_url)
        scheme, _, rest = base_url.partition("://")
        self._root = f"{scheme}://{rest.partition('/')[0]}/"
        # requests reads ~/.netrc and the URL for sessions without auth; one that does nothing prevents it.
        self.auth = _no_auth
        if adapter is not None:
            self.mount(self._root, adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; see ``requests.Session.request``. A URL without a host is the API's.

        Raises:
            WriteRefusedError: The session is read-only and the method is not GET, HEAD or OPTIONS.
        """
        if isinstance(url, bytes):
            url = url.decode()
        if not is_absolute(url):
            url = f"{self.base_url}/{url.lstrip('/')}"
        return super().request(method, url, *args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a prepared request, with a token that is valid now; requests calls it for every hop of a redirect."""
        if not self.writes and request.method not in SAFE_METHODS:
            raise WriteRefusedError(
                f"{request.method} {_without_query(request.url)} was not sent: in live mode asc_session only reads. "
                "To let this test write, mark it with @pytest.mark.asc(allow_writes=True) and run pytest with "
                "--asc-allow-writes."
            )
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        ours = self._may_authorise(request)
        if ours:
            self._authorise(request, self._token())
        try:
            response = super().send(request, **kwargs)
        except _BROKEN as error:
            # requests leaves it out where it is the body that fails.
            error.request = error.request or request
            raise
        if ours:
            response = self._again_if_it_worked_before(request, response, kwargs)
        return response

    def _again_if_it_worked_before(
        self, request: requests.PreparedRequest, response: requests.Response, kwargs: dict[str, Any]
    ) -> requests.Response:
        if response.status_code != requests.codes.unauthorized:
            self._worked = self._worked or response.ok
            return response
        replayable = request.body is None or isinstance(request.body, (bytes, str))
        if self._worked and self._renew and replayable and not response.history:
            self._authorise(request, self._renew())
            response.close()
            return super().send(request, **kwargs)
        return response

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Remove the token from a redirect to another host, and do not read ``~/.netrc`` for another."""
        del response
        if not self._is_own_host(prepared_request.url):
            prepared_request.headers.pop("Authorization", None)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Merge connection settings; an adapter that responds in this process has no connection, and needs none."""
        if not self._has_adapter or not self._is_own_host(url):
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        return {"proxies": {}, "stream": bool(stream), "verify": True, "cert": None}

    def pages(self, url: str, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """Get a collection page by page, along ``links.next``.

        Args:
            url: The collection, such as ``/v1/apps``.
            **kwargs: As for ``get``; ``params`` go into the first request, Apple repeats them in ``links.next``.

        Yields:
            The document of each page.

        Raises:
            requests.HTTPError: A page was refused.
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
        """Return whether a request gets the token: it goes to the API's host and has no other Authorization header."""
        present = request.headers.get("Authorization")
        # A prepared request that is sent again carries the token of its last time.
        return present in {None, getattr(request, _OURS, None)} and self._is_own_host(request.url)

    def _authorise(self, request: requests.PreparedRequest, token: str) -> None:
        header = f"Bearer {token}"
        request.headers["Authorization"] = header
        setattr(request, _OURS, header)

    def _is_own_host(self, url: str | None) -> bool:
        if url is None:
            return False
        # Nearly every URL begins like this, and need not be taken apart.
        return url.startswith(self._root) or origin_or_none(url) == self._origin


def _state_with_shared_adapters() -> dict[str, Any]:
    """Make the state of a new session, with adapters that emulated sessions share: most of them never use these.

    It takes half the time of ``requests.Session()``, and copies all that a session holds.
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
