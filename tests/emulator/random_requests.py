"""Random requests: values of every type, existing related resources, and bodies with an invalid value."""

from __future__ import annotations

import contextlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from emulator.populated_account import headers, make_csr, make_url, response_media_type
from emulator.request_states import STATES

from pytest_asc.emulator.app import Request
from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from random import Random

    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.spec.api_spec import Operation
    from pytest_asc.emulator.spec.compiled_format import LinkageType, RequestBody, ValueType

Json = dict[str, Any]

_TEXTS = ("", "Lists", "Ünïcødé 日本語", '\u2028 "quoted" \\ /', "<b>&amp;</b>", "🎉", "x" * 5000, "0", "null", "${x}")
_VALUES: Mapping[str, Sequence[Any]] = {
    "string": _TEXTS,
    "email": ("ann@example.com", "bob@example.org"),
    "uri": ("https://example.com/a", "https://example.com/%F0%9F%8E%89?q=1#x"),
    "date": ("2026-05-28", "2020-02-29", "2030-12-31"),
    "date-time": ("2026-05-28T12:26:40-08:00", "2026-05-28T12:26:40Z", "2030-01-01T00:00:00+00:00"),
    "duration": ("P1D", "PT1H"),
    "string:number": ("0", "1", "12.50"),
    "boolean": (True, False),
    "integer": (0, 1, 7, 1000),
    "number": (0, 1.5, 1e300, -1),
}
_KNOWN: Mapping[str, Sequence[str]] = {
    "contactPhone": ("+1 415 555 0100",),
    "locale": ("en-US", "ja", "de-DE", "fr-FR", "sv"),
}
"""Values of attributes that only accept certain texts."""
WRONG: Sequence[Any] = (None, True, 7, -0.5, "", "x", [], {}, [None], [[]], {"x": 1}, 10**400, "\ud800")
"""Values that are invalid almost everywhere."""
_ABSENT = ("no-such-id", "", "a/b", "..", "💥", "${x}")
_MOST_RESOURCES = 2500


class RandomRequests:
    """Generator of random requests to an emulator.

    Args:
        emulator: The emulator in which related resources are found or to which they are added.
        random: Source of random numbers.
    """

    def __init__(self, emulator: Emulator, random: Random) -> None:
        self.emulator = emulator
        self.random = random

    def make(self, operation: Operation) -> tuple[Request, str, Any]:
        """Return a request with the id in its path and its document."""
        identifier = self.pick(operation.root) if "{id}" in operation.path else ""
        document: Any = None
        if operation.body:
            document = self.document(operation, api_spec().bodies[operation.body], identifier)
            if self.chance(0.15):
                document = self.damage(document)
        request = Request(
            operation.method,
            make_url(operation, identifier) + (self.query(operation) if operation.method == "GET" else ""),
            headers(Accept=response_media_type(operation)),
            b"" if document is None else json.dumps(document).encode(),
        )
        return request, identifier, document

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, kind: str) -> str:
        """Return the id of an existing or new resource; sometimes an id of no resource."""
        if self.chance(0.03):
            return self.random.choice(_ABSENT)
        store = self.emulator._account.store
        there = list(store.all_stored(kind))
        if there and (self.chance(0.8) or len(store) > _MOST_RESOURCES):
            return self.random.choice(there).id
        return str(self.emulator.add(kind)["id"])

    def query(self, operation: Operation) -> str:
        parameters = []
        if operation.include and self.chance(0.5):
            names = sorted(operation.include)
            parameters.append("include=" + ",".join(self.random.sample(names, min(len(names), 3))))
        if operation.limit and self.chance(0.5):
            parameters.append(f"limit={self.random.choice((1, 2, min(operation.limit, 200)))}")
        if operation.sort and self.chance(0.5):
            parameters.append("sort=" + self.random.choice(sorted(operation.sort)))
        if operation.fields and self.chance(0.2):
            kind = self.random.choice(sorted(operation.fields))
            names = sorted(operation.fields[kind])
            parameters.append(f"fields[{kind}]=" + ",".join(self.random.sample(names, min(len(names), 4))))
        mark = "&" if "?" in make_url(operation, "") else "?"
        return mark + "&".join(parameters) if parameters else ""

    def document(self, operation: Operation, form: RequestBody, identifier: str) -> Json:
        if "linkage" in form:
            return {"data": self.linkage(form["linkage"])}
        inline = [api_spec().bodies[name] for name in form.get("inline", ())] if self.chance(0.5) else []
        local = {one["type"] for one in inline}
        data = self.resource(form, local)
        fit = STATES.get((operation.method, operation.path))
        if fit and self.chance(0.7):
            data.setdefault("attributes", {})
            data.setdefault("relationships", {})
            with contextlib.suppress(KeyError):  # the member that it would change was left out
                fit(self.emulator, data)
        if operation.method == "PATCH":
            data["id"] = identifier
        included = [{**self.resource(one, local), "id": f"${{{one['type']}}}"} for one in inline]
        return {"data": data, "included": included} if included else {"data": data}

    def resource(self, form: RequestBody, local: Collection[str]) -> Json:
        data: Json = {"type": form["type"]}
        required = form["required"]
        attributes = {
            name: None if name in form["nullable"] and self.chance(0.1) else self.attribute(name, code)
            for name, code in form["attributes"].items()
            if f"attributes.{name}" in required or self.chance(0.5)
        }
        relationships = {
            name: {"data": self.linkage(target, local)}
            for name, target in form["relationships"].items()
            if f"relationships.{name}" in required or self.chance(0.5)
        }
        return {
            **data,
            **({"attributes": attributes} if attributes else {}),
            **({"relationships": relationships} if relationships else {}),
        }

    def linkage(self, target: LinkageType, local: Collection[str] = ()) -> Any:
        if isinstance(target, list):
            return [self.identifier(target[0], local) for _ in range(self.random.choice((0, 1, 1, 2, 3)))]
        return self.identifier(target, local)

    def identifier(self, kind: str, local: Collection[str]) -> Json:
        return {"type": kind, "id": f"${{{kind}}}" if kind in local else self.pick(kind)}

    def attribute(self, name: str, code: ValueType) -> Any:
        if name in _KNOWN and self.chance(0.9):
            return self.random.choice(_KNOWN[name])
        return _csr() if name == "csrContent" else self.value(code)

    def value(self, code: ValueType) -> Any:
        """Return a value of a value type."""
        allowed = api_spec().enum(code)
        if allowed is not None:
            return self.random.choice(allowed)
        if isinstance(code, list):
            return [self.value(code[0]) for _ in range(self.random.choice((0, 1, 2)))]
        if isinstance(code, dict) or (isinstance(code, str) and code.startswith("$")):
            members = api_spec().members(code)
            return {name: self.value(member) for name, member in members.items() if self.chance(0.8)}
        if isinstance(code, str) and code.startswith("integer:"):
            low, _, high = code[8:].partition("..")
            return self.random.choice((int(low), min(int(high), 10**6)))
        return self.random.choice(_VALUES[str(code)])

    def damage(self, document: Any) -> Any:
        """Replace a value of a document, at any depth, by an invalid one."""
        if not isinstance(document, (dict, list)) or not document or self.chance(0.2):
            return self.random.choice(WRONG)
        changed: Any = document.copy()
        key = self.random.choice(list(changed) if isinstance(changed, dict) else range(len(changed)))
        changed[key] = self.damage(changed[key])
        return changed


@cache
def _csr() -> str:
    return make_csr()
