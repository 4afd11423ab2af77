"""The page of the control API in a browser."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
from chromium import Page, open_page
from control_client import Client

from pytest_asc.cli.running_server import AccountOptions, RunningServer, running_server
from pytest_asc.control.api import CONTROL_PATH, ControlRequest, ControlResponse
from pytest_asc.control.served_emulator import InitialSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKUP = "<img src=x onerror=alert(1)>"


class PageInBrowser:
    """A server with its page in a browser."""

    def __init__(self, running: RunningServer, page: Page) -> None:
        self.page = page
        self.running = running
        self.emulator = running.emulator

    def get(self, path: str, token: str | None = None) -> int:
        headers = {"Authorization": f"Bearer {token or self.emulator.token()}"}
        return requests.get(self.running.server.url + path, headers=headers, timeout=30).status_code

    def call(self, method: str, path: str, body: Any = None) -> Any:
        response = requests.request(method, self.running.control.url + path, json=body, timeout=30)
        assert response.ok, response.text
        return response.json() if response.content else None

    def wait_for_text(self, *words: str) -> None:
        """Wait until the page shows a text."""
        for word in words:
            self.page.wait_for(f"document.body.innerText.includes({json.dumps(word)})")

    def wait_for_message(self, words: str) -> None:
        self.page.wait_for(f"document.getElementById('message').textContent.includes({json.dumps(words)})")

    def press_until(self, element: str, *, most: int = 80) -> None:
        """Press the Tab key until an element has the focus."""
        for _ in range(most):
            self.page.press("Tab")
            if self.page.evaluate("document.activeElement.id") == element:
                return
        raise AssertionError(f"the Tab key does not reach {element}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_page(tmp_path_factory.mktemp("profile")) as page:
        yield page


@contextmanager
def watched(page: Page, *, remote: bool = False) -> Iterator[PageInBrowser]:
    with running_server(AccountOptions(sample=False), proxy=False, remote=remote) as running:
        page.complaints.clear()
        page.resize(1280, 900)
        page.open(running.control.url)
        yield PageInBrowser(running, page)
        page.evaluate("1")  # all error messages have arrived
        assert [one for one in page.complaints if not one.startswith("Failed to load resource")] == []
        page.open("about:blank")


@pytest.fixture
def shown(browser: Page) -> Iterator[PageInBrowser]:
    with watched(browser) as shown:
        shown.page.wait_for("document.getElementById('connection').textContent.startsWith('connected')")
        yield shown


def page_response(client: Client, path: str = "") -> ControlResponse:
    headers = {"Host": "127.0.0.1:4000"}
    response = client.api.respond(ControlRequest("GET", f"{CONTROL_PATH}/{path}", headers.get))
    assert isinstance(response, ControlResponse)
    return response


def test_the_page_only_runs_its_own_script_and_refers_to_no_other_host() -> None:
    client = Client(InitialSettings())
    response = page_response(client)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.count("'sha256-") == 2
    assert "frame-ancestors 'none'" in policy
    html = response.body.decode()
    assert re.findall(r"https?://[^\s\"'`]+", html) == []
    assert re.findall(r"innerHTML|insertAdjacentHTML|outerHTML|document\.write|eval\(", html) == []
    account = client.call("POST", "accounts")[1]["id"]
    assert page_response(client, f"accounts/{account}/").body == response.body
    assert page_response(client, "accounts/9/").status == 404


def test_the_page_shows_changes_of_the_account_and_escapes_names(shown: PageInBrowser) -> None:
    shown.wait_for_text("The account is empty.")
    app = shown.emulator.add("apps", id="1", name=MARKUP)
    shown.call("POST", "resources", {"type": "builds", "attributes": {"version": "77", "processingState": "INVALID"}})
    shown.wait_for_text(MARKUP, "builds 1")
    shown.page.click("#types > details:nth-child(2) > summary")
    shown.wait_for_text("77", "INVALID")
    shown.page.click("#types > details:first-child li summary")
    shown.wait_for_text(app["attributes"]["bundleId"])
    shown.call("PATCH", "resources/apps/1", {"attributes": {"name": "Notes"}})
    shown.wait_for_text("Notes")
    assert shown.page.evaluate("document.querySelectorAll('img').length") == 0
    # Elements that were open stay open.
    assert shown.page.evaluate("document.querySelector('#types li details').open")


def test_the_page_shows_new_requests_with_cause_evidence_and_fix(shown: PageInBrowser) -> None:
    assert [shown.get("/v1/apps"), shown.get(f"/v1/apps/{MARKUP}")] == [200, 404]
    assert shown.get("/v1/apps", "no-token") == 401
    shown.wait_for_text("3 requests, 2 failed", "401 GET /v1/apps", "404 GET /v1/apps/%3Cimg")
    shown.page.click("#requests li:first-child summary")
    shown.wait_for_text("Cause", "Evidence", "Fix", "NOT_AUTHORIZED")
    shown.page.click("#requests li:first-child button")
    shown.wait_for_text("Authorization: ")
    assert "no-token" not in shown.page.text()
    shown.page.evaluate("document.getElementById('refused').click()")
    assert shown.page.evaluate("document.querySelectorAll('#requests li').length") == 2
    shown.call("POST", "reset")
    shown.wait_for_text("No requests yet.")
    shown.get("/v1/users")
    shown.page.evaluate("document.getElementById('refused').click()")
    shown.wait_for_text("1 request, 0 failed", "/v1/users")


def test_the_page_controls_time_decisions_failures_faults_and_settings(shown: PageInBrowser) -> None:
    shown.call("PATCH", "settings", {"time": "manual"})
    shown.call("POST", "resources", {"type": "builds", "id": "7", "attributes": {"processingState": "PROCESSING"}})
    shown.wait_for_text("PROCESSING")
    shown.page.click("#decisions button[aria-label^=INVALID]")
    shown.wait_for_message("will be INVALID")
    shown.page.wait_for("document.querySelector('#decisions [aria-pressed=true]')?.textContent === 'INVALID'")
    shown.page.click("#finish")
    shown.wait_for_message("builds 7: INVALID")
    assert shown.emulator.get("builds", "7")["attributes"]["processingState"] == "INVALID"
    shown.wait_for_text("No open decisions.")
    shown.page.click("#fail button")
    shown.wait_for_text("GET /v1/apps: 429, 1 time")
    assert shown.get("/v1/apps") == 429
    shown.page.evaluate("document.getElementById('fault').value = 'role-insufficient'")
    shown.page.click("#inject button")
    shown.wait_for_text("role-insufficient: ")
    assert shown.get("/v1/apps") == 403
    shown.page.click("#end-faults")
    shown.wait_for_message("All faults have ended.")
    assert shown.get("/v1/apps") == 200
    shown.page.evaluate("const role = document.getElementById('role'); role.value = 'SALES';"
                        "role.dispatchEvent(new Event('change'))")  # fmt: skip
    shown.wait_for_message("Setting changed.")
    assert shown.emulator.role == "SALES"
    shown.page.evaluate("document.getElementById('fail-path').value = '/v1/app'")
    shown.page.click("#fail button")
    shown.wait_for_message("there is no such path")


def test_the_page_works_with_the_keyboard(shown: PageInBrowser) -> None:
    shown.emulator.add("apps")
    shown.press_until("reset")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert shown.page.evaluate(outline) == "solid"
    shown.page.press("Enter")
    shown.page.wait_for("document.getElementById('confirm').open")
    shown.page.press("Escape")
    shown.page.wait_for("!document.getElementById('confirm').open")
    assert len(shown.emulator.find("apps")) == 1
    assert shown.page.evaluate("document.activeElement.id") == "reset"
    shown.page.press("Enter")
    shown.page.wait_for("document.getElementById('confirm').open")
    shown.page.evaluate("document.querySelector('#confirm button[value=sample]').focus()")
    shown.page.press("Enter")
    shown.wait_for_message("Emulator reset.")
    shown.wait_for_text("apps 3", "appStoreVersions 5")
    assert len(shown.emulator.find("apps")) == 3


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_on_a_phone_and_every_control_has_an_accessible_name(shown: PageInBrowser, dark: bool) -> None:
    shown.emulator.load_sample()
    shown.get("/v1/apps?" + "x" * 300)
    shown.wait_for_text("1 request", "apps 3", "Other types")
    shown.page.resize(360, 740, dark=dark)
    shown.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    shown.page.wait_for("document.querySelectorAll('#further-types li').length > 20")
    assert shown.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    unnamed = "[...document.querySelectorAll('input, select, button')].filter(one => one.offsetParent &&"
    unnamed += " !(one.labels?.length || one.textContent.trim())).map(one => one.outerHTML)"
    assert shown.page.evaluate(unnamed) == []
    colours = "(one => [one.color, one.backgroundColor])(getComputedStyle(document.querySelector('section')))"
    text, background = ([int(one) for one in re.findall(r"\d+", colour)] for colour in shown.page.evaluate(colours))
    assert (sum(text) > sum(background)) == dark


def test_the_page_switches_between_accounts(shown: PageInBrowser) -> None:
    account = shown.call("POST", "accounts", {"sample": True})["id"]
    shown.page.wait_for("!document.getElementById('accounts').hidden")
    shown.wait_for_text("The account is empty.")
    shown.page.evaluate("const account = document.getElementById('account'); account.selectedIndex = 1;"
                        "account.dispatchEvent(new Event('change'))")  # fmt: skip
    shown.wait_for_text("apps 3", f"Account: {account}")
    assert shown.page.evaluate("location.pathname") == f"{CONTROL_PATH}/accounts/{account}/"
    shown.call("POST", f"accounts/{account}/resources", {"type": "apps"})
    shown.wait_for_text("apps 4")


def test_the_page_asks_for_the_secret_of_a_server_for_other_machines(browser: Page) -> None:
    with watched(browser, remote=True) as shown:
        shown.wait_for_text("control_secret")
        shown.page.evaluate(
            f"document.getElementById('secret').value = {json.dumps(shown.running.control.access.secret)}"
        )
        shown.page.click("#secret-form button")
        shown.wait_for_text("The account is empty.", "connected to")
        shown.get("/v1/apps")
        shown.wait_for_text("1 request, 0 failed")
        shown.page.click("#load-sample")
        shown.wait_for_text("Sample account added.", "apps 3")
