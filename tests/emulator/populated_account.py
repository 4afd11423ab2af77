"""An account with resources of every type, and valid requests for every operation."""

from __future__ import annotations

import json
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from emulator.harness import BASE, TOKEN, EmulatorClient
from emulator.request_states import LINKED, STATES

from pytest_asc.emulator.app import Request
from pytest_asc.emulator.http_models import JSON
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.spec.api_spec import Operation

Json = dict[str, Any]

# Parameters of reports whose constraints are not in their types. The account has a sale on this day and the day before.
LAST_MONTH = "2026-04-10"
_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "/v1/salesReports": {
        "filter[vendorNumber]": "80012345",
        "filter[reportType]": "SALES",
        "filter[reportSubType]": "SUMMARY",
        "filter[frequency]": "DAILY",
    },
    "/v1/financeReports": {
        "filter[vendorNumber]": "80012345",
        "filter[reportType]": "FINANCIAL",
        "filter[regionCode]": "ZZ",
        "filter[reportDate]": "2026-07",  # April, the seventh month of Apple's fiscal year
    },
    "/v1/apps/{id}/metrics/betaTesterUsages": {"groupBy": "betaTesters"},
}
# Operations with a response that is not application/json.
_MEDIA: Mapping[str, str] = {
    "/v1/salesReports": "application/a-gzip",
    "/v1/financeReports": "application/a-gzip",
    "/v1/apps/{id}/perfPowerMetrics": "application/vnd.apple.xcode-metrics+json",
    "/v1/builds/{id}/perfPowerMetrics": "application/vnd.apple.xcode-metrics+json",
    "/v1/diagnosticSignatures/{id}/logs": "application/vnd.apple.diagnostic-logs+json",
    "/v1/inAppPurchaseOfferCodeOneTimeUseCodes/{id}/values": "text/csv",
    "/v1/subscriptionOfferCodeOneTimeUseCodes/{id}/values": "text/csv",
}
_NUMBERS = count(1)
_SCALARS: Json = {
    "boolean": True,
    "integer": 1,
    "number": 1.5,
    "date": "2026-05-28",
    "date-time": "2026-05-28T12:26:40-08:00",
    "duration": "P1D",
    "string:number": "1",
}
_TEXTS = {"string": "text {}", "email": "person{}@example.com", "uri": "https://example.com/{}"}


@cache
def make_csr() -> str:
    """Create a certificate signing request, once: its key takes longer than all other requests together."""
    key = rsa.generate_private_key(65537, 2048)
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


# Attributes whose constraints are not in their types: by resource type, and by the type of a related resource. The type
# of a profile depends on whether it has devices.
_ATTRIBUTES: Mapping[str, Callable[[bool], Json]] = {
    "certificates": lambda _: {"csrContent": make_csr()},
    "profiles": lambda full: {"profileType": "IOS_APP_ADHOC" if full else "IOS_APP_STORE"},
}
# Attributes of any resource type whose constraints are not in their value types.
_LOCALE = {"locale": "en-US"}
_RELATED_ATTRIBUTES: Mapping[str, Json] = {"certificates": {"certificateType": "DISTRIBUTION"}}


def populate_account() -> EmulatorClient:
    """Create two resources of every type, and link the first of each type to the first of every related type."""
    emulator_client = EmulatorClient()
    emulator_client.emulator.rate_limit = 10**6
    for kind in api_spec().types:
        emulator_client.emulator.add(kind, id=f"{kind}-1")
        emulator_client.emulator.add(kind, id=f"{kind}-2")
    store = emulator_client.emulator._account.store
    for kind in api_spec().types:
        for schema in api_spec().schemas_of(kind):
            for name in schema.relationships:
                over = relation(kind, name)
                if over:
                    one, other = store.get(kind, f"{kind}-1"), store.get(over.target, f"{over.target}-1")
                    assert one is not None
                    assert other is not None
                    store.link(one, over, other)
    for day in (-1, LAST_MONTH):
        emulator_client.emulator.sell({"type": "apps", "id": "apps-1"}, day=day, price=9.99)
    return emulator_client


def operations() -> list[Operation]:
    """Return all operations of the API spec."""
    found = [api_spec().operation(method, path) for path in api_spec().paths for method in api_spec().methods(path)]
    return [operation for operation in found if operation]


def make_value(code: Any) -> Any:
    """Return a valid value; a string is different each time."""
    allowed = api_spec().enum(code)
    if allowed is not None:
        return allowed[0]
    if isinstance(code, list):
        return [make_value(code[0])]
    if isinstance(code, dict) or code.startswith("$"):
        return {name: make_value(member) for name, member in api_spec().members(code).items()}
    if code.startswith("integer:"):
        return int(code[8:].partition("..")[0])
    return _TEXTS[code].format(next(_NUMBERS)) if code in _TEXTS else _SCALARS[code]


def make_document(emulator_client: EmulatorClient, operation: Operation, *, full: bool) -> Json:
    """Return a valid body of a request that creates or updates a resource, with new related resources.

    Args:
        emulator_client: Client of the emulator to which the related resources are added.
        operation: The operation.
        full: True to add optional members and included resources.
    """
    form = api_spec().bodies[operation.body or ""]
    inline = [api_spec().bodies[name] for name in form.get("inline", ())] if full else []
    local = {one["type"] for one in inline}
    data = make_resource(emulator_client, form, local, full=full)
    if fit := STATES.get((operation.method, operation.path)):
        fit(emulator_client.emulator, data)
    if operation.method == "PATCH":
        data["id"] = f"{operation.root}-1"
    included = [
        {**make_resource(emulator_client, one, local, full=full), "id": f"${{{one['type']}}}"} for one in inline
    ]
    return {"data": data, "included": included} if included else {"data": data}


def make_resource(emulator_client: EmulatorClient, form: Mapping[str, Any], local: set[str], *, full: bool) -> Json:
    """Return a resource for a body. Its related resources are new ones, or included ones if there are any."""
    data: Json = {"type": form["type"]}
    for part in ("attributes", "relationships"):
        given = {name: code for name, code in form[part].items() if full or f"{part}.{name}" in form["required"]}
        if given and part == "attributes":
            wanted = _ATTRIBUTES[form["type"]](full) if form["type"] in _ATTRIBUTES else {}
            wanted |= _LOCALE if given.get("locale") == "string" else {}
            data[part] = {name: wanted.get(name) or make_value(code) for name, code in given.items()}
        elif given:
            data[part] = {name: {"data": linked(emulator_client, target, local)} for name, target in given.items()}
    return data


def linked(
    emulator_client: EmulatorClient,
    target: str | list[str],
    local: Collection[str] = (),
    members: Mapping[str, Any] | None = None,
) -> Any:
    """Return linkage to a new resource, or to the included one of its type."""
    kind = target[0] if isinstance(target, list) else target
    other = (
        f"${{{kind}}}"
        if kind in local
        else emulator_client.emulator.add(kind, **(members or _RELATED_ATTRIBUTES.get(kind, {})))["id"]
    )
    linkage = {"type": kind, "id": other}
    return [linkage] if isinstance(target, list) else linkage


def make_request(emulator_client: EmulatorClient, operation: Operation, *, full: bool = False) -> Request:
    """Return a request that the operation must accept."""
    identifier = f"{operation.root}-1"
    if operation.action == "deleteInstance":
        identifier = emulator_client.emulator.add(operation.root)["id"]
    body: Any = None
    if operation.body:
        target = api_spec().bodies[operation.body].get("linkage")
        body = (
            {"data": linked(emulator_client, target, members=LINKED.get((operation.method, operation.path)))}
            if target
            else make_document(emulator_client, operation, full=full)
        )
    return Request(
        operation.method,
        make_url(operation, identifier),
        headers(Accept=response_media_type(operation)),
        b"" if body is None else json.dumps(body).encode(),
    )


def make_url(operation: Operation, identifier: str) -> str:
    """Return the URL of an operation for a resource, with the required parameters."""
    parameters = {name: make_parameter(operation, name) for name in sorted(operation.required)}
    parameters |= _PARAMETERS.get(operation.path, {})
    needed = "&".join(f"{name}={value}" for name, value in parameters.items())
    return BASE + operation.path.replace("{id}", quote(identifier, safe="")) + (f"?{needed}" if needed else "")


def response_media_type(operation: Operation) -> str:
    """Return the media type of the response to a valid request."""
    return _MEDIA.get(operation.path, JSON)


def headers(**other: str) -> dict[str, str]:
    """Return headers of a valid request; ``_`` in a name stands for ``-``."""
    good = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Accept": "application/json"}
    return good | {name.replace("_", "-"): value for name, value in other.items()}


def make_parameter(operation: Operation, name: str) -> str:
    """Return a value for a required parameter."""
    family, _, member = name.rstrip("]").partition("[")
    if name in operation.enum_parameters:
        return min(operation.enum_parameters[name])
    allowed = api_spec().enum(operation.filters.get(member)) if family == "filter" else None
    return allowed[0] if allowed else "x"


def broken_links(store: Store) -> list[tuple[str, str, str]]:
    """Return the links to resources that do not exist or do not link back."""
    there: dict[str, list[Resource]] = {}
    for resources in store._types.values():
        for resource in resources.values():
            there.setdefault(resource.id, []).append(resource)
    return [
        (resource.type, resource.id, name)
        for resources in there.values()
        for resource in resources
        for name in resource.related
        for identifier in resource.ids(name)
        if not any(resource.id in other.ids(back) for other in there.get(identifier, ()) for back in other.related)
    ]
