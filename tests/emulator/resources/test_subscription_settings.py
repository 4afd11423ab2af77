from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from emulator.resources.api_writer import detail

if TYPE_CHECKING:
    from emulator.resources.api_writer import ApiWriter

    from pytest_asc.emulator.app import Emulator


@pytest.mark.parametrize(
    ("before", "sent", "status"),
    [
        ({}, {"optIn": True, "sandboxOptIn": False}, 409),
        ({}, {"optIn": True}, 409),
        ({"optIn": True, "sandboxOptIn": True}, {"sandboxOptIn": False}, 409),
        ({}, {"optIn": True, "sandboxOptIn": True}, 200),
        ({"sandboxOptIn": True}, {"optIn": True}, 200),
        ({}, {"sandboxOptIn": True}, 200),
    ],
)
def test_a_grace_period_in_production_requires_one_in_the_sandbox(
    api_writer: ApiWriter, emulator: Emulator, before: dict[str, Any], sent: dict[str, Any], status: int
) -> None:
    answer = api_writer.patch(emulator.add("subscriptionGracePeriods", **before), **sent)
    assert answer.status == status
    if status == 409:
        assert answer.codes == ["STATE_ERROR.SUBSCRIPTION_GRACE_PERIOD_OPT_IN_SETTING_INVALID"]


@pytest.mark.parametrize("kind", ["subscription", "inAppPurchase"])
def test_a_promoted_purchase_can_only_be_deleted_without_an_image(
    api_writer: ApiWriter, emulator: Emulator, kind: str
) -> None:
    product = emulator.add(f"{kind}s")
    owner: dict[str, Any] = {kind: product}
    image = emulator.add(f"{kind}Images", **owner)
    owner = {"inAppPurchaseV2" if kind == "inAppPurchase" else kind: product}
    promotion = emulator.add("promotedPurchases", **owner)
    answer = api_writer.delete(promotion)
    assert (answer.status, answer.codes) == (409, ["ENTITY_ERROR.ATTRIBUTE.INVALID.UNMODIFIABLE"])
    assert detail(answer) == "Promoted purchase has an image. Please delete the image first."
    emulator.delete(image)
    assert api_writer.delete(promotion).status == 204


def test_every_app_has_a_grace_period_with_the_id_of_the_app(api_writer: ApiWriter, emulator: Emulator) -> None:
    app = emulator.add("apps")
    found = api_writer.emulator_client.get(f"/v1/apps/{app['id']}/subscriptionGracePeriod").json["data"]
    assert (found["id"], found["attributes"]["optIn"], found["attributes"]["sandboxOptIn"]) == (app["id"], False, False)
    assert api_writer.patch(found, sandboxOptIn=True, duration="SIXTEEN_DAYS").status == 200
    own = emulator.add("subscriptionGracePeriods", id="mine", app=app, optIn=True, sandboxOptIn=True)
    found = api_writer.emulator_client.get(f"/v1/apps/{app['id']}/subscriptionGracePeriod").json["data"]
    assert found["id"] == own["id"]
    assert [one["id"] for one in emulator.find("subscriptionGracePeriods")] == ["mine"]
