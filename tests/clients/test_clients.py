"""Published clients, their code unchanged, run against the emulator.

The tests need ASC_CLIENTS to name a folder for the environments of the clients; the first run installs them.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from clients.environments import CLIENTS, Client, UnavailableError, driver_command, install
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.transports.server import Server

    Run = Callable[[ec.EllipticCurvePrivateKey], subprocess.CompletedProcess[str]]

FOLDER = os.environ.get("ASC_CLIENTS")
if not FOLDER:
    pytest.skip("set ASC_CLIENTS to a folder to install the published clients in", allow_module_level=True)

# The header of a PNG image is enough to pass for one.
PNG_HEADER = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1242, 2208)
# More than the greatest page size, 200.
APPS = 250
LEDGER = {"type": "apps", "id": "6450002017"}

_IDS = re.compile(r"(?<=\w/)[A-Z0-9]{10}(_\w+)?(?=/|$)|[0-9a-f-]{36}|\d{9,}")


class Expectation(NamedTuple):
    """Expected results of a client's driver."""

    printed: dict[str, Any]
    """JSON members that the driver prints, without ``apps``."""
    requests: list[str]
    """Requests that the client sends, without GET requests with status 200."""
    refusal: str
    """Regular expression for its error message when the token has a wrong signature."""
    apps: int = APPS + 3
    """Number of apps that it lists; fewer where it reads one page only."""


EXPECTATIONS = {
    "asconnect": Expectation(
        {
            "app": "LEDGER",
            "builds": 2,
            "beta": "READY_FOR_BETA_TESTING",
            "versions": ["7.0", "7.1"],
            "contact": "May",
            "screenshot": "UPLOAD_COMPLETE",
            "release": "INACTIVE",
        },
        [
            "POST /v1/builds/{id}/relationships/betaGroups 204",
            "POST /v1/betaAppLocalizations 201",
            "POST /v1/appStoreVersions 201",
            "PATCH /v1/appStoreVersions/{id} 200",
            "POST /v1/appStoreReviewDetails 201",
            "POST /v1/appStoreVersionPhasedReleases 201",
            "POST /v1/appScreenshotSets 201",
            "POST /v1/appScreenshots 201",
            "PUT /PurpleSource/v4/{id} 200",
            "PATCH /v1/appScreenshots/{id} 200",
            "DELETE /v1/appScreenshots/{id} 204",
            "DELETE /v1/appScreenshotSets/{id} 204",
        ],
        r"AppStoreConnectError: \[401\] Authentication credentials are missing or invalid",
    ),
    "appstoreconnect": Expectation(
        {
            "total": APPS + 3,
            "app": "LEDGER",
            "names": ["Friends", "Family"],
            "groups": ["Family"],
            "device": "ENABLED",
            "report": ["SKU", "LEDGER"],
        },
        [
            "POST /v1/betaGroups 201",
            "PATCH /v1/betaGroups/{id} 200",
            "POST /v1/betaTesters 201",
            "DELETE /v1/betaTesters/{id} 204",
            "DELETE /v1/betaGroups/{id} 204",
            "POST /v1/devices 201",
        ],
        "APIError: Provide a properly configured and signed bearer token",
    ),
    "apple-appstore-connect-client": Expectation(
        {
            "app": "LEDGER",
            "version": "7.0",
            "renamed": True,
            "names": ["Cinema 7", "Cinema"],
            # It requests version 1_1; Apple has version 1_0 only.
            "refused": "API Error 400: The version parameter you have specified is invalid. "
            "The latest version for this report is 1_0.",
        },
        [
            "POST /v1/appStoreVersions 201",
            "PATCH /v1/appInfoLocalizations/{id} 200",
            "GET /v1/salesReports 400",
        ],
        "AuthenticationError: Authentication failed - check credentials",
        apps=50,
    ),
    "applaud": Expectation(
        # It reads the Content-Type of responses without content.
        {"total": APPS + 3, "app": "LEDGER", "names": ["Friends", "Family"], "missing": "'content-type'"},
        ["POST /v1/betaGroups 201", "PATCH /v1/betaGroups/{id} 200", "DELETE /v1/betaGroups/{id} 204"],
        r"EndpointException: Error\(code='NOT_AUTHORIZED'",
    ),
    "codemagic-cli-tools": Expectation(
        {
            "app": "LEDGER",
            "builds": ["1", "1"],
            "groups": ["Accountants"],
            "names": ["New", "Newer"],
            "capabilities": ["PUSH_NOTIFICATIONS"],
            "device": ["ENABLED", "DISABLED"],
            "signing": [2, 2],
        },
        [
            "POST /v1/bundleIds 201",
            "PATCH /v1/bundleIds/{id} 200",
            "POST /v1/bundleIdCapabilities 201",
            "DELETE /v1/bundleIdCapabilities/{id} 204",
            "DELETE /v1/bundleIds/{id} 204",
            "POST /v1/devices 201",
            "PATCH /v1/devices/{id} 200",
        ],
        "AppStoreConnectApiError: GET https://api.appstoreconnect.apple.com/.* returned 401",
    ),
    "storepulse": Expectation(
        {"app": "LEDGER", "requests": ["ONGOING"], "sales": [["LEDGER", 3]], "before": "no_sales"},
        ["POST /v1/analyticsReportRequests 201", "GET /v1/salesReports 404"],
        r"AppleAuthError: App Store Connect rejected the API key \(HTTP 401\)",
    ),
    "aso-keyword-toolkit": Expectation(
        {
            "app": "com.example.lists",
            "pushed": [
                ["de-DE", "appInfoLocalizations", "updated"],
                ["fr-FR", "appInfoLocalizations", "created"],
                ["fr-FR", "appStoreVersionLocalizations", "adopted"],
            ],
            "pulled": ["Alles auf einer Liste", "Listes"],
            "screenshots": ["UPLOAD_COMPLETE"],
            "products": ["com.example.lists.ten"],
            "limit": 3600,
        },
        [
            "PATCH /v1/appInfoLocalizations/{id} 200",
            "POST /v1/appInfoLocalizations 201",
            "POST /v1/appStoreVersionLocalizations 409",
            "PATCH /v1/appStoreVersionLocalizations/{id} 200",
            "POST /v1/appScreenshotSets 201",
            "POST /v1/appScreenshots 201",
            "PUT /PurpleSource/v4/{id} 200",
            "PATCH /v1/appScreenshots/{id} 200",
            "PATCH /v1/appScreenshotSets/{id}/relationships/appScreenshots 204",
        ],
        "ASCError: App Store Connect returned 401 for GET https://api.appstoreconnect.apple.com/v1/apps",
    ),
    "appstore-connect-sdk": Expectation(
        {
            "two": [
                {"name": "Lists", "bundleId": "com.example.lists"},
                {"name": "Ledger", "bundleId": "com.example.ledger"},
            ],
            "app": "LEDGER",
            "names": ["Friends", "Family"],
        },
        ["POST /v1/betaGroups 201", "PATCH /v1/betaGroups/{id} 200", "DELETE /v1/betaGroups/{id} 204"],
        "code: 'NOT_AUTHORIZED'",
    ),
    "node-app-store-connect-api": Expectation(
        {
            "app": "LISTS",
            "included": {"appStoreVersions": 2, "builds": 3},
            "screenshot": "UPLOAD_COMPLETE",
            "names": ["Friends", "Family"],
        },
        [
            "POST /v1/betaGroups 201",
            "PATCH /v1/betaGroups/{id} 200",
            "DELETE /v1/betaGroups/{id} 204",
            "POST /v1/appScreenshotSets 201",
            "POST /v1/appScreenshots 201",
            "PUT /object-storage/PurpleSource/v4/{id} 200",
            "PATCH /v1/appScreenshots/{id} 200",
        ],
        "code: 'NOT_AUTHORIZED'",
    ),
    "appstore-tools": Expectation(
        {
            "done": [
                "localizationsUpdated",
                "localizationsCreated",
                "screenshotsUploaded",
                "copyrightUpdated",
                "ageRatingUpdated",
                "appInfoLocalizationsUpdated",
                "appInfoLocalizationsCreated",
            ],
        },
        [
            "PATCH /v1/appStoreVersionLocalizations/{id} 200",
            "POST /v1/appStoreVersionLocalizations 201",
            "POST /v1/appScreenshotSets 201",
            "POST /v1/appScreenshots 201",
            "PUT /object-storage/PurpleSource/v4/{id} 200",
            "PATCH /v1/appScreenshots/{id} 200",
            "PATCH /v1/appStoreVersions/{id} 200",
            "PATCH /v1/ageRatingDeclarations/{id} 200",
            "PATCH /v1/appInfoLocalizations/{id} 200",
            "POST /v1/appInfoLocalizations 201",
        ],
        r"InfrastructureError: App Store Connect request failed \(401\)",
        apps=50,
    ),
    "@expo/apple-utils": Expectation(
        {"app": "LEDGER", "groups": ["Accountants"], "found": True},
        ["POST /v1/bundleIds 201", "DELETE /v1/bundleIds/{id} 204"],
        "Apple 401 detected",
    ),
}


@pytest.fixture(scope="session", params=CLIENTS, ids=lambda client: client.package)
def client(request: pytest.FixtureRequest) -> tuple[Client, Path]:
    """A client and its environment."""
    client: Client = request.param
    try:
        return client, install(client, Path(str(FOLDER)).absolute())
    except UnavailableError as error:
        pytest.skip(f"{client.package} {client.version} cannot be installed: {error}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Working directory of a driver, with an image to upload."""
    (tmp_path / "screenshot.png").write_bytes(PNG_HEADER)
    return tmp_path


@pytest.fixture
def run(
    client: tuple[Client, Path],
    asc_emulator: Emulator,
    asc_server: Server,
    asc_credentials: Credentials,
    folder: Path,
) -> Run:
    """Add resources to the account, and return a function that runs the client's driver with a private key."""
    asc_emulator.load_sample()
    for _ in range(APPS):
        asc_emulator.add("apps")
    # Reports are available with a day's delay.
    day = (datetime.now(timezone.utc) - timedelta(days=3)).date()
    asc_emulator.sell(LEDGER, units=3, day=day)
    ca_file = str(asc_server.ca_file)

    def run(private_key: ec.EllipticCurvePrivateKey) -> subprocess.CompletedProcess[str]:
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key_file = folder / f"AuthKey_{asc_credentials.key_id}.p8"
        key_file.write_bytes(private_key.private_bytes(*form))
        environment = {
            "ASC_KEY_ID": asc_credentials.key_id,
            "ASC_ISSUER_ID": str(asc_credentials.issuer_id),
            "ASC_PRIVATE_KEY_PATH": str(key_file),
            "ASC_BASE_URL": asc_server.https_url,
            "HTTPS_PROXY": asc_server.proxy_url,
            "REQUESTS_CA_BUNDLE": ca_file,
            "SSL_CERT_FILE": ca_file,
            "NODE_EXTRA_CA_CERTS": ca_file,
            "REPORT_DATE": day.isoformat(),
        }
        return subprocess.run(
            driver_command(*client, folder),
            env={**os.environ, **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_a_client_reads_and_writes_the_account(
    client: tuple[Client, Path], run: Run, asc_emulator: Emulator, asc_credentials: Credentials
) -> None:
    expected = EXPECTATIONS[client[0].package]
    result = run(asc_credentials.private_key)
    assert result.returncode == 0, result.stderr[-2000:]
    printed = json.loads(result.stdout)
    apps = printed.pop("apps")
    assert printed == expected.printed
    assert len(apps) == len(set(apps)) == expected.apps
    recorded = [request for request in asc_emulator.requests if (request.method, request.status) != ("GET", 200)]
    assert [f"{one.method} {_IDS.sub('{id}', one.path)} {one.status}" for one in recorded] == expected.requests


def test_a_client_reports_a_wrong_signature_as_it_does_with_apple(
    client: tuple[Client, Path], run: Run, asc_emulator: Emulator
) -> None:
    result = run(ec.generate_private_key(ec.SECP256R1()))
    assert result.returncode != 0
    output = result.stdout + result.stderr
    assert re.search(EXPECTATIONS[client[0].package].refusal, output), output[-2000:]
    causes = {request.refusal and request.refusal.cause for request in asc_emulator.requests}
    assert causes == {"token-signature-mismatch"}


# The sample account has no sales, which these clients request.
CLIENTS_THAT_NEED_SALES = {"appstoreconnect", "apple-appstore-connect-client", "storepulse"}


@pytest.mark.parametrize(
    "client",
    [client for client in CLIENTS if client.package not in CLIENTS_THAT_NEED_SALES],
    ids=lambda client: client.package,
    indirect=True,
)
def test_the_run_command_directs_a_client_to_the_emulator(client: tuple[Client, Path], folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pytest_asc", "run", "--", *driver_command(*client, folder)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert {"Lists", "Ledger", "Cinema"} <= set(json.loads(result.stdout)["apps"])
