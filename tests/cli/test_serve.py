from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests

from pytest_asc import Credentials
from pytest_asc.cli.main import main
from pytest_asc.credentials.tokens import mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = [sys.executable, "-W", "error", "-m", "pytest_asc", "serve"]


class Served(NamedTuple):
    """A server in a process of its own, and where it says that it is."""

    process: subprocess.Popen[str]
    where: dict[str, Any]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def token(self) -> str:
        """A token that is good for it."""
        credentials = Credentials.load(
            key_id=self.where["key_id"],
            issuer_id=self.where["issuer_id"],
            key=Path(self.where["key_file"]).read_text("ascii"),
        )
        return str(mint(credentials, now=time.time()))

    def get(self, url: str, **how: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self.where["ca_file"]
            return session.get(url, headers={"Authorization": f"Bearer {self.token()}"}, timeout=30, **how)

    def names(self, url: str, **how: Any) -> list[str]:
        return [app["attributes"]["name"] for app in self.get(f"{url}/v1/apps", **how).json()["data"]]


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start servers; the line that each prints says that it is ready."""
    processes: list[subprocess.Popen[str]] = []

    def serve(*options: str) -> Served:
        process = subprocess.Popen(
            [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        )
        processes.append(process)
        assert process.stdout
        line = process.stdout.readline()
        return Served(process, json.loads(line or f"nothing but {process.communicate()[1]}"))

    yield serve
    for process in processes:
        process.terminate()
        process.communicate(timeout=30)


def listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=30):
            return True
    except ConnectionRefusedError:
        return False


def test_it_serves_the_sample_and_leaves_nothing(serve: Callable[..., Served]) -> None:
    served = serve()
    where = served.where
    assert list(where) == ["url", "https_url", "proxy_url", "ca_file", "key_id", "issuer_id", "key_file"]
    assert where["proxy_url"] is None
    assert Path(where["key_file"]).name == f"AuthKey_{where['key_id']}.p8"
    folder = Path(where["key_file"]).parent
    modes = {path.name: oct(path.stat().st_mode)[-3:] for path in (folder, *folder.iterdir())}
    assert modes == {folder.name: "700", "ca.pem": "600", Path(where["key_file"]).name: "600"}
    assert served.names(where["url"]) == served.names(where["https_url"]) != []
    token = served.token()
    for spoilt in (token, token[:-4], f"{token}\x7f"):
        requests.get(where["url"] + "/v1/apps", headers={"Authorization": spoilt}, timeout=30)
    status, out, err = served.stop()
    assert (status, out, err) == (0, "", "")
    assert not folder.exists()
    assert not any(listens(where[name]) for name in ("url", "https_url"))


def test_the_proxy_stands_before_apples_name(serve: Callable[..., Served]) -> None:
    served = serve("--proxy", "--empty")
    base = "https://api.appstoreconnect.apple.com"
    answer = served.get(f"{base}/v1/apps", proxies={"https": served.where["proxy_url"]})
    assert (answer.json()["data"], answer.json()["links"]) == ([], {"self": f"{base}/v1/apps"})
    assert served.stop(signal.SIGINT) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_a_terminal_that_closes_leaves_nothing(serve: Callable[..., Served], number: signal.Signals) -> None:
    served = serve("--empty")
    assert served.stop(number) == (0, "", "")
    assert not Path(served.where["key_file"]).parent.exists()


def test_nohup_keeps_it(serve: Callable[..., Served]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        served = serve("--empty")
    finally:
        signal.signal(signal.SIGHUP, before)
    served.process.send_signal(signal.SIGHUP)
    assert served.names(served.where["url"]) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_where_it_is_has_to_be_told() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*COMMAND, "--empty"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30
        )
    assert (result.returncode, result.stderr) == (
        4,
        "Nobody can be told where the server is: standard output: No space left on device\n",
    )


def test_an_account_can_be_loaded(serve: Callable[..., Served], tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps({"data": [{"type": "apps", "id": "1", "attributes": {"name": "Lists"}}]}))
    served = serve("--load", str(file), "--port", "0", "--host", "localhost")
    assert served.where["url"].startswith("http://localhost:")
    assert served.names(served.where["https_url"]) == ["Lists"]


def test_other_machines_are_let_in_when_it_is_said_in_words(serve: Callable[..., Served]) -> None:
    served = serve("--host", "0.0.0.0", "--allow-remote", "--empty")
    port = urlsplit(served.where["url"]).port
    assert served.names(f"http://127.0.0.1:{port}") == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "confirm it with --allow-remote"),
        (["--host", "::"], "confirm it with --allow-remote"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1 is open to other machines"),
        (["--host", "example.com"], "--host example.com is open to other machines"),
        (["--host", "192.0.2.1", "--allow-remote"], "cannot listen on 192.0.2.1"),
        (["--port", "99999"], "got '99999', expected a port from 0 to 65535"),
        (["--port", "http"], "got 'http', expected a port"),
        (["--load", "nowhere.json"], "--load nowhere.json: No such file or directory"),
        (["--load", __file__], "--load"),
        (["--load", "a", "--empty"], "not allowed with"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: list[str], words: str
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # those of this process are pytest's
    try:
        status: object = main(["serve", *options])
    except SystemExit as left:
        status = left.code
    output = capsys.readouterr()
    assert (status, output.out) == (4, "")
    assert words in output.err
    assert "Traceback" not in output.err


def test_a_port_that_is_taken_is_told(serve: Callable[..., Served]) -> None:
    port = str(urlsplit(serve("--empty").where["url"]).port)
    result = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr.startswith("The server cannot listen on 127.0.0.1: Address already in use")


@pytest.mark.parametrize("command", [["serve"], ["run", "--", "true"]])
def test_without_the_extra_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for name in [name for name in sys.modules if name.startswith("pytest_asc.transports.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert main(command) == 4
    output = capsys.readouterr()
    assert (output.out, output.err.endswith("pip install 'pytest-asc[server]'.\n")) == ("", True)


def test_what_apple_works_on_is_finished_when_the_client_asks_again(serve: Callable[..., Served]) -> None:
    served = serve()
    url, headers = served.where["url"], {"Authorization": f"Bearer {served.token()}"}
    (product,) = served.get(f"{url}/v1/ciProducts").json()["data"]
    (workflow,) = served.get(f"{url}/v1/ciProducts/{product['id']}/workflows").json()["data"]
    linkage = {"data": {"type": "ciWorkflows", "id": workflow["id"]}}
    body = {"data": {"type": "ciBuildRuns", "relationships": {"workflow": linkage}}}
    started = requests.post(f"{url}/v1/ciBuildRuns", json=body, headers=headers, timeout=30).json()["data"]
    assert started["attributes"]["executionProgress"] == "PENDING"
    finished = served.get(f"{url}/v1/ciBuildRuns/{started['id']}").json()["data"]
    assert finished["attributes"]["executionProgress"] == "COMPLETE"
