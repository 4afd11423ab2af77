from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from loopback import ISSUER_ID, KEY_ID

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_request_ends_after_the_timeout(
    pytester: pytest.Pytester, silent_port: int, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASC_KEY_ID", KEY_ID)
    monkeypatch.setenv("ASC_ISSUER_ID", ISSUER_ID)
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)
    result = pytester.runpytest("--asc-smoke", f"--asc-base-url=http://127.0.0.1:{silent_port}", "--asc-timeout=0.1")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*timed-out*", "*0.1 s*"])


@pytest.mark.parametrize("value", ["0", "-1", "soon"])
def test_an_invalid_timeout_is_refused(pytester: pytest.Pytester, value: str) -> None:
    result = pytester.runpytest("--asc-smoke", f"--asc-timeout={value}")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--asc-timeout*"])
