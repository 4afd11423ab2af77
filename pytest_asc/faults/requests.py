"""Requests: what code that makes a mistake does to a good one, in place, unless requests itself fails at it."""

from __future__ import annotations

import base64
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from pytest_asc.diagnosis.http.request import NetrcEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import PreparedRequest

NETRC = NetrcEntry(
    "the default entry of a rehearsed netrc file",
    f"Basic {base64.b64encode(b'rehearsal:rehearsal').decode('ascii')}",
)


def _with_authorization(change: Callable[[str], str]) -> Callable[[PreparedRequest], None]:
    def spoil(request: PreparedRequest) -> None:
        request.headers["Authorization"] = change(request.headers.get("Authorization", ""))

    return spoil


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


def _token(request: PreparedRequest) -> str:
    return request.headers.get("Authorization", "").rpartition(" ")[2]


REQUESTS: Mapping[str, Callable[[PreparedRequest], None]] = MappingProxyType(
    {
        "header-missing": _without_header,
        "bearer-missing": _with_authorization(lambda header: header.rpartition(" ")[2]),
        "bearer-doubled": _with_authorization(lambda header: f"Bearer {header}"),
        "header-overridden-by-netrc": _with_authorization(lambda _: NETRC.authorization),
        "headers-is-token": _prepared_with(lambda request: {"headers": _token(request)}),
        "token-in-body": _posted,
        "wrong-host": _to_website,
        "insecure-url": _prepared_with(lambda request: {"url": (request.url or "").partition("://")[2]}),
        "url-invalid": _prepared_with(lambda _: {"url": "https://[/v1/apps"}),
    }
)
"""By the slug of the cause."""
