from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import requests
from emulator.miniature import MINIATURE

from pytest_asc import Credentials
from pytest_asc.cli.main import main
from pytest_asc.credentials.settings import SETTINGS
from pytest_asc.credentials.tokens import mint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forked_python import ForkedPython, Process

COMMAND = [sys.executable, "-W", "error", "-m", "pytest_asc", "serve"]


class ServeProcess(NamedTuple):
    """A server in its own process, with the data that it printed."""

    process: Process
    connection_info: dict[str, Any]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.wait(), out, err

    def token(self) -> str:
        """Return a token that the server accepts."""
        credentials = Credentials.load(
            key_id=self.connection_info["key_id"],
            issuer_id=self.connection_info["issuer_id"],
            key=Path(self.connection_info["key_file"]).read_text("ascii"),
        )
        return str(mint(credentials, now=time.time()))

    def get(self, url: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            session.verify = self.connection_info["ca_file"]
            return session.get(url, headers={"Authorization": f"Bearer {self.token()}"}, timeout=30, **options)

    def names(self, url: str, **options: Any) -> list[str]:
        return [app["attributes"]["name"] for app in self.get(f"{url}/v1/apps", **options).json()["data"]]


@pytest.fixture
def serve(forked_server: ForkedPython) -> Iterator[Callable[..., ServeProcess]]:
    """Return a function that starts a server and returns when it has printed its line."""
    processes: list[Process] = []

    def serve(*options: str, forks: bool = True, arguments: Sequence[str] = COMMAND[1:]) -> ServeProcess:
        process: Process
        if forks:
            process = forked_server.start(*arguments, *options, text=True)
        else:
            pipe = subprocess.PIPE
            process = subprocess.Popen([*COMMAND, *options], stdout=pipe, stderr=pipe, text=True, env=os.environ)
        processes.append(process)
        assert process.stdout
        line = process.stdout.readline()
        return ServeProcess(process, json.loads(line or f"nothing but {process.communicate()[1]}"))

    yield serve
    for process in processes:
        process.terminate()
        process.communicate(timeout=30)


def is_listening(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=30):
            return True
    except ConnectionRefusedError:
        return False


def test_record_and_compare_do_not_finish_pending_work_of_a_served_account(
    serve: Callable[..., ServeProcess], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served = serve("--quiet")
    line = served.connection_info
    for name in {name for setting in SETTINGS for name in setting.env}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ASC_BASE_URL", line["url"])
    monkeypatch.setenv("ASC_KEY_ID", line["key_id"])
    monkeypatch.setenv("ASC_ISSUER_ID", line["issuer_id"])
    monkeypatch.setenv("ASC_PRIVATE_KEY_PATH", line["key_file"])
    monkeypatch.chdir(tmp_path)
    state = f"{line['control_url']}state"
    before = served.get(state).json()
    for file in ("first.json", "second.json"):
        assert main(["record", file, "--areas", "builds,versions,xcode-cloud", "--quiet"]) == 0
    first, second = (json.loads(Path(file).read_text(encoding="utf-8")) for file in ("first.json", "second.json"))
    assert first["data"] == second["data"] != []
    assert main(["compare", "first.json", "--budget", "100", "--quiet"]) == 0
    assert served.get(state).json() == before


def test_serve_serves_the_sample_account_and_leaves_no_files(serve: Callable[..., ServeProcess]) -> None:
    served = serve("--quiet")
    connection_info = served.connection_info
    names = [
        "url",
        "https_url",
        "proxy_url",
        "ca_file",
        "key_id",
        "issuer_id",
        "key_file",
        "control_url",
        "api_version",
    ]
    assert list(connection_info) == names
    assert connection_info["proxy_url"] is None
    assert Path(connection_info["key_file"]).name == f"AuthKey_{connection_info['key_id']}.p8"
    folder = Path(connection_info["key_file"]).parent
    modes = {path.name: oct(path.stat().st_mode)[-3:] for path in (folder, *folder.iterdir())}
    assert modes.keys() == {folder.name, "ca.pem", Path(connection_info["key_file"]).name}
    if os.name == "posix":  # Windows has no such modes
        assert modes.pop(folder.name) == "700"
        assert set(modes.values()) == {"600"}
    assert served.names(connection_info["url"]) == served.names(connection_info["https_url"]) != []
    token = served.token()
    for authorization in (token, token[:-4], f"{token}\x7f"):
        requests.get(connection_info["url"] + "/v1/apps", headers={"Authorization": authorization}, timeout=30)
    status, out, err = served.stop()
    assert (status, out, err) == (0, "", "")
    assert not folder.exists()
    assert not any(is_listening(connection_info[name]) for name in ("url", "https_url"))


def test_serve_accepts_an_openapi_document_of_the_user(serve: Callable[..., ServeProcess], tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(MINIATURE), encoding="utf-8")
    served = serve("--openapi", str(file))
    assert served.connection_info["api_version"] == "0.1"
    shelves = f"{served.connection_info['url']}/v2/shelves?filter[kind]=OAK"
    assert served.get(shelves).json()["data"] == []
    _, _, errors = served.stop()
    assert f"compiling the OpenAPI document {file}" in errors
    assert "only ADMIN may use them: /v1/bookReports, /v2/shelves" in errors


@pytest.mark.parametrize("command", [["serve"], ["run"]])
def test_serve_and_run_reject_a_file_that_is_not_an_openapi_document(
    command: list[str], forked_server: ForkedPython, tmp_path: Path
) -> None:
    file = tmp_path / "openapi.json"
    file.write_text("[]", encoding="utf-8")
    passed_on = ["--", "true"] if command == ["run"] else []
    ended = forked_server.run("-m", "pytest_asc", *command, f"--openapi={file}", *passed_on, folder=tmp_path)
    assert ended.returncode == 4
    assert f" error: --openapi: {file} contains an array, expected an OpenAPI document" in ended.stderr


def test_the_proxy_of_serve_answers_requests_to_apples_host(serve: Callable[..., ServeProcess]) -> None:
    served = serve("--proxy", "--empty", "--quiet")
    base = "https://api.appstoreconnect.apple.com"
    answer = served.get(f"{base}/v1/apps", proxies={"https": served.connection_info["proxy_url"]})
    assert (answer.json()["data"], answer.json()["links"]) == ([], {"self": f"{base}/v1/apps"})
    assert served.stop(signal.SIGINT) == (0, "", "")


@pytest.mark.parametrize("number", [one for one in signal.Signals if one.name in {"SIGHUP", "SIGQUIT"}])
def test_serve_leaves_no_files_when_its_terminal_closes(
    serve: Callable[..., ServeProcess], number: signal.Signals
) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip(f"{number.name} is ignored here, as under nohup")
    served = serve("--empty")
    assert served.stop(number) == (0, "", f"Stopped by {number.name}.\n")
    assert not Path(served.connection_info["key_file"]).parent.exists()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_serve_keeps_running_under_nohup(serve: Callable[..., ServeProcess]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        served = serve("--empty", forks=False)
    finally:
        signal.signal(signal.SIGHUP, before)
    served.process.send_signal(signal.SIGHUP)
    assert served.names(served.connection_info["url"]) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_serve_fails_if_standard_output_cannot_be_written() -> None:
    problem = "cannot write the server's URLs to standard output: No space left on device"
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*COMMAND, "--empty"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30
        )
    assert (result.returncode, result.stderr) == (
        4,
        f"python -m pytest_asc serve: error: {problem}\n",
    )


def test_serve_loads_an_account_from_a_file(serve: Callable[..., ServeProcess], tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps({"data": [{"type": "apps", "id": "1", "attributes": {"name": "Lists"}}]}))
    served = serve("--load", str(file), "--port", "0", "--host", "localhost")
    assert served.connection_info["url"].startswith("http://localhost:")
    assert served.names(served.connection_info["https_url"]) == ["Lists"]


def test_serve_listens_for_other_machines_with_allow_remote(serve: Callable[..., ServeProcess]) -> None:
    served = serve("--host", "0.0.0.0", "--allow-remote", "--empty")
    port = urlsplit(served.connection_info["url"]).port
    assert served.names(f"http://127.0.0.1:{port}") == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "confirm it with --allow-remote"),
        (["--host", "::"], "confirm it with --allow-remote"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1: other machines can reach this host"),
        (["--host", "example.com"], "--host example.com: other machines can reach this host"),
        (["--host", "192.0.2.1", "--allow-remote"], "cannot listen on 192.0.2.1"),
        (["--port", "99999"], "got '99999', expected a port from 0 to 65535"),
        (["--port", "http"], "got 'http', expected a port"),
        (["--load", "nowhere.json"], "--load nowhere.json: No such file or directory"),
        (["--load", __file__], "--load"),
        (["--load", "a", "--empty"], "not allowed with"),
        (["--sample", "--empty"], "not allowed with"),
        (["--role", "DEV"], "invalid choice: 'DEV'"),
        (["--rate-limit", "0"], "got '0', expected a whole number of at least 1"),
        (["--fault", "agreement-mising"], "did you mean 'agreement-missing'"),
        (["--fail", "/v1/apps"], "expected METHOD PATH=STATUS"),
        (["--fail", "GET /v1/app=429"], "there is no such path"),
        (["--state", "nowhere/state.json"], "the folder nowhere does not exist"),
    ],
)
def test_serve_refuses_invalid_options(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: list[str], words: str
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the options of this process are those of pytest
    try:
        status: object = main(["serve", *options])
    except SystemExit as left:
        status = left.code
    output = capsys.readouterr()
    assert (status, output.out) == (4, "")
    assert words in output.err
    assert "Traceback" not in output.err


@pytest.mark.skipif(sys.platform == "win32", reason="its shell closes no files")
def test_serve_fails_if_standard_output_is_closed() -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "--empty"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert result.returncode == 4
    assert result.stderr.endswith("cannot write the server's URLs to standard output: it is closed\n")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="its shell closes no files")
def test_serve_works_without_standard_error() -> None:
    with started_by("sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, "--empty") as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        assert requests.get(f"{url}/v1/apps", timeout=30).status_code == 401
        process.terminate()
        assert process.stdout.read() == ""
    assert process.returncode == 0


IMPATIENT = """
import sys
from pytest_asc.cli import request_lines
from pytest_asc.cli.main import main
request_lines._CLOSE_TIMEOUT = 0.2
raise SystemExit(main(sys.argv[1:]))
"""


def test_serve_answers_and_stops_even_if_nobody_reads_its_output(
    serve: Callable[..., ServeProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    served = serve("--empty", arguments=["-W", "error", "-c", IMPATIENT, "serve"])
    with requests.Session() as session:
        for number in range(60):  # more than a pipe holds
            url = f"{served.connection_info['url']}/v1/{number:01500}"
            assert session.get(url, timeout=30).status_code == 401
    served.process.terminate()
    assert served.process.wait(timeout=30) == 0


POLLS_OFTEN = """
import sys
from pytest_asc.cli import parent
from pytest_asc.cli.main import main
parent._POLL_INTERVAL = 0.02
raise SystemExit(main(sys.argv[1:]))
"""
POLLING = [sys.executable, "-W", "error", "-c", POLLS_OFTEN, "serve", "--empty"]

STARTER = f"""
import subprocess, sys
serve = subprocess.Popen({POLLING!r}, start_new_session=sys.argv[1] == "True")
print(serve.pid, flush=True)
sys.stdin.read()
"""


@contextmanager
def started_by(*command: str, stderr: int | None = None) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr, text=True, env=os.environ) as parent:
        yield parent


def pid_and_info(parent: subprocess.Popen[str]) -> tuple[int, dict[str, Any]]:
    assert parent.stdout
    return int(parent.stdout.readline()), json.loads(parent.stdout.readline())


@pytest.mark.skipif(sys.platform == "win32", reason="it does not tell that a parent has ended")
def test_serve_ends_when_its_parent_is_killed() -> None:
    with started_by(sys.executable, "-c", STARTER, "False", stderr=subprocess.PIPE) as parent:
        _, connection_info = pid_and_info(parent)
        parent.kill()
        assert parent.stdout
        assert parent.stdout.read() == ""  # the server has closed it
        assert parent.stderr
        lines = parent.stderr.read()
    assert lines.startswith("Stopped by the end of its parent, python")
    assert lines.endswith(f" (process {parent.pid}).\n")
    assert not is_listening(connection_info["url"])
    assert not Path(connection_info["key_file"]).parent.exists()


PARENTS = {
    "session": (sys.executable, "-c", STARTER, "True"),
    "shell": ("sh", "-c", '"$@" & echo $!; exit', "sh", *POLLING),
    "script": ("./start-emulator", *POLLING),
}


@pytest.fixture(scope="module")
def outlived() -> dict[str, bool]:
    """Return for each parent if its server kept running after its end; the first case determines it for all."""
    return {}


def kill_parents() -> dict[str, bool]:
    """Let each of the parents start a server, kill the parents, and return whether the servers keep running."""
    with ExitStack() as stack:
        servers = {}
        parents = {name: stack.enter_context(started_by(*command)) for name, command in PARENTS.items()}
        for name, parent in parents.items():
            process, connection_info = pid_and_info(parent)
            assert parent.stdout
            stack.callback(parent.stdout.read)
            stack.callback(os.kill, process, signal.SIGTERM)
            parent.kill()
            parent.wait()
            servers[name] = parent.stdout, connection_info["url"]
        ended = select.select([output for output, _ in servers.values()], [], [], 0.5)[0]
        return {name: output not in ended and is_listening(url) for name, (output, url) in servers.items()}


@pytest.mark.skipif(sys.platform == "win32", reason="it does not tell that a parent has ended")
@pytest.mark.parametrize("parent", PARENTS)
def test_serve_outlives_a_shell_and_a_parent_of_another_session(
    parent: str, outlived: dict[str, bool], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "start-emulator"  # the name of its process as well
    script.write_text('#!/bin/sh\n"$@" &\necho $!\nwait\n', encoding="utf-8")
    script.chmod(0o700)
    if not outlived:
        outlived.update(kill_parents())
    assert outlived[parent]


def test_serve_removes_the_folder_of_a_killed_server(
    serve: Callable[..., ServeProcess], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    killed, other = serve("--empty"), serve("--empty")
    killed.process.kill()
    killed.process.wait()
    assert len(list(tmp_path.iterdir())) == 2
    latest = serve("--empty")
    folders = {str(Path(one.connection_info["key_file"]).parent) for one in (other, latest)}
    assert {str(folder) for folder in tmp_path.iterdir()} == folders


def test_serve_reports_a_port_that_is_in_use(
    serve: Callable[..., ServeProcess], forked_server: ForkedPython, tmp_path: Path
) -> None:
    port = str(urlsplit(serve("--empty").connection_info["url"]).port)
    result = forked_server.run(*COMMAND[1:], "--port", port, folder=tmp_path)
    assert (result.returncode, result.stdout) == (4, "")
    problem = f"the server cannot listen on 127.0.0.1:{port}: Address already in use"
    assert result.stderr == f"python -m pytest_asc serve: error: {problem}\n"


@pytest.mark.parametrize("command", [["serve"], ["run", "--", "true"]])
def test_a_missing_extra_is_reported_with_the_package_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for name in [name for name in sys.modules if name.startswith("pytest_asc.transports.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert main(command) == 4
    output = capsys.readouterr()
    assert (output.out, output.err.endswith("pip install 'pytest-asc[server]'\n")) == ("", True)


def test_serve_finishes_work_before_the_next_request_when_time_is_instant(
    serve: Callable[..., ServeProcess],
) -> None:
    served = serve("--time=instant")
    url, headers = served.connection_info["url"], {"Authorization": f"Bearer {served.token()}"}
    (product,) = served.get(f"{url}/v1/ciProducts").json()["data"]
    (workflow,) = served.get(f"{url}/v1/ciProducts/{product['id']}/workflows").json()["data"]
    linkage = {"data": {"type": "ciWorkflows", "id": workflow["id"]}}
    body = {"data": {"type": "ciBuildRuns", "relationships": {"workflow": linkage}}}
    started = requests.post(f"{url}/v1/ciBuildRuns", json=body, headers=headers, timeout=30).json()["data"]
    assert started["attributes"]["executionProgress"] == "PENDING"
    finished = served.get(f"{url}/v1/ciBuildRuns/{started['id']}").json()["data"]
    assert finished["attributes"]["executionProgress"] == "COMPLETE"


def test_the_control_api_of_serve_controls_the_emulator_and_streams_its_requests(
    serve: Callable[..., ServeProcess],
) -> None:
    served = serve("--empty", "--role", "SALES", "--fail", "GET /v1/apps=429", "--log-format=json")
    url, control = served.connection_info["url"], served.connection_info["control_url"]
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(control, timeout=30).headers["Content-Type"].startswith("text/html")
        assert session.get(f"{control}health", timeout=30).json()["status"] == "ok"
        assert session.get(control + "settings", timeout=30).json()["role"] == "SALES"
        assert session.patch(control + "settings", json={"role": "ADMIN"}, timeout=30).json()["role"] == "ADMIN"
        app = {"type": "apps", "id": "1", "attributes": {"name": "Lists"}}
        assert session.post(f"{control}/resources", json=app, timeout=30).status_code == 201
        with session.get(f"{control}events", stream=True, timeout=30) as events:
            lines = events.iter_lines(chunk_size=1)
            assert next(lines).startswith(b":")
            assert [served.get(f"{url}/v1/apps").status_code for _ in range(2)] == [429, 200]
            seen = [json.loads(line[5:]) for line in (next(lines) for _ in range(6)) if line.startswith(b"data:")]
        assert seen == session.get(f"{control}requests", timeout=30).json()
        assert session.get(control, headers={"Host": "example.com"}, timeout=30).status_code == 403
        # A path that only begins like those of the control API belongs to Apple's API.
        assert session.get(f"{url}/_emulatorx", timeout=30).status_code == 401
    status, out, err = served.stop()
    assert (status, out) == (0, "")
    logged = [json.loads(line) for line in err.splitlines()]
    assert [(one["method"], one["path"], one["status"]) for one in logged][:2] == [
        ("GET", "/v1/apps", 429),
        ("GET", "/v1/apps", 200),
    ]
    assert logged[2]["cause"]


def test_a_line_is_logged_for_each_request_with_the_cause_of_a_refusal(serve: Callable[..., ServeProcess]) -> None:
    served = serve("--empty")
    served.names(served.connection_info["url"])
    requests.get(served.connection_info["url"] + "/v1/apps", timeout=30)
    lines = served.stop()[2].splitlines()
    assert lines[0].startswith("GET /v1/apps 200 ")
    assert lines[0].endswith(" ms")
    assert "GET /v1/apps 401 " in lines[1]
    assert "Authorization" in lines[1]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_serve_saves_its_state_on_sighup_and_at_exit_and_loads_it_at_the_start(
    serve: Callable[..., ServeProcess], tmp_path: Path
) -> None:
    file = tmp_path / "state.json"
    served = serve("--empty", "--state", str(file))
    control = served.connection_info["control_url"]
    requests.post(f"{control}resources", json={"type": "apps", "attributes": {"name": "Lists"}}, timeout=30)
    served.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 30
    while not file.exists() and time.monotonic() < deadline:
        requests.get(f"{control}health", timeout=30)
    assert json.loads(file.read_text("utf-8"))["data"]
    requests.post(f"{control}resources", json={"type": "apps", "attributes": {"name": "Notes"}}, timeout=30)
    assert served.stop()[0] == 0
    again = serve("--state", str(file))
    assert again.names(again.connection_info["url"]) == ["Lists", "Notes"]
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_serve_keeps_running_if_the_state_cannot_be_saved(serve: Callable[..., ServeProcess], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    served = serve("--empty", "--state", str(folder / "state.json"))
    control = served.connection_info["control_url"]
    requests.post(f"{control}resources", json={"type": "apps", "id": "1"}, timeout=30)
    folder.rename(tmp_path / "elsewhere")
    served.process.send_signal(signal.SIGHUP)
    assert served.process.stderr
    assert "state.json: No such file or directory" in served.process.stderr.readline()
    (tmp_path / "elsewhere").rename(folder)
    assert served.stop()[0] == 0
    saved = json.loads((folder / "state.json").read_text("utf-8"))["data"]
    assert [one["id"] for one in saved if one["type"] == "apps"] == ["1"]


def test_emulators_with_the_same_seed_generate_the_same_ids(serve: Callable[..., ServeProcess]) -> None:
    def identifier(*options: str) -> str:
        control = serve("--empty", *options).connection_info["control_url"]
        return str(requests.post(f"{control}resources", json={"type": "apps"}, timeout=30).json()["id"])

    assert identifier("--seed", "1") == identifier("--seed", "1") != identifier()


def test_a_reset_restores_the_settings_given_as_options_of_serve(serve: Callable[..., ServeProcess]) -> None:
    served = serve("--empty", "--fault", "clock-ahead", "--fault=membership-expired", "--fail", "GET /v1/apps = 503",
                   "--rate-limit=7", "--role=SALES", "--time=real")  # fmt: skip
    control = served.connection_info["control_url"]

    def state() -> list[Any]:
        settings, faults, failures = (
            requests.get(control + name, timeout=30).json() for name in ("settings", "faults", "failures")
        )
        injected = [one["cause"] for one in faults if one["injected"]]
        return [settings["role"], settings["rate_limit"], settings["time"], injected, failures[0]["status"]]

    first = state()
    assert first == ["SALES", 7, "real", ["clock-ahead", "membership-expired"], 503]
    requests.patch(f"{control}settings", json={"role": "ADMIN", "rate_limit": None, "time": "manual"}, timeout=30)
    requests.delete(f"{control}faults", timeout=30)
    requests.delete(f"{control}failures", timeout=30)
    requests.post(f"{control}reset", timeout=30)
    assert state() == first


def test_the_control_api_needs_a_secret_with_allow_remote(serve: Callable[..., ServeProcess]) -> None:
    served = serve("--host", "0.0.0.0", "--allow-remote", "--empty")
    info = served.connection_info
    url = f"http://127.0.0.1:{urlsplit(info['url']).port}{urlsplit(info['control_url']).path}health"
    assert requests.get(url, timeout=30).status_code == 401
    secret = {"Authorization": f"Bearer {info['control_secret']}"}
    assert requests.get(url, headers=secret, timeout=30).json()["status"] == "ok"
