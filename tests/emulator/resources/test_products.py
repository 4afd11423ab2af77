"""In-app purchases, subscriptions and groups: versions, states, closed texts, deletion and submission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.resources.api_writer import ApiWriter, detail

if TYPE_CHECKING:
    from emulator.harness import Answer, EmulatorClient

    from pytest_asc.emulator.app import Emulator

Json = dict[str, Any]

KINDS = {
    "inAppPurchases": ("inAppPurchaseVersions", "inAppPurchase", "IAP"),
    "subscriptions": ("subscriptionVersions", "subscription", "SUBSCRIPTION"),
}
FILE = b"a screenshot"
TEXTS = {"locale": "en-US", "name": "Pro", "description": "Everything"}


class Shop:
    """An app whose products are created with requests only."""

    def __init__(self, emulator_client: EmulatorClient) -> None:
        self.emulator = emulator_client.emulator
        self.v1, self.v2 = ApiWriter(emulator_client), ApiWriter(emulator_client, "v2")
        self.version = self.emulator.add_ready_version()
        self.app = self.version["relationships"]["app"]["data"]

    def group(self) -> Json:
        return self.v1.create("subscriptionGroups", {"referenceName": "Pro"}, app=self.app)

    def subscription(self, group: Json | None = None, product: str = "pro") -> Json:
        attributes = {"name": "Pro", "productId": product, "subscriptionPeriod": "ONE_MONTH"}
        return self.v1.create("subscriptions", attributes, group=group or self.group())

    def purchase(self, product: str = "coins", kind: str = "CONSUMABLE") -> Json:
        attributes = {"name": "Coins", "productId": product, "inAppPurchaseType": kind}
        return self.v2.create("inAppPurchases", attributes, app=self.app)

    def reader(self, product: Json) -> ApiWriter:
        return self.v2 if product["type"] == "inAppPurchases" else self.v1

    def state(self, product: Json) -> str:
        return str(self.reader(product).get(product)["state"])

    def versions(self, product: Json) -> list[Json]:
        return self.reader(product).related(product, "versions")

    def version_states(self, product: Json) -> list[str]:
        return [version["attributes"]["state"] for version in self.versions(product)]

    def upload_screenshot(self, resource_type: str, relationship: str, product: Json) -> None:
        attributes = {"fileName": "a.png", "fileSize": len(FILE)}
        file = self.v1.create(resource_type, attributes, **{relationship: product})
        for operation in file["attributes"]["uploadOperations"]:
            headers = {header["name"]: header["value"] for header in operation["requestHeaders"]}
            sent = self.v1.emulator_client.send("PUT", operation["url"], headers=headers, body=FILE)
            assert sent.status == 200
        assert self.v1.patch(file, uploaded=True).status == 200
        self.emulator.advance(60)

    def available_in(self, product: Json, *territories: str) -> None:
        kind = KINDS[product["type"]][1]
        linked = [{"type": "territories", "id": territory} for territory in territories]
        self.v1.create(
            f"{kind}Availabilities",
            {"availableInNewTerritories": False},
            **{kind: product, "availableTerritories": linked},
        )

    def price_subscription(self, subscription: Json, territory: str) -> None:
        path = f"/v1/subscriptions/{subscription['id']}/pricePoints?filter[territory]={territory}"
        point = {"type": "subscriptionPricePoints", "id": self.v1.emulator_client.get(path).ids[3]}
        self.v1.create("subscriptionPrices", subscription=subscription, subscriptionPricePoint=point)

    def price_purchase(self, purchase: Json) -> None:
        path = f"/v2/inAppPurchases/{purchase['id']}/pricePoints?filter[territory]=USA"
        point = self.v1.emulator_client.get(path).ids[3]
        price = {
            "type": "inAppPurchasePrices",
            "id": "${price}",
            "relationships": {"inAppPurchasePricePoint": {"data": {"type": "inAppPurchasePricePoints", "id": point}}},
        }
        relationships = {
            "inAppPurchase": {"data": {"type": "inAppPurchases", "id": purchase["id"]}},
            "manualPrices": {"data": [{"type": price["type"], "id": price["id"]}]},
            "baseTerritory": {"data": {"type": "territories", "id": "USA"}},
        }
        data = {"type": "inAppPurchasePriceSchedules", "relationships": relationships}
        assert self.v1.send("POST", "/v1/inAppPurchasePriceSchedules", data, [price]).status == 201

    def ready_subscription(self, group: Json | None = None, product: str = "pro") -> Json:
        group = group or self.group()
        subscription = self.subscription(group, product)
        if not self.v1.related(group, "subscriptionGroupLocalizations"):
            texts = {"name": "Pro", "locale": "en-US"}
            self.v1.create("subscriptionGroupLocalizations", texts, subscriptionGroup=group)
        self.v1.create("subscriptionLocalizations", TEXTS, subscription=subscription)
        self.available_in(subscription, "USA")
        self.price_subscription(subscription, "USA")
        self.upload_screenshot("subscriptionAppStoreReviewScreenshots", "subscription", subscription)
        return subscription

    def ready_purchase(self, product: str = "coins", kind: str = "CONSUMABLE") -> Json:
        purchase = self.purchase(product, kind)
        self.v1.create("inAppPurchaseLocalizations", TEXTS, inAppPurchaseV2=purchase)
        self.available_in(purchase, "USA")
        self.price_purchase(purchase)
        self.upload_screenshot("inAppPurchaseAppStoreReviewScreenshots", "inAppPurchaseV2", purchase)
        return purchase

    def submission(self) -> Json:
        return self.v1.create("reviewSubmissions", {"platform": "IOS"}, app=self.app)

    def item(self, submission: Json, **reviewed: Json) -> Answer:
        return self.v1.post("reviewSubmissionItems", reviewSubmission=submission, **reviewed)

    def submit(self, **reviewed: Json) -> Json:
        """Submit an item, together with the version of the app if that has not been approved yet."""
        submission = self.submission()
        for name, resource in reviewed.items():
            assert self.item(submission, **{name: resource}).status == 201
        if self.v1.get(self.version)["appVersionState"] == "PREPARE_FOR_SUBMISSION":
            assert self.item(submission, appStoreVersion=self.version).status == 201
        assert self.v1.patch(submission, submitted=True).status == 200
        return submission


@pytest.fixture
def shop(emulator_client: EmulatorClient) -> Shop:
    return Shop(emulator_client)


def localization_of(shop: Shop, version: Json) -> Json:
    (localization,) = shop.v1.related(version, "localizations")
    return localization


# Resources that are created with a product, and the state of a product.


def test_a_new_product_has_a_draft_as_its_first_version(shop: Shop) -> None:
    group = shop.group()
    for product in (shop.purchase(), shop.subscription(group)):
        assert shop.state(product) == "MISSING_METADATA"
        (version,) = shop.versions(product)
        assert (version["attributes"]["version"], version["attributes"]["state"]) == (1, "PREPARE_FOR_SUBMISSION")
    assert shop.version_states(group) == ["PREPARE_FOR_SUBMISSION"]


@pytest.mark.parametrize(
    ("state", "version"),
    [
        (None, "PREPARE_FOR_SUBMISSION"),
        ("READY_TO_SUBMIT", "PREPARE_FOR_SUBMISSION"),
        ("IN_REVIEW", "IN_REVIEW"),
        ("REJECTED", "REJECTED"),
        ("APPROVED", "APPROVED"),
        ("REMOVED_FROM_SALE", "APPROVED"),
    ],
)
def test_the_version_of_an_added_product_matches_its_state(shop: Shop, state: str | None, version: str) -> None:
    for kind in KINDS:
        product = shop.emulator.add(kind, **({"state": state} if state else {}))
        assert shop.state(product) == (state or "MISSING_METADATA")
        assert shop.version_states(product) == [version]


def test_an_added_version_replaces_the_automatic_first_version(shop: Shop) -> None:
    for kind, (version_type, owner, _) in KINDS.items():
        product = shop.emulator.add(kind)
        for state in ("IN_REVIEW", "APPROVED"):
            members: Json = {owner: product, "state": state}
            shop.emulator.add(version_type, **members)
        assert shop.version_states(product) == ["IN_REVIEW", "APPROVED"]


def test_loading_a_saved_account_creates_no_additional_versions(shop: Shop) -> None:
    shop.ready_subscription()
    document = shop.emulator.dump()
    count = len(shop.emulator.find("subscriptionVersions")), len(shop.emulator.find("subscriptionGroupVersions"))
    other = type(shop.emulator)()
    other.load(document)
    assert (len(other.find("subscriptionVersions")), len(other.find("subscriptionGroupVersions"))) == count == (1, 1)


def test_a_complete_subscription_is_ready_to_submit(shop: Shop) -> None:
    group = shop.group()
    subscription = shop.subscription(group)
    shop.v1.create("subscriptionLocalizations", TEXTS, subscription=subscription)
    shop.available_in(subscription, "USA", "FRA")
    shop.upload_screenshot("subscriptionAppStoreReviewScreenshots", "subscription", subscription)
    shop.v1.create("subscriptionGroupLocalizations", {"name": "Pro", "locale": "en-US"}, subscriptionGroup=group)
    shop.price_subscription(subscription, "USA")
    assert shop.state(subscription) == "MISSING_METADATA"
    shop.price_subscription(subscription, "FRA")
    assert shop.state(subscription) == "READY_TO_SUBMIT"


def test_a_subscription_is_only_ready_to_submit_if_its_group_has_a_localization(shop: Shop) -> None:
    group = shop.group()
    subscription = shop.subscription(group)
    shop.v1.create("subscriptionLocalizations", TEXTS, subscription=subscription)
    shop.available_in(subscription, "USA")
    shop.price_subscription(subscription, "USA")
    shop.upload_screenshot("subscriptionAppStoreReviewScreenshots", "subscription", subscription)
    assert shop.state(subscription) == "MISSING_METADATA"
    shop.v1.create("subscriptionGroupLocalizations", {"name": "Pro", "locale": "en-US"}, subscriptionGroup=group)
    assert shop.state(subscription) == "READY_TO_SUBMIT"


def test_prices_in_an_update_count_for_their_territories(shop: Shop) -> None:
    subscription = shop.subscription()
    path = f"/v1/subscriptions/{subscription['id']}"
    point = shop.v1.emulator_client.get(f"{path}/pricePoints?filter[territory]=USA").ids[3]
    linked = {"subscriptionPricePoint": {"data": {"type": "subscriptionPricePoints", "id": point}}}
    prices = [{"type": "subscriptionPrices", "id": "${price}", "relationships": linked}]
    named = {"prices": {"data": [{"type": "subscriptionPrices", "id": "${price}"}]}}
    data = {"type": "subscriptions", "id": subscription["id"], "relationships": named}
    answer = shop.v1.send("PATCH", path, data, prices)
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.RELATIONSHIP.INVALID"])
    shop.available_in(subscription, "USA")
    assert shop.v1.send("PATCH", path, data, prices).status == 200
    shown = shop.v1.emulator_client.get(f"{path}/prices?include=territory").json
    assert (len(shown["data"]), [one["id"] for one in shown["included"]]) == (1, ["USA"])


def test_a_purchase_with_a_failed_screenshot_is_incomplete(shop: Shop) -> None:
    shop.emulator.decide("inAppPurchaseAppStoreReviewScreenshots", "FAILED")
    assert shop.state(shop.ready_purchase()) == "MISSING_METADATA"


def test_a_purchase_is_incomplete_again_without_its_only_localization(shop: Shop) -> None:
    purchase = shop.ready_purchase()
    assert shop.state(purchase) == "READY_TO_SUBMIT"
    (localization,) = shop.v2.related(purchase, "inAppPurchaseLocalizations")
    assert shop.v1.delete(localization).status == 204
    assert shop.state(purchase) == "MISSING_METADATA"
    localization = shop.v2.create("inAppPurchaseLocalizations", TEXTS, version=shop.versions(purchase)[0])
    assert shop.state(purchase) == "READY_TO_SUBMIT"
    assert [one["id"] for one in shop.v2.related(purchase, "inAppPurchaseLocalizations")] == [localization["id"]]


# Versions.


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_version_of_a_product_is_rejected_while_the_first_is_in_flight(shop: Shop, kind: str) -> None:
    version_type, owner, _ = KINDS[kind]
    product = shop.emulator.add(kind)
    for state in (
        "PREPARE_FOR_SUBMISSION",
        "READY_FOR_REVIEW",
        "WAITING_FOR_REVIEW",
        "IN_REVIEW",
        "DEVELOPER_REJECTED",
    ):
        (version,) = shop.versions(product)
        shop.emulator.update(version, state=state)
        answer = shop.v1.post(version_type, **{owner: product})
        assert (answer.status, answer.codes) == (409, ["STATE_ERROR.ALREADY_EXISTS"])
        assert detail(answer) == (
            f"Version already exists. There is already an inflight version with id '{version['id']}' for {owner} "
            f"{product['id']}"
        )
    shop.emulator.update(version, state="APPROVED")
    assert shop.v1.create(version_type, **{owner: product})["attributes"]["version"] == 2
    assert shop.version_states(product) == ["APPROVED", "PREPARE_FOR_SUBMISSION"]


def test_a_new_version_of_a_product_copies_the_texts_and_can_change_them(shop: Shop) -> None:
    subscription = shop.ready_subscription()
    group = shop.v1.emulator_client.get(f"/v1/subscriptions/{subscription['id']}?include=group").json["included"][0]
    shop.submit(subscriptionGroupVersion=shop.versions(group)[0], subscriptionVersion=shop.versions(subscription)[0])
    shop.emulator.advance()
    assert (shop.state(subscription), shop.version_states(group)) == ("APPROVED", ["APPROVED"])
    live = localization_of(shop, shop.versions(subscription)[0])
    answer = shop.v1.patch(live, name="Max")
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.ATTRIBUTE.INVALID.UNMODIFIABLE"])
    assert detail(answer) == "Cannot edit SubscriptionLocalization when it is in ACTIVE state"
    assert answer.json["errors"][0]["source"] == {"pointer": "/data/attributes/state"}
    answer = shop.v2.patch(live, name="Max")
    assert answer.codes == ["STATE_ERROR.SUBSCRIPTION_VERSION_UNMODIFIABLE"]
    assert detail(answer) == "Version is not in modifiable state."
    draft = shop.v1.create("subscriptionVersions", subscription=subscription)
    copy = localization_of(shop, draft)
    assert {name: copy["attributes"][name] for name in TEXTS} == TEXTS
    assert shop.v2.patch(copy, name="Max").status == 200
    shop.submit(subscriptionVersion=draft)
    shop.emulator.advance()
    assert shop.version_states(subscription) == ["REPLACED_WITH_NEW_VERSION", "APPROVED"]
    assert shop.state(subscription) == "APPROVED"


@pytest.mark.parametrize(("kind", "code"), [(kind, names[2]) for kind, names in KINDS.items()])
@pytest.mark.parametrize("state", ["READY_FOR_REVIEW", "IN_REVIEW", "APPROVED", "DEVELOPER_REJECTED"])
def test_texts_and_images_of_a_version_that_is_not_a_draft_cannot_be_changed(
    shop: Shop, kind: str, code: str, state: str
) -> None:
    owner = KINDS[kind][1]
    product = shop.emulator.add(kind)
    (version,) = shop.versions(product)
    file = {"fileName": "a.png", "fileSize": 1}
    image = shop.v2.create(f"{owner}Images", file, version=version)
    text = shop.v2.create(f"{owner}Localizations", TEXTS, version=version)
    other = shop.v2.create(f"{owner}Localizations", {**TEXTS, "locale": "ja"}, version=version)
    shop.emulator.update(version, state=state)
    refused = [
        shop.v2.post(f"{owner}Localizations", {**TEXTS, "locale": "de-DE"}, version=version),
        shop.v2.patch(text, name="Max"),
        shop.v2.delete(other),
        shop.v2.post(f"{owner}Images", file, version=version),
        shop.v2.delete(image),
    ]
    assert [answer.status for answer in refused] == [409] * 5
    assert {answer.codes[0] for answer in refused} == {f"STATE_ERROR.{code}_VERSION_UNMODIFIABLE"}


@pytest.mark.parametrize(
    ("state", "word"), [("APPROVED", "ACTIVE"), ("REJECTED", "REJECTED"), ("WAITING_FOR_REVIEW", "WAITING_FOR_REVIEW")]
)
def test_the_error_about_a_localization_of_api_v1_has_its_state(shop: Shop, state: str, word: str) -> None:
    texts = shop.emulator.add("inAppPurchaseLocalizations", state=state)
    answer = shop.v1.patch(texts, name="Max")
    assert detail(answer) == f"Cannot edit InAppPurchaseLocalization when it is in {word} state"


def test_the_last_localization_of_a_submitted_product_cannot_be_deleted(shop: Shop) -> None:
    product = shop.emulator.add("subscriptions", state="APPROVED")
    first, second = (shop.emulator.add("subscriptionLocalizations", subscription=product) for _ in range(2))
    assert shop.v1.delete(first).status == 204
    answer = shop.v1.delete(second)
    assert (answer.status, detail(answer)) == (409, "Cannot delete last localization.")


# Deletion.


def test_a_subscription_can_only_be_deleted_while_it_is_incomplete(shop: Shop) -> None:
    assert shop.v1.delete(shop.subscription()).status == 204
    answer = shop.v1.delete(shop.ready_subscription(product="max"))
    assert (answer.status, answer.codes) == (409, ["STATE_ERROR.SUBSCRIPTION_DELETE_NOT_ALLOWED"])


def test_the_product_id_of_a_deleted_product_cannot_be_used_again(shop: Shop) -> None:
    assert shop.v2.delete(shop.purchase("coins")).status == 204
    attributes = {"name": "Coins", "productId": "coins", "inAppPurchaseType": "CONSUMABLE"}
    answer = shop.v2.post("inAppPurchases", attributes, app=shop.app)
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE"])


def test_family_sharing_cannot_be_turned_off(shop: Shop) -> None:
    purchase = shop.purchase()
    assert shop.v2.patch(purchase, familySharable=True).status == 200
    assert shop.v2.patch(purchase, familySharable=False).status == 409


# Submission.


def test_submitting_an_incomplete_purchase_reports_everything_that_is_missing(shop: Shop) -> None:
    purchase = shop.purchase()
    shop.v1.create("inAppPurchaseLocalizations", TEXTS, inAppPurchaseV2=purchase)
    answer = shop.v1.post("inAppPurchaseSubmissions", inAppPurchaseV2=purchase)
    assert (answer.status, answer.codes) == (409, ["STATE_ERROR.INVALID_REQUEST_ENTITY_STATE_INVALID"])
    ((path, errors),) = answer.json["errors"][0]["meta"]["associatedErrors"].items()
    assert path == f"/v1/inAppPurchases/{purchase['id']}"
    assert [(error["code"], error.get("source")) for error in errors] == [
        ("ENTITY_ERROR.RELATIONSHIP.REQUIRED", {"pointer": "/data/relationships/appStoreReviewScreenshot"}),
        ("STATE_ERROR.IAP_SUBMISSION_NOT_ALLOWED_AVAILABILITY_NEVER_SET", None),
    ]


def test_a_subscription_without_a_price_in_one_of_its_territories_cannot_be_submitted(shop: Shop) -> None:
    subscription = shop.ready_subscription()
    answer = shop.v1.post("subscriptionSubmissions", subscription=subscription)
    assert answer.codes == ["STATE_ERROR.FIRST_SUBSCRIPTION_MUST_BE_SUBMITTED_ON_VERSION"]
    other = shop.subscription(product="max")
    group = shop.v1.emulator_client.get(f"/v1/subscriptions/{other['id']}?include=group").json["included"][0]
    shop.v1.create("subscriptionGroupLocalizations", {"name": "Max", "locale": "en-US"}, subscriptionGroup=group)
    shop.v1.create("subscriptionLocalizations", TEXTS, subscription=other)
    shop.available_in(other, "USA", "FRA", "JPN")
    shop.price_subscription(other, "FRA")
    shop.upload_screenshot("subscriptionAppStoreReviewScreenshots", "subscription", other)
    answer = shop.v1.post("subscriptionSubmissions", subscription=other)
    assert answer.codes == ["STATE_ERROR.IAP_SUBMISSION_NOT_ALLOWED_MISSING_PRICING_DATA"]
    assert detail(answer) == "There is no price for these territories: USA, JPN"


@pytest.mark.parametrize("kind", ["CONSUMABLE", "NON_CONSUMABLE", "NON_RENEWING_SUBSCRIPTION"])
def test_the_first_purchase_of_each_kind_must_be_submitted_with_an_app_version(shop: Shop, kind: str) -> None:
    first = shop.ready_purchase("first", kind)
    answer = shop.v1.post("inAppPurchaseSubmissions", inAppPurchaseV2=first)
    assert (answer.status, answer.codes) == (409, [f"STATE_ERROR.FIRST_{kind}_MUST_BE_SUBMITTED_ON_VERSION"])
    shop.submit(inAppPurchaseVersion=shop.versions(first)[0])
    shop.emulator.advance()
    assert shop.state(first) == "APPROVED"
    second = shop.ready_purchase("second", kind)
    assert shop.v1.post("inAppPurchaseSubmissions", inAppPurchaseV2=second).status == 201
    assert (shop.state(second), shop.version_states(second)) == ("WAITING_FOR_REVIEW", ["WAITING_FOR_REVIEW"])
    answer = shop.v1.post("inAppPurchaseSubmissions", inAppPurchaseV2=second)
    assert detail(answer) == f"InAppPurchase {second['id']} has no pending version for submission"
    shop.emulator.decide("inAppPurchaseVersions", "REJECTED")
    shop.emulator.advance()
    assert (shop.state(second), shop.version_states(second)) == ("REJECTED", ["REJECTED"])


def test_the_first_subscription_and_its_group_must_be_submitted_together(shop: Shop) -> None:
    group = shop.group()
    subscription = shop.ready_subscription(group)
    submission = shop.submission()
    (version,), (group_version,) = shop.versions(subscription), shop.versions(group)
    answer = shop.item(submission, subscriptionVersion=version)
    assert answer.codes == ["STATE_ERROR.SUBSCRIPTION_SUBMISSION_REQUIRES_GROUP_VERSION"]
    assert shop.item(submission, appStoreVersion=shop.version).status == 201
    assert shop.item(submission, subscriptionGroupVersion=group_version).status == 201
    answer = shop.v1.patch(submission, submitted=True)
    assert answer.codes == ["ENTITY_ERROR.SUBSCRIPTION_GROUP_SUBMISSION_NOT_ALLOWED"]
    assert shop.item(submission, subscriptionVersion=version).status == 201
    assert shop.version_states(subscription) == ["READY_FOR_REVIEW"]
    assert shop.state(subscription) == "READY_TO_SUBMIT"
    answer = shop.v1.post("subscriptionSubmissions", subscription=subscription)
    assert answer.codes == ["STATE_ERROR.FIRST_SUBSCRIPTION_MUST_BE_SUBMITTED_ON_VERSION"]
    assert shop.v1.patch(submission, submitted=True).status == 200
    assert (shop.state(subscription), shop.version_states(group)) == ("WAITING_FOR_REVIEW", ["WAITING_FOR_REVIEW"])
    shop.emulator.advance()
    second = shop.ready_subscription(group, "max")
    assert shop.item(shop.submission(), subscriptionVersion=shop.versions(second)[0]).status == 201


def test_the_version_of_a_cancelled_review_cannot_be_submitted_again(shop: Shop) -> None:
    purchase = shop.ready_purchase()
    (version,) = shop.versions(purchase)
    submission = shop.submit(inAppPurchaseVersion=version)
    assert shop.v1.patch(submission, canceled=True).status == 200
    shop.emulator.advance()
    assert (shop.state(purchase), shop.version_states(purchase)) == ("READY_TO_SUBMIT", ["DEVELOPER_REJECTED"])
    answer = shop.v1.post("inAppPurchaseSubmissions", inAppPurchaseV2=purchase)
    assert detail(answer) == f"InAppPurchase {purchase['id']} has no pending version for submission"
    answer = shop.item(shop.submission(), inAppPurchaseVersion=version)
    assert answer.codes == ["STATE_ERROR.ENTITY_STATE_INVALID"]
    assert shop.v1.post("inAppPurchaseVersions", inAppPurchase=purchase).codes == ["STATE_ERROR.ALREADY_EXISTS"]


def test_removing_an_item_before_the_submission_makes_its_version_a_draft_again(shop: Shop) -> None:
    purchase = shop.ready_purchase()
    submission = shop.submission()
    item = shop.item(submission, inAppPurchaseVersion=shop.versions(purchase)[0]).json["data"]
    assert shop.version_states(purchase) == ["READY_FOR_REVIEW"]
    assert shop.v1.delete(item).status == 204
    assert shop.version_states(purchase) == ["PREPARE_FOR_SUBMISSION"]


def test_an_incomplete_product_cannot_be_added_to_a_submission(shop: Shop) -> None:
    purchase = shop.purchase()
    answer = shop.item(shop.submission(), inAppPurchaseVersion=shop.versions(purchase)[0])
    assert (answer.status, answer.codes) == (409, ["STATE_ERROR.INVALID_REQUEST_ENTITY_STATE_INVALID"])


@pytest.mark.parametrize(("outcome", "state"), [("APPROVED", "APPROVED"), ("REJECTED", "REJECTED")])
def test_a_test_can_choose_the_outcome_for_the_version_of_a_product(shop: Shop, outcome: str, state: str) -> None:
    purchase = shop.ready_purchase()
    (version,) = shop.versions(purchase)
    shop.emulator.decide(version, outcome)
    shop.submit(inAppPurchaseVersion=version)
    shop.emulator.advance()
    assert shop.version_states(purchase) == [state]
    (localization,) = shop.v2.related(purchase, "inAppPurchaseLocalizations")
    assert shop.v1.get(localization)["state"] == state


def test_a_group_can_only_be_submitted_after_one_of_its_subscriptions(shop: Shop) -> None:
    group = shop.group()
    answer = shop.v1.post("subscriptionGroupSubmissions", subscriptionGroup=group)
    assert answer.codes == ["ENTITY_ERROR.SUBSCRIPTION_GROUP_SUBMISSION_NOT_ALLOWED"]
    shop.emulator.add("subscriptions", group=group, state="APPROVED")
    assert shop.v1.post("subscriptionGroupSubmissions", subscriptionGroup=group).status == 201
    assert shop.version_states(group) == ["WAITING_FOR_REVIEW"]


def test_an_added_product_that_is_ready_to_submit_is_complete(emulator: Emulator, api_writer: ApiWriter) -> None:
    purchase = emulator.add("inAppPurchases", state="READY_TO_SUBMIT")
    assert api_writer.post("inAppPurchaseSubmissions", inAppPurchaseV2=purchase).status == 201
