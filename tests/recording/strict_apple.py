"""A stand-in for Apple with complete documents and parameters for users and invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from recording.apple import SENTINEL, Account, error

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTES = {
    "users": ("username", "firstName", "lastName", "roles", "allAppsVisible", "provisioningAllowed"),
    "userInvitations": ("email", "firstName", "lastName", "expirationDate", "roles", "allAppsVisible",
                        "provisioningAllowed"),
}  # fmt: skip
FILTERS = {"users": {"username", "roles", "visibleApps"}, "userInvitations": {"email", "roles", "visibleApps"}}
SORTS = {"users": {"username", "lastName"}, "userInvitations": {"email", "lastName"}}
ROLES = {"ADMIN", "DEVELOPER", "MARKETING"}


def refusal(name: str, kind: str) -> tuple[int, dict[str, Any]]:
    document = error(400, f"PARAMETER_ERROR.{kind}")
    document["errors"][0]["source"] = {"parameter": name}
    return 400, document


class StrictAccount(Account):
    """Users and invitations."""

    def find(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        _, _, kind, *rest = path.split("/")
        if kind not in ATTRIBUTES:
            return 200, {"data": [], "links": {"self": path}, "meta": {"paging": {"total": 0, "limit": 200}}}
        for name, value in query.items():
            refused = self.refused(kind, name, value, is_list=not rest)
            if refused:
                return refusal(name, refused)
        if rest and (kind, rest[0]) not in self.resources:
            return 404, error(404, "NOT_FOUND")
        status, document = super().find(path, {name: one for name, one in query.items() if "[" not in name})
        text = urlencode(query, safe="[],")
        document["links"]["self"] = f"{path}?{text}" if text else path
        items = document["data"] if isinstance(document["data"], list) else [document["data"]]
        if isinstance(document["data"], list):
            document["data"] = items = self.selected(items, kind, query)
        for item in items:
            self.complete(item, kind, query)
        return status, document

    @staticmethod
    def selected(items: list[Any], kind: str, query: Mapping[str, str]) -> list[Any]:
        roles = query.get("filter[roles]")
        return [one for one in items if roles is None or roles in one["attributes"]["roles"]]

    @staticmethod
    def refused(kind: str, name: str, value: str, *, is_list: bool) -> str | None:
        family, _, member = name.rstrip("]").partition("[")
        illegal = {"limit", "sort", "filter", "cursor"} if not is_list else set()
        if family in illegal or family not in {"limit", "sort", "filter", "cursor", "include", "fields"}:
            return "ILLEGAL"
        good = {
            "limit": value.isdigit() and 0 < int(value) <= (50 if member else 200),
            "sort": value.removeprefix("-") in SORTS[kind],
            "filter": member in FILTERS[kind] and (member != "roles" or value in ROLES),
            "include": value == "visibleApps",
            "fields": member == kind and set(value.split(",")) <= {*ATTRIBUTES[kind], "visibleApps"},
        }
        return None if good.get(family, True) else "INVALID"

    @staticmethod
    def complete(item: dict[str, Any], kind: str, query: Mapping[str, str]) -> None:
        fields = query.get(f"fields[{kind}]")
        wanted = fields.split(",") if fields else [*ATTRIBUTES[kind], "visibleApps"]
        item["attributes"] = {name: item["attributes"].get(name) for name in ATTRIBUTES[kind] if name in wanted}
        own = item["links"]["self"]
        links = {"self": f"{own}/relationships/visibleApps", "related": f"{own}/visibleApps"}
        item["relationships"]["visibleApps"] = {**item["relationships"].get("visibleApps", {}), "links": links}
        if "visibleApps" not in wanted:
            del item["relationships"]


def strict_account() -> StrictAccount:
    account = StrictAccount()
    for number in range(3):
        attributes = {"firstName": SENTINEL, "lastName": f"{SENTINEL} {number}", "roles": ["DEVELOPER"],
                      "allAppsVisible": True, "provisioningAllowed": False}  # fmt: skip
        identifier = f"00000000-0000-4000-8000-00000000000{number}"
        account.add("users", identifier, {**attributes, "username": f"{SENTINEL}{number}@example.org"}, visibleApps=[])
        account.add("userInvitations", identifier.replace("0-4", "1-4"),
                    {**attributes, "email": f"{SENTINEL}{number}@example.com",
                     "expirationDate": "2030-05-01T08:00:00-07:00"}, visibleApps=[])  # fmt: skip
    return account
