from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pytest_asc.apple.services import APP_STORE_CONNECT
from pytest_asc.credentials.throw_away import new_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from recording.apple import Account, large_account, prepare_command, serving


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables with an API key."""
    credentials = new_credentials(APP_STORE_CONNECT)
    file = tmp_path_factory.mktemp("key") / f"AuthKey_{credentials.key_id}.p8"
    file.touch(mode=0o600)
    file.write_text(credentials.pem, encoding="ascii")
    return {
        "ASC_KEY_ID": credentials.key_id,
        "ASC_ISSUER_ID": str(credentials.issuer_id),
        "ASC_PRIVATE_KEY_PATH": str(file),
    }


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that would have been waited. The waits are replaced, so no time passes."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def account(
    key_files: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, waits: list[float]
) -> Iterator[Account]:
    """A large account at a stand-in for Apple, with environment and folder for a command."""
    prepare_command(monkeypatch, key_files, tmp_path)
    found = large_account()
    with serving(found) as url:
        monkeypatch.setenv("ASC_BASE_URL", url)
        yield found
    assert found.violations == []
