"""Environment variables with credentials, under all names in the table of settings."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from pytest_asc.credentials.private_folder import write_private
from pytest_asc.credentials.settings import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_asc.credentials.finder import Credentials

MISLEADING = (
    *(name for setting in SETTINGS if setting.name in {"token", "key_type", "service"} for name in setting.env),
    # fastlane's flags, which are not in the table of settings
    "APP_STORE_CONNECT_API_KEY_IS_KEY_CONTENT_BASE64",
    "APP_STORE_CONNECT_API_KEY_IN_HOUSE",
    "SPACESHIP_CONNECT_API_IN_HOUSE",
)
"""Variables with which a program would use another key, another encoding of the key or another service."""


def credential_variables(credentials: Credentials, base_url: str, folder: Path) -> dict[str, str]:
    """Return variables for a key, its IDs and a base URL, and write the files that they refer to.

    Args:
        credentials: The key and its IDs.
        base_url: The base URL of the API.
        folder: The folder for the files. Other users must not be able to read it.
    """
    key_id, issuer_id = credentials.key_id, credentials.issuer_id or ""
    key_file, fastlane_key = folder / f"AuthKey_{key_id}.p8", folder / "fastlane.json"
    fastlane = {"key_id": key_id, "issuer_id": issuer_id, "key": credentials.pem}
    for file, text in ((key_file, credentials.pem), (fastlane_key, json.dumps(fastlane))):
        write_private(file, text)
    values = {
        "key_id": key_id,
        "issuer_id": issuer_id,
        "private_key": str(credentials.pem),
        "key_file": str(key_file),
        "fastlane_key": str(fastlane_key),
        "base_url": base_url,
    }
    variables = {"API_PRIVATE_KEYS_DIR": str(folder)}
    for setting in SETTINGS:
        for name in setting.env if setting.name in values else ():
            value = values[setting.name]
            variables[name] = base64.b64encode(value.encode()).decode() if name.endswith("_B64") else value
    return variables
