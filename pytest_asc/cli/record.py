"""``python -m pytest_asc record``: records a live account in a file that the emulator can load."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.cli.arguments import add_command, add_live_options, settings_of
from pytest_asc.credentials.settings import SettingsError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_asc.cli.arguments import Commands
    from pytest_asc.recording.progress import Progress
    from pytest_asc.recording.recorder import Options, Recorder

INTERRUPTED = 130
"""Exit status after SIGINT or SIGTERM, as in shells after SIGINT."""


def add_parser(commands: Commands) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands, "record", "record a live account in a file for the emulator, sending only GET requests"
    )
    parser.add_argument("file", metavar="FILE", help="file to write, which only its owner can read")
    parser.add_argument(
        "--areas",
        metavar="A,B",
        help="areas to record, such as apps,builds, or all (default: those that most accounts use)",
    )
    parser.add_argument(
        "--keep", metavar="TYPE,…", help="resource types to record without redaction, such as apps,bundleIds"
    )
    parser.add_argument(
        "--territories",
        metavar="T,…",
        default="USA",
        help="territories to record prices for, such as USA,DEU, or all (default USA)",
    )
    parser.add_argument("--resume", action="store_true", help="continue an interrupted recording")
    add_live_options(parser)


def run(options: argparse.Namespace) -> int:
    """Record an account.

    Returns:
        0 for success, 1 if the account cannot be read or there are no usable credentials, 130 after an interruption.

    Raises:
        SettingsError: An option is invalid, or the file cannot be written.
    """
    from pytest_asc.credentials.finder import CredentialsError  # noqa: PLC0415  not needed for --help
    from pytest_asc.credentials.tokens import LifetimeError  # noqa: PLC0415
    from pytest_asc.recording.private_files import problem_of_file  # noqa: PLC0415
    from pytest_asc.recording.progress import Progress  # noqa: PLC0415
    from pytest_asc.recording.reader import ReadError  # noqa: PLC0415
    from pytest_asc.recording.redaction import KeptSecretError  # noqa: PLC0415

    chosen = _options(options)
    file = Path(options.file)
    if problem := problem_of_file(file):
        raise SettingsError(f"{file}: {problem}")
    progress = Progress(quiet=options.quiet, unit="resources")
    try:
        with _interruptible():
            return _record(options, chosen, file, progress)
    except (CredentialsError, LifetimeError, ReadError, KeptSecretError, ValueError) as error:
        print(f"{error}{_resume_hint(file)}", file=sys.stderr)
        return 1
    except OSError as error:
        raise SettingsError(f"{error.filename or file}: {error.strerror}") from None
    except KeyboardInterrupt:
        print(f"Interrupted: {file} was not written.{_resume_hint(file)}", file=sys.stderr)
        return INTERRUPTED
    finally:
        progress.close()


def _options(options: argparse.Namespace) -> Options:
    from pytest_asc.apple.territories import TERRITORIES  # noqa: PLC0415  not needed for --help
    from pytest_asc.recording.areas import AreaError, read_areas, read_types  # noqa: PLC0415
    from pytest_asc.recording.recorder import Options  # noqa: PLC0415

    try:
        areas, kept = read_areas(options.areas), read_types(options.keep)
    except AreaError as error:
        raise SettingsError(str(error)) from None
    named = [name.strip().upper() for name in options.territories.split(",") if name.strip()]
    territories = () if named == ["ALL"] else tuple(sorted(set(named)))
    for name in territories:
        if name not in TERRITORIES:
            raise SettingsError(f"--territories: there is no territory {name!r}, expected codes such as USA or DEU")
    return Options(areas, kept, territories)


def _record(options: argparse.Namespace, chosen: Options, file: Path, progress: Progress) -> int:
    import json  # noqa: PLC0415  not needed for --help

    from pytest_asc.recording.connection import connect  # noqa: PLC0415
    from pytest_asc.recording.journal import Journal, JournalError  # noqa: PLC0415
    from pytest_asc.recording.private_files import replace_private  # noqa: PLC0415
    from pytest_asc.recording.pseudonyms import Placeholders  # noqa: PLC0415
    from pytest_asc.recording.recorder import Recorder  # noqa: PLC0415
    from pytest_asc.recording.redaction import Redaction  # noqa: PLC0415

    with connect(settings_of(options), tell=progress.tell) as connection:
        for finding in connection.findings:
            progress.tell(str(finding))
        if options.resume and not connection.has_key:
            raise SettingsError(
                "--resume needs the API key that the recording was started with, but only a token is set"
            )
        path = _journal_path(file) if connection.has_key else None
        settings = {**chosen.as_json(), "base_url": connection.base_url}
        try:
            journal = Journal(path, connection.secret, settings, resume=options.resume)
        except JournalError as error:
            raise SettingsError(str(error)) from None
        finished = False
        try:
            if journal.resumed:
                progress.tell(f"resuming after {journal.resumed} pages")
            redaction = Redaction(Placeholders(connection.secret), chosen.keep)
            recorder = Recorder(connection.reader, redaction, journal, chosen, progress)
            document = recorder.record()
            replace_private(file, json.dumps(document, indent=1, ensure_ascii=True) + "\n")
            finished = True
        finally:
            journal.close(finished=finished)
        _tell_summary(recorder, progress, file, connection.reader.sent)
    return 0


def _journal_path(file: Path) -> Path:
    """Return the path of the file with the pages of an unfinished recording."""
    return file.with_name(f"{file.name}.unfinished")


def _resume_hint(file: Path) -> str:
    """Return a line on how to continue an unfinished recording; empty if there is none."""
    unfinished = _journal_path(file)
    return f"\nThe pages read so far are in {unfinished}: continue with --resume." if unfinished.exists() else ""


def _tell_summary(recorder: Recorder, progress: Progress, file: Path, sent: int) -> None:
    from pytest_asc.recording.recorder import closed_areas  # noqa: PLC0415  not needed for --help

    progress.tell(f"{file}: {sum(recorder.counts().values())} resources, read with {sent} requests")
    if recorder.closed:
        progress.tell(f"no access with this key: {', '.join(closed_areas(recorder.closed))}")
    if recorder.unread:
        progress.tell(f"not read completely: {', '.join(recorder.unread)}")
    if recorder.unknown:
        progress.tell(f"left out: {recorder.unknown} resources of types that are not in Apple's OpenAPI document")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, as Python does on SIGINT."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
