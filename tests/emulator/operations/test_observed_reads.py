"""Observed responses to reads: members that are absent or null, and parameters that are rejected or ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.resources.api_writer import ApiWriter

if TYPE_CHECKING:
    from emulator.harness import Answer, EmulatorClient

    from pytest_asc.emulator.app import Emulator

Json = dict[str, Any]


def only_error(answer: Answer) -> tuple[int, str, str]:
    (error,) = answer.json["errors"]
    return answer.status, error["code"], error["detail"]


def illegal(name: str) -> tuple[int, str, str]:
    return 400, "PARAMETER_ERROR.ILLEGAL", f"The parameter '{name}' can not be used with this request"


# Linkage, with and without include.


def test_a_relationship_only_has_linkage_if_it_is_included(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps")["id"]
    (info,) = emulator_client.get(f"/v1/apps/{app}/appInfos").json["data"]
    assert all(member.keys() == {"links"} for member in info["relationships"].values())
    related = info["relationships"]["ageRatingDeclaration"]["links"]["related"]
    assert emulator_client.get(related).json["data"]["type"] == "ageRatingDeclarations"
    (included,) = emulator_client.get(f"/v1/apps/{app}/appInfos?include=ageRatingDeclaration").json["data"]
    assert included["relationships"]["ageRatingDeclaration"]["data"]["type"] == "ageRatingDeclarations"


def test_three_relationships_of_a_workflow_are_omitted_unless_included(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    (workflow,) = emulator_client.emulator.find("ciWorkflows")
    path = f"/v1/ciWorkflows/{workflow['id']}"
    plain = emulator_client.get(path).json["data"]
    assert {name: set(member) for name, member in plain["relationships"].items()} == {
        "repository": {"links"},
        "buildRuns": {"links"},
    }
    assert plain["attributes"]["scheduledStartCondition"] is None
    names = ("product", "repository", "xcodeVersion", "macOsVersion")
    shown = emulator_client.get(f"{path}?include={','.join(names)}").json["data"]["relationships"]
    assert all(shown[name]["data"] for name in names)


def test_a_fieldset_without_a_relationship_omits_its_linkage(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    document = emulator_client.get("/v1/profiles?fields[profiles]=name&include=devices&fields[devices]=name").json
    assert not any("relationships" in profile for profile in document["data"])
    assert [device["attributes"].keys() for device in document["included"]] == [{"name"}]
    document = emulator_client.get("/v1/profiles?fields[profiles]=name,devices&include=devices").json
    assert all(profile["relationships"].keys() == {"devices"} for profile in document["data"])


def test_included_is_omitted_if_no_certificate_has_a_pass_type_id(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.add("certificates", certificateType="DISTRIBUTION")
    document = emulator_client.get("/v1/certificates?fields[certificates]=displayName&include=passTypeId").json
    assert "included" not in document
    assert "relationships" not in document["data"][0]
    for query in ("", "?fields[certificates]=passTypeId"):
        (shown,) = emulator_client.get(f"/v1/certificates{query}").json["data"]
        assert shown["relationships"]["passTypeId"]["data"] is None


def test_a_submission_item_has_linkage_for_every_included_type(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    (submission,) = emulator_client.emulator.find("reviewSubmissions", state="COMPLETE")
    path = f"/v1/reviewSubmissions/{submission['id']}/items"
    (item,) = emulator_client.get(f"{path}?include=appStoreVersion,inAppPurchaseVersion").json["data"]
    assert item["relationships"]["appStoreVersion"]["data"]["type"] == "appStoreVersions"
    assert item["relationships"]["inAppPurchaseVersion"] == {"data": None}
    (item,) = emulator_client.get(f"{path}?fields[reviewSubmissionItems]=state,appStoreVersion").json["data"]
    assert "data" not in item.get("relationships", {}).get("appStoreVersion", {})


def test_a_removed_submission_item_stays_in_the_list(emulator: Emulator, emulator_client: EmulatorClient) -> None:
    version = emulator.add_ready_version()
    app = emulator.get("apps", version["relationships"]["app"]["data"]["id"])
    writer = ApiWriter(emulator_client)
    submission = writer.create("reviewSubmissions", {"platform": "IOS"}, app=app)
    item = writer.create("reviewSubmissionItems", reviewSubmission=submission, appStoreVersion=version)
    assert writer.patch(item, removed=True).status == 200
    assert [one["attributes"]["state"] for one in writer.related(submission, "items")] == ["REMOVED"]


def test_the_response_to_an_update_has_no_linkage(emulator_client: EmulatorClient) -> None:
    group = emulator_client.emulator.add("betaGroups", app=emulator_client.emulator.add("apps"))
    answer = ApiWriter(emulator_client).patch(group, name="Friends")
    assert answer.status == 200
    assert "data" not in answer.json["data"]["relationships"]["app"]
    shown = emulator_client.get(f"/v1/betaGroups/{group['id']}?include=app").json["data"]
    assert shown["relationships"]["app"]["data"]["type"] == "apps"


# Parameters that are rejected, ignored or limited.


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/apps/{apps}/builds?sort=-uploadedDate", "sort"),
        ("/v1/apps/{apps}/appStoreVersions?sort=-createdDate", "sort"),
        ("/v1/apps/{apps}/appPricePoints?sort=customerPrice", "sort"),
        ("/v1/reviewSubmissions?filter[app]={apps}&sort=state", "sort"),
        ("/v1/builds/{builds}/betaBuildLocalizations?filter[locale]=en-US", "filter[locale]"),
        ("/v1/bundleIds/{bundleIds}/bundleIdCapabilities?limit=10", "limit"),
        ("/v1/apps/{apps}?limit=10", "limit"),
        ("/v1/territories?include=apps", "include"),
        ("/v1/apps?limit[nothing]=1", "limit[nothing]"),
    ],
)
def test_parameters_that_a_list_does_not_accept_are_illegal(
    emulator_client: EmulatorClient, path: str, name: str
) -> None:
    emulator_client.emulator.load_sample()
    ids = {kind: emulator_client.emulator.find(kind)[0]["id"] for kind in ("apps", "builds", "bundleIds")}
    assert only_error(emulator_client.get(path.format(**ids))) == illegal(name)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "'0' is not a valid limit"),
        ("limit=201", "'201' is not a valid limit"),
        ("limit=-1", "'-1' is not a valid limit"),
        ("limit=", "'' is not a valid limit"),
        ("limit=1e2", "'1e2' is not a valid limit"),
        ("limit[builds]=51", "'51' is not a valid limit"),
        ("include=nothing", "'nothing' is not a valid relationship name"),
        ("include=builds.app", "'builds.app' is not a valid relationship name"),
        ("filter[emaill]=x", "'emaill' is not a valid filter type"),
        ("fields[apps]=names", "'names' is not a valid field name"),
        ("sort=uploadedDate3", "'uploadedDate3' is not a valid field name"),
        ("cursor=xx", "'xx' is not a valid cursor for this request"),
    ],
)
def test_an_unknown_value_of_a_parameter_is_invalid(emulator_client: EmulatorClient, query: str, detail: str) -> None:
    status, code, words = only_error(emulator_client.get(f"/v1/apps?{query}"))
    assert (status, code) == (400, "PARAMETER_ERROR.INVALID")
    assert words.startswith(detail)


def test_a_collection_accepts_filters_that_related_lists_do_not_have(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    app, build = emulator_client.emulator.find("apps")[0]["id"], emulator_client.emulator.find("builds")[0]["id"]
    assert emulator_client.get("/v1/betaBuildLocalizations?filter[locale]=en-US").ids
    assert emulator_client.get(f"/v1/betaBuildLocalizations?filter[build]={build}&filter[locale]=en-US").ids
    assert emulator_client.get(f"/v1/builds?filter[app]={app}&sort=-uploadedDate").ids


@pytest.mark.parametrize(("path", "found"), [("/v1/profiles", 400), ("/v1/certificates", 400), ("/v1/bundleIds", 200)])
@pytest.mark.parametrize("platform", ["IOS", "UNIVERSAL"])
def test_only_app_ids_are_filtered_by_platform(
    emulator_client: EmulatorClient, path: str, found: int, platform: str
) -> None:
    assert emulator_client.get(f"{path}?filter[platform]={platform}").status == found


def test_the_display_type_filter_is_ignored_for_screenshot_sets_of_a_localization(
    emulator_client: EmulatorClient,
) -> None:
    localization = emulator_client.emulator.add("appStoreVersionLocalizations")
    for display_type in ("APP_IPHONE_67", "APP_IPAD_PRO_3GEN_129"):
        emulator_client.emulator.add(
            "appScreenshotSets", appStoreVersionLocalization=localization, screenshotDisplayType=display_type
        )
    path = f"/v1/appStoreVersionLocalizations/{localization['id']}/appScreenshotSets?filter[screenshotDisplayType]="
    assert len(emulator_client.get(f"{path}APP_IPHONE_67").ids) == 2
    assert emulator_client.get(f"{path}APP_IPHONE_69").status == 400


def test_filters_by_both_state_attributes_of_a_version_are_combined(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps")
    live = emulator_client.emulator.add("appStoreVersions", app=app, appStoreState="READY_FOR_SALE")["id"]
    emulator_client.emulator.add("appStoreVersions", app=app, versionString="2.0")
    path = f"/v1/apps/{app['id']}/appStoreVersions?filter[appStoreState]=READY_FOR_SALE&filter[appVersionState]="
    assert emulator_client.get(f"{path}READY_FOR_DISTRIBUTION").ids == [live]
    assert emulator_client.get(f"{path}PREPARE_FOR_SUBMISSION").ids == []


def test_a_locale_filter_ignores_case(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps")
    french = emulator_client.emulator.add("betaAppLocalizations", app=app, locale="fr-FR")["id"]
    path = f"/v1/betaAppLocalizations?filter[app]={app['id']}&filter[locale]="
    assert emulator_client.get(f"{path}fr-fr").ids == emulator_client.get(f"{path}fr-FR").ids == [french]


def test_territories_of_a_plan_are_limited_except_in_their_own_list(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.load_sample()
    (subscription,) = emulator_client.emulator.find("subscriptions")
    path = f"/v1/subscriptions/{subscription['id']}/planAvailabilities?include=availableTerritories"
    assert emulator_client.get(f"{path}&limit[availableTerritories]=50").status == 200
    assert emulator_client.get(f"{path}&limit[availableTerritories]=51").codes == ["PARAMETER_ERROR.INVALID"]
    (plan,) = emulator_client.get(path).ids
    linkage = f"/v1/subscriptionPlanAvailabilities/{plan}/relationships/availableTerritories?limit=200"
    assert emulator_client.get(linkage).status == 200


def test_adjusted_equalizations_only_accept_the_monthly_plan(emulator_client: EmulatorClient) -> None:
    subscription = emulator_client.emulator.add("subscriptions")["id"]
    (point, *_) = emulator_client.get(f"/v1/subscriptions/{subscription}/pricePoints?limit=1").ids
    path = f"/v1/subscriptionPricePoints/{point}/adjustedEqualizations?filter[planType]=UPFRONT"
    assert only_error(emulator_client.get(path)) == (
        400,
        "PARAMETER_ERROR.INVALID",
        "'UPFRONT' is not a valid filter value. Expected one of: MONTHLY",
    )


# Order.


def test_builds_of_an_app_are_listed_in_no_defined_order(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps")
    added = [emulator_client.emulator.add("builds", app=app, version=str(number))["id"] for number in range(13)]
    path = f"/v1/apps/{app['id']}"
    found = emulator_client.get(f"{path}/builds").ids
    assert sorted(found) == sorted(added)
    assert found not in (added, added[::-1])
    assert emulator_client.get(f"{path}/relationships/builds").ids == found
    first = emulator_client.get(f"{path}/builds?limit=10").json
    rest = emulator_client.get(first["links"]["next"]).ids
    assert [build["id"] for build in first["data"]] + rest == found
    assert emulator_client.get(f"/v1/builds?filter[app]={app['id']}").ids == added


def test_price_points_are_listed_in_ascending_order(emulator_client: EmulatorClient) -> None:
    subscription = emulator_client.emulator.add("subscriptions")["id"]
    path = f"/v1/subscriptions/{subscription}/pricePoints?filter[territory]=TUR&limit=200"
    page = emulator_client.get(path).json
    prices = [float(point["attributes"]["customerPrice"]) for point in page["data"]]
    assert prices == sorted(prices)
    assert (len(prices), page["meta"]["paging"]["limit"]) == (200, 200)
    assert "next" in page["links"]


# Ids that consist of other ids.


def test_resources_that_share_the_id_of_another_resource(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps")["id"]
    for name in ("appPriceSchedule", "subscriptionGracePeriod", "betaAppReviewDetail", "betaLicenseAgreement"):
        assert emulator_client.get(f"/v1/apps/{app}/{name}").json["data"]["id"] == app


def test_the_id_of_a_capability_consists_of_bundle_id_and_type(emulator_client: EmulatorClient) -> None:
    app_id = emulator_client.emulator.add("bundleIds")
    capability = ApiWriter(emulator_client).create(
        "bundleIdCapabilities", {"capabilityType": "IN_APP_PURCHASE"}, bundleId=app_id
    )
    assert capability["id"] == f"{app_id['id']}_IN_APP_PURCHASE"


# Operations that do not exist.


@pytest.mark.parametrize(
    ("method", "path", "operation", "allowed"),
    [
        ("POST", "apps", "CREATE", "s are: GET_COLLECTION, GET_INSTANCE, UPDATE"),
        ("GET", "reviewSubmissionItems/1", "GET_INSTANCE", "s are: CREATE, DELETE, UPDATE"),
        ("GET", "ageRatingDeclarations/1", "GET_INSTANCE", " is: UPDATE"),
        ("GET", "bundleIdCapabilities/1", "GET_INSTANCE", "s are: CREATE, DELETE, UPDATE"),
    ],
)
def test_the_error_of_an_operation_that_is_not_allowed_lists_the_allowed_ones(
    emulator_client: EmulatorClient, method: str, path: str, operation: str, allowed: str
) -> None:
    resource = path.partition("/")[0]
    detail = f"The resource '{resource}' does not allow '{operation}'. Allowed operation{allowed}"
    assert only_error(emulator_client.send(method, f"/v1/{path}")) == (403, "FORBIDDEN_ERROR", detail)


def test_sandbox_testers_cannot_be_created(emulator_client: EmulatorClient) -> None:
    assert emulator_client.send("POST", "/v2/sandboxTesters").status == 403


@pytest.mark.parametrize("path", ["/v1/apps", "/v1/apps/1", "/v1/apps/1/builds"])
def test_an_unsupported_method_gets_405_with_the_allowed_methods(emulator_client: EmulatorClient, path: str) -> None:
    answer = emulator_client.send("PUT", path)
    assert (answer.status, answer.codes) == (405, ["METHOD_NOT_ALLOWED"])
    assert "GET" in answer.headers["Allow"].split(", ")
