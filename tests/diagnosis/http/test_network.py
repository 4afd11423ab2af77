"""Diagnosis of exceptions that requests raises with servers on loopback."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NoReturn

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pytest_asc.diagnosis.http.network import diagnose_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_asc.diagnosis.findings import Finding

    Serve = Callable[[Callable[[socket.socket], None]], str]

HOST = "api.example"
PASSWORD = "proxy-password"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts a server on loopback with a handler of connections, and returns its address."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(handle: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def accept() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    handle(connection)
            except OSError:
                pass

        listeners.append(listener)
        threads.append(threading.Thread(target=accept))
        threads[-1].start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        # A last connection ends a pending accept.
        with socket.socket() as last:
            last.connect_ex(listener.getsockname())
        listener.close()
    for thread in threads:
        thread.join()


def reply(text: str) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(text.encode())

    return handle


def wait(connection: socket.socket) -> None:
    """Send nothing until the client closes the connection."""
    while connection.recv(65536):
        pass


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def fail(url: str, *, proxy: str | None = None, verify: str | bool = True, timeout: float = 5) -> Finding:
    with requests.Session() as session:
        session.trust_env = False  # the machine that runs the tests may use a proxy
        proxies = {"https": f"http://user:{PASSWORD}@{proxy}"} if proxy else {}
        with pytest.raises(OSError) as raised:  # noqa: PT011  a missing bundle raises a bare OSError
            session.get(
                url,
                headers={"Authorization": "Bearer secret-token"},
                proxies=proxies,
                verify=verify,
                timeout=timeout,
            )
    finding = diagnose_failure(raised.value, url=url, timeout=timeout)
    assert PASSWORD not in str(finding)
    assert "secret-token" not in str(finding)
    assert finding.evidence.isprintable()
    return finding


def test_a_refused_connection_is_reported_as_connection_failed() -> None:
    port = closed_port()
    finding = fail(f"http://{port}/")
    assert (finding.cause, finding.evidence) == ("connection-failed", f"{port} refused the connection")


def test_a_refused_connection_to_the_proxy_names_the_proxy() -> None:
    finding = fail(f"https://{HOST}/", proxy=closed_port())
    assert finding.cause == "connection-failed"
    assert finding.evidence == f"the proxy for {HOST} refused the connection"


def test_a_name_that_cannot_be_resolved_is_reported_as_connection_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> NoReturn:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    finding = fail(f"https://{HOST}/")
    assert finding.cause == "connection-failed"
    assert finding.evidence == f"the name of {HOST} cannot be resolved: Name or service not known"


def test_a_network_without_a_route_is_reported_as_connection_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*args: object, **kwargs: object) -> NoReturn:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("urllib3.util.connection.create_connection", unreachable)
    finding = fail(f"https://{HOST}/")
    assert (finding.cause, finding.evidence) == (
        "connection-failed",
        f"{HOST} cannot be reached: Network is unreachable",
    )


def test_a_connection_that_is_not_made_in_time_is_reported_as_timed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*args: object, **kwargs: object) -> NoReturn:
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", late)
    finding = fail(f"https://{HOST}/", timeout=2.5)
    assert (finding.cause, finding.evidence) == ("timed-out", f"no connection to {HOST} within 2.5 s")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_response_that_does_not_arrive_in_time_is_reported_as_timed_out(serve: Serve, scheme: str) -> None:
    host = serve(wait)
    finding = fail(f"{scheme}://{host}/", timeout=0.05)
    assert (finding.cause, finding.evidence) == ("timed-out", f"{host} did not respond within 0.05 s")


@pytest.mark.parametrize(
    ("scheme", "text", "evidence"),
    [
        ("http", "", "{host} closed the connection without a response"),
        ("http", "SSH-2.0-OpenSSH\r\n", "{host} sent something other than HTTP"),
        (
            "http",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
            "{host} closed the connection before the response was complete",
        ),
        ("https", "HTTP/1.1 400 Bad Request\r\n\r\n", "the TLS handshake with {host} failed: "),
    ],
)
def test_responses_of_other_servers_and_proxies_are_reported(
    serve: Serve, scheme: str, text: str, evidence: str
) -> None:
    host = serve(reply(text))
    finding = fail(f"{scheme}://{host}/")
    assert finding.cause == "connection-failed"
    assert finding.evidence.startswith(evidence.format(host=host))
    assert "_ssl.c" not in finding.evidence


@pytest.mark.parametrize(
    ("status", "cause", "evidence"),
    [
        (
            "407 Proxy Authentication Required",
            "proxy-authentication",
            "the proxy for api.example returned 407",
        ),
        (
            "403 Forbidden",
            "connection-failed",
            "the proxy for api.example rejected the CONNECT request: it returned 403",
        ),
    ],
)
def test_a_proxy_that_rejects_connect_is_reported(serve: Serve, status: str, cause: str, evidence: str) -> None:
    finding = fail(f"https://{HOST}/", proxy=serve(reply(f"HTTP/1.1 {status}\r\n\r\n")))
    assert (finding.cause, finding.evidence) == (cause, evidence)


def make_certificate(folder: Path, *, expired: bool = False) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(timezone.utc)
    day = timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - 2 * day)
        .not_valid_after(now - day if expired else now + day)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem


def shake_hands(certificate: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def handle(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    return handle


def test_an_untrusted_certificate_is_reported_as_tls_intercepted(serve: Serve, tmp_path: Path) -> None:
    host = serve(shake_hands(make_certificate(tmp_path)))
    finding = fail(f"https://{host}/")
    assert (finding.cause, finding.certainty) == ("tls-intercepted", "likely")
    assert finding.evidence.startswith(f"the certificate of {host} cannot be verified: self")
    assert "REQUESTS_CA_BUNDLE" in finding.fix


def test_the_fix_of_an_expired_certificate_names_the_clock(serve: Serve, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, expired=True)
    finding = fail(f"https://{serve(shake_hands(certificate))}/", verify=str(certificate))
    assert finding.cause == "tls-intercepted"
    assert finding.evidence.endswith("certificate has expired")
    assert "clock" in finding.fix


def test_a_missing_certificate_bundle_is_reported(tmp_path: Path) -> None:
    finding = fail(f"https://{closed_port()}/", verify=str(tmp_path / "proxy-ca.pem"))
    assert (finding.cause, finding.certainty) == ("tls-intercepted", "certain")
    assert finding.evidence == f"the CA bundle does not exist: {tmp_path / 'proxy-ca.pem'}"


@pytest.mark.parametrize(
    ("error", "cause", "evidence"),
    [
        (requests.ReadTimeout(), "timed-out", "api.example did not respond within 10 s"),
        (requests.ConnectTimeout(), "timed-out", "no connection to api.example within 10 s"),
        (
            http.client.RemoteDisconnected(""),
            "connection-failed",
            "api.example closed the connection without a response",
        ),
        # A message of another library may contain anything, so only the type is shown.
        (
            requests.exceptions.InvalidHeader("bad value: Bearer secret-token"),
            "connection-failed",
            "the request to api.example failed with InvalidHeader",
        ),
        (
            requests.exceptions.InvalidProxyURL("http://user:password@"),
            "connection-failed",
            "the request to api.example failed with InvalidProxyURL",
        ),
        (RuntimeError("secret"), "connection-failed", "the request to api.example failed with RuntimeError"),
    ],
)
def test_exceptions_of_the_standard_library_are_diagnosed(error: BaseException, cause: str, evidence: str) -> None:
    finding = diagnose_failure(error, url="https://user:password@api.example/v1/apps", timeout=10)
    assert (finding.cause, finding.evidence) == (cause, evidence)


def test_a_cycle_of_exception_causes_does_not_recurse_forever() -> None:
    first, second = RuntimeError(), ConnectionRefusedError()
    first.__cause__, second.__cause__ = second, first
    assert (
        diagnose_failure(first, url="https://api.example/", timeout=1).evidence == "api.example refused the connection"
    )
