from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from pytest_asc.emulator.spec.relationships import relation

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient


@pytest.fixture
def lists(emulator_client: EmulatorClient) -> str:
    """The app of the sample account with the most related resources."""
    emulator_client.emulator.load_sample()
    (found,) = emulator_client.get("/v1/apps?filter[bundleId]=com.example.lists").ids
    return found


@pytest.mark.parametrize(("answered", "count"), [("true", 1), ("false", 4)])
def test_exists_published_response_selects_reviews(
    emulator_client: EmulatorClient, lists: str, answered: str, count: int
) -> None:
    found = emulator_client.get(f"/v1/apps/{lists}/customerReviews?exists[publishedResponse]={answered}").ids
    assert len(found) == count


def test_an_unpublished_response_does_not_count_as_published_response(emulator_client: EmulatorClient) -> None:
    review = emulator_client.emulator.add("customerReviews", rating=1)
    app = emulator_client.emulator.add("apps", customerReviews=[review])
    path = f"/v1/apps/{app['id']}/customerReviews?exists[publishedResponse]="
    emulator_client.emulator.add("customerReviewResponses", review=review, state="PENDING_PUBLISH")
    assert (emulator_client.get(f"{path}true").ids, emulator_client.get(f"{path}false").ids) == ([], [review["id"]])
    emulator_client.emulator.add("customerReviewResponses", review=review)
    assert (emulator_client.get(f"{path}true").ids, emulator_client.get(f"{path}false").ids) == ([review["id"]], [])


@pytest.mark.parametrize(
    ("query", "ratings"),
    [
        ("sort=rating", [1, 2, 4, 5, 5]),
        ("sort=-rating", [5, 5, 4, 2, 1]),
        ("sort=-createdDate", [5, 1, 4, 2, 5]),
        ("filter[rating]=4,5&sort=createdDate", [5, 4, 5]),
        ("filter[territory]=USA&sort=createdDate", [5, 1]),
    ],
)
def test_reviews_are_sorted_and_filtered(
    emulator_client: EmulatorClient, lists: str, query: str, ratings: list[int]
) -> None:
    found = emulator_client.get(f"/v1/apps/{lists}/customerReviews?{query}").json["data"]
    assert [review["attributes"]["rating"] for review in found] == ratings


def test_summarizations_of_reviews_need_a_platform(emulator_client: EmulatorClient, lists: str) -> None:
    path = f"/v1/apps/{lists}/customerReviewSummarizations"
    assert emulator_client.get(path).codes == ["PARAMETER_ERROR.REQUIRED"]
    assert len(emulator_client.get(f"{path}?filter[platform]=IOS").ids) == 1
    assert emulator_client.get(f"{path}?filter[platform]=MAC_OS").ids == []


def test_alternative_distribution_keys_are_filtered_by_app(emulator_client: EmulatorClient) -> None:
    key = emulator_client.emulator.add("alternativeDistributionKeys")
    emulator_client.emulator.add("apps", alternativeDistributionKey=key)
    other = emulator_client.emulator.add("alternativeDistributionKeys")
    assert emulator_client.get("/v1/alternativeDistributionKeys?exists[app]=true").ids == [key["id"]]
    assert emulator_client.get("/v1/alternativeDistributionKeys?exists[app]=false").ids == [other["id"]]


def test_purchases_are_filtered_by_whether_they_can_be_submitted(emulator_client: EmulatorClient) -> None:
    ready = emulator_client.emulator.add("inAppPurchases", state="READY_TO_SUBMIT")
    sold = emulator_client.emulator.add("inAppPurchases", state="APPROVED")
    app = emulator_client.emulator.add("apps", inAppPurchasesV2=[ready, sold])
    path = f"/v1/apps/{app['id']}/inAppPurchases?filter[canBeSubmitted]="
    assert (emulator_client.get(f"{path}true").ids, emulator_client.get(f"{path}false").ids) == (
        [ready["id"]],
        [sold["id"]],
    )


def test_keywords_are_filtered_by_locale_and_platform(emulator_client: EmulatorClient) -> None:
    version = emulator_client.emulator.add("appStoreVersions", platform="TV_OS")
    german, english = (emulator_client.emulator.add("appKeywords", id=word) for word in ("listen", "lists"))
    for locale, word in (("de-DE", german), ("en-US", english)):
        emulator_client.emulator.add(
            "appStoreVersionLocalizations", locale=locale, appStoreVersion=version, searchKeywords=[word]
        )
    app = emulator_client.emulator.add("apps", searchKeywords=[german, english])
    path = f"/v1/apps/{app['id']}/searchKeywords"
    assert emulator_client.get(f"{path}?filter[locale]=de-DE").ids == ["listen"]
    assert emulator_client.get(f"{path}?filter[platform]=TV_OS").ids == ["listen", "lists"]
    assert emulator_client.get(f"{path}?filter[platform]=IOS").ids == []


def test_offers_and_price_points_are_filtered(emulator_client: EmulatorClient, lists: str) -> None:
    (subscription,) = emulator_client.get("/v1/subscriptionGroups/21400001/subscriptions").ids
    offers = f"/v1/subscriptions/{subscription}/offerCodes?filter[territory]="
    assert (len(emulator_client.get(f"{offers}USA").ids), emulator_client.get(f"{offers}JPN").ids) == (1, [])
    (point, *_) = emulator_client.get(f"/v1/subscriptions/{subscription}/pricePoints?filter[territory]=USA").ids
    points = f"/v1/subscriptionPricePoints/{point}/equalizations?limit=200&filter[subscription]="
    assert (len(emulator_client.get(points + subscription).ids), emulator_client.get(f"{points}1").ids) == (174, [])
    (purchase,) = emulator_client.get(f"/v1/apps/{lists}/inAppPurchasesV2").ids
    (point, *_) = emulator_client.get(f"/v2/inAppPurchases/{purchase}/pricePoints?filter[territory]=USA").ids
    points = f"/v1/inAppPurchasePricePoints/{point}/equalizations?limit=200&filter[inAppPurchaseV2]="
    assert (len(emulator_client.get(points + purchase).ids), emulator_client.get(f"{points}1").ids) == (174, [])


@pytest.mark.parametrize(
    ("name", "moment", "found"),
    [
        ("createdDateGreaterThanOrEqualTo", "2026-05-01T17:00:00Z", ["1"]),
        ("createdDateGreaterThanOrEqualTo", "2026-05-01T19:00:00+01:00", []),
        ("createdDateLessThan", "2026-05-01T17:00:00Z", []),
        ("createdDateLessThan", "2026-05-02", ["1"]),
        ("createdDateLessThan", "soon", []),
    ],
)
def test_webhook_deliveries_are_filtered_by_time(
    emulator_client: EmulatorClient, name: str, moment: str, found: list[str]
) -> None:
    delivery = emulator_client.emulator.add("webhookDeliveries", id="1", createdDate="2026-05-01T09:00:00-08:00")
    webhook = emulator_client.emulator.add("webhooks", deliveries=[delivery])
    assert emulator_client.get(f"/v1/webhooks/{webhook['id']}/deliveries?filter[{name}]={quote(moment)}").ids == found


def test_reversing_a_relation_twice_gives_the_same_relation() -> None:
    over = relation("apps", "alternativeDistributionKey")
    assert over
    assert (over.reverse.type, over.reverse.target) == ("alternativeDistributionKeys", "apps")
    assert over.reverse.reverse == over


def test_a_universal_bundle_id_matches_the_filter_of_every_platform(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.add("bundleIds", id="u", platform="UNIVERSAL")
    emulator_client.emulator.add("bundleIds", id="m", platform="MAC_OS")
    assert emulator_client.get("/v1/bundleIds?filter[platform]=IOS").ids == ["u"]


def test_the_locale_filter_of_beta_app_localizations_ignores_case(emulator_client: EmulatorClient) -> None:
    emulator_client.emulator.add("betaAppLocalizations", id="f", locale="fr-FR")
    assert emulator_client.get("/v1/betaAppLocalizations?filter[locale]=fr-fr").ids == ["f"]
