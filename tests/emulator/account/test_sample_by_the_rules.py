"""The sample account complies with the rules for requests and with observations of Apple's API."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any

import pytest
from emulator.harness import NOW, EmulatorClient
from emulator.populated_account import headers, make_csr

from pytest_asc.emulator.account.generated import parse_price_point
from pytest_asc.emulator.account.pacific_time import pacific_day, pacific_time
from pytest_asc.emulator.resources.builds import update_testflight_states
from pytest_asc.emulator.spec.api_spec import api_spec
from pytest_asc.emulator.spec.iso_8601 import parse_date_time
from pytest_asc.emulator.spec.relationships import create_inverse, relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from emulator.harness import Answer

    from pytest_asc.emulator.account.store import Resource, Store
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.spec.api_spec import Operation
    from pytest_asc.emulator.spec.compiled_format import LinkageType, RequestBody

Json = dict[str, Any]

# Attributes of create requests that no resource has.
_WRITE_ONLY: Mapping[str, Callable[[], Json]] = {
    "certificates": lambda: {"csrContent": make_csr()},
    "marketplaceWebhooks": lambda: {"secret": "secret"},
    "nominations": lambda: {"submitted": True},
    "webhooks": lambda: {"secret": "secret"},
}
# Attributes whose values a new resource cannot have yet.
_LATER = {"appStoreVersionPhasedReleases": frozenset({"phasedReleaseState"})}
# Types whose create requests do not create a new resource with these attributes.
_NOT_CREATED = frozenset({"webhookDeliveries"})  # it repeats a delivery
_OPEN = {"appStoreState": "PREPARE_FOR_SUBMISSION", "appVersionState": "PREPARE_FOR_SUBMISSION"}
_LIVE = {"appStoreState": "READY_FOR_SALE", "appVersionState": "READY_FOR_DISTRIBUTION"}


def _load_sample() -> EmulatorClient:
    emulator_client = EmulatorClient()
    emulator_client.emulator.rate_limit = 10**6
    emulator_client.emulator.load_sample()
    return emulator_client


def _reopen(emulator: Emulator, resource_type: str) -> None:
    """Restore a state of the account in which resources of a type can be created."""
    emulator.review_requirements = frozenset()
    for version in emulator.find("appStoreVersions"):
        emulator.update(version, **(_LIVE if resource_type == "appStoreVersions" else _OPEN))
    for info in emulator.find("appInfos"):
        emulator.update(info, state="PREPARE_FOR_SUBMISSION", appStoreState="PREPARE_FOR_SUBMISSION")
    for submission in emulator.find("reviewSubmissions"):
        emulator.update(submission, state="READY_FOR_REVIEW")
    for build in emulator.find("builds"):
        emulator.update(build, expired=False, processingState="VALID")
    for upload in emulator.find("buildUploads"):
        emulator.update(upload, state={"state": "AWAITING_UPLOAD"})
    if resource_type == "buildUploads":  # a build number can be uploaded only once
        for build in emulator.find("builds"):
            emulator.delete(build)
    _reopen_surfaces(emulator)
    if resource_type == "betaAppReviewSubmissions":
        for detail in emulator.find("buildBetaDetails"):
            emulator.update(detail, externalBuildState="READY_FOR_BETA_SUBMISSION")


def _reopen_surfaces(emulator: Emulator) -> None:
    for kind in ("appCustomProductPageVersions", "appStoreVersionExperiments"):
        for parent in emulator.find(kind):
            emulator.update(parent, state="PREPARE_FOR_SUBMISSION")
    for event in emulator.find("appEvents"):
        emulator.update(event, eventState="DRAFT")


def _create_operation(resource: Resource) -> Operation | None:
    """Return the create operation of a type, for the oldest version of its path."""
    for version in ("v1", "v2", "v3"):
        operation = api_spec().operation("POST", f"/{version}/{resource.type}")
        if operation and operation.action == "createInstance":
            return operation
    return None


class _Writer:
    """Builder of the request body that would have created a resource."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.included: list[Json] = []
        self.inline: Mapping[str, RequestBody] = {}

    def document(self, resource: Resource, operation: Operation) -> Json:
        form = api_spec().bodies[operation.body or ""]
        forms = [api_spec().bodies[name] for name in form.get("inline", ())]
        self.inline = {one["type"]: one for one in forms if one["type"] != "territories"}  # they exist in every account
        data = self.members(resource, form)
        return {"data": data, "included": self.included} if self.included else {"data": data}

    def members(self, resource: Resource, form: RequestBody) -> Json:
        attributes = {
            name: value
            for name, value in resource.attributes.items()
            if name in form["attributes"] and value is not None and name not in _LATER.get(resource.type, ())
        }
        write_only = _WRITE_ONLY.get(resource.type)
        relationships = {name: self.linkage(resource, name, target) for name, target in form["relationships"].items()}
        return {
            "type": resource.type,
            "attributes": {**attributes, **(write_only() if write_only else {})},
            "relationships": {name: {"data": data} for name, data in relationships.items() if data},
        }

    def linkage(self, resource: Resource, name: str, target: LinkageType) -> Any:
        many = isinstance(target, list)
        kind = target[0] if isinstance(target, list) else target
        ends = [self.end(other) for other in self.related(resource, name, kind)]
        return ends if many else next(iter(ends), None)

    def related(self, resource: Resource, name: str, kind: str) -> list[Resource]:
        own = relation(resource.type, name)
        if own:
            return self.store.get_many(own.target, resource.ids(own.name))
        inverse = create_inverse(resource.type, kind)
        owners = self.store.all_stored(inverse.type) if inverse else ()
        return [one for one in owners if inverse and resource.id in one.ids(inverse.name)]

    def end(self, other: Resource) -> Json:
        """Return linkage to a resource; resources that must be created together with this one are included."""
        form = self.inline.get(other.type)
        if form is None:
            return {"type": other.type, "id": other.id}
        identifier = f"${{{other.type}-{len(self.included)}}}"
        included: Json = {"id": identifier}
        self.included.append(included)
        self.inline = {name: one for name, one in self.inline.items() if name != other.type}
        included.update(self.members(other, form))
        return {"type": other.type, "id": identifier}


def _pruned(store: Store, one: Json) -> Json:
    """Return a resource without linkage to resources that do not exist."""

    def exists(end: Json) -> bool:
        return end["id"].startswith("${") or store.get(end["type"], end["id"]) is not None

    kept = {}
    for name, member in one["relationships"].items():
        data = member["data"]
        if isinstance(data, list):
            kept[name] = {"data": [end for end in data if exists(end)]}
        elif exists(data):
            kept[name] = member
    return {**one, "relationships": kept}


def _resources() -> Iterator[tuple[str, str]]:
    """Yield type and id of the resources in the sample account that a request can create."""
    store = _load_sample().emulator._account.store
    for resource_type in api_spec().types:
        for resource in list(store.all_stored(resource_type)):
            if resource_type not in _NOT_CREATED and _create_operation(resource):
                yield resource_type, resource.id


def _create_again(resource_type: str, identifier: str) -> tuple[Json, Answer]:
    """Delete a resource of the sample account, send the request that would have created it, and return both."""
    emulator_client = _load_sample()
    emulator = emulator_client.emulator
    _reopen(emulator, resource_type)
    store = emulator._account.store
    resource = store.get(resource_type, identifier)
    assert resource is not None
    operation = _create_operation(resource)
    assert operation is not None
    document = _Writer(store).document(resource, operation)
    emulator.delete({"type": resource_type, "id": identifier})
    document["data"] = _pruned(store, document["data"])
    if "included" in document:
        document["included"] = [_pruned(store, one) for one in document["included"]]
    body = json.dumps(document).encode()
    return document, emulator_client.send("POST", operation.path, headers=headers(), body=body)


# Types whose ids consist of other ids (observed).
_DERIVED_IDS = frozenset(
    {"appPriceSchedules", "appStoreVersionPhasedReleases", "bundleIdCapabilities", "inAppPurchasePriceSchedules"}
)


def test_every_resource_could_have_been_created_by_a_request() -> None:
    wrong: list[tuple[object, ...]] = []
    for resource_type, identifier in _resources():
        document, answer = _create_again(resource_type, identifier)
        if answer.status != 201:
            wrong.append((resource_type, identifier, answer.body, document))
            continue
        created, sent = answer.json["data"], document["data"]["attributes"]
        shown = created.get("attributes", {})
        if {name: shown[name] for name in sent if name in shown and name != "csrContent"} != {
            name: value for name, value in sent.items() if name in shown and name != "csrContent"
        }:
            wrong.append((resource_type, identifier, sent, shown))
        if resource_type in _DERIVED_IDS and created["id"] != identifier:
            wrong.append((resource_type, identifier, created["id"]))
    assert wrong == []


@pytest.fixture
def sample() -> Emulator:
    return _load_sample().emulator


def test_attributes_that_a_create_requires_are_set(sample: Emulator) -> None:
    store = sample._account.store
    unset = [
        (resource_type, resource.id, name)
        for resource_type in api_spec().types
        for schema in api_spec().schemas_of(resource_type)
        for name in api_spec().required_attributes(schema) & set(schema.attributes) - {"csrContent"}
        for resource in store.all_stored(resource_type)
        if resource.attributes.get(name) is None
    ]
    assert unset == []


# Dates.

_PORTAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")
_LIBRARY_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT.*")
_PORTAL = frozenset({"certificates", "devices", "profiles"})


def test_times_have_apples_format(sample: Emulator) -> None:
    """Times have the offset of US Pacific time or are in UTC; those of the developer portal have milliseconds."""
    found = 0
    for resource_type in api_spec().types:
        for resource in sample._account.store.all_stored(resource_type):
            for name, value in resource.attributes.items():
                if isinstance(value, str) and _TIME.fullmatch(value):
                    found += 1
                    written = pacific_time(parse_date_time(value)).isoformat(timespec="seconds")
                    form = _PORTAL_TIME if resource_type in _PORTAL else _LIBRARY_TIME
                    in_utc = resource_type in _PORTAL or resource_type.startswith("appAssetLibrary")
                    good = form.fullmatch(value) if in_utc else value == written
                    assert good, (resource_type, name, value)
    assert found > 80


_PAST = {"createdDate", "uploadedDate", "submittedDate", "addedDate", "lastModifiedDate", "sentDate", "startedDate"}
_PERIODS = (("createdDate", "uploadedDate"), ("startDate", "endDate"), ("startedDate", "finishedDate"))


@pytest.mark.parametrize("now", [NOW, NOW + 200 * 86400, NOW - 80 * 86400], ids=["today", "in winter", "in spring"])
def test_dates_are_consistent_with_the_day_of_the_sample(now: float) -> None:
    emulator_client = EmulatorClient()
    emulator_client.clock.now = now
    emulator_client.emulator.load_sample()
    for resource_type in api_spec().types:
        for one in emulator_client.emulator._account.store.all_stored(resource_type):
            days = {
                name: parse_date_time(value)
                for name, value in one.attributes.items()
                if isinstance(value, str) and _TIME.fullmatch(value)
            }
            late = [name for name in days if name in _PAST and days[name] > now]
            assert late == [], (resource_type, one.attributes)
            for begin, end in _PERIODS:
                assert days.get(begin, 0) <= days.get(end, now + 10**9), (resource_type, one.attributes)
    for build in emulator_client.emulator.find("builds"):
        uploaded, expires = (build["attributes"][name] for name in ("uploadedDate", "expirationDate"))
        assert (pacific_day(parse_date_time(expires)) - pacific_day(parse_date_time(uploaded))).days == 90
        assert build["attributes"]["expired"] == (parse_date_time(expires) <= now)


def test_the_day_of_the_sample_is_today(sample: Emulator) -> None:
    (newest, *_) = sorted((build["attributes"]["uploadedDate"] for build in sample.find("builds")), reverse=True)
    assert (pacific_day(NOW) - pacific_day(parse_date_time(newest))).days == 2


# States.


def test_states_of_builds_follow_from_the_builds_groups_and_reviews(sample: Emulator) -> None:
    store = sample._account.store
    for build in list(store.all_stored("builds")):
        before = dict(sample.get("buildBetaDetails", build.id)["attributes"])
        update_testflight_states(sample._account, build)
        assert dict(sample.get("buildBetaDetails", build.id)["attributes"]) == before
    testers = {one.id: dict(one.attributes) for one in store.all_stored("betaTesters")}
    assert testers == {one["id"]: one["attributes"] for one in _load_sample().emulator.find("betaTesters")}


def test_app_infos_follow_the_versions_of_their_app(sample: Emulator) -> None:
    """Each app has one app info for a live version, and one for a version in preparation, if it has such versions."""
    for app in sample.find("apps"):
        versions = {one["attributes"]["appVersionState"] for one in sample.find("appStoreVersions", app=app)}
        infos = sorted(one["attributes"]["state"] for one in sample.find("appInfos", app=app))
        assert infos == sorted(versions)
        assert all("ageRatingDeclaration" in one["relationships"] for one in sample.find("appInfos", app=app))


def test_versions_in_review_are_in_a_submission_and_others_are_in_none(sample: Emulator) -> None:
    held = {}
    for submission in sample.find("reviewSubmissions"):
        state = submission["attributes"]["state"]
        assert (submission["attributes"]["submittedDate"] is None) == (state == "READY_FOR_REVIEW")
        for end in submission["relationships"]["items"]["data"]:
            item = sample.get("reviewSubmissionItems", end["id"])
            held[item["relationships"]["appStoreVersion"]["data"]["id"]] = (state, item["attributes"]["state"])
    for version in sample.find("appStoreVersions"):
        state = version["attributes"]["appVersionState"]
        expected = {"WAITING_FOR_REVIEW": ("WAITING_FOR_REVIEW", "READY_FOR_REVIEW"), "PREPARE_FOR_SUBMISSION": None}
        assert held.get(version["id"]) == expected.get(state, held.get(version["id"]))
        withdrawable = "appStoreVersionSubmission" in version["relationships"]
        assert withdrawable == (state == "WAITING_FOR_REVIEW")


def test_no_two_versions_of_a_platform_are_in_flight(sample: Emulator) -> None:
    for app in sample.find("apps"):
        open_ones = [
            one["attributes"]["platform"]
            for one in sample.find("appStoreVersions", app=app)
            if one["attributes"]["appVersionState"] != "READY_FOR_DISTRIBUTION"
        ]
        assert len(open_ones) == len(set(open_ones))


def test_internal_testers_are_users(sample: Emulator) -> None:
    users = {user["attributes"]["username"] for user in sample.find("users")}
    for group in sample.find("betaGroups", isInternalGroup=True):
        for end in group["relationships"]["betaTesters"]["data"]:
            assert sample.get("betaTesters", end["id"])["attributes"]["email"] in users


def test_a_user_with_all_apps_has_no_list_of_them(sample: Emulator) -> None:
    for kind in ("users", "userInvitations"):
        for one in sample.find(kind):
            assert not (one["attributes"]["allAppsVisible"] and one["relationships"].get("visibleApps"))


def test_ids_of_price_points_and_prices_encode_their_relationships(sample: Emulator) -> None:
    for kind in ("appPricePoints", "inAppPurchasePricePoints", "subscriptionPricePoints"):
        points = list(sample._account.store.all_stored(kind))
        assert points
        for point in points:
            parts = parse_price_point(point.id)
            assert parts is not None
            assert [parts.territory] == point.ids("territory")
    for price in sample.find("appPrices") + sample.find("inAppPurchasePrices"):
        text = urlsafe_b64decode(price["id"] + "=" * (-len(price["id"]) % 4))
        assert list(json.loads(text)) == ["s", "t", "p", "sd", "ed"]


def test_resources_that_share_the_id_of_another_resource(sample: Emulator) -> None:
    same = (
        ("apps", "appAvailabilityV2"),
        ("apps", "appPriceSchedule"),
        ("apps", "betaAppReviewDetail"),
        ("apps", "betaLicenseAgreement"),
        ("apps", "subscriptionGracePeriod"),
        ("appStoreVersions", "appStoreVersionPhasedRelease"),
        ("appStoreVersions", "appStoreVersionSubmission"),
        ("builds", "betaAppReviewSubmission"),
        ("builds", "buildBetaDetail"),
    )
    for kind, name in same:
        ids = [
            (one["id"], one["relationships"][name]["data"]["id"])
            for one in sample.find(kind)
            if name in one["relationships"]
        ]
        assert ids
        assert all(one == other for one, other in ids), (kind, name)
    (upload,) = sample.find("buildUploads")
    assert sample.get("builds", upload["id"])


@pytest.mark.parametrize("platform", ["IOS", "MAC_OS", "UNIVERSAL"])
def test_app_ids_match_the_filter_of_every_platform(platform: str) -> None:
    assert len(_load_sample().get(f"/v1/bundleIds?filter[platform]={platform}").ids) == 3


def test_certificates_are_returned_without_their_signing_request() -> None:
    shown = _load_sample().get("/v1/certificates").json["data"]
    assert [one["attributes"]["csrContent"] for one in shown] == [None, None]
