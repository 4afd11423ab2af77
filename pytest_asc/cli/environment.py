"""The environment that points a command at the emulator, without any change to the command."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pytest_asc.apple.hosts import LOOPBACK
from pytest_asc.cli.serve import write_private
from pytest_asc.credentials.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.cli.serve import RunningServer

# curl reads http_proxy in small letters alone, others read capitals alone. SPACESHIP_PROXY is fastlane's.
PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "SPACESHIP_PROXY")
NO_PROXY = ("NO_PROXY", "no_proxy")
# requests; OpenSSL, and with it httpx, urllib, aiohttp, Ruby and Go; curl; Node.
CA_FILE = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")

# What would have a command use another key, another form of it, or another service.
_MISLEADING = (
    *(name for setting in SETTINGS if setting.name in {"token", "key_type", "service"} for name in setting.env),
    # fastlane's, beside those of the table
    "APP_STORE_CONNECT_API_KEY_IS_KEY_CONTENT_BASE64",
    "APP_STORE_CONNECT_API_KEY_IN_HOUSE",
    "SPACESHIP_CONNECT_API_IN_HOUSE",
)


def environment(one: RunningServer, inherited: Mapping[str, str], *, more_hosts: bool) -> dict[str, str]:
    """The environment for a command; writes the files that it names into the server's folder.

    Args:
        one: The server.
        inherited: The environment of the caller.
        more_hosts: Whether the command can reach other hosts, whose certificates it needs to trust, too.
    """
    kept = {name: value for name, value in inherited.items() if name not in _MISLEADING}
    server = one.server
    ca_file = server.ca_file
    if more_hosts:
        ca_file = one.folder / "bundle.pem"
        ordinary = Path(DEFAULT_CA_BUNDLE_PATH)
        write_private(ca_file, ordinary.read_text("utf-8") + server.ca_file.read_text("utf-8"))
    return {
        **kept,
        **dict.fromkeys(PROXY, server.proxy_url),
        **dict.fromkeys(NO_PROXY, ",".join(sorted(LOOPBACK))),
        **dict.fromkeys(CA_FILE, str(ca_file)),
        "NODE_USE_ENV_PROXY": "1",  # without it Node's own fetch knows no proxy
        "API_PRIVATE_KEYS_DIR": str(one.folder),
        **dict(_credentials(one)),
    }


def _credentials(one: RunningServer) -> Iterator[tuple[str, str]]:
    """Every variable of the table that says which key to use and where to go."""
    key_id, issuer_id = one.credentials.key_id, one.credentials.issuer_id or ""
    fastlane = one.folder / "fastlane.json"
    write_private(fastlane, json.dumps({"key_id": key_id, "issuer_id": issuer_id, "key": one.key}))
    values = {
        "key_id": key_id,
        "issuer_id": issuer_id,
        "private_key": one.key,
        "key_file": str(one.key_file),
        "fastlane_key": str(fastlane),
        "base_url": one.server.url,
    }
    for setting in SETTINGS:
        for name in setting.env if setting.name in values else ():
            value = values[setting.name]
            yield name, base64.b64encode(value.encode()).decode() if name.endswith("_B64") else value
