"""An emulator in another process behaves like one in this process: the same tests run against both."""

from __future__ import annotations

import json
import time
from datetime import date
from typing import TYPE_CHECKING

import pytest
import requests

from pytest_asc import Credentials, Emulator
from pytest_asc.cli.running_server import AccountOptions, running_server
from pytest_asc.credentials.tokens import mint
from pytest_asc.emulator.http_models import Request
from pytest_asc.transports.control_client import EmulatorClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_asc.control.interface import ControlledEmulator

    Get = Callable[[str], int]


@pytest.fixture(params=["in this process", "over the control API"])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[ControlledEmulator, Get]]:
    """An emulator in this process or in another one, and a function that returns the status of a GET request to it."""
    if request.param == "in this process":
        emulator = Emulator()

        def get(path: str) -> int:
            headers = {"Authorization": f"Bearer {emulator.token()}"}
            return emulator.handle(Request("GET", emulator.base_url + path, headers)).status

        yield emulator, get
        return
    with running_server(AccountOptions(sample=False), proxy=False) as running:

        def send(path: str) -> int:
            headers = {"Authorization": f"Bearer {running.emulator.token()}"}
            return requests.get(running.server.url + path, headers=headers, timeout=30).status_code

        with EmulatorClient(running.control.url) as client:
            yield client, send


def test_the_client_handles_resources_like_an_emulator_in_process(
    both: tuple[ControlledEmulator, Get], tmp_path: Path
) -> None:
    emulator, get = both
    app = emulator.add("apps", id="1", name="Lists", bundleId="com.example.lists")
    build = emulator.add("builds", version="7", app=app, usesNonExemptEncryption=True)
    assert (app["id"], app["attributes"]["name"], build["relationships"]["app"]["data"]["id"]) == ("1", "Lists", "1")
    assert emulator.get("apps", "1") == app
    assert [one["id"] for one in emulator.find("builds", app=app)] == [build["id"]]
    assert emulator.find("builds", usesNonExemptEncryption=True) == [build]
    assert emulator.find("builds", usesNonExemptEncryption=False) == []
    assert emulator.find("apps", subscriptionStatusUrl=None) == [app]
    emulator.update(app, name="Notes")
    assert app["attributes"]["name"] == "Notes"
    emulator.save(tmp_path / "account.json")
    assert emulator.dump() == json.loads((tmp_path / "account.json").read_text("utf-8"))
    emulator.delete(build)
    assert build["attributes"]["version"] == "7"
    assert emulator.find("builds") == []
    emulator.reset()
    emulator.load(tmp_path / "account.json")
    emulator.load({"data": [{"type": "apps", "id": "2"}]})
    assert [one["id"] for one in emulator.find("apps")] == ["1", "2"]
    assert get("/v1/apps/2") == 200
    emulator.reset()
    emulator.load_sample()
    assert len(emulator.find("apps")) == 3


def test_the_client_raises_the_errors_of_an_emulator_in_process(both: tuple[ControlledEmulator, Get]) -> None:
    emulator, _ = both
    app = emulator.add("apps", id="1")
    with pytest.raises(LookupError, match="there is no resource of type 'apps' with id '9'"):
        emulator.get("apps", "9")
    for kind, words, call in (
        (ValueError, "no type 'app'; did you mean 'apps'", lambda: emulator.add("app")),
        (ValueError, "no type 'app'; did you mean 'apps'", lambda: emulator.find("app")),
        (ValueError, "no attribute or relationship 'nam'", lambda: emulator.add("apps", nam="x")),
        (ValueError, "no attribute or relationship 'nam'", lambda: emulator.find("apps", nam="x")),
        (ValueError, "no attribute or relationship 'nam'", lambda: emulator.update(app, nam="x")),
        (ValueError, "9", lambda: emulator.update({"type": "apps", "id": "9"}, name="x")),
        (ValueError, "9", lambda: emulator.delete({"type": "apps", "id": "9"})),
        (ValueError, "expected a document", lambda: emulator.load({})),
        (ValueError, "-1", lambda: emulator.advance(-1)),
        (ValueError, "VALID", lambda: emulator.decide("builds", "GOOD")),
        (ValueError, "did you mean 'agreement-missing'", lambda: emulator.fault("agreement-mising")),  # type: ignore[arg-type]
        (ValueError, "there is no such path", lambda: emulator.fail("GET", "/v1/app", status=429)),
        (ValueError, "ADMN", lambda: setattr(emulator, "role", "ADMN")),
        (ValueError, "0", lambda: setattr(emulator, "part_size", 0)),
    ):
        with pytest.raises(kind, match=words):
            call()


def test_the_client_controls_time_decisions_failures_faults_and_settings_like_an_emulator_in_process(
    both: tuple[ControlledEmulator, Get],
) -> None:
    emulator, get = both
    app = emulator.add("apps", id="1")
    build = emulator.add("builds", processingState="PROCESSING", app=app)
    emulator.decide(build, "INVALID")
    assert emulator.advance(minutes=1) == []
    assert emulator.advance() == [f"builds {build['id']}: INVALID"]
    assert build["attributes"]["processingState"] == "INVALID"
    emulator.fail("GET", "/v1/apps", status=429, headers={"Retry-After": "3"}, body=b"wait")
    assert [get("/v1/apps"), get("/v1/apps")] == [429, 200]
    emulator.role = "SALES"
    emulator.clock_offset = 2.5
    emulator.part_size = 100
    emulator.review_requirements -= {"screenshots"}
    assert (emulator.role, emulator.clock_offset, emulator.part_size) == ("SALES", 2.5, 100)
    assert "screenshots" not in emulator.review_requirements
    emulator.fault("agreement-missing")
    assert get("/v1/apps") == 403
    records = emulator.requests
    assert [record.status for record in records] == [429, 200, 403]
    assert (records[0].response.body, records[0].response.headers["Retry-After"]) == (b"wait", "3")  # type: ignore[union-attr]
    assert records[2].refusal is not None
    assert records[2].refusal.cause == "agreement-missing"
    assert records[2].headers["Authorization"] == "Bearer ***"
    assert (len(records.find("GET", "/v1/apps")), emulator.request_count) == (3, 3)
    emulator.sell(app, units=3, day=date(2026, 6, 1), country="DE")
    emulator.measure(build, "betaBuildUsages", crashCount=2)
    assert {"sales", "measurements"} <= emulator.dump().keys()
    emulator.reset()
    assert (emulator.role, emulator.dump(), emulator.request_count) == ("ADMIN", {"data": []}, 0)


def test_each_worker_can_have_its_own_account() -> None:
    with running_server(AccountOptions(sample=False), proxy=False) as running:
        client = EmulatorClient(running.control.url)
        first, second = client.open_account(sample=True), client.open_account()
        assert (len(first.emulator.find("apps")), second.emulator.find("apps")) == (3, [])
        assert "PRIVATE KEY" not in repr(first)
        key = Credentials.load(key_id=first.key_id, issuer_id=first.issuer_id, key=first.private_key)
        token = str(mint(key, now=time.time()))
        answer = requests.get(f"{running.server.url}/v1/apps", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        assert len(answer.json()["data"]) == 3
        assert (first.emulator.request_count, client.request_count) == (1, 0)
        client.close_account(first)
        with pytest.raises(ValueError, match="there is no account"):
            client.close_account(first)
        second.emulator.close()
        client.close()


def test_a_server_for_other_machines_requires_the_secret() -> None:
    with running_server(AccountOptions(sample=False), proxy=False, remote=True) as running:
        with EmulatorClient(running.control.url) as client, pytest.raises(RuntimeError, match="control_secret"):
            client.add("apps")
        with EmulatorClient(running.control.url, running.control.access.secret) as client:
            client.add("apps")
            assert client.open_account(sample=True).emulator.find("apps")
        with EmulatorClient(running.server.url) as client, pytest.raises(RuntimeError, match="is not a control API"):
            client.dump()
