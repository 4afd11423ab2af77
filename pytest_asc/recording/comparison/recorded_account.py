"""Recorded account: an emulator with a recorded document, and facts about the recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.account.fixture_loader import read_document
from pytest_asc.emulator.app import Emulator
from pytest_asc.emulator.http_models import Request
from pytest_asc.recording.areas import types_of
from pytest_asc.recording.plan import Plan
from pytest_asc.recording.reader import ApiResponse
from pytest_asc.recording.redaction import HARMLESS, may_be_redacted

if TYPE_CHECKING:
    from os import PathLike

    from pytest_asc.emulator.spec.api_spec import Operation

_NO_LIMIT = 10**9


class RecordedAccount:
    """An emulator with a recorded account.

    Args:
        source: The document, or the path of the file.

    Raises:
        OSError: The file cannot be read.
        ValueError: The content is not an account document, or a text in it looks like a key or a token.
    """

    def __init__(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        document = read_document(source)
        self.emulator = Emulator()
        self.emulator.rate_limit = _NO_LIMIT
        self.emulator.load(document)
        recording = document.get("recording")
        self._recording: Mapping[str, Any] = recording if isinstance(recording, Mapping) else {}
        self._data = [one for one in document["data"] if isinstance(one, Mapping)]
        present = {str(one.get("type")) for one in self._data}
        areas = self._strings("areas")
        self.types = types_of(areas) if areas else frozenset(present)
        """The resource types that were recorded, even if the account has no such resources."""
        self.territories = self._strings("territories")
        """Territories whose prices were recorded; empty for all territories."""
        self.plan = Plan(self.types, self.territories)
        self._kept = frozenset(self._strings("kept"))
        self._is_redacted = self._recording.get("redacted") is True
        self._headers = {"Authorization": f"Bearer {self.emulator.token()}"}
        closed = self._recording.get("closed")
        self.skipped_paths = frozenset(
            str(one["path"])
            for one in (closed if isinstance(closed, list) else ())
            if isinstance(one, Mapping) and "path" in one
        ) | frozenset(self._strings("unread"))
        """Paths, with ``{id}``, that could not be recorded."""

    def ids(self, resource_type: str) -> list[str]:
        """Return the ids of the recorded resources of a type."""
        return [str(one["id"]) for one in self._data if one.get("type") == resource_type and one.get("id")]

    def values(self, resource_type: str, name: str) -> list[Any]:
        """Return the harmless values of an attribute, which may be shown."""
        values = [(one.get("attributes") or {}).get(name) for one in self._data if one.get("type") == resource_type]
        if may_be_redacted(resource_type, name):
            return []
        form = HARMLESS.get(name)
        return [value for value in values if form is None or (isinstance(value, str) and form.fullmatch(value))]

    def is_redacted(self, resource_type: str, name: str) -> bool:
        """Return whether the values of an attribute were replaced by pseudonyms."""
        return self._is_redacted and resource_type not in self._kept and may_be_redacted(resource_type, name)

    def lists_in_order(self, operation: Operation) -> bool:
        """Return whether the recording contains the order in which the account lists the resources of an operation."""
        if not self._recording:
            return True
        schema = operation.schema
        if schema is None or schema.type == "territories" or not self.plan.lists(operation):
            return False
        return operation.action == "getCollection" or any(
            step.operation is operation for step in self.plan.steps(operation.root)
        )

    def can_list(self, operation: Operation, target: str) -> bool:
        """Return whether a recording can contain everything that an operation lists.

        It cannot if the resources are in no other list, and the operation has a required filter: a recording sends no
        such requests.

        Args:
            operation: The operation.
            target: Type of the listed resources.
        """
        is_filtered = bool(operation.required - {"filter[id]"})
        return not (self._recording and is_filtered and self.plan.is_only_included(target))

    def get(self, path: str) -> ApiResponse:
        """Return the emulator's response to a GET request.

        Args:
            path: Path and query.
        """
        url = f"{self.emulator.base_url}{path}"
        response = self.emulator.handle(Request("GET", url, self._headers))
        if response.crash:
            raise response.crash
        try:
            document = response.json()
        except ValueError:
            document = None
        return ApiResponse(response.status, document)

    def _strings(self, name: str) -> tuple[str, ...]:
        value = self._recording.get(name)
        return tuple(str(one) for one in value) if isinstance(value, list) else ()


def attribute_type(resource_type: str, name: str) -> Any:
    """Return the value type of an attribute; None if it is not in the API spec."""
    return members_of(resource_type).attributes.get(name)
