"""Whether what a body says fits its operation: judged by the catalogue, all faults together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_asc.emulator.account.account import members_of
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import RefusedError, at_pointer
from pytest_asc.emulator.jsonapi.request_parser import read_linkages, read_resource
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.type_validation import type_mismatches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from pytest_asc.emulator.jsonapi.errors import ApiError, ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_parser import Linkage, RawResource
    from pytest_asc.emulator.spec.api_spec import Operation
    from pytest_asc.emulator.spec.compiled_format import ValueType

Form: TypeAlias = "Mapping[str, Any]"
"""What a body may hold, as the catalogue describes it."""

_VERBS = {"POST": "CREATE", "PATCH": "UPDATE"}
_UNKNOWN_ATTRIBUTE = ("attributes", entity_errors.ATTRIBUTE_UNKNOWN, entity_errors.ATTRIBUTE_NOT_ALLOWED)
_UNKNOWN_RELATIONSHIP = ("relationships", entity_errors.RELATIONSHIP_UNKNOWN, entity_errors.RELATIONSHIP_NOT_ALLOWED)


@dataclass(frozen=True)
class ValidatedResource:
    """A resource as a body describes it: of known members, with values that fit."""

    type: str
    id: str | None
    """None where it is to be created; a local id (``${…}``) where it is created along with another."""
    attributes: Mapping[str, Any]
    relationships: Mapping[str, tuple[Linkage, ...]]
    """What each relationship is to lead to; nothing where it is null."""
    included: tuple[ValidatedResource, ...] = ()
    """What is created along with it."""


def read_entity(operation: Operation, identifier: str, content: bytes) -> ValidatedResource:
    """The entity that the body of a create or an update describes.

    Args:
        operation: What is asked for.
        identifier: The id in the path; empty for a create.
        content: The body.

    Raises:
        RefusedError: It is no request document, or does not fit; with every fault.
    """
    bodies = api_spec().bodies
    form = bodies[operation.body or ""]
    draft, included = read_resource(content, inline="inline" in form)
    judge = _Judge(operation.method, {(one.type, one.id) for one in included})
    judge.identity(draft, form["type"], identifier)
    judge.members(draft, form, "/data")
    forms = {bodies[name]["type"]: bodies[name] for name in form.get("inline", ())}
    for number, one in enumerate(included):
        judge.included(one, forms, f"/included/{number}")
    judge.close()
    return _entity(draft, included)


def read_ids(operation: Operation, content: bytes) -> list[str]:
    """The ids that the body of a change of a relationship names.

    Raises:
        RefusedError: It is no request document, or does not fit; with every fault.
    """
    data = read_linkages(content)
    judge = _Judge(operation.method, frozenset())
    judge.linkages(operation.relationship, data, api_spec().bodies[operation.body or ""]["linkage"], "/data")
    judge.close()
    return [one.id for one in _as_tuple(data)]


class _Judge:
    """Collects the faults of one body.

    Args:
        method: Of the request.
        included: Type and id of the included resources.
    """

    def __init__(self, method: str, included: AbstractSet[tuple[str | None, str | None]]) -> None:
        self.verb = _VERBS.get(method, method)
        self.locals = included
        self.faults: list[ApiError] = []

    def close(self) -> None:
        """Refuse the body where it has a fault."""
        if self.faults:
            raise RefusedError(*self.faults)

    def fault(self, form: ErrorTemplate, pointer: str, **values: object) -> None:
        self.faults.append(at_pointer(form, pointer, **values))

    def identity(self, draft: RawResource, kind: str, identifier: str) -> None:
        if draft.type != kind:
            self.fault(entity_errors.UNEXPECTED_TYPE, "/data/type", type=draft.type, expected=kind)
        if (draft.id or "") != identifier:
            expected = f"'{identifier}'" if identifier else "none"
            self.fault(entity_errors.UNEXPECTED_ID, "/data/id", id=draft.id, expected=expected)

    def included(self, draft: RawResource, forms: Mapping[str, Form], pointer: str) -> None:
        form = forms.get(draft.type or "")
        if form is None:
            self.fault(entity_errors.UNEXPECTED_TYPE, f"{pointer}/type", type=draft.type, expected="' or '".join(forms))
            return
        if draft.id is not None and not is_local(draft.id):
            self.fault(entity_errors.INCLUDED_ID, f"{pointer}/id", id=draft.id)
        self.members(draft, form, pointer)

    def members(self, draft: RawResource, form: Form, pointer: str) -> None:
        for name, value in draft.attributes.items():
            self.attribute(name, value, form, f"{pointer}/attributes/{_escaped(name)}")
        for name, data in draft.relationships.items():
            place = f"{pointer}/relationships/{_escaped(name)}"
            if name in form["relationships"]:
                self.linkages(name, data, form["relationships"][name], place)
            else:
                self.unknown_member(name, form["type"], place, _UNKNOWN_RELATIONSHIP)
        for path in form["required"]:
            part, _, name = path.partition(".")
            if part == "attributes" and name and name not in draft.attributes:
                self.fault(entity_errors.ATTRIBUTE_REQUIRED, f"{pointer}/attributes/{name}", name=name)
            elif part == "relationships" and name in form[part] and draft.relationships.get(name) is None:
                self.fault(entity_errors.RELATIONSHIP_REQUIRED, f"{pointer}/relationships/{name}", name=name)

    def attribute(self, name: str, value: Any, form: Form, place: str) -> None:
        if name not in form["attributes"]:
            self.unknown_member(name, form["type"], place, _UNKNOWN_ATTRIBUTE)
        elif value is None and name not in form["nullable"]:
            self.fault(entity_errors.ATTRIBUTE_REQUIRED, place, name=name)
        else:
            self.value(name, value, form, place)

    def value(self, name: str, value: Any, form: Form, place: str) -> None:
        for wrong in type_mismatches(form["attributes"][name], value):
            where = "/".join((name, *wrong.path))
            pointer = "/".join((place, *map(_escaped, wrong.path)))
            if wrong.unknown:
                self.fault(entity_errors.ATTRIBUTE_UNKNOWN, pointer, name=where, resource=form["type"])
            else:
                expected = _expected(wrong.code)
                got = wrong.value if isinstance(wrong.value, str) else json.dumps(wrong.value)
                self.fault(entity_errors.ATTRIBUTE_TYPE, pointer, name=where, value=got, expected=expected)

    def unknown_member(self, name: str, kind: str, place: str, forms: tuple[str, ErrorTemplate, ErrorTemplate]) -> None:
        """A member that the request does not take: unknown altogether, or known to the resource (observed)."""
        part, unknown, not_allowed = forms
        if name in getattr(members_of(kind), part):
            self.fault(not_allowed, place, name=name, operation=self.verb)
        else:
            self.fault(unknown, place, name=name, resource=kind)

    def linkages(self, name: str, data: Linkage | list[Linkage] | None, target: str | list[str], place: str) -> None:
        many = isinstance(target, list)
        kind = target[0] if isinstance(target, list) else target
        if isinstance(data, list) != many and (many or data is not None):
            expected = f"{'a list of resources' if many else 'one resource'} of type '{kind}'"
            self.fault(entity_errors.RELATIONSHIP_DATA, place, name=name, expected=expected)
            return
        for one in _as_tuple(data):
            if one.type != kind:
                self.fault(entity_errors.RELATIONSHIP_DATA, place, name=name, expected=f"resources of type '{kind}'")
            elif is_local(one.id) and one not in self.locals:
                self.fault(entity_errors.NOT_INCLUDED, place, name=name, type=kind, id=one.id)


def _entity(draft: RawResource, included: Sequence[RawResource] = ()) -> ValidatedResource:
    assert draft.type is not None, "an entity was judged"  # noqa: S101  _Judge refuses one without a type
    return ValidatedResource(
        draft.type,
        draft.id,
        draft.attributes,
        {name: _as_tuple(data) for name, data in draft.relationships.items()},
        tuple(map(_entity, included)),
    )


def _as_tuple(data: Linkage | list[Linkage] | None) -> tuple[Linkage, ...]:
    if data is None:
        return ()
    return tuple(data) if isinstance(data, list) else (data,)


def is_local(identifier: str) -> bool:
    """Whether an id stands for what is created along with the resource."""
    return identifier.startswith("${") and identifier.endswith("}")


def _escaped(name: str) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _expected(code: ValueType) -> str:
    allowed = api_spec().enum(code)
    if allowed is not None:
        return "one of: " + ", ".join(f"'{value}'" for value in allowed)
    if not isinstance(code, str) or code.startswith("$"):
        return "an ARRAY" if isinstance(code, list) else "an OBJECT"
    return f"a {code.partition(':')[0].upper()}"
