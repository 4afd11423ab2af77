"""``python -m pytest_asc diagnose``: checks a token, or any text that was pasted, offline."""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING

from pytest_asc.apple.services import PROBEABLE, SERVICES
from pytest_asc.cli.arguments import USAGE_ERROR, add_command, add_settings, settings_of

if TYPE_CHECKING:
    import argparse

    from pytest_asc.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "diagnose",
        "explain what is wrong with the token, request, response or tool output on standard input, or with "
        "ASC_TOKEN; no request is sent",
    )
    parser.add_argument(
        "--service", choices=tuple(SERVICES), dest="for_service", help="the service that the token is for"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_settings(parser, without={"mode", "base_url", "token_lifetime", "service"})


def run(options: argparse.Namespace) -> int:
    """Print the report on what was piped in, or on ASC_TOKEN.

    Returns:
        0 where nothing is wrong, 1 where something is, 4 where there is nothing to check.
    """
    from pytest_asc.credentials.finder import find_credentials  # noqa: PLC0415  not needed for --help
    from pytest_asc.smoke.renderers import terminal  # noqa: PLC0415
    from pytest_asc.smoke.token_report import report_on_evidence  # noqa: PLC0415

    # The key is searched for with the settings of the token's service, if that service has any.
    options.service = options.for_service if options.for_service in PROBEABLE else None
    settings = settings_of(options)
    evidence, minted_by, is_token = _read_standard_input(), None, False
    if not evidence and (found := settings.get("token")):
        (evidence, minted_by), is_token = found, True
    if not evidence:
        print(
            "There is nothing to diagnose: pipe a token, request, response or tool output into this command, or set "
            "ASC_TOKEN.",
            file=sys.stderr,
        )
        return USAGE_ERROR
    reading = find_credentials(settings)
    if reading.sources:
        for finding in reading.findings:
            print(finding, file=sys.stderr)
    report = report_on_evidence(
        evidence, minted_by, is_token=is_token, service=options.for_service, reading=reading, now=time.time()
    )
    if options.json:
        # In ASCII: the encoding of standard output is not ours to choose, as that of a file is.
        print(json.dumps(report.to_json(), indent=2))
    else:
        width = shutil.get_terminal_size().columns
        print(terminal.render(report, width=width, encoding=sys.stdout.encoding), end="")
    return 0 if report.ok else 1


def _read_standard_input() -> str:
    """Return what is piped in, without the final newline; nothing from a terminal."""
    if sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
