"""Random requests that create, update, delete and read resources of all types, with checks of every response."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from emulator.harness import BASE, EmulatorClient, find_openapi
from emulator.openapi_schemas import ERROR, problems, response_schema
from emulator.populated_account import broken_links, headers, operations
from emulator.random_requests import RandomRequests

from pytest_asc.emulator.app import Request
from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.emulator.http_models import Response
    from pytest_asc.emulator.spec.api_spec import Operation

Json = dict[str, Any]

_WEIGHTS = {"createInstance": 30, "updateInstance": 20, "deleteInstance": 12, "relationship": 15, "read": 20, "time": 3}
_OK = 200
_FIRST_ERROR = 400
_FIRST_CRASH = 500
_MOST_LINKS = 5
_MOST_RESOURCES = 1000
_MOST_PAGES = 6
_MOST_OF_A_PAGE = 200
# Codes of errors that a link may lead to: an operation that Apple does not have, a resource that was never set, and a
# list with a required parameter.
LINK_ERRORS = frozenset({"FORBIDDEN_ERROR", "NOT_FOUND", "PARAMETER_ERROR.REQUIRED"})
# Attributes whose value in a response differs from the one that was sent, by type.
_SHOWN_OTHERWISE: Mapping[str, frozenset[str]] = {
    "bundleIds": frozenset({"platform"}),  # observed
    "certificates": frozenset({"csrContent"}),  # observed
    "subscriptions": frozenset({"multiSeatStatus"}),  # Family Sharing turns seats off (documented)
}


class RandomWalk:
    """A client that sends random requests for all operations to the sample account, and records inconsistencies.

    Args:
        seed: Seed of the random numbers. The same seed gives the same steps.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.emulator = EmulatorClient().emulator
        self.emulator.rate_limit = 10**9
        self.emulator.load_sample()
        self.requests = RandomRequests(self.emulator, self.random)
        self.answers: Counter[tuple[str, str, int]] = Counter()
        """Number of responses by method, path and status."""
        self.problems: list[str] = []
        self._step = 0

    def run(self, steps: int) -> None:
        """Take a number of steps."""
        for _ in range(steps):
            self._step += 1
            self.take_step()
            if self._step % 50 == 0:
                self.check_account()
        self.check_account()

    def take_step(self) -> None:
        """Send a request or advance the time, and check the result. A full account loses a resource first."""
        store = self.emulator._account.store
        if len(store) > _MOST_RESOURCES:
            kind = self.random.choice([one for one in api_spec().types if store.count(one)])
            self.emulator.delete({"type": kind, "id": self.random.choice(list(store.all_stored(kind))).id})
        (kind,) = self.random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        if kind == "time":
            self.emulator.advance(hours=self.random.choice((0, 1, 30)))
            return
        operation = self.random.choice(_operations()[kind])
        request, identifier, document = self.requests.make(operation)
        before = self.state() if operation.method != "GET" and self.requests.chance(0.3) else None
        response = self.emulator.handle(request)
        self.answers[operation.method, operation.path, response.status] += 1
        self.check_answer(operation, request, response)
        if response.status >= _FIRST_ERROR:
            if before is not None and self.state() != before:
                self.note(_shown(request), "was refused and changed the account", response.body)
        elif operation.method == "GET" and operation.schema:
            self.check_read(operation, request.url, json.loads(response.body))
        elif operation.action == "deleteInstance":
            self.check_deleted(operation, identifier)
        elif operation.action in {"createInstance", "updateInstance"}:
            self.check_written(operation, json.loads(response.body)["data"], document["data"])
        elif operation.body:
            self.check_relationship(operation, identifier, document["data"])

    def note(self, *what: object) -> None:
        self.problems.append(f"step {self._step}: " + " ".join(map(str, what)))

    def state(self) -> int:
        """Return a number that changes if the account changes."""
        store = self.emulator._account.store
        resources = (one for kind in api_spec().types for one in store.all_stored(kind))
        return hash(tuple((one.type, one.id, repr(one.attributes), repr(one.related)) for one in resources))

    def get(self, path: str) -> Response:
        url = path if "://" in path else BASE + path
        return self.emulator.handle(Request("GET", url, headers(Accept="*/*")))

    # Checks.

    def check_answer(self, operation: Operation, request: Request, response: Response) -> None:
        """Expect a success that matches Apple's schema, or an error in Apple's format."""
        if b"PYTEST_ASC.NOT_EMULATED" in response.body:
            return  # one operation, whose document is not known
        if response.status >= _FIRST_CRASH or (response.status < _FIRST_ERROR and response.status != operation.status):
            self.note(_shown(request), response.status, response.body, repr(response.crash))
        elif not response.body or response.headers["Content-Type"] != JSON or not find_openapi():
            return
        elif response.status >= _FIRST_ERROR:
            self.check_form(request, ERROR, json.loads(response.body))
        else:
            schema = response_schema(operation.method, operation.path, response.status)
            document = json.loads(response.body)
            # Null for a to-one relationship that is not set is observed.
            if schema and not (document["data"] is None and operation.action.startswith("getToOne")):
                self.check_form(request, schema, document)

    def check_form(self, request: Request, schema: str, document: Any) -> None:
        for problem in problems(schema, document):
            self.note(_shown(request), json.dumps(document)[:2000], problem)

    def check_read(self, operation: Operation, url: str, document: Json) -> None:
        """Expect exactly the linked resources to be included, each as at its own URL, on all pages."""
        included = ids_of(document.get("included"))
        if len(set(included)) != len(included):
            self.note(url, "includes a resource twice")
        if "fields[" not in url:
            data = _as_list(document["data"])
            members = [member for one in data for member in one.get("relationships", {}).values()]
            linked = {end for member in members for end in ids_of(member.get("data"))}
            if "include=" in url and linked != set(included):
                self.note(url, "linked and included differ by", linked ^ set(included))
            if "include=" not in url:
                for one in data[:2]:
                    self.check_self(one)
            for one in document.get("included", ())[:2]:
                self.check_self(one)
        if operation.many:
            self.check_pages(url, document)

    def check_self(self, data: Json) -> None:
        """Expect a resource at its own URL, if Apple has an operation for it."""
        shown = self.get(data["links"]["self"])
        if shown.status == _OK and json.loads(shown.body)["data"] != data:
            self.note(data, "is shown by its own URL as", shown.body)
        elif not answers(shown) or b'"NOT_FOUND"' in shown.body:
            self.note(data, "is not at its own URL:", shown.body)

    def check_pages(self, url: str, document: Json) -> None:
        """Expect every resource exactly once on the pages, and as many as the total."""
        seen, total = ids_of(document["data"]), document["meta"]["paging"]["total"]
        for _ in range(_MOST_PAGES):
            following = document["links"].get("next")
            if not following:
                break
            document = json.loads(self.get(following).body)
            seen += ids_of(document["data"])
        else:
            return
        if not len(set(seen)) == len(seen) == total:
            self.note(url, "has", len(seen), "on its pages,", len(set(seen)), "different ones, total", total)

    def check_written(self, operation: Operation, data: Json, sent: Json) -> None:
        """Expect the values that were sent, also at the resource's URL, and a valid response for every link."""
        shown = data.get("attributes", {})
        for name, value in sent.get("attributes", {}).items():
            # A create with null leaves the value to Apple.
            left = value is None and operation.method == "POST"
            known = left or name in _SHOWN_OTHERWISE.get(data["type"], ())
            if name in shown and shown[name] != value and not known:
                self.note(operation.method, operation.path, name, "was sent as", value, "and is shown as", shown[name])
        self.check_self(data)
        self.check_found(operation, data["id"], found=True)
        relationships = list(data.get("relationships", {}).items())
        for name, member in self.random.sample(relationships, min(len(relationships), _MOST_LINKS)):
            self.check_links(data, name, member.get("links", {}))

    def check_links(self, data: Json, name: str, links: Mapping[str, str]) -> None:
        """Expect the linkage and the related resources to be the same, and to link back."""
        found = {}
        for link, url in links.items():
            operation = _on_instance(data["type"], f"relationships/{name}" if link == "self" else name)
            response = self.get(url + ("?limit=200" if operation and operation.limit else ""))
            if not answers(response):
                self.note(url, response.status, response.body)
            elif response.status == _OK and operation and (operation.schema or operation.linkage):
                found[link] = ids_of(json.loads(response.body)["data"])
        if len(set(map(tuple, found.values()))) > 1:
            self.note(data["type"], data["id"], name, "are, by link:", found)
        self.check_back(data, name, found.get("related", []))

    def check_back(self, data: Json, name: str, others: list[tuple[str, str]]) -> None:
        """Expect the related resources of a relationship to have this resource on their side."""
        forth = relation(data["type"], name)
        back = _on_instance(forth.target, forth.inverse) if forth else None
        for _, identifier in others[:3] if back else ():
            path = _path(back, identifier)
            response = self.get(path)
            document = json.loads(response.body)
            whole = document.get("meta", {}).get("paging", {}).get("total", 0) <= _MOST_OF_A_PAGE
            there = response.status == _OK and (data["type"], data["id"]) in ids_of(document["data"])
            if whole and not there:
                self.note(data["type"], data["id"], name, identifier, "does not lead back:", path, response.body[:500])

    def check_found(self, operation: Operation, identifier: str, *, found: bool) -> None:
        """Expect a resource to be in its collection, or not to be."""
        collection = api_spec().operation("GET", operation.path.removesuffix("/{id}"))
        if collection and "id" in collection.filters and not collection.required:
            response = self.get(f"{collection.path}?filter[id]={quote(identifier, safe='')}")
            if ([identifier] if found else []) != [one for _, one in ids_of(json.loads(response.body)["data"])]:
                self.note(collection.path, "has" if not found else "lacks", identifier)

    def check_deleted(self, operation: Operation, identifier: str) -> None:
        """Expect a deleted resource to be neither at its URL nor in its collection."""
        self.check_found(operation, identifier, found=False)
        if "GET" in api_spec().methods(operation.path):
            shown = self.get(_path(operation, identifier))
            if b'"NOT_FOUND"' not in shown.body:
                self.note("DELETE", operation.path, identifier, "left it there:", shown.status, shown.body)

    def check_relationship(self, operation: Operation, identifier: str, sent: Any) -> None:
        """Expect a relationship to have the change that was made."""
        shown = api_spec().operation("GET", operation.path)
        if shown is None:
            return
        self.check_links(
            {"type": operation.root, "id": identifier}, operation.relationship, _links(operation, identifier)
        )
        ids, wanted = ids_of(json.loads(self.get(_path(shown, identifier)).body)["data"]), ids_of(sent)
        agrees = {
            "DELETE": not set(ids) & set(wanted),
            "PATCH": set(ids) == set(wanted),
            "POST": set(wanted) <= set(ids) or len(ids) == _MOST_OF_A_PAGE,
        }
        if not agrees[operation.method]:
            self.note(operation.method, operation.path, identifier, "sent", wanted, "and shown is", ids)

    def check_account(self) -> None:
        """Expect every link to lead to a resource that links back."""
        broken = broken_links(self.emulator._account.store)
        if broken:
            self.note("links that dangle or that one side alone has:", broken[:5])


def answers(response: Response) -> bool:
    """Return whether a response to the request for a link is possible in Apple's API."""
    if response.status == _OK:
        return True
    return {error["code"] for error in json.loads(response.body)["errors"]} <= LINK_ERRORS


def ids_of(data: Any) -> list[tuple[str, str]]:
    """Return type and id of each resource or resource identifier."""
    return [(one["type"], one["id"]) for one in _as_list(data)]


def _as_list(data: Any) -> list[Json]:
    if data is None:
        return []
    return data if isinstance(data, list) else [data]


def _shown(request: Request) -> str:
    return f"{request.method} {request.url} {request.body[:2000]!r}"


def _path(operation: Operation | None, identifier: str) -> str:
    assert operation is not None
    path = operation.path.replace("{id}", quote(identifier, safe=""))
    return path + ("?limit=200" if operation.limit else "")


def _links(operation: Operation, identifier: str) -> dict[str, str]:
    """Return the links of the relationship that an operation changes."""
    url = BASE + operation.path.replace("{id}", quote(identifier, safe=""))
    related = operation.path.replace("/relationships/", "/")
    links = {"self": url}
    if "GET" in api_spec().methods(related):
        links["related"] = url.replace("/relationships/", "/")
    return links


@cache
def _operations() -> Mapping[str, list[Operation]]:
    """Return the operations by the kind of step."""
    found: dict[str, list[Operation]] = {}
    for operation in operations():
        kind = operation.action if operation.action in _WEIGHTS else "relationship"
        found.setdefault("read" if operation.method == "GET" else kind, []).append(operation)
    return found


@cache
def _on_instance(kind: str, rest: str) -> Operation | None:
    """Return the GET operation for a path below a resource of a type, in any version."""
    found = (api_spec().operation("GET", f"/{version}/{kind}/{{id}}/{rest}") for version in ("v1", "v2", "v3"))
    return next(filter(None, found), None)
