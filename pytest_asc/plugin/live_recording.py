"""``--asc-record``: writes the data that live tests read with ``asc_session`` to an account file, redacted."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pytest_asc.emulator.account.fixture_loader import refuse_secrets
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.plugin.live_observers import live_observers_of
from pytest_asc.recording.collector import Collector
from pytest_asc.recording.live_requests import live_request
from pytest_asc.recording.pages import Page, make_page
from pytest_asc.recording.private_files import problem_of_file, replace_private
from pytest_asc.recording.pseudonyms import Placeholders
from pytest_asc.recording.recorder import FORMAT
from pytest_asc.recording.redaction import Redaction

if TYPE_CHECKING:
    import requests

_SENT = "asc_record"
"""Key of the data that a worker of pytest-xdist and its controller exchange."""
_OK = 200


class LiveRecording:
    """Plugin for the option ``--asc-record``.

    Each worker of pytest-xdist redacts the responses with the key of its controller, so that an ID has the same
    pseudonym in all workers, and sends the redacted data to the controller.

    Args:
        config: The configuration of the pytest run.
        path: The absolute path of the file to write.
    """

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._path = path
        worker: dict[str, Any] = getattr(config, "workerinput", {})
        self._is_worker = hasattr(config, "workerinput")
        self._key: str = worker.get(_SENT) or secrets.token_hex()
        self._redaction = Redaction(Placeholders(bytes.fromhex(self._key)))
        self._read: list[tuple[str, Page]] = []
        self._result = ""
        live_observers_of(config).append(self._observe)

    def _observe(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        path = urlsplit(request.url or "").path
        if request.method != "GET" or response.status_code != _OK or live_request(path) is None:
            return
        try:
            document = response.json()
        except ValueError:
            return
        self._read.append((path, make_page(document, self._redaction, None)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Pass the key for redaction to a worker of pytest-xdist."""
        node.workerinput[_SENT] = self._key

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the data that a worker of pytest-xdist has read."""
        for path, page in getattr(node, "workeroutput", {}).get(_SENT, ()):
            self._read.append((path, Page.from_json(page)))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write the file; in a worker of pytest-xdist, send the redacted data to the controller."""
        if self._is_worker:
            output: dict[str, Any] = vars(self._config)["workeroutput"]
            output[_SENT] = [(path, page.as_json()) for path, page in self._read]
        elif not self._read:
            self._result = f"no live test read anything with asc_session, so {self._path} was not written"
        else:
            self._write()

    def _write(self) -> None:
        document = self._document()
        try:
            refuse_secrets(document)
            replace_private(self._path, json.dumps(document, indent=1) + "\n")
        except (OSError, ValueError) as error:
            self._result = f"{self._path} was not written: {error}"
        else:
            self._result = f"{self._path}: {len(document['data'])} resources"

    def _document(self) -> dict[str, Any]:
        collector = Collector(api_spec().types)
        for path, page in sorted(self._read, key=lambda item: item[0]):
            request = live_request(path)
            for item in (*page.data, *page.included):
                collector.add(item)
            if request and request.identifier and request.operation.action.startswith(("getToMany", "getToOne")):
                root = request.operation.root
                identifier = self._redaction.identifier(request.identifier)
                collector.relate(root, identifier, request.operation.relationship, [item.id for item in page.data])
        document = collector.document()
        recording = {"format": FORMAT, "api_version": api_spec().version, "redacted": True, "kept": []}
        return {"data": document["data"], "recording": recording}

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the path of the file and the number of resources, or why the file was not written."""
        if self._result:
            terminalreporter.write_line(f"--asc-record: {self._result}")


def make_plugin(config: pytest.Config, file: str) -> LiveRecording:
    """Create the plugin for the value of the option.

    Raises:
        pytest.UsageError: The file cannot be written.
    """
    path = config.invocation_params.dir / Path(file).expanduser()
    if problem := problem_of_file(path):
        raise pytest.UsageError(f"--asc-record={file}: {problem}")
    return LiveRecording(config, path)
