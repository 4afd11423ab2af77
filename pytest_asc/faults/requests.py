"""Mistakes of clients: the change that each cause makes to a valid request."""

from __future__ import annotations

import base64
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from pytest_asc.diagnosis.http.authorization import NetrcEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import PreparedRequest

NETRC = NetrcEntry(
    "the default entry of an emulated netrc file",
    f"Basic {base64.b64encode(b'emulator:emulator').decode('ascii')}",
)


class RequestMutation(NamedTuple):
    """The change that a client's mistake makes to each of its requests."""

    apply: Callable[[PreparedRequest], None]
    """Changes a request in place, or raises the exception that requests raises for the mistake."""
    netrc: NetrcEntry | None = None
    """The entry for the host in an emulated netrc file."""


def _with_authorization(change: Callable[[str], str]) -> Callable[[PreparedRequest], None]:
    def replace(request: PreparedRequest) -> None:
        request.headers["Authorization"] = change(request.headers.get("Authorization", ""))

    return replace


def _without_header(request: PreparedRequest) -> None:
    request.headers.pop("Authorization", None)


def _posted(request: PreparedRequest) -> None:
    request.method = "POST"
    request.prepare_body({"grant_type": "client_credentials", "assertion": _token(request)}, files=None)
    _without_header(request)


def _to_website(request: PreparedRequest) -> None:
    request.url = urlsplit(request.url or "")._replace(netloc="appstoreconnect.apple.com").geturl()


def _prepared_with(change: Callable[[PreparedRequest], dict[str, Any]]) -> Callable[[PreparedRequest], None]:
    def prepare(request: PreparedRequest) -> None:
        requests.Request(**{"method": request.method, "url": request.url, **change(request)}).prepare()

    return prepare


def _through_unknown_proxy(_: PreparedRequest) -> None:
    HTTPAdapter().proxy_manager_for("unknown://proxy.example:8080")


def _token(request: PreparedRequest) -> str:
    return request.headers.get("Authorization", "").rpartition(" ")[2]


REQUEST_MUTATIONS: Mapping[str, RequestMutation] = MappingProxyType(
    {
        "header-missing": RequestMutation(_without_header),
        "bearer-missing": RequestMutation(_with_authorization(lambda header: header.rpartition(" ")[2])),
        "bearer-doubled": RequestMutation(_with_authorization(lambda header: f"Bearer {header}")),
        "header-overridden-by-netrc": RequestMutation(_with_authorization(lambda _: NETRC.authorization), NETRC),
        "headers-is-token": RequestMutation(_prepared_with(lambda request: {"headers": _token(request)})),
        "token-in-body": RequestMutation(_posted),
        "wrong-host": RequestMutation(_to_website),
        "insecure-url": RequestMutation(
            _prepared_with(lambda request: {"url": (request.url or "").partition("://")[2]})
        ),
        "proxy-invalid": RequestMutation(_through_unknown_proxy),
        "url-invalid": RequestMutation(_prepared_with(lambda _: {"url": "https://[/v1/apps"})),
    }
)
"""Mutations by the slug of the cause."""
