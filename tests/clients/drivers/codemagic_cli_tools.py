"""Lists apps, registers a bundle ID with a capability, and a device; deletes or disables them again."""

from __future__ import annotations

import json
import os
from pathlib import Path

from codemagic.apple.app_store_connect import AppStoreConnectApiClient
from codemagic.apple.resources import BundleIdPlatform, CapabilityType, DeviceStatus

client = AppStoreConnectApiClient(
    os.environ["ASC_KEY_ID"], os.environ["ASC_ISSUER_ID"], Path(os.environ["ASC_PRIVATE_KEY_PATH"]).read_text()
)
apps = client.apps.list()
(app,) = client.apps.list(client.apps.Filter(bundle_id="com.example.ledger"))
builds = client.apps.list_builds(app)
groups = client.beta_groups.list(client.beta_groups.Filter(app=app.id))

bundle_id = client.bundle_ids.create("com.example.new", "New", BundleIdPlatform.IOS)
renamed = client.bundle_ids.modify(bundle_id, "Newer")
capability = client.bundle_id_capabilities.enable(CapabilityType.PUSH_NOTIFICATIONS, bundle_id)
capabilities = client.bundle_ids.list_capabilities(bundle_id)
client.bundle_id_capabilities.disable(capability)
client.bundle_ids.delete(bundle_id)
device = client.devices.create("A phone", BundleIdPlatform.IOS, "00008110-000A1D2E0E92801E")
disabled = client.devices.modify(device, status=DeviceStatus.DISABLED)
certificates = client.signing_certificates.list()
profiles = client.profiles.list()
print(
    json.dumps(
        {
            "apps": [app.attributes.name for app in apps],
            "app": client.apps.read(app).attributes.sku,
            "builds": [build.attributes.version for build in builds],
            "groups": [group.attributes.name for group in groups],
            "names": [bundle_id.attributes.name, renamed.attributes.name],
            "capabilities": [one.attributes.capabilityType.value for one in capabilities],
            "device": [device.attributes.status.value, disabled.attributes.status.value],
            "signing": [len(certificates), len(profiles)],
        }
    )
)
