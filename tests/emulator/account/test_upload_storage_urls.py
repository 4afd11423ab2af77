from __future__ import annotations

import pytest

from pytest_asc.apple.services import STORAGE_HOST
from pytest_asc.emulator.app import Emulator
from pytest_asc.emulator.http_models import Request


@pytest.mark.parametrize("rest", ["a\ud800b", "a?X-Amz-Date=\ud800"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_storage_url_with_a_lone_surrogate_is_rejected(method: str, rest: str) -> None:
    response = Emulator().handle(Request(method, f"https://{STORAGE_HOST}/{rest}", {}, b"x"))
    assert response.crash is None
    assert response.status == 403
