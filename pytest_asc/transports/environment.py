"""Environment variables that point a program at a server of the emulator, without any change to the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pytest_asc.apple.hosts import LOOPBACK
from pytest_asc.credentials.private_folder import write_private
from pytest_asc.credentials.variables import MISLEADING, variables_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.credentials.finder import Credentials

# curl reads http_proxy in small letters alone, others read capitals alone. SPACESHIP_PROXY is fastlane's.
PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "SPACESHIP_PROXY")
NO_PROXY = ("NO_PROXY", "no_proxy")
# requests; OpenSSL, and with it httpx, urllib, aiohttp, Ruby and Go; curl; Node.
CA_FILE = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")

# Node's own fetch heeds the variable above from 24.0 and 22.21 on, and does so with this file before.
_NODE_PROXY = Path(__file__).with_name("node_proxy.cjs")


class Endpoints(Protocol):
    """The addresses of a server."""

    url: str
    proxy_url: str
    ca_file: Path


def environment(
    server: Endpoints, credentials: Credentials, inherited: Mapping[str, str], *, more_hosts: bool = False
) -> dict[str, str]:
    """Return the environment for a program; write the files that it names into the server's folder.

    Args:
        server: The server.
        credentials: The key that its emulator accepts.
        inherited: Environment of the caller.
        more_hosts: Trust the usual certificate authorities as well, for a program that can reach other hosts.
    """
    kept = {name: value for name, value in inherited.items() if name not in MISLEADING}
    ca_file = server.ca_file
    if more_hosts:
        ca_file = server.ca_file.with_name("bundle.pem")
        usual = Path(DEFAULT_CA_BUNDLE_PATH)
        write_private(ca_file, usual.read_text("utf-8") + server.ca_file.read_text("utf-8"))
    return {
        **kept,
        **dict.fromkeys(PROXY, server.proxy_url),
        **dict.fromkeys(NO_PROXY, ",".join(sorted(LOOPBACK))),
        **dict.fromkeys(CA_FILE, str(ca_file)),
        "NODE_USE_ENV_PROXY": "1",  # without it Node's own fetch knows no proxy
        "NODE_OPTIONS": f"{inherited.get('NODE_OPTIONS', '')} --require {_quoted(_NODE_PROXY)}".strip(),
        **variables_of(credentials, server.url, server.ca_file.parent),
    }


def _quoted(path: Path) -> str:
    """Return a path as NODE_OPTIONS takes it."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
