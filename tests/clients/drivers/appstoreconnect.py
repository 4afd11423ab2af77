"""Lists apps, creates and deletes a beta group, invites a tester, registers a device, reads a sales report."""

from __future__ import annotations

import json
import os

from appstoreconnect import Api

# The client would send statistics to its author.
api = Api(os.environ["ASC_KEY_ID"], os.environ["ASC_PRIVATE_KEY_PATH"], os.environ["ASC_ISSUER_ID"], submit_stats=False)
apps = api.list_apps(sort="name")
names = [app.name for app in apps]
(app, *_) = api.list_apps(filters={"bundleId": "com.example.ledger"})
group = api.create_beta_group(app, "Friends", publicLinkEnabled=False)
renamed = api.modify_beta_group(group, name="Family")
tester = api.create_beta_tester("may@example.com", firstName="May", lastName="Doe", betaGroups=group)
groups = [group.name for group in tester.betaGroups()]
api.delete_beta_tester(tester)
api.delete_beta_group(group)
device = api.register_new_device("A phone", "IOS", "00008110-000A1D2E0E92801E")
report = api.download_sales_and_trends_reports(
    filters={"vendorNumber": "80012345", "reportDate": os.environ["REPORT_DATE"]}
)
print(
    json.dumps(
        {
            "apps": names,
            "total": len(apps),
            "app": api.read_app_information(app.id).sku,
            "names": [group.name, renamed.name],
            "groups": groups,
            "device": device.status,
            "report": [line.split("\t")[2] for line in report.splitlines()],
        }
    )
)
