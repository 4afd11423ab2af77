from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_asc
from pytest_asc.__main__ import main
from pytest_asc.apple.roles import ANY, ROLE_AREAS
from pytest_asc.apple.services import SERVICES
from pytest_asc.cli.environment import environment
from pytest_asc.cli.serve import AccountOptions, connection_info, running_server
from pytest_asc.credentials.settings import SETTINGS
from pytest_asc.credentials.tokens import mint
from pytest_asc.emulator.account.outcomes import OUTCOMES
from pytest_asc.emulator.resources.builds import BETA_REVIEW, PROCESSING
from pytest_asc.emulator.resources.review import SUBMISSION
from pytest_asc.emulator.resources.testers import TESTER
from pytest_asc.emulator.resources.versions import VERSION
from pytest_asc.emulator.resources.xcode_cloud import RUN
from pytest_asc.plugin import MARKERS, markers
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
REPORTS = ROOT / "tests" / "smoke" / "renderers" / "reports"


def rows(head: str) -> list[list[str]]:
    """The cells of the table whose first heading is this."""
    (table,) = re.findall(rf"^\| {re.escape(head)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", REFERENCE, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in table.splitlines()]


def names(cells: list[str]) -> list[str]:
    """The first name in each cell: of an option, a function or a member."""
    return [re.match(r"`@?([\w.\[\]-]+)", cell)[1] for cell in cells]  # type: ignore[index]


def test_settings() -> None:
    told = [[re.findall("`(.+?)`", cell) for cell in cells] for _, *cells in rows("what")]
    assert told == [
        [[setting.flag] if setting.option else [], [setting.ini] if setting.option else [], list(setting.env)]
        for setting in SETTINGS
    ]


def test_options(pytestconfig: pytest.Config) -> None:
    told = {*names([row[0] for row in rows("option")]), *(setting.flag for setting in SETTINGS if setting.option)}
    options = {name for name in vars(pytestconfig.option) if name.startswith("asc_")}
    assert told == {f"--{name.replace('_', '-')}" for name in options}


def test_no_document_names_an_option_that_is_none(pytestconfig: pytest.Config) -> None:
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for option in re.findall(r"--(asc-[a-z-]+)", document.read_text(encoding="utf-8")):
            assert hasattr(pytestconfig.option, option.replace("-", "_")), f"{document.name}: --{option}"


def test_fixtures(pytester: pytest.Pytester) -> None:
    shown = "\n".join(pytester.runpytest("--fixtures").outlines)
    defined = re.findall(r"^(\w+)(?: \[(\w+) scope\])? -- .*pytest_asc", shown, re.MULTILINE)
    told = [[name, scope] for (name,), scope in ((names([row[0]]), row[1]) for row in rows("fixture"))]
    assert sorted(told) == sorted([name, scope or "function"] for name, scope in defined)


def test_arguments_of_make_asc_token() -> None:
    arguments = set(inspect.signature(mint).parameters) - {"credentials", "now", "source"}
    assert set(names([row[0] for row in rows("argument of `make_asc_token`")])) == arguments


def test_services() -> None:
    told = [[re.findall("`(.+?)`", cell) for cell in cells] for cells in rows("service")]
    assert told == [
        [[service.name], list(service.ids), [service.probe] if service.probe else []] for service in SERVICES.values()
    ]


def test_members_of_the_emulator() -> None:
    emulator = pytest_asc.Emulator()
    members = {name for name in dir(emulator) if not name.startswith("_")} - {
        "service",
        "authenticator",
        "response_override",
        "client_fault",
    }
    assert set(names([row[0] for row in rows("member of `asc_emulator`")])) == members


def test_arguments_of_fail() -> None:
    arguments = [name for name in inspect.signature(pytest_asc.Emulator.fail).parameters if name != "self"]
    assert names([row[0] for row in rows("argument of `fail`")]) == arguments


def test_roles() -> None:
    told = [[area, *(re.findall("`(.+?)`", cell) for cell in cells), basis] for area, *cells, basis in rows("area")]
    assert told == [
        [
            f"{area.name}, team keys alone" if area.team_keys else area.name,
            [] if area.readers == ANY else list(area.readers),
            list(area.writers),
            area.basis,
        ]
        for area in ROLE_AREAS
    ]


def test_members_of_the_server(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        members = {name for name in {*vars(server), *vars(Server)} if not name.startswith("_")}
    assert set(names([row[0] for row in rows("member of `asc_server`")])) == members


def test_commands(capsys: pytest.CaptureFixture[str]) -> None:
    told = {row[0].split()[3].strip("`") for row in rows("command")}
    assert told == set(re.findall(r"^    (\w+)  ", help_of(capsys), re.MULTILINE))
    options = set(re.findall(r"^  (--[\w-]+)", help_of(capsys, "serve"), re.MULTILINE))
    assert set(re.findall(r"`(--[\w-]+)", " ".join(row[0] for row in rows("option of `serve`")))) == options


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


def test_what_serve_and_run_tell() -> None:
    account = AccountOptions(empty=True)
    with running_server(account) as one:
        line = connection_info(one)
        variables = environment(one, {}, more_hosts=False)
    assert names([row[0] for row in rows("member of the line")]) == list(line)
    told = {name for row in rows("variables for the command") for name in re.findall("`(.+?)`", row[0])}
    of_settings = {name for setting in SETTINGS for name in setting.env}
    assert told == set(variables) - of_settings


def test_outcomes() -> None:
    told = {cells[0].strip("`"): re.findall("`(.+?)`", cells[1]) for cells in rows("what is decided")}
    assert told == {kind: list(outcomes) for kind, outcomes in OUTCOMES.items()}


def test_how_long_apple_takes() -> None:
    units = {"minute": 60, "hour": 3600}
    told = []
    for kind, state, after in rows("resource"):
        amount, unit = after.split()
        told.append((kind.strip("`"), state.strip("`"), int(amount) * units[unit.rstrip("s")]))
    machines = {
        "builds": PROCESSING,
        "betaAppReviewSubmissions": BETA_REVIEW,
        "reviewSubmissions": SUBMISSION,
        "appStoreVersions": VERSION,
        "ciBuildRuns": RUN,
        "betaTesters": TESTER,
    }
    assert told == [
        (kind, state, step.delay) for kind, machine in machines.items() for state, step in machine.steps.items()
    ]


def test_markers() -> None:
    told = [name.removeprefix("pytest.mark.") for name in names([row[0] for row in rows("marker")])]
    assert told == [re.match(r"\w+", marker)[0] for marker in MARKERS]  # type: ignore[index]
    assert names([row[0] for row in rows("argument of `asc`")]) == [
        field.name for field in fields(markers.MarkerOptions)
    ]


def members(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and path != "credentials.sources":
        for name, member in value.items():
            yield from members(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and path != "token.scope":
        for member in value:
            yield from members(member, f"{path}[]")
    elif value is not None or "." in path:
        yield path


def test_the_json_report(pytester: pytest.Pytester) -> None:
    told = set(names([row[0] for row in rows("member")]))
    pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=clock-ahead", "--asc-report=report.json")
    written = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in REPORTS.glob("*.json")]
    assert set(members(written)) <= told
    assert {"cause", *(path for report in kept for path in members(report))} == told


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ((), 0),
        (("--asc-fault=key-quoted",), 0),
        (("--asc-fault=key-quoted", "--asc-strict"), 1),
        (("--asc-fault=token-expired",), 1),
        (("--asc-fault=no-such-cause",), 4),
    ],
)
def test_exit_status(pytester: pytest.Pytester, options: tuple[str, ...], status: int) -> None:
    assert pytester.runpytest("--asc-smoke", "--asc-mode=emulator", *options).ret == status
    assert str(status) in {row[0] for row in rows("status")}
