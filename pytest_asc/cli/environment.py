"""Environment variables that point a command at the emulator, without any change to the command."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pytest_asc.apple.hosts import LOOPBACK
from pytest_asc.cli.running_server import write_private
from pytest_asc.credentials.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_asc.cli.running_server import RunningServer

# curl reads http_proxy in small letters alone, others read capitals alone. SPACESHIP_PROXY is fastlane's.
PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "SPACESHIP_PROXY")
NO_PROXY = ("NO_PROXY", "no_proxy")
# requests; OpenSSL, and with it httpx, urllib, aiohttp, Ruby and Go; curl; Node.
CA_FILE = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")

# Variables that would lead a command to another key, another form of it, or another service.
_MISLEADING = (
    *(name for setting in SETTINGS if setting.name in {"token", "key_type", "service"} for name in setting.env),
    # fastlane's, beside those of the table
    "APP_STORE_CONNECT_API_KEY_IS_KEY_CONTENT_BASE64",
    "APP_STORE_CONNECT_API_KEY_IN_HOUSE",
    "SPACESHIP_CONNECT_API_IN_HOUSE",
)


def environment(running: RunningServer, inherited: Mapping[str, str], *, more_hosts: bool) -> dict[str, str]:
    """Return the environment for a command; write the files that it names into the server's folder.

    Args:
        running: The server.
        inherited: Environment of the caller.
        more_hosts: Trust the usual certificate authorities as well, for a command that can reach other hosts.
    """
    kept = {name: value for name, value in inherited.items() if name not in _MISLEADING}
    server = running.server
    ca_file = server.ca_file
    if more_hosts:
        ca_file = running.folder / "bundle.pem"
        ordinary = Path(DEFAULT_CA_BUNDLE_PATH)
        write_private(ca_file, ordinary.read_text("utf-8") + server.ca_file.read_text("utf-8"))
    return {
        **kept,
        **dict.fromkeys(PROXY, server.proxy_url),
        **dict.fromkeys(NO_PROXY, ",".join(sorted(LOOPBACK))),
        **dict.fromkeys(CA_FILE, str(ca_file)),
        "NODE_USE_ENV_PROXY": "1",  # without it Node's own fetch knows no proxy
        "API_PRIVATE_KEYS_DIR": str(running.folder),
        **dict(_credentials(running)),
    }


def _credentials(running: RunningServer) -> Iterator[tuple[str, str]]:
    """Yield every variable of the table of settings for the key and the base URL."""
    key_id, issuer_id = running.credentials.key_id, running.credentials.issuer_id or ""
    fastlane = running.folder / "fastlane.json"
    write_private(fastlane, json.dumps({"key_id": key_id, "issuer_id": issuer_id, "key": running.key}))
    values = {
        "key_id": key_id,
        "issuer_id": issuer_id,
        "private_key": running.key,
        "key_file": str(running.key_file),
        "fastlane_key": str(fastlane),
        "base_url": running.server.url,
    }
    for setting in SETTINGS:
        for name in setting.env if setting.name in values else ():
            value = values[setting.name]
            yield name, base64.b64encode(value.encode()).decode() if name.endswith("_B64") else value
