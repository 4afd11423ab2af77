"""``python -m pytest_asc``: what the plugin does, outside a test suite."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_asc.apple.services import SERVICES
from pytest_asc.credentials.settings import SETTINGS, SettingsError, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_asc.cli.serve import AccountOptions
    from pytest_asc.credentials.settings import Settings


class _Parser(argparse.ArgumentParser):
    """Exits with 4 on wrong options, as pytest does; 1 is a verdict."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(4, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the status to exit with: 0 good, 1 unusable credentials or token, 4 wrong options."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] == ["smoke"]:
        return _smoke(arguments[1:])
    parser = _Parser(prog="python -m pytest_asc", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("smoke", help="check the credentials; the same as pytest --asc-smoke, with pytest's options")
    token = commands.add_parser("token", help="print a token, for a pipe or a variable")
    token.add_argument("--reveal", action="store_true", help="print it even to a terminal")
    token.add_argument("--scope", action="append", metavar="REQUEST", help='a request it is good for: "GET /v1/apps"')
    _add_settings(token, without={"mode", "base_url"})
    diagnose = commands.add_parser(
        "diagnose", help="say what is wrong with the token on standard input or in ASC_TOKEN; nothing is sent"
    )
    diagnose.add_argument("--service", choices=tuple(SERVICES), help="the service that the token is for")
    diagnose.add_argument("--json", action="store_true", help="print the report as JSON")
    _add_settings(diagnose, without={"mode", "base_url", "token_lifetime", "service"})
    _add_servers(commands)
    arguments, command = _split(arguments) if arguments[:1] == ["run"] else (arguments, [])
    options = parser.parse_args(arguments)
    options.command_line = command
    try:
        return {"token": _token, "diagnose": _diagnose, "serve": _serve, "run": _run}[options.command](options)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 4


def _add_settings(parser: argparse.ArgumentParser, *, without: set[str]) -> None:
    for setting in SETTINGS:
        if setting.option and setting.name not in without:
            parser.add_argument(setting.flag, dest=setting.name, help=setting.help, choices=setting.choices or None)


def _add_servers(commands: argparse._SubParsersAction[_Parser]) -> None:
    serve = commands.add_parser("serve", help="the emulator on ports of this machine; tells where in one line of JSON")
    run = commands.add_parser(
        "run", help="run a command that takes the emulator for Apple", usage="%(prog)s [options] -- COMMAND …"
    )
    for parser in (serve, run):
        account = parser.add_mutually_exclusive_group()
        account.add_argument("--load", metavar="FILE", help="with the resources of this JSON file")
        account.add_argument("--empty", action="store_true", help="without resources; by default it has a sample")
        parser.add_argument(
            "--allow-host",
            action="append",
            default=[],
            metavar="HOST",
            help="have the proxy open tunnels to this host, too; may be repeated",
        )
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (default 127.0.0.1)")
    serve.add_argument("--port", type=_port, default=0, help="for HTTP; by default the system chooses one")
    serve.add_argument("--proxy", action="store_true", help="be a proxy, too, for clients that know Apple's URL alone")
    serve.add_argument("--allow-remote", action="store_true", help="let other machines in: HOST is not loopback")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a port from 0 to 65535")
    return int(text)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The arguments before ``--``, which are ours, and those behind it."""
    place = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:place], arguments[place + 1 :]


def _serve(options: argparse.Namespace) -> int:
    from pytest_asc.cli.serve import serve  # noqa: PLC0415

    return serve(
        _account(options),
        host=options.host,
        port=options.port,
        proxy=options.proxy,
        allow_remote=options.allow_remote,
    )


def _run(options: argparse.Namespace) -> int:
    from pytest_asc.cli.run import run  # noqa: PLC0415

    if not options.command_line:
        raise SettingsError("There is no command to run: python -m pytest_asc run -- COMMAND …")
    return run(options.command_line, _account(options))


def _account(options: argparse.Namespace) -> AccountOptions:
    from pytest_asc.cli.serve import AccountOptions  # noqa: PLC0415

    return AccountOptions(options.load, options.empty, tuple(options.allow_host))


def _settings(options: argparse.Namespace) -> Settings:
    return read_settings(
        option=lambda name: getattr(options, name, None),
        ini=lambda _: None,
        environ=os.environ,
        folder=Path.cwd(),
        home=Path.home(),
    )


def _smoke(arguments: list[str]) -> int:
    import pytest  # noqa: PLC0415  the other commands do without

    return int(pytest.main(["--asc-smoke", *arguments]))


def _token(options: argparse.Namespace) -> int:
    from pytest_asc.credentials.finder import CredentialsError, find_credentials  # noqa: PLC0415  --help does without
    from pytest_asc.credentials.lifetimes import DEFAULT_LIFETIME  # noqa: PLC0415
    from pytest_asc.credentials.tokens import LifetimeError, TokenSource  # noqa: PLC0415

    if sys.stdout.isatty() and not options.reveal:
        print("A token on a terminal stays in its history. Pipe it, or add --reveal.", file=sys.stderr)
        return 4
    settings = _settings(options)
    reading = find_credentials(settings)
    for finding in reading.findings:
        print(finding, file=sys.stderr)
    try:
        credentials = reading.require()
        source = TokenSource(
            credentials,
            lifetime=settings.lifetime or DEFAULT_LIFETIME,
            scope=options.scope,
            clock=time.time,
            service=settings.choice("service"),
        )
    except CredentialsError:
        return 1
    except LifetimeError as error:
        print(error, file=sys.stderr)
        return 4
    print(str(source.token()))
    return 0


def _diagnose(options: argparse.Namespace) -> int:
    from pytest_asc.credentials.finder import find_credentials  # noqa: PLC0415
    from pytest_asc.smoke.renderers.terminal import render  # noqa: PLC0415
    from pytest_asc.smoke.token_report import report_on_token  # noqa: PLC0415

    settings = _settings(options)
    token, minted_by = _piped(), None
    if not token and (found := settings.get("token")):
        token, minted_by = found
    if not token:
        print("There is no token: pipe one into this command, or set ASC_TOKEN.", file=sys.stderr)
        return 4
    reading = find_credentials(settings)
    if reading.sources:
        for finding in reading.findings:
            print(finding, file=sys.stderr)
    report = report_on_token(token, minted_by, service=options.service, reading=reading, now=time.time())
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        width = shutil.get_terminal_size().columns
        for line in render(report, width=width, encoding=sys.stdout.encoding):
            print("".join(text for text, _ in line).rstrip())
    return 0 if report["ok"] else 1


def _piped() -> str:
    """What is piped in, without the end of the line that printing it adds."""
    if sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")


if __name__ == "__main__":
    sys.exit(main())
