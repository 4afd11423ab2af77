from __future__ import annotations

import re
from pathlib import Path

from clients.environments import CLIENTS

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"


def test_the_clients_page_lists_every_client_with_its_version() -> None:
    table, _ = PAGE.read_text(encoding="utf-8").split("## Known problems of clients")
    rows = re.findall(r"^\| (\S+) \| ([\d.]+) \|", table, re.MULTILINE)
    assert rows == [(client.package, client.version) for client in CLIENTS]


def test_every_client_has_its_driver() -> None:
    assert {client.driver.name for client in CLIENTS} == {path.name for path in CLIENTS[0].driver.parent.glob("*.*")}
