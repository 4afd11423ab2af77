"""Faults of the request: for each cause, the change that a mistake in the client makes to a valid request."""

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
    """Changes a request in place, or raises the exception that requests raises because of the mistake."""
    netrc: NetrcEntry | None = None
    """The netrc entry that the diagnosis finds for the host, as if this machine had a netrc file; None without one."""


def _changed_authorization(change: Callable[[str], str]) -> Callable[[PreparedRequest], None]:
    def replace(request: PreparedRequest) -> None:
        request.headers["Authorization"] = change(request.headers.get("Authorization", ""))

    return replace


def _remove_authorization(request: PreparedRequest) -> None:
    request.headers.pop("Authorization", None)


def _send_token_in_body(request: PreparedRequest) -> None:
    request.method = "POST"
    request.prepare_body({"grant_type": "client_credentials", "assertion": _token_of(request)}, files=None)
    _remove_authorization(request)


def _send_to_website(request: PreparedRequest) -> None:
    request.url = urlsplit(request.url or "")._replace(netloc="appstoreconnect.apple.com").geturl()


def _prepare_with(change: Callable[[PreparedRequest], dict[str, Any]]) -> Callable[[PreparedRequest], None]:
    def prepare(request: PreparedRequest) -> None:
        requests.Request(**{"method": request.method, "url": request.url, **change(request)}).prepare()

    return prepare


def _use_invalid_proxy(_: PreparedRequest) -> None:
    HTTPAdapter().proxy_manager_for("unknown://proxy.example:8080")


def _token_of(request: PreparedRequest) -> str:
    return request.headers.get("Authorization", "").rpartition(" ")[2]


REQUEST_MUTATIONS: Mapping[str, RequestMutation] = MappingProxyType(
    {
        "header-missing": RequestMutation(_remove_authorization),
        "bearer-missing": RequestMutation(_changed_authorization(lambda header: header.rpartition(" ")[2])),
        "bearer-doubled": RequestMutation(_changed_authorization(lambda header: f"Bearer {header}")),
        "header-overridden-by-netrc": RequestMutation(_changed_authorization(lambda _: NETRC.authorization), NETRC),
        "headers-is-token": RequestMutation(_prepare_with(lambda request: {"headers": _token_of(request)})),
        "token-in-body": RequestMutation(_send_token_in_body),
        "wrong-host": RequestMutation(_send_to_website),
        "insecure-url": RequestMutation(
            _prepare_with(lambda request: {"url": (request.url or "").partition("://")[2]})
        ),
        "proxy-invalid": RequestMutation(_use_invalid_proxy),
        "url-invalid": RequestMutation(_prepare_with(lambda _: {"url": "https://[/v1/apps"})),
    }
)
"""Maps the slug of a cause to the change that the client makes."""
