from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from pytest_asc.emulator.spec.api_spec import api_spec

if TYPE_CHECKING:
    from emulator.harness import Answer, EmulatorClient

BOTH = [
    path
    for path in api_spec().paths
    if (operation := api_spec().operation("GET", path)) and operation.media_types == ("application/json", "text/csv")
]


def rows(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))


@pytest.mark.parametrize("path", BOTH)
def test_every_csv_collection_of_the_sample_account_has_a_table(emulator_client: EmulatorClient, path: str) -> None:
    emulator_client.emulator.load_sample()
    root = path.split("/")[2]
    (start, *_) = [resource.id for resource in emulator_client.emulator._account.store.all(root)]
    asked = f"{path.replace('{id}', start)}{'?filter[state]=SUBMITTED' if root == 'nominations' else ''}"
    table, document = (
        emulator_client.get(asked, Accept="text/csv"),
        emulator_client.get(asked, Accept="text/csv;q=0.1, application/json"),
    )
    assert (table.headers["Content-Type"], document.headers["Content-Type"]) == ("text/csv", "application/json")
    ids = [row["id"] for row in rows(table)]
    assert ids[: len(document.ids)] == document.ids
    assert len(ids) == document.json["meta"]["paging"]["total"] > 0
    assert emulator_client.get(asked, Accept="text/html").status == 406


def test_a_table_of_price_points(emulator_client: EmulatorClient) -> None:
    territories = [emulator_client.emulator.add("territories", id=code) for code in ("USA", "DEU")]
    app = emulator_client.emulator.add("apps", id="1")
    for territory, price in zip(territories, ("0.99", '1,19 "€"\tx'), strict=True):
        emulator_client.emulator.add(
            "appPricePoints", id=territory["id"], app=app, customerPrice=price, territory=territory
        )
    answer = emulator_client.get(
        "/v1/apps/1/appPricePoints?fields[appPricePoints]=customerPrice,territory", Accept="text/csv"
    )
    assert rows(answer) == [
        {"id": "USA", "customerPrice": "0.99", "territory": "USA"},
        {"id": "DEU", "customerPrice": '1,19 "€" x', "territory": "DEU"},
    ]
    (german,) = rows(emulator_client.get("/v1/apps/1/appPricePoints?filter[territory]=DEU", Accept="text/csv"))
    assert (german["id"], german["app"]) == ("DEU", "1")


def test_a_table_is_not_paged(emulator_client: EmulatorClient) -> None:
    app = emulator_client.emulator.add("apps", id="1")
    for _ in range(60):
        emulator_client.emulator.add("appPricePoints", app=app)
    assert len(rows(emulator_client.get("/v1/apps/1/appPricePoints?limit=7", Accept="text/csv"))) == 60
    assert len(emulator_client.get("/v1/apps/1/appPricePoints?limit=7").ids) == 7


def test_a_table_of_an_unknown_resource_gets_404(emulator_client: EmulatorClient) -> None:
    assert emulator_client.get("/v1/apps/1/appPricePoints", Accept="text/csv").codes == ["NOT_FOUND"]


@pytest.mark.parametrize("kind", ["inAppPurchaseOfferCodeOneTimeUseCodes", "subscriptionOfferCodeOneTimeUseCodes"])
def test_one_time_use_codes_are_listed_one_per_line(emulator_client: EmulatorClient, kind: str) -> None:
    batch = emulator_client.emulator.add(kind, numberOfCodes=25)
    path = f"/v1/{kind}/{batch['id']}/values"
    answer = emulator_client.get(path, Accept="text/csv")
    codes = answer.body.decode().splitlines()
    assert answer.headers["Content-Type"] == "text/csv"
    assert (len(codes), len(set(codes)), {len(code) for code in codes}) == (25, 25, {18})
    assert emulator_client.get(path).body == answer.body
    assert emulator_client.get(path, Accept="application/json").status == 406
    assert emulator_client.get(f"/v1/{kind}/1/values").codes == ["NOT_FOUND"]
