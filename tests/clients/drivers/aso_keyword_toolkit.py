"""Lists apps, uploads texts and a screenshot of an app, reads its products and the rate limit."""

from __future__ import annotations

import json
from pathlib import Path

from asokit import asc

bearer = asc.Bearer()
apps = asc.call_all("GET", "/apps", bearer)
lists = "6448311069"
status = asc.status(lists, bearer)
texts = {
    "de-DE": {"subtitle": "Alles auf einer Liste"},
    "fr-FR": {"name": "Listes", "description": "Des listes."},
}
pushed = asc.push(lists, texts, bearer, apply=True)
pulled = asc.pull(lists, bearer)
(shots,) = asc.push_screenshots(lists, {"de-DE": {"APP_IPHONE_55": [Path("screenshot.png")]}}, bearer, apply=True)
products = asc.products_status(lists, bearer)
print(
    json.dumps(
        {
            "apps": [app["attributes"]["name"] for app in apps],
            "app": status["bundleId"],
            "pushed": [[one["locale"], one["resource"], one["operation"]] for one in pushed],
            "pulled": [pulled["de-DE"]["subtitle"], pulled["fr-FR"]["name"]],
            "screenshots": list(asc.screenshot_states(shots["ids"], bearer).values()),
            "products": [one["productId"] for one in products["inAppPurchases"]],
            "limit": asc.RATE["limit"],
        }
    )
)
