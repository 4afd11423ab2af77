"""What every test of the suite gets: pytester, and an environment without anyone's credentials."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

OTHERS = (
    "ASC_",
    "API_PRIVATE_KEYS_DIR",
    "APP_STORE_CONNECT_",
    "CI",
    "EXPO_",
    "GITHUB_",
    "NETRC",
    "PYTEST_ADDOPTS",
    "SPACESHIP_",
)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take away whatever the machine has of credentials, proxies and a home; return the empty home."""
    for name in list(os.environ):
        if name.startswith(OTHERS) or name.upper() in PROXIES:
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home
