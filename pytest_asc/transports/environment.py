"""Environment variables with which an unchanged program uses a server of the emulator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pytest_asc.apple.hosts import LOOPBACK
from pytest_asc.credentials.private_folder import write_private
from pytest_asc.credentials.variables import MISLEADING, credential_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.credentials.finder import Credentials

# curl only reads http_proxy in lower case, others only read upper case. SPACESHIP_PROXY is for fastlane.
PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "SPACESHIP_PROXY")
NO_PROXY = ("NO_PROXY", "no_proxy")
# For requests; for OpenSSL, and thereby httpx, urllib, aiohttp, Ruby and Go; for curl; for Node.
CA_FILE = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")

# Node's built-in fetch uses the proxy from 22.21 and 24.0 on, if NODE_USE_ENV_PROXY is set. Others need this file.
_NODE_PROXY = Path(__file__).with_name("node_proxy.cjs")


class Endpoints(Protocol):
    """URLs and CA file of a server."""

    url: str
    proxy_url: str
    ca_file: Path


def environment(
    server: Endpoints, credentials: Credentials, inherited: Mapping[str, str], *, more_hosts: bool = False
) -> dict[str, str]:
    """Return the environment for a program, and write the files that it refers to into the server's folder.

    Args:
        server: The server.
        credentials: The key that the emulator accepts.
        inherited: Environment variables of the caller.
        more_hosts: True if the program can reach other hosts, and so must also trust the usual certificate authorities.
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
        "NODE_USE_ENV_PROXY": "1",  # Node's built-in fetch ignores the proxy variables without it
        "NODE_OPTIONS": f"{inherited.get('NODE_OPTIONS', '')} --require {_quoted(_NODE_PROXY)}".strip(),
        **credential_variables(credentials, server.url, server.ca_file.parent),
    }


def _quoted(path: Path) -> str:
    """Return a path, quoted for NODE_OPTIONS."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
