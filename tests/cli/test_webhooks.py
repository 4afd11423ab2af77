from __future__ import annotations

import pytest

from pytest_asc.cli.main import main


def test_serve_refuses_webhooks_to_another_machine(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--webhooks", "https://example.com/hook"])
    assert "argument --webhooks: got 'https://example.com/hook', expected a URL on this machine" in (
        capsys.readouterr().err
    )
