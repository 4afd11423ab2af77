from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_asc
from pytest_asc.apple.roles import ANY, ROLE_AREAS
from pytest_asc.apple.services import SERVICES
from pytest_asc.cli.main import main
from pytest_asc.cli.running_server import AccountOptions, connection_info, running_server
from pytest_asc.control.commands import COMMANDS
from pytest_asc.credentials.settings import SETTINGS
from pytest_asc.credentials.tokens import mint
from pytest_asc.emulator.account.outcomes import OUTCOMES
from pytest_asc.emulator.account.review_requirements import COUNTS_AS_MET, REQUIREMENTS
from pytest_asc.emulator.resources.builds import BETA_REVIEW, PROCESSING
from pytest_asc.emulator.resources.review import SUBMISSION
from pytest_asc.emulator.resources.testers import TESTER
from pytest_asc.emulator.resources.versions import VERSION
from pytest_asc.emulator.resources.xcode_cloud import RUN
from pytest_asc.plugin import MARKERS, markers
from pytest_asc.recording.areas import AREAS
from pytest_asc.recording.comparison.known import REASONS
from pytest_asc.transports.environment import environment
from pytest_asc.transports.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
REPORTS = ROOT / "tests" / "smoke" / "renderers" / "reports"


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table with this first heading."""
    (table,) = re.findall(rf"^\| {re.escape(head)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", REFERENCE, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in table.splitlines()]


def names(cells: list[str]) -> list[str]:
    """Return the first name in each cell: an option, a function or a member."""
    return [re.match(r"`@?([\w.\[\]-]+)", cell)[1] for cell in cells]  # type: ignore[index]


def test_the_settings_table_matches_the_settings() -> None:
    documented = [[re.findall("`(.+?)`", cell) for cell in cells] for _, *cells in rows("what")]
    assert documented == [
        [[setting.flag] if setting.option else [], [setting.ini] if setting.option else [], list(setting.env)]
        for setting in SETTINGS
    ]


def test_the_option_tables_list_every_option(pytestconfig: pytest.Config) -> None:
    documented = {*names([row[0] for row in rows("option")]), *(setting.flag for setting in SETTINGS if setting.option)}
    options = {name for name in vars(pytestconfig.option) if name.startswith("asc_")}
    assert documented == {f"--{name.replace('_', '-')}" for name in options}


def test_every_option_in_a_document_exists(pytestconfig: pytest.Config) -> None:
    for document in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for option in re.findall(r"--(asc-[a-z-]+)", document.read_text(encoding="utf-8")):
            assert hasattr(pytestconfig.option, option.replace("-", "_")), f"{document.name}: --{option}"


def test_the_fixture_table_matches_the_fixtures(pytester: pytest.Pytester) -> None:
    shown = "\n".join(pytester.runpytest("--fixtures").outlines)
    defined = re.findall(r"^(\w+)(?: \[(\w+) scope\])? -- .*pytest_asc", shown, re.MULTILINE)
    documented = [[name, scope] for (name,), scope in ((names([row[0]]), row[1]) for row in rows("fixture"))]
    assert sorted(documented) == sorted([name, scope or "function"] for name, scope in defined)


def test_the_arguments_of_make_asc_token_are_documented() -> None:
    arguments = set(inspect.signature(mint).parameters) - {"credentials", "now", "source"}
    assert set(names([row[0] for row in rows("argument of `make_asc_token`")])) == arguments


def test_the_service_table_matches_the_services() -> None:
    documented = [[re.findall("`(.+?)`", cell) for cell in cells] for cells in rows("service")]
    assert documented == [
        [[service.name], list(service.ids), [service.probe] if service.probe else []] for service in SERVICES.values()
    ]


def test_the_members_of_the_emulator_are_documented() -> None:
    emulator = pytest_asc.Emulator()
    members = {name for name in dir(emulator) if not name.startswith("_")} - {
        "service",
        "authenticator",
        "response_override",
        "client_fault",
    }
    assert set(names([row[0] for row in rows("member of `asc_emulator`")])) == members


def test_the_arguments_of_fail_are_documented() -> None:
    arguments = [name for name in inspect.signature(pytest_asc.Emulator.fail).parameters if name != "self"]
    assert names([row[0] for row in rows("argument of `fail`")]) == arguments


def test_the_role_table_matches_the_areas() -> None:
    documented = [
        [area, *(re.findall("`(.+?)`", cell) for cell in cells), basis] for area, *cells, basis in rows("area")
    ]
    assert documented == [
        [
            f"{area.name}, team keys only" if area.team_keys else area.name,
            [] if area.readers == ANY else list(area.readers),
            list(area.writers),
            area.basis,
        ]
        for area in ROLE_AREAS
    ]


def test_the_members_of_the_server_are_documented(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        members = {name for name in {*vars(server), *vars(Server)} if not name.startswith("_")}
    assert set(names([row[0] for row in rows("member of `asc_server`")])) == members


def test_the_command_tables_match_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    documented = {row[0].split()[3].strip("`") for row in rows("command")}
    assert documented == set(re.findall(r"^    (\w+)  ", help_of(capsys), re.MULTILINE))
    options = set(re.findall(r"^  (--[\w-]+)", help_of(capsys, "serve"), re.MULTILINE))
    assert set(re.findall(r"`(--[\w-]+)", " ".join(row[0] for row in rows("option of `serve`")))) == options


def test_the_known_differences_are_documented() -> None:
    limits = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (.+?) \|", limits.split("| reason | where |")[1], re.MULTILINE)[: len(REASONS)] == [
        *REASONS
    ]


def test_the_options_and_areas_of_record_are_documented(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("record", "compare"):
        options = set(re.findall(r"^  (--[\w-]+)", help_of(capsys, command), re.MULTILINE))
        documented = set(re.findall(r"`(--[\w-]+)", " ".join(row[0] for row in rows(f"option of `{command}`"))))
        assert documented - {"--asc-", "--asc-trust-host"} == {
            name for name in options if not name.startswith("--asc-")
        }
    areas = [
        [name.strip("`"), re.findall("`(.+?)`", types), default] for name, types, default in rows("area of `record`")
    ]
    assert areas == [[area.name, list(area.types), "yes" if area.default else "no"] for area in AREAS]


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


def test_the_output_of_serve_and_the_variables_of_run_are_documented() -> None:
    account = AccountOptions(sample=False)
    with running_server(account) as server:
        line = connection_info(server)
        variables = environment(server.server, server.credentials, {})
    assert names([row[0] for row in rows("member of the line")]) == list(line)
    documented = {name for row in rows("variables for the command") for name in re.findall("`(.+?)`", row[0])}
    of_settings = {name for setting in SETTINGS for name in setting.env}
    assert documented == set(variables) - of_settings


def test_the_outcome_table_matches_the_outcomes() -> None:
    documented = {cells[0].strip("`"): re.findall("`(.+?)`", cells[1]) for cells in rows("what is decided")}
    assert documented == {resource_type: list(outcomes) for resource_type, outcomes in OUTCOMES.items()}


def test_the_time_table_matches_the_state_machines() -> None:
    units = {"minute": 60, "hour": 3600}
    documented = []
    for resource_type, state, after in rows("resource"):
        amount, unit = after.split()
        documented.append((resource_type.strip("`"), state.strip("`"), int(amount) * units[unit.rstrip("s")]))
    machines = {
        "builds": PROCESSING,
        "betaAppReviewSubmissions": BETA_REVIEW,
        "reviewSubmissions": SUBMISSION,
        "appStoreVersions": VERSION,
        "ciBuildRuns": RUN,
        "betaTesters": TESTER,
    }
    assert documented == [
        (resource_type, state, step.delay)
        for resource_type, machine in machines.items()
        for state, step in machine.steps.items()
    ]


def test_the_requirements_of_a_review_are_documented() -> None:
    documented = {row[0].strip("`"): (row[1], row[2]) for row in rows("requirement")}
    assert documented == {
        name: (meaning, "no" if name in COUNTS_AS_MET else "yes") for name, meaning in REQUIREMENTS.items()
    }


def test_the_marker_tables_match_the_markers() -> None:
    documented = [name.removeprefix("pytest.mark.") for name in names([row[0] for row in rows("marker")])]
    assert documented == [re.match(r"\w+", marker)[0] for marker in MARKERS]  # type: ignore[index]
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


def test_every_member_of_the_json_report_is_documented(pytester: pytest.Pytester) -> None:
    documented = set(names([row[0] for row in rows("member")]))
    pytester.runpytest("--asc-smoke", "--asc-mode=emulator", "--asc-fault=clock-ahead", "--asc-report=report.json")
    written = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
    samples = [json.loads(path.read_text(encoding="utf-8")) for path in REPORTS.glob("*.json")]
    assert {"cause", *(path for report in (written, *samples) for path in members(report))} == documented


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
def test_the_exit_status_of_a_smoke_check_is_documented(
    pytester: pytest.Pytester, options: tuple[str, ...], status: int
) -> None:
    assert pytester.runpytest("--asc-smoke", "--asc-mode=emulator", *options).ret == status
    assert str(status) in {row[0] for row in rows("status")}


def test_the_table_of_the_control_api_lists_every_command() -> None:
    cells = [row[0] for row in rows("control API, below `control_url`")]
    for command in COMMANDS:
        first = command.path.partition("/")[0]
        assert any(command.method in cell and re.search(rf"\b{first}\b", cell) for cell in cells), command
