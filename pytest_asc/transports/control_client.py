"""Client of the control API, with the same interface as an emulator in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import requests

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.emulator.account.fixture_loader import read_document
from pytest_asc.emulator.account.schedule import DAY, HOUR, MINUTE
from pytest_asc.emulator.http_models import Response
from pytest_asc.emulator.request_records import RequestRecord, RequestRecords
from pytest_asc.emulator.seeding import ResourceView, write_document
from pytest_asc.secrets import SecretStr

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from os import PathLike

    from typing_extensions import Self

    from pytest_asc.apple.causes import CauseSlug
    from pytest_asc.apple.roles import Role
    from pytest_asc.emulator.http_models import Broken

_TIMEOUT = 30.0
_NOT_FOUND = 404


class RemoteResource(ResourceView):
    """A resource of an emulator in another process: each access reads its current state."""

    def __init__(self, shown: Mapping[str, Any], read: Callable[[], Mapping[str, Any]]) -> None:
        dict.__init__(self, shown)
        self._read = read

    def _update(self) -> RemoteResource:
        with suppress(LookupError):  # a deleted resource keeps its last state
            dict.update(self, self._read())
        return self


class OpenedAccount(NamedTuple):
    """An additional account of a server, for example for one worker of a test run."""

    emulator: EmulatorClient
    id: str
    key_id: str
    issuer_id: str
    private_key: str
    """The private key as text whose repr does not show it."""


class EmulatorClient:
    """Client for the emulator of ``serve`` or ``run``: ``EmulatorClient(os.environ["ASC_EMULATOR_URL"])``.

    Its members are those of :class:`pytest_asc.Emulator`; see
    :class:`pytest_asc.control.interface.ControlledEmulator`. Each is a request to the control API.

    Args:
        control_url: ``control_url`` in the line that ``serve`` prints, or ``ASC_EMULATOR_URL``.
        secret: ``control_secret`` in that line; None if it has none.
    """

    def __init__(self, control_url: str, secret: str | None = None) -> None:
        self._url = control_url.rstrip("/")
        self._secret = secret
        self._session = requests.Session()
        self._session.trust_env = False
        if secret:
            self._session.headers["Authorization"] = f"Bearer {secret}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """Send a command, and return the parsed response.

        Raises:
            LookupError: The resource or the type does not exist.
            ValueError: An argument is not valid; the message is that of the emulator.
            OSError: The server cannot be reached.
            RuntimeError: The server denies access, or has failed.
        """
        data = None if body is None else json.dumps(body, default=_as_json_value).encode()
        response = self._session.request(
            method,
            f"{self._url}/{path}",
            params=query,
            data=data,
            headers={"Content-Type": "application/json"} if data else None,
            timeout=_TIMEOUT,
        )
        if response.ok:
            return response.json() if response.content else None
        try:
            message = str(response.json()["error"])
        except (ValueError, LookupError, TypeError):
            message = f"{self._url} is not a control API: it responds to {path} with status {response.status_code}"
            raise RuntimeError(message) from None
        kind = {400: ValueError, _NOT_FOUND: LookupError}.get(response.status_code, RuntimeError)
        raise kind(message)

    def _change(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """Send a command that only raises ValueErrors, like the corresponding method of the emulator."""
        try:
            return self._call(method, path, body, query)
        except LookupError as error:
            raise ValueError(*error.args) from None

    # Settings.

    def _setting(self, name: str) -> Any:
        return self._call("GET", "settings")[name]

    def _set(self, **values: Any) -> None:
        self._call("PATCH", "settings", values)

    @property
    def role(self) -> Role:
        """Role of the keys; see :attr:`pytest_asc.Emulator.role`."""
        role: Role = self._setting("role")
        return role

    @role.setter
    def role(self, role: Role) -> None:
        self._set(role=role)

    @property
    def clock_offset(self) -> float:
        """Seconds by which the clock of the emulated service is ahead."""
        return float(self._setting("clock_offset"))

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        self._set(clock_offset=seconds)

    @property
    def part_size(self) -> int:
        """Size in bytes of each part of an upload but the last; see :attr:`pytest_asc.Emulator.part_size`."""
        return int(self._setting("part_size"))

    @part_size.setter
    def part_size(self, size: int) -> None:
        self._set(part_size=size)

    @property
    def review_requirements(self) -> AbstractSet[str]:
        """Names of the requirements of a review."""
        return frozenset(self._setting("review_requirements"))

    @review_requirements.setter
    def review_requirements(self, names: AbstractSet[str]) -> None:
        self._set(review_requirements=sorted(names))

    # The account.

    def _shown(self, resource: Mapping[str, Any]) -> RemoteResource:
        return RemoteResource(resource, partial(self._call, "GET", _path(resource)))

    def add(self, resource_type: str, /, *, id: str | None = None, **members: Any) -> RemoteResource:  # noqa: A002  the name in JSON:API
        """Add a resource; see :meth:`pytest_asc.Emulator.add`."""
        given = {"type": resource_type, "attributes": members, **({} if id is None else {"id": id})}
        return self._shown(self._change("POST", "resources", given))

    def get(self, resource_type: str, id: str, /) -> RemoteResource:  # noqa: A002  the name in JSON:API
        """Return a resource; see :meth:`pytest_asc.Emulator.get`."""
        return self._shown(self._call("GET", _path({"type": resource_type, "id": id})))

    def find(self, resource_type: str, /, **attributes: Any) -> list[ResourceView]:
        """Return the resources with these values; see :meth:`pytest_asc.Emulator.find`."""
        query = {name: _as_text(value) for name, value in attributes.items() if value is not None}
        found = self._change("GET", f"resources/{quote(resource_type, safe='')}", query=query)
        unset = attributes.keys() - query.keys()
        return [self._shown(one) for one in found if all(one["attributes"].get(name) is None for name in unset)]

    def update(self, resource: Mapping[str, Any], /, **members: Any) -> RemoteResource:
        """Change a resource; see :meth:`pytest_asc.Emulator.update`."""
        return self._shown(self._change("PATCH", _path(resource), {"attributes": members}))

    def delete(self, resource: Mapping[str, Any], /) -> None:
        """Delete a resource; see :meth:`pytest_asc.Emulator.delete`."""
        self._change("DELETE", _path(resource))

    def load(self, source: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Add the resources of a JSON file or a mapping; see :meth:`pytest_asc.Emulator.load`."""
        self._change("POST", "state", read_document(source))

    def load_sample(self) -> None:
        """Add the sample account that ships with the package."""
        self._change("POST", "sample")

    def dump(self) -> dict[str, Any]:
        """Return the account as a document; see :meth:`pytest_asc.Emulator.dump`."""
        document: dict[str, Any] = self._call("GET", "state")
        return document

    def save(self, file: str | PathLike[str]) -> None:
        """Write the account to a JSON file; see :meth:`pytest_asc.Emulator.save`."""
        write_document(self.dump(), file)

    def reset(self) -> None:
        """Restore the empty account and the settings that the server was started with."""
        self._call("POST", "reset")

    def sell(self, product: Mapping[str, Any], /, **details: Any) -> None:
        """Record a sale; see :meth:`pytest_asc.Emulator.sell`."""
        self._change("POST", "sales", {"product": _linkage(product), **details})

    def measure(
        self, resource: Mapping[str, Any], metric: str, /, *, day: str | date | int = -1, **members: Any
    ) -> None:
        """Record a measurement; see :meth:`pytest_asc.Emulator.measure`."""
        self._change("POST", "measurements", {"resource": _linkage(resource), "metric": metric, "day": day, **members})

    def advance(
        self,
        seconds: float | None = None,
        *,
        minutes: float | None = None,
        hours: float | None = None,
        days: float | None = None,
    ) -> list[str]:
        """Advance the account's time; see :meth:`pytest_asc.Emulator.advance`."""
        parts = ((seconds, 1), (minutes, MINUTE), (hours, HOUR), (days, DAY))
        given = [amount * unit for amount, unit in parts if amount is not None]
        happened: list[str] = self._call("POST", "time", {"advance": sum(given)} if given else {})["happened"]
        return happened

    def decide(self, about: Mapping[str, Any] | str, outcome: str) -> None:
        """Choose the outcome of a decision; see :meth:`pytest_asc.Emulator.decide`."""
        subject = {"type": about} if isinstance(about, str) else _linkage(about)
        self._change("POST", "decisions", {**subject, "outcome": outcome})

    # Faults, planned failures and requests.

    def fault(self, cause: CauseSlug) -> None:
        """Inject a fault of the service; see :meth:`pytest_asc.Emulator.fault`."""
        self._change("POST", "faults", {"cause": cause})

    def deliver_webhooks_to(self, receiver: str | None) -> None:
        """Deliver the notifications of webhooks to a URL on this machine, not to a function; None to deliver none.

        Raises:
            ValueError: The URL does not lead to that machine.
        """
        self._change("POST", "webhooks", {"url": receiver})

    def end_faults(self) -> None:
        """End all injected faults."""
        self._call("DELETE", "faults")

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        broken: Broken | None = None,
        latency: float = 0.0,
        sleep: bool = False,
        times: int = 1,
        after: int = 0,
        optional: bool = False,
        front_end: bool = False,
        code: str | None = None,
        title: str | None = None,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        """Plan a failure of the next requests of a method and path; see :meth:`pytest_asc.Emulator.fail`.

        Raises:
            ValueError: The failure can never happen, the arguments contradict each other, or the body is not UTF-8.
        """
        arguments = {
            "method": method,
            "path": path,
            "status": status,
            "broken": broken,
            "latency": latency,
            "sleep": sleep,
            "times": times,
            "after": after,
            "optional": optional,
            "front_end": front_end,
            "code": code,
            "title": title,
            "detail": detail,
            "headers": None if headers is None else dict(headers),
            "body": None if body is None else body.decode(),
        }
        self._change("POST", "failures", arguments)

    @property
    def requests(self) -> RequestRecords:
        """Requests that were handled; see :attr:`pytest_asc.Emulator.requests`. Bodies are truncated to 64 KiB."""
        return RequestRecords(map(_record, self._call("GET", "requests", query={"details": "true"})))

    @property
    def request_count(self) -> int:
        """Number of requests that were handled since the start or the last reset."""
        return int(self._call("GET", "health")["requests"])

    # Additional accounts.

    def open_account(self, *, sample: bool = False) -> OpenedAccount:
        """Open an additional account, for the requests with its key.

        Args:
            sample: True to load the sample account.
        """
        opened = self._call("POST", "accounts", {"sample": sample})
        client = EmulatorClient(opened["control_url"], self._secret)
        return OpenedAccount(
            client, opened["id"], opened["key_id"], opened["issuer_id"], SecretStr(opened["private_key"])
        )

    def close_account(self, account: OpenedAccount) -> None:
        """Close an additional account; its key is no longer accepted."""
        account.emulator.close()
        self._change("DELETE", f"accounts/{quote(account.id, safe='')}")


def _linkage(resource: Mapping[str, Any]) -> dict[str, str]:
    return {"type": resource["type"], "id": resource["id"]}


def _path(resource: Mapping[str, Any]) -> str:
    return f"resources/{quote(resource['type'], safe='')}/{quote(resource['id'], safe='')}"


def _as_text(value: Any) -> str:
    """Return the value of an attribute, or the id of a resource, in the format of a query parameter."""
    if isinstance(value, Mapping) and {"type", "id"} <= value.keys():
        return str(value["id"])
    return value if isinstance(value, str) else json.dumps(value, default=_as_json_value)


def _as_json_value(value: Any) -> Any:
    """Convert a value that JSON does not support."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise ValueError(f"got {value!r}, expected a JSON value")


def _record(entry: Mapping[str, Any]) -> RequestRecord:
    request, response = entry["request"], entry["response"]
    return RequestRecord(
        entry["method"],
        entry["url"],
        entry["status"],
        make_finding(entry["cause"], entry["evidence"]) if entry["cause"] else None,
        request["body"].encode(),
        headers=request["headers"],
        response=response and Response(entry["status"], response["headers"], response["body"].encode()),
    )
