from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loopback import Apple, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

TEST = """
    import pytest

    @pytest.mark.asc(allow_writes={allowed})
    def test_write(asc_session):
        asc_session.post("/v1/betaGroups", json={{}})
"""


@pytest.mark.parametrize(
    ("allowed", "options", "sent"),
    [
        (True, ["--asc-allow-writes"], ["POST"]),
        (True, [], []),
        (False, ["--asc-allow-writes"], []),
        (False, [], []),
    ],
)
def test_a_live_write_needs_both_the_marker_and_the_option(
    pytester: pytest.Pytester,
    apple: Apple,
    key_text: str,
    monkeypatch: pytest.MonkeyPatch,
    allowed: bool,
    options: Sequence[str],
    sent: list[str],
) -> None:
    monkeypatch.setenv("ASC_KEY_ID", "2X9R7KQF34")
    monkeypatch.setenv("ASC_PRIVATE_KEY", key_text)
    apple.answer = lambda _: Reply(201)
    pytester.makepyfile(TEST.format(allowed=allowed))
    result = pytester.runpytest("--asc-mode=live", f"--asc-base-url={apple.url}", *options)
    result.assert_outcomes(passed=1 if sent else 0, failed=0 if sent else 1)
    assert [request.method for request in apple.requests] == sent
    if not sent:
        result.stdout.fnmatch_lines(["E*WriteRefusedError: POST *betaGroups was not sent:*--asc-allow-writes*"])
