"""A client of the control API that needs no server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_asc.control.access import Access
from pytest_asc.control.accounts import Accounts
from pytest_asc.control.api import CONTROL_PATH, ControlApi, ControlRequest, ControlResponse
from pytest_asc.control.served_emulator import InitialSettings, ServedEmulator
from pytest_asc.credentials.throw_away import new_credentials
from pytest_asc.emulator.http_models import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping


class Client:
    """Calls the control API, and the API of an account."""

    def __init__(self, initial: InitialSettings, secret: str | None = None) -> None:
        emulator = ServedEmulator(new_credentials(), initial)
        self.api = ControlApi(Accounts(emulator, initial), Access(secret), "http://127.0.0.1:4000", "1.0")

    @property
    def emulator(self) -> ServedEmulator:
        return self.api.accounts.first

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = {"Host": "127.0.0.1:4000"}
    ) -> tuple[int, Any]:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = ControlRequest(method, f"{CONTROL_PATH}/{path}", headers.get, body=content)
        response = self.api.respond(request)
        assert isinstance(response, ControlResponse)
        return response.status, json.loads(
            response.body
        ) if response.media_type == "application/json" and response.body else None

    def get(self, path: str, token: str | None = None, method: str = "GET", body: Any = None) -> Response:
        headers = {"Authorization": f"Bearer {token or self.emulator.token()}", "Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, f"http://127.0.0.1:4000{path}", headers, content)
        return self.api.accounts.emulator_for(request).handle(request)
