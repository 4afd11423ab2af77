"""Random writes and reads, compared with a simple model that consists of dictionaries."""

from __future__ import annotations

import json
from typing import Any

from emulator.harness import EmulatorClient
from emulator.populated_account import broken_links
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

NAMES = st.sampled_from(["Alpha", "Beta", "Gamma"])
LOCALES = st.sampled_from(["en-US", "ja"])
VERSIONS = st.sampled_from(["1.0", "1.1"])


class Client(RuleBasedStateMachine):
    """TestFlight groups with testers and builds, and versions with a build and localizations."""

    apps = Bundle("apps")
    builds = Bundle("builds")
    groups = Bundle("groups")
    testers = Bundle("testers")
    versions = Bundle("versions")
    localizations = Bundle("localizations")

    def __init__(self) -> None:
        super().__init__()
        self.emulator_client = EmulatorClient()
        self.emulator_client.emulator.rate_limit = 10**9
        # The model: existing resources and their relationships, by id.
        self.group: dict[str, dict[str, Any]] = {}
        self.tester: dict[str, str] = {}
        self.version: dict[str, dict[str, Any]] = {}
        self.localization: dict[str, tuple[str, str]] = {}

    def send(self, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        answer = self.emulator_client.send(method, path, body=json.dumps({"data": data}).encode())
        return answer.status, json.loads(answer.body) if answer.body else None

    def create(self, kind: str, attributes: dict[str, Any], **relationships: Any) -> tuple[int, Any]:
        data = {
            "type": kind,
            "attributes": attributes,
            "relationships": {name: {"data": linkage} for name, linkage in relationships.items()},
        }
        return self.send("POST", f"/v1/{kind}", data)

    def ids(self, path: str) -> list[str]:
        status, document = self.send("GET", f"{path}{'&' if '?' in path else '?'}limit=200")
        assert status == 200
        return [one["id"] for one in document["data"]]

    # Resources that a test adds.

    @initialize(target=apps)
    def begin(self) -> str:
        return str(self.emulator_client.emulator.add("apps")["id"])

    @rule(target=apps)
    def add_app(self) -> str:
        return str(self.emulator_client.emulator.add("apps")["id"])

    @rule(target=builds, app=apps)
    def add_build(self, app: str) -> str:
        return str(self.emulator_client.emulator.add("builds", app=app)["id"])

    # Requests of clients.

    @rule(target=groups, app=apps, name=NAMES)
    def create_group(self, app: str, name: str) -> str:
        status, document = self.create("betaGroups", {"name": name}, app=one("apps", app))
        assert status == 201
        identifier = str(document["data"]["id"])
        self.group[identifier] = {"name": name, "app": app, "testers": [], "builds": []}
        return identifier

    @rule(group=groups, name=NAMES)
    def rename_group(self, group: str, name: str) -> None:
        data = {"type": "betaGroups", "id": group, "attributes": {"name": name}}
        status, _ = self.send("PATCH", f"/v1/betaGroups/{group}", data)
        assert status == (200 if group in self.group else 404)
        if status == 200:
            self.group[group]["name"] = name

    @rule(group=groups)
    def delete_group(self, group: str) -> None:
        status, _ = self.send("DELETE", f"/v1/betaGroups/{group}")
        assert status == (204 if self.group.pop(group, None) else 404)

    @rule(target=testers, number=st.integers(0, 99), one_group=groups, other=groups)
    def create_tester(self, number: int, one_group: str, other: str) -> Any:
        inside = [one_group, other]
        email = f"{number}@example.com"
        status, document = self.create("betaTesters", {"email": email}, betaGroups=many("betaGroups", inside))
        there = all(group in self.group for group in inside)
        if not there or any(email == self.tester[other] for group in inside for other in self.group[group]["testers"]):
            assert status == 409
            return multiple()
        assert status == 201
        identifier = str(document["data"]["id"])
        self.tester[identifier] = email
        for group in dict.fromkeys(inside):
            self.group[group]["testers"].append(identifier)
        return identifier

    @rule(tester=testers)
    def delete_tester(self, tester: str) -> None:
        status, _ = self.send("DELETE", f"/v1/betaTesters/{tester}")
        assert status == (204 if self.tester.pop(tester, None) else 404)
        for group in self.group.values():
            group["testers"] = [other for other in group["testers"] if other != tester]

    @rule(group=groups, tester=testers, other=testers, method=st.sampled_from(["POST", "DELETE"]))
    def change_testers(self, group: str, tester: str, other: str, method: str) -> None:
        self.change_members(group, "betaTesters", [tester, other], method, "testers", self.tester)

    @rule(group=groups, build=builds, other=builds, method=st.sampled_from(["POST", "DELETE"]))
    def change_builds(self, group: str, build: str, other: str, method: str) -> None:
        self.change_members(group, "builds", [build, other], method, "builds", {build, other})

    def change_members(self, group: str, kind: str, linked: list[str], method: str, slot: str, there: Any) -> None:
        status, _ = self.send(method, f"/v1/betaGroups/{group}/relationships/{kind}", many(kind, linked))
        if group not in self.group:
            assert status == 404
        elif not all(other in there for other in linked) or self.refuses(group, kind, linked, method):
            assert status == 409
        else:
            assert status == 204
            before = self.group[group][slot]
            kept = [other for other in before if other not in linked] if method == "DELETE" else before
            new = [] if method == "DELETE" else [other for other in dict.fromkeys(linked) if other not in before]
            self.group[group][slot] = [*kept, *new]

    def refuses(self, group: str, kind: str, linked: list[str], method: str) -> bool:
        """A tester cannot be added to a group twice; a build can."""
        return (kind, method) == ("betaTesters", "POST") and any(one in self.group[group]["testers"] for one in linked)

    @rule(target=versions, app=apps, number=VERSIONS)
    def create_version(self, app: str, number: str) -> Any:
        attributes = {"platform": "IOS", "versionString": number}
        status, document = self.create("appStoreVersions", attributes, app=one("apps", app))
        taken = any(version["app"] == app for version in self.version.values())  # only one can be in preparation
        assert status == (409 if taken else 201)
        if taken:
            return multiple()
        identifier = str(document["data"]["id"])
        self.version[identifier] = {"app": app, "number": number, "build": None}
        return identifier

    @rule(version=versions)
    def delete_version(self, version: str) -> None:
        status, _ = self.send("DELETE", f"/v1/appStoreVersions/{version}")
        assert status == (204 if self.version.pop(version, None) else 404)
        self.localization = {name: value for name, value in self.localization.items() if value[0] != version}

    @rule(version=versions, chosen=builds, cleared=st.booleans())
    def choose_build(self, version: str, chosen: str, cleared: bool) -> None:
        build = None if cleared else chosen
        path = f"/v1/appStoreVersions/{version}/relationships/build"
        status, _ = self.send("PATCH", path, one("builds", build) if build else None)
        assert status == (204 if version in self.version else 404)
        if status == 204:
            for other in self.version.values():
                other["build"] = None if build and other["build"] == build else other["build"]
            self.version[version]["build"] = build

    @rule(target=localizations, version=versions, locale=LOCALES)
    def create_localization(self, version: str, locale: str) -> Any:
        kind = "appStoreVersionLocalizations"
        status, document = self.create(kind, {"locale": locale}, appStoreVersion=one("appStoreVersions", version))
        if version not in self.version or (version, locale) in self.localization.values():
            assert status == 409
            return multiple()
        assert status == 201
        identifier = str(document["data"]["id"])
        self.localization[identifier] = (version, locale)
        return identifier

    @rule(localization=localizations)
    def delete_localization(self, localization: str) -> None:
        status, _ = self.send("DELETE", f"/v1/appStoreVersionLocalizations/{localization}")
        assert status == (204 if self.localization.pop(localization, None) else 404)

    # Reads.

    @rule(app=apps, name=NAMES)
    def filter_groups(self, app: str, name: str) -> None:
        found = self.ids(f"/v1/betaGroups?filter[app]={app}&filter[name]={name}")
        assert sorted(found) == sorted(
            group for group, value in self.group.items() if (value["app"], value["name"]) == (app, name)
        )

    @rule(app=apps)
    def list_of_an_app(self, app: str) -> None:
        groups = [group for group, value in self.group.items() if value["app"] == app]
        assert self.ids(f"/v1/apps/{app}/betaGroups") == groups
        versions = [version for version, value in self.version.items() if value["app"] == app]
        assert self.ids(f"/v1/apps/{app}/appStoreVersions") == versions

    @invariant()
    def groups_are_the_models(self) -> None:
        _, document = self.send("GET", "/v1/betaGroups?limit=200&include=app&sort=name")
        assert {group["id"]: group["attributes"]["name"] for group in document["data"]} == {
            group: value["name"] for group, value in self.group.items()
        }
        for group, value in self.group.items():
            assert self.ids(f"/v1/betaGroups/{group}/betaTesters") == value["testers"]
            assert self.ids(f"/v1/betaGroups/{group}/relationships/builds") == value["builds"]

    @invariant()
    def testers_are_the_models(self) -> None:
        assert self.ids("/v1/betaTesters") == list(self.tester)
        for tester in self.tester:
            inside = {group for group, value in self.group.items() if tester in value["testers"]}
            assert set(self.ids(f"/v1/betaTesters/{tester}/betaGroups")) == inside

    @invariant()
    def versions_are_the_models(self) -> None:
        for version, value in self.version.items():
            _, document = self.send("GET", f"/v1/appStoreVersions/{version}?include=build,app")
            linked = document["data"]["relationships"]
            assert linked["app"]["data"]["id"] == value["app"]
            assert (linked["build"]["data"] or {}).get("id") == value["build"]
            expected = [name for name, (owner, _) in self.localization.items() if owner == version]
            assert self.ids(f"/v1/appStoreVersions/{version}/appStoreVersionLocalizations") == expected

    @invariant()
    def no_end_dangles(self) -> None:
        assert broken_links(self.emulator_client.emulator._account.store) == []


def one(kind: str, identifier: str) -> dict[str, str]:
    return {"type": kind, "id": identifier}


def many(kind: str, identifiers: list[str]) -> list[dict[str, str]]:
    return [one(kind, identifier) for identifier in identifiers]


Client.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestWrites = Client.TestCase
