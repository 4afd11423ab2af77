"""Lists apps, requests an analytics report, reads sales reports."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

from storepulse.core.discovery import list_apple_apps
from storepulse.core.sources.apple_analytics import create_report_request, list_report_requests
from storepulse.core.sources.apple_client import AppleClient
from storepulse.core.sources.apple_sales import decode_report, fetch_day, parse_summary

key = Path(os.environ["ASC_PRIVATE_KEY_PATH"]).read_text()
with AppleClient(os.environ["ASC_ISSUER_ID"], os.environ["ASC_KEY_ID"], key) as client:
    apps = list_apple_apps(client)
    (app,) = [app for app in apps if app["bundle_id"] == "com.example.ledger"]
    request = create_report_request(client, app["id"])
    requests = list_report_requests(client, app["id"])
    day = date.fromisoformat(os.environ["REPORT_DATE"])
    sales = fetch_day(client, "80012345", day)
    before = fetch_day(client, "80012345", day - timedelta(days=1))
print(
    json.dumps(
        {
            "apps": [app["name"] for app in apps],
            "app": app["sku"],
            "requests": [one.access_type for one in requests if one.id == request],
            "sales": [[row.sku, int(row.units)] for row in parse_summary(decode_report(sales.content))],
            "before": before.status,
        }
    )
)
