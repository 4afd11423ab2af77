"""``python -m pytest_asc diagnose``: checks a token or a pasted text, without sending a request."""

from __future__ import annotations

import json
import shutil
import sys
import time
from typing import TYPE_CHECKING

from pytest_asc.apple.services import PROBEABLE, SERVICES
from pytest_asc.cli.arguments import USAGE_ERROR, add_command, add_setting_options, settings_of

if TYPE_CHECKING:
    import argparse

    from pytest_asc.cli.arguments import Commands


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "diagnose",
        "explain what is wrong with a token, request, response or tool output from standard input, or with ASC_TOKEN, "
        "without sending a request",
    )
    parser.add_argument(
        "--service",
        choices=tuple(SERVICES),
        dest="for_service",
        help="service that the token is for (default: inferred from the evidence)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    add_setting_options(parser, without={"mode", "base_url", "token_lifetime", "service"})


def run(options: argparse.Namespace) -> int:
    """Print a report on the text from standard input, or on the token in ASC_TOKEN.

    Returns:
        0 if nothing is wrong, 1 if something is wrong, 4 if there is nothing to diagnose.
    """
    from pytest_asc.credentials.finder import find_credentials  # noqa: PLC0415  not needed for --help
    from pytest_asc.smoke.renderers import terminal  # noqa: PLC0415
    from pytest_asc.smoke.token_report import report_on_evidence  # noqa: PLC0415

    # Only some services have settings for their keys.
    options.service = options.for_service if options.for_service in PROBEABLE else None
    settings = settings_of(options)
    evidence, minted_by, is_token = _read_standard_input(), None, False
    if not evidence and (found := settings.get("token")):
        (evidence, minted_by), is_token = found, True
    if not evidence:
        print(
            "There is nothing to diagnose. Pipe a token, request, response or tool output into this command, or set "
            "ASC_TOKEN.",
            file=sys.stderr,
        )
        return USAGE_ERROR
    result = find_credentials(settings)
    if result.sources:
        for finding in result.findings:
            print(finding, file=sys.stderr)
    report = report_on_evidence(
        evidence, minted_by, is_token=is_token, service=options.for_service, credentials_result=result, now=time.time()
    )
    if options.json:
        # In ASCII, because the encoding of standard output may be any other than UTF-8.
        print(json.dumps(report.to_json(), indent=2))
    else:
        width = shutil.get_terminal_size().columns
        print(terminal.render(report, width=width, encoding=sys.stdout.encoding), end="")
    return 0 if report.ok else 1


def _read_standard_input() -> str:
    """Return standard input without its last newline; an empty string if it is a terminal."""
    if sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
