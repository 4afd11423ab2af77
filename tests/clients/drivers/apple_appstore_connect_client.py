"""Lists apps, prepares a version, renames an app, requests a sales report."""

from __future__ import annotations

import json
import os
from datetime import date

from appstore_connect import AppStoreConnectAPI, AppStoreConnectError

api = AppStoreConnectAPI(
    key_id=os.environ["ASC_KEY_ID"],
    issuer_id=os.environ["ASC_ISSUER_ID"],
    private_key_path=os.environ["ASC_PRIVATE_KEY_PATH"],
    vendor_number="80012345",
)
apps = api.get_apps()["data"]
ledger = "6450002017"
version = api.create_app_store_version(ledger, "7.0", platform="MAC_OS")["data"]
cinema = "6467001983"  # this app has one app info: the client uses the first
renamed = api.update_app_name(cinema, "Cinema 7")
(info,) = api.get_app_infos(cinema)["data"]
localizations = api.get_app_info_localizations(info["id"])["data"]
try:
    api.get_sales_report(date.fromisoformat(os.environ["REPORT_DATE"]))
except AppStoreConnectError as error:
    refused = str(error)
print(
    json.dumps(
        {
            "apps": [app["attributes"]["name"] for app in apps],
            "app": api.get_app_info(ledger)["data"]["attributes"]["sku"],
            "version": version["attributes"]["versionString"],
            "renamed": renamed,
            "names": [one["attributes"]["name"] for one in localizations],
            "refused": refused,
        }
    )
)
