"""Lists apps, adds a build to a beta group, prepares a version, uploads a screenshot."""

from __future__ import annotations

import json
import os
from pathlib import Path

from asconnect import Client
from asconnect.models import Platform, ScreenshotDisplayType

client = Client(
    key_id=os.environ["ASC_KEY_ID"],
    key_contents=Path(os.environ["ASC_PRIVATE_KEY_PATH"]).read_text(),
    issuer_id=os.environ["ASC_ISSUER_ID"],
)
apps = list(client.app.get_all())
app = client.app.get_from_bundle_id("com.example.ledger")
builds = list(client.build.get_builds(app_id=app.identifier))
detail = client.build.get_beta_detail(builds[0])
(group, *_) = client.beta_review.get_beta_groups(app.identifier)
client.beta_review.set_beta_groups_on_build(builds[0].identifier, [group])
client.beta_review.set_beta_app_localizations(app.identifier, {"fr-FR": {"description": "Des comptes."}})

version = client.app.create_new_version(
    version="7.0", app_id=app.identifier, platform=Platform.MACOS, copyright_text="2027 Example"
)
renamed = client.version.set_version_string(version_id=version.identifier, version_string="7.1")
details = client.version.set_app_review_details(
    version_id=version.identifier,
    contact_email="may@example.com",
    contact_first_name="May",
    contact_last_name="Doe",
    contact_phone="+49 30 1234567",
    demo_account_name="",
    demo_account_password="",
    demo_account_required=False,
    notes="",
)
release = client.version.create_phased_release(version_id=version.identifier)

lists = client.app.get_from_bundle_id("com.example.lists")
prepared = client.version.get_version(app_id=lists.identifier, version_string="2.0")
(localization, *_) = client.version.get_localizations(version_id=prepared.identifier)
screenshots = client.screenshots.create_set(
    localization_id=localization.identifier, display_type=ScreenshotDisplayType.APP_IPHONE_55
)
screenshot = client.screenshots.upload_screenshot(
    file_path="screenshot.png", screenshot_set_id=screenshots.identifier, use_auth_header=False
)
client.screenshots.delete_set(screenshot_set_id=screenshots.identifier)
print(
    json.dumps(
        {
            "apps": [app.name for app in apps],
            "app": app.sku,
            "builds": len(builds),
            "beta": detail.attributes.internal_build_state.value,
            "versions": [version.attributes.version_string, renamed.attributes.version_string],
            "contact": details.attributes.contact_first_name,
            "screenshot": screenshot.attributes.asset_delivery_state.state.value,
            "release": release.attributes.phased_release_state.value,
        }
    )
)
