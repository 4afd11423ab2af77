"""Headless Chromium for tests of a page, driven by its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)
_SECONDS = 60.0
_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class Page:
    """A page that is open in the browser."""

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._loop = loop
        self._socket = socket
        self._numbers = count(1)
        self.complaints: list[str] = []
        """Exceptions, errors on the console and violations of the content security policy."""

    def command(self, method: str, **parameters: Any) -> Any:
        """Send a command of the protocol and return its result."""
        return self._loop.run_until_complete(asyncio.wait_for(self._command(method, parameters), _SECONDS))

    async def _command(self, method: str, parameters: dict[str, Any]) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self._socket.receive()).data)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"]))
        if message.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(parameters["entry"]["text"])

    def open(self, url: str) -> None:
        """Open a URL."""
        self.command("Page.navigate", url=url)
        while True:
            message = json.loads(self._loop.run_until_complete(asyncio.wait_for(self._socket.receive(), _SECONDS)).data)
            if message.get("method") == "Page.loadEventFired":
                return
            self._note(message)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; for a promise, the value that it resolves to."""
        result = self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        """Wait until an expression is true, and return its value."""
        return self.evaluate(
            "new Promise((resolve, reject) => { const end = Date.now() + 20000; const look = () => {"
            f"const value = {expression}; if (value) resolve(value);"
            "else if (Date.now() > end) reject(new Error(document.body.innerText));"
            "else setTimeout(look, 20); }; look(); })"
        )

    def text(self, selector: str = "body") -> str:
        """Return the text of an element as it is rendered."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str) -> None:
        """Click an element."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def press(self, key: str) -> None:
        """Press a key."""
        code = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"Enter": "\r", " ": " "}.get(key)
        self.command("Input.dispatchKeyEvent", type="keyDown", **code, **({"text": text} if text else {}))
        self.command("Input.dispatchKeyEvent", type="keyUp", **code)

    def resize(self, width: int, height: int, *, dark: bool = False) -> None:
        """Give the page a size, and a colour scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, file: Path) -> None:
        """Save a picture of the whole page."""
        data = self.command("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))


@contextmanager
def open_page(folder: Path) -> Iterator[Page]:
    """Start a browser with one empty page; skip the test where there is no Chromium.

    Args:
        folder: For its profile.
    """
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None or sys.platform == "win32":
        pytest.skip("Chromium is not installed")
    loop = asyncio.new_event_loop()
    command = [program, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as browser:
        try:
            assert browser.stderr
            line = next((line for line in browser.stderr if "DevTools listening on" in line), "")
            assert line, "Chromium does not start"
            address = line.split("ws://")[1].partition("/")[0]
            with _connected(loop, address) as page:
                yield page
        finally:
            browser.terminate()
            browser.communicate()
            loop.close()


@contextmanager
def _connected(loop: asyncio.AbstractEventLoop, address: str) -> Iterator[Page]:
    run: Any = loop.run_until_complete

    async def connect() -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
        session = aiohttp.ClientSession()
        async with session.get(f"http://{address}/json") as response:
            (target,) = [one for one in await response.json() if one["type"] == "page"]
        return session, await session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0)

    async def disconnect(session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.close()
        await session.close()

    connecting: Coroutine[Any, Any, Any] = connect()
    session, socket = run(connecting)
    try:
        page = Page(loop, socket)
        for domain in ("Page", "Runtime", "Log"):
            page.command(f"{domain}.enable")
        yield page
    finally:
        run(disconnect(session, socket))
