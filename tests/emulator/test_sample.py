from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_asc.emulator.catalogue import catalogue

if TYPE_CHECKING:
    from emulator.harness import Bench


def test_the_sample_account_is_the_same_each_time(bench: Bench) -> None:
    bench.emulator.load_sample()
    first = [bench.get(f"/v1/{path}").body for path in ("apps", "builds", "betaGroups", "users", "bundleIds")]
    bench.emulator.reset()
    bench.clock.now += 10
    bench.emulator.load_sample()
    assert [bench.get(f"/v1/{path}").body for path in ("apps", "builds", "betaGroups", "users", "bundleIds")] == first


def test_a_client_finds_its_way_through_it(bench: Bench) -> None:
    bench.emulator.load_sample()
    apps = bench.get("/v1/apps?sort=name&include=appStoreVersions,builds,betaGroups").json
    assert [app["attributes"]["name"] for app in apps["data"]] == ["Cinema", "Ledger", "Lists"]
    lists = apps["data"][2]["id"]
    assert bench.get("/v1/apps?filter[appStoreVersions.platform]=TV_OS").ids == [apps["data"][0]["id"]]
    builds = bench.get(f"/v1/builds?filter[app]={lists}&sort=-uploadedDate&include=preReleaseVersion").json
    assert [build["attributes"]["version"] for build in builds["data"]] == ["3", "2", "1"]
    assert builds["included"][0]["attributes"] == {"version": "2.0", "platform": "IOS"}
    groups = bench.get(f"/v1/betaGroups?filter[app]={lists}&include=betaTesters").json
    assert [group["attributes"]["name"] for group in groups["data"]] == ["Staff", "Friends"]
    assert len(groups["included"]) == 4
    assert len(bench.get(f"/v1/apps/{lists}/customerReviews").ids) == 2
    (info,) = bench.get(f"/v1/apps/{lists}/appInfos").ids
    assert bench.get(f"/v1/appInfos/{info}/ageRatingDeclaration").json["data"]["attributes"]["gambling"] is False


def test_it_has_something_of_every_area(bench: Bench) -> None:
    bench.emulator.load_sample()
    store = bench.emulator._account.store
    present = {kind for kind in catalogue().types if store.count(kind)}
    assert {
        "apps", "appStoreVersions", "betaGroups", "betaTesters", "builds", "bundleIds", "certificates", "ciProducts",
        "customerReviews", "devices", "inAppPurchases", "profiles", "subscriptions", "users",
    } <= present  # fmt: skip
