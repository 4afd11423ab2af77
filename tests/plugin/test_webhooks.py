from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CONFTEST = """
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

VERSION_EVENT = "APP_STORE_VERSION_APP_VERSION_STATE_UPDATED"


@pytest.fixture
def version(asc_emulator):
    app = asc_emulator.add("apps", bundleId="com.example.lists")
    asc_emulator.add(
        "webhooks", app=app, enabled=True, url="https://example.com", eventTypes=[VERSION_EVENT],
        secret="sentinel-of-the-secret",
    )
    return asc_emulator.add_ready_version(app)


class Hooks:
    def __init__(self):
        self.states, self.work = [], lambda: None


@pytest.fixture
def hooks():
    # One request at a time, as the development server of a framework without threads.
    hooks = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            data = json.loads(body)["data"]
            hooks.states.append(data["attributes"].get("newValue", data["type"]))
            hooks.work()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    hooks.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield hooks
    server.shutdown()
    thread.join()
    server.server_close()


def ping(post, base, asc_emulator, asc_token):
    webhook = {"type": "webhooks", "id": asc_emulator.find("webhooks")[0]["id"]}
    body = {"data": {"type": "webhookPings", "relationships": {"webhook": {"data": webhook}}}}
    return post(f"{base}/v1/webhookPings", json=body, headers={"Authorization": f"Bearer {asc_token}"})
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    return pytester


def test_a_webhook_receiver_may_use_requests_during_the_write_that_triggered_it(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import requests
        from conftest import ping

        APPLE = "https://api.appstoreconnect.apple.com"

        def test_ping(asc_emulator, asc_token, version):
            seen = []

            def receive(request):
                headers = {"Authorization": f"Bearer {asc_token}"}
                seen.append(requests.get(f"{APPLE}/v1/apps", headers=headers).status_code)
                if len(seen) == 1:
                    seen.append(ping(requests.post, APPLE, asc_emulator, asc_token).status_code)

            asc_emulator.deliver_webhooks_to(receive)
            assert ping(requests.post, APPLE, asc_emulator, asc_token).status_code == 201
            assert seen == [200, 201, 200]
            states = {one["attributes"]["deliveryState"] for one in asc_emulator.find("webhookDeliveries")}
            assert states == {"SUCCEEDED"}
        """
    )
    project.runpytest("-W", "error").assert_outcomes(passed=1)


def test_a_webhook_server_may_call_the_api_over_asc_server(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import httpx
        from conftest import ping

        def test_ping(asc_emulator, asc_server, asc_token, version, hooks):
            base = asc_server.url

            def work():
                headers = {"Authorization": f"Bearer {asc_token}"}
                assert httpx.get(f"{base}/v1/apps", headers=headers).status_code == 200
                if len(hooks.states) == 1:
                    assert ping(httpx.post, base, asc_emulator, asc_token).status_code == 201

            hooks.work = work
            asc_emulator.deliver_webhooks_to(hooks.url)
            assert ping(httpx.post, base, asc_emulator, asc_token).status_code == 201
            assert hooks.states == ["webhookPingCreated"] * 2
            asc_emulator.update(version, appVersionState="IN_REVIEW")
            assert hooks.states[2:] == ["IN_REVIEW"]
            deliveries = asc_emulator.find("webhookDeliveries")
            assert [one["attributes"]["response"]["httpStatusCode"] for one in deliveries] == [204] * 3
        """
    )
    begin = time.monotonic()
    project.runpytest("-W", "error").assert_outcomes(passed=1)
    assert time.monotonic() - begin < 8, "something has waited for the end of the time limit"


def test_an_assertion_error_in_a_webhook_receiver_fails_the_test_over_every_transport(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import httpx
        import requests
        from conftest import ping

        def refuse(request):
            raise AssertionError("not what was expected")

        def test_requests(asc_emulator, asc_token, version):
            asc_emulator.deliver_webhooks_to(refuse)
            ping(requests.post, "https://api.appstoreconnect.apple.com", asc_emulator, asc_token)

        def test_server(asc_emulator, asc_server, asc_token, version):
            asc_emulator.deliver_webhooks_to(refuse)
            ping(httpx.post, asc_server.url, asc_emulator, asc_token)

        def test_update(asc_emulator, version):
            asc_emulator.deliver_webhooks_to(refuse)
            asc_emulator.update(version, appVersionState="IN_REVIEW")
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=2, passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_server*", "E *not what was expected*", "*FAILURES*"])


def test_reports_do_not_show_the_secret_of_a_webhook(project: pytest.Pytester, tmp_path: Path) -> None:
    project.makepyfile(
        """
        import requests

        def test_secret(asc_session, asc_emulator, version):
            secret = "another-sentinel-of-a-secret"
            app = asc_emulator.find("apps")[0]
            attributes = {"enabled": True, "eventTypes": [], "name": "a", "url": "https://a.example", "secret": secret}
            related = {"app": {"data": {"type": "apps", "id": app["id"]}}}
            body = {"data": {"type": "webhooks", "attributes": attributes, "relationships": related}}
            answer = asc_session.post("/v1/webhooks", json=body)
            assert answer.status_code == 201
            account, records = asc_emulator.dump(), asc_emulator.requests
            print(body, records[0].body)
            assert answer.json() == body
        """
    )
    junit = tmp_path / "report.xml"
    result = project.runpytest("-vv", "-l", "--showlocals", "-rA", f"--junitxml={junit}")
    result.assert_outcomes(failed=1)
    for text in (result.stdout.str(), result.stderr.str(), junit.read_text()):
        assert "sentinel-of" not in text
