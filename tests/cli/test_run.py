from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pytest_asc.cli import isolation
from pytest_asc.cli.main import main
from pytest_asc.credentials.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from forked_python import ForkedPython
    from loopback import Apple

    Run = Callable[..., subprocess.CompletedProcess[str]]

RUN = [sys.executable, "-W", "error", "-m", "pytest_asc", "run"]
PYTHON = [sys.executable, "-W", "error", "-c"]
TOKEN = """
import os, time, jwt
from pathlib import Path
now = int(time.time())
claims = {"iss": os.environ["ASC_ISSUER_ID"], "iat": now, "exp": now + 600, "aud": "appstoreconnect-v1"}
key = Path(os.environ["ASC_PRIVATE_KEY_PATH"]).read_text()
headers = {"Authorization": "Bearer " + jwt.encode(claims, key, "ES256", headers={"kid": os.environ["ASC_KEY_ID"]})}
URL = "https://api.appstoreconnect.apple.com/v1/apps?fields[apps]=name"
"""


posix = pytest.mark.skipif(sys.platform == "win32", reason="its system calls and messages differ")


@pytest.fixture
def run(forked_server: ForkedPython) -> Run:
    """Run the command in the current folder, in a process of its own."""
    return lambda *arguments: forked_server.run(*RUN[1:], *arguments, folder=Path.cwd())


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Run the command in this process, without its signal handlers; check that it leaves no file."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def in_process(*arguments: str) -> Any:
        try:
            return main(["run", *arguments])
        except SystemExit as left:
            return left.code

    yield in_process
    assert list(tmp_path.iterdir()) == []


def names(document: str) -> list[str]:
    return [app["attributes"]["name"] for app in json.loads(document)["data"]]


def test_python_clients_reach_the_emulator_unchanged(tmp_path: Path, run: Run) -> None:
    account = tmp_path / "account.json"
    account.write_text(json.dumps({"data": [{"type": "apps", "id": "1", "attributes": {"name": "Lists"}}]}))
    script = f"""{TOKEN}
import asyncio, urllib.request, aiohttp, httpx, requests

async def get():
    async with aiohttp.ClientSession(trust_env=True, headers=headers) as session, session.get(URL) as answer:
        return await answer.text()

print(requests.get(URL, headers=headers).text)
print(requests.get(URL.replace("https", "http"), headers=headers).text)
print(httpx.get(URL, headers=headers).text)
with urllib.request.urlopen(urllib.request.Request(URL, headers=headers)) as answer:
    print(answer.read().decode())
print(asyncio.run(get()))
print(requests.get(os.environ["ASC_BASE_URL"] + "/v1/apps", headers=headers).text)
"""
    result = run("--load", str(account), "--", *PYTHON, script)
    assert result.stderr == ""
    assert [names(line) for line in result.stdout.splitlines()] == [["Lists"]] * 6
    assert result.returncode == 0


CURL = 'curl -sS -H "$1" https://api.appstoreconnect.apple.com/v1/apps'
# Node's fetch supports proxies from version 24 on; before that, a preloaded file adds the support.
NODE = (
    "node -e 'const [name, value] = process.argv[1].split(`: `); "
    "fetch(`https://api.appstoreconnect.apple.com/v1/apps`, {headers: {[name]: value}})"
    '.then(answer => answer.text()).then(console.log)\' "$1"'
)


@pytest.mark.parametrize("script", [CURL, NODE], ids=["curl", "node"])
def test_programs_in_other_languages_reach_the_emulator(script: str, run: Run) -> None:
    program = script.partition(" ")[0]
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    code = "import subprocess, sys; header = f\"Authorization: {headers['Authorization']}\""
    result = run("--", *PYTHON, f"{TOKEN}\n{code}\nsubprocess.run(['sh', '-c', sys.argv[1], 'sh', header])", script)
    assert (result.stderr, len(names(result.stdout))) == ("", 3)


FETCH = """
const all = urls => Promise.all(urls.map(async url => (await fetch(url)).status));
const said = async url => { try { await fetch(url); } catch (error) { return error.cause.message; } };
(async () => {
  const apps = "https://api.appstoreconnect.apple.com/v1/apps";
  console.log(JSON.stringify({
    many: await all(Array(100).fill(apps)),
    plain: await all([apps.replace("https", "http"), process.env.ASC_BASE_URL + "/v1/apps"]),
    posted: (await fetch(apps, {method: "POST", body: "x".repeat(1e6)})).status,
    other: await said("https://api.example.com/"),
    caller: globalThis.preloaded,
  }));
})();
"""


def test_fetch_uses_the_proxy_in_every_version_of_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Run
) -> None:
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    own = tmp_path / "the caller's.cjs"
    own.write_text("globalThis.preloaded = 7;")
    monkeypatch.setenv("NODE_OPTIONS", f'--require "{own}"')
    result = run("--", "node", "-e", FETCH)
    assert result.stderr == ""
    got = json.loads(result.stdout)
    assert got.pop("many") == [401] * 100
    assert (got.pop("plain"), got.pop("posted"), got.pop("caller")) == ([401, 401], 401, 7)
    assert (
        "403" in got["other"] or "api.example.com" in got["other"]
    )  # the message of Node, or that of the preloaded file


def test_run_sets_every_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Run) -> None:
    for name in ("ASC_TOKEN", "ASC_KEY_ID", "APP_STORE_CONNECT_API_KEY_KEY", "HTTPS_PROXY", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "the user's own")
    monkeypatch.setenv("APP_STORE_CONNECT_API_KEY_IS_KEY_CONTENT_BASE64", "true")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = """
import json, os
folder = os.environ["API_PRIVATE_KEYS_DIR"]
modes = {name: oct(os.stat(os.path.join(folder, name)).st_mode)[-3:] for name in (".", *os.listdir(folder))}
print(json.dumps([dict(os.environ), modes]))
"""
    result = run("--", *PYTHON, script)
    environment, modes = json.loads(result.stdout)
    assert list(tmp_path.iterdir()) == []
    assert "the user's own" not in environment.values()
    assert "APP_STORE_CONNECT_API_KEY_IS_KEY_CONTENT_BASE64" not in environment
    key_file = f"AuthKey_{environment['ASC_KEY_ID']}.p8"
    assert modes.keys() == {".", key_file, "ca.pem", "fastlane.json"}
    if os.name == "posix":  # Windows has no such file modes
        assert modes.pop(".") == "700"
        assert set(modes.values()) == {"600"}
    given = {setting.name: {environment.get(name) for name in setting.env} for setting in SETTINGS}
    assert given["key_id"] == {environment["ASC_KEY_ID"]}
    assert given["issuer_id"] == {environment["ASC_ISSUER_ID"]}
    assert given["key_file"] == {str(Path(environment["API_PRIVATE_KEYS_DIR"]) / key_file)}
    assert None not in given["private_key"] | given["fastlane_key"] | given["base_url"]
    assert given["token"] == given["key_type"] == {None}
    proxies = {environment[name] for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")}
    assert len(proxies) == 1
    assert environment["NO_PROXY"] == environment["no_proxy"] == "127.0.0.1,::1,localhost"
    bundles = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    assert len({environment[name] for name in bundles}) == 1


def test_a_live_smoke_check_passes_against_the_emulator(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("--", sys.executable, "-m", "pytest", "--asc-smoke", "--asc-strict", "-p", "no:cacheprovider")
    assert result.returncode == 0, result.stdout
    assert "3 apps are visible" in result.stdout


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["sh", "-c", "exit 0"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -KILL $$"], 128 + 9),
        (["sh", "-c", "kill -TERM $$"], 128 + 15),
        (["sh", "-c", 'test "$1" = -- && test "$2" = --empty', "sh", "--", "--empty"], 0),
        (["sh", "-c", "test -f $ASC_PRIVATE_KEY_PATH"], 0),
    ],
)
def test_run_exits_with_the_status_of_the_command(
    in_process: Callable[..., int], capfd: pytest.CaptureFixture[str], command: list[str], status: int
) -> None:
    assert in_process("--empty", "--quiet", "--", *command) == status
    assert capfd.readouterr() == ("", "")


def test_run_says_when_the_command_has_sent_no_request(
    in_process: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    assert in_process("--empty", "--", "true") == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("pytest-asc: the command sent no request to the emulator. It may ignore HTTPS_PROXY: see ")
    assert in_process("--empty", "--", "sh", "-c", "kill -TERM $$") == 128 + 15
    assert capfd.readouterr() == ("", "")


def test_run_says_when_the_command_does_not_trust_the_certificate(tmp_path: Path, run: Run) -> None:
    script = """
import http.client, os, ssl
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTPS_PROXY"])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, context=context)
connection.set_tunnel("api.appstoreconnect.apple.com")
try:
    connection.request("GET", "/v1/apps")
except ssl.SSLCertVerificationError:
    print("refused")
connection.close()
"""
    result = run("--", *PYTHON, script)
    assert result.stdout == "refused\n"
    assert "connected to the emulator but sent no request. It may not trust the certificate" in result.stderr


def allows_namespaces() -> bool:
    command = ["unshare", "--map-root-user", "--net", "--mount", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


ISOLATED = """
import http.client, json, os, socket, ssl, sys
from pathlib import Path
bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
context = ssl.create_default_context(cafile=next(filter(os.path.exists, bundles)))
def status(connection):
    connection.request("GET", "/v1/apps", headers={"Authorization": sys.argv[1]})
    got = connection.getresponse().status
    connection.close()
    return got
def outcome(*address):
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError as error:
        return type(error).__name__
host = "api.appstoreconnect.apple.com"
print(json.dumps([
    sorted(os.environ),
    status(http.client.HTTPSConnection(host, context=context)),
    status(http.client.HTTPConnection(host)),
    outcome("192.0.2.1", 443),
    outcome("example.com", 443),
    os.getuid(),
]))
"""


@pytest.mark.skipif(not allows_namespaces(), reason="this system allows no network namespace")
def test_a_program_that_ignores_proxies_reaches_the_emulator_with_isolate(tmp_path: Path, run: Run) -> None:
    code = f"""{TOKEN}
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], headers["Authorization"]], env={{"PYTHONIOENCODING": "utf-8"}})
"""
    before = Path("/etc/hosts").read_bytes()
    result = run("--isolate", "--", *PYTHON, code, ISOLATED)
    assert result.stderr == ""
    variables, https, http, other, unknown, user = json.loads(result.stdout)
    assert {"HTTPS_PROXY", "SSL_CERT_FILE"}.isdisjoint(variables)
    assert (https, http, other, unknown) == (200, 200, "OSError", "gaierror")
    assert user == os.getuid()
    assert Path("/etc/hosts").read_bytes() == before


def test_run_reports_that_isolation_is_not_permitted(
    in_process: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: int) -> None:
        raise PermissionError(1, "Operation not permitted", "unshare")

    monkeypatch.setattr(isolation, "_unshare", refuse)
    monkeypatch.setattr(sys, "platform", "linux")
    assert in_process("--isolate", "--", "true") == 4
    assert "this system does not allow network namespaces (unshare: Operation not permitted)" in capfd.readouterr().err
    monkeypatch.setattr(sys, "platform", "darwin")
    assert in_process("--isolate", "--", "true") == 4
    assert "--isolate needs Linux: it uses a network namespace" in capfd.readouterr().err
    assert in_process("--isolate", "--allow-host", "example.com", "--", "true") == 4
    assert "blocks the network" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--", "no-such-program"], 127, "no-such-program: command not found"),
        pytest.param(["--", "/"], 126, "/: Permission denied", marks=posix),
        ([], 4, "no command to run: write it after --, as in run -- COMMAND"),
        (["--"], 4, "no command to run"),
        (["--load", "nowhere.json", "--", "true"], 4, "--load nowhere.json: No such file or directory"),
        (["--proxy", "--", "true"], 4, "unrecognized arguments: --proxy"),
    ],
)
def test_run_reports_a_command_that_cannot_be_run(
    in_process: Callable[..., int], capfd: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    assert in_process(*arguments) == status
    output = capfd.readouterr()
    assert output.out == ""
    assert words in output.err
    assert "Traceback" not in output.err


@pytest.mark.skipif(sys.platform == "win32", reason="it forwards no signals")
@pytest.mark.parametrize("number", [one for one in signal.Signals if one.name in {"SIGINT", "SIGTERM", "SIGHUP"}])
def test_run_forwards_signals_and_leaves_no_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forked_server: ForkedPython, number: signal.Signals
) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip(f"{number.name} is ignored here, as under nohup")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = f"""
import os, signal, sys
def leave(number, _):
    print("got", number, flush=True)
    sys.exit(9)
signal.signal({number.value}, leave)
print(os.environ["HTTPS_PROXY"], flush=True)
while True:
    signal.pause()
"""
    process = forked_server.start(*RUN[1:], "--", *PYTHON, script, text=True)
    assert process.stdout
    proxy = urlsplit(process.stdout.readline())
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (9, f"got {number.value}\n", "")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((proxy.hostname, proxy.port), timeout=30)


@posix
def test_a_program_is_started_by_its_path_on_windows(
    in_process: Callable[..., int], monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    program = pytester.path / "npm.cmd"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o700)
    monkeypatch.setattr(shutil, "which", {"npm": str(program)}.get)
    monkeypatch.setattr(sys, "platform", "win32")
    assert in_process("--empty", "--quiet", "--", "npm", "test") == 7
    assert in_process("--empty", "--quiet", "--", "no-such-program") == 127


ON_WINDOWS = """
import sys
import pytest_asc.cli.running_server, pytest_asc.transports.environment, pytest_asc.transports.server
from pytest_asc.cli.main import main
sys.platform = "win32"
raise SystemExit(main(sys.argv[1:]))
"""


@posix
def test_a_signal_that_a_console_of_windows_sends_to_all_its_processes_is_not_forwarded(
    forked_server: ForkedPython, tmp_path: Path
) -> None:
    # Of two pending signals, Python handles the one with the lower number first: that is SIGINT.
    script = """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
os.kill(os.getppid(), signal.SIGINT)
os.kill(os.getppid(), signal.SIGTERM)
print(*sorted(number.name for number in {signal.sigwait({signal.SIGINT, signal.SIGTERM})} | signal.sigpending()))
"""
    command = [*PYTHON[1:], ON_WINDOWS, "run", "--empty", "--quiet", "--", *PYTHON, script]
    result = forked_server.run(*command, folder=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "SIGTERM\n", "")


IMPATIENT = """
import sys
from pytest_asc.cli import run
from pytest_asc.cli.main import main
run._GRACE_PERIOD = 0.2
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such signal")
def test_the_command_and_its_children_end_when_run_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forked_server: ForkedPython, run: Run
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("started", flush=True)
signal.pause()
"""
    process = forked_server.start(*PYTHON[1:], IMPATIENT, "run", "--", *PYTHON, script, text=True)
    assert process.stdout
    process.stdout.readline()
    process.kill()
    assert process.stdout.read() == ""  # both have closed it
    process.communicate()
    assert [path.name[:11] for path in tmp_path.iterdir()] == ["pytest-asc-"]
    assert run("--empty", "--", "true").returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_run_does_not_remove_folders_that_are_in_use_or_belong_to_other_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Run
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    other, empty, file = (tmp_path / f"pytest-asc-{name}" for name in ("other", "empty", "file"))
    for folder in (other, empty):
        folder.mkdir()
    for name in ("ca.pem", "notes.txt"):
        (other / name).touch()
    file.touch()
    inner = f"{sys.executable} -m pytest_asc run --empty -- true && test -f $ASC_PRIVATE_KEY_PATH"
    assert run("--empty", "--", "sh", "-c", inner).returncode == 0
    assert {path.name for path in tmp_path.rglob("*")} == {other.name, empty.name, file.name, "ca.pem", "notes.txt"}


def test_the_proxy_reaches_other_hosts_only_with_allow_host(apple: Apple, run: Run) -> None:
    script = """
import http.client, os, sys
from urllib.parse import urlsplit
proxy, place = urlsplit(os.environ["HTTPS_PROXY"]), urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(proxy.hostname, proxy.port)
connection.set_tunnel(place.hostname, place.port)
try:
    connection.request("GET", "/")
    print(connection.getresponse().status)
except OSError as error:
    print(error)
connection.close()
print(open(os.environ["SSL_CERT_FILE"]).read().count("BEGIN CERTIFICATE"))
"""
    refused = run("--", *PYTHON, script, apple.url).stdout.splitlines()
    assert "127.0.0.1 is not emulated; to let it through, add --allow-host 127.0.0.1 to serve or run" in refused[0]
    assert refused[1] == "1"
    allowed = run("--allow-host", "127.0.0.1", "--", *PYTHON, script, apple.url).stdout.splitlines()
    assert allowed[0] == "401"
    assert int(allowed[1]) > 50
