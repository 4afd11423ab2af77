"""Lists apps with a filter and page by page; creates, changes and deletes a beta group."""

from __future__ import annotations

import json
import os
from pathlib import Path

from applaud.connection import Connection
from applaud.schemas.requests import BetaGroupCreateRequest, BetaGroupUpdateRequest
from applaud.schemas.responses import AppsResponse

connection = Connection(
    os.environ["ASC_ISSUER_ID"], os.environ["ASC_KEY_ID"], Path(os.environ["ASC_PRIVATE_KEY_PATH"]).read_text()
)
page = connection.apps().limit(100).get()
apps = page.data
while page.links.next:
    page = connection.generic_endpoint(page.links.next).get(response_class=AppsResponse)
    apps += page.data
(app,) = connection.apps().filter(bundle_id=["com.example.ledger"]).limit(2).get().data

data = BetaGroupCreateRequest.Data
to_app = data.Relationships.App
group = connection.beta_groups().create(
    BetaGroupCreateRequest(
        data=data(
            attributes=data.Attributes(name="Friends", feedback_enabled=True),
            relationships=data.Relationships(app=to_app(data=to_app.Data(id=app.id))),
        )
    )
)
data = BetaGroupUpdateRequest.Data
renamed = connection.beta_group(group.data.id).update(
    BetaGroupUpdateRequest(data=data(id=group.data.id, attributes=data.Attributes(name="Family")))
)
try:
    connection.beta_group(group.data.id).delete()
except KeyError as error:
    missing = str(error)
print(
    json.dumps(
        {
            "apps": [app.attributes.name for app in apps],
            "total": page.meta.paging.total,
            "app": connection.app(app.id).get().data.attributes.sku,
            "missing": missing,
            "names": [group.data.attributes.name, renamed.data.attributes.name],
        }
    )
)
