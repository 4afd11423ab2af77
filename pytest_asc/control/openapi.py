"""OpenAPI document of the control API, generated from the table of commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_asc.control.commands import COMMANDS
from pytest_asc.control.schemas import BOOLEAN, members

if TYPE_CHECKING:
    from pytest_asc.control.commands import Command
    from pytest_asc.control.schemas import Schema

_PARAMETER = re.compile(r"\{(\w+)\}")
_ERROR = {"$ref": "#/components/responses/Error"}
_NO_CONTENT = 204


def openapi_document(version: str, base: str, *, is_account: bool) -> dict[str, Any]:
    """Return the OpenAPI document of the control API.

    Args:
        version: Version of the package.
        base: Path of the control API on the server.
        is_account: The path is that of an account that was opened, below which there are no other accounts.
    """
    paths: dict[str, dict[str, Any]] = {}
    for command in COMMANDS:
        paths.setdefault(f"/{command.path}", {})[command.method.lower()] = _operation(command)
    paths["/events"] = {"get": _stream()}
    paths["/openapi.json"] = {"get": _json_operation("openapi", "Read this document")}
    if is_account:
        paths["/"] = {
            "get": _page("page", "Show the account in a browser"),
            "delete": _json_operation("closeAccount", "Close the account", "204"),
        }
    else:
        paths |= _of_server()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pytest-asc: control API of the emulator",
            "version": version,
            "description": "Add and read resources, plan failures, advance time, and inspect the requests of clients.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "responses": {
                "Error": {
                    "description": "Invalid input, with the same message as in the Python API",
                    "content": {"application/json": {"schema": members({"error": {"type": "string"}}, {})}},
                }
            }
        },
    }


def _of_server() -> dict[str, dict[str, Any]]:
    """Return the paths that are there for the whole server alone."""
    return {
        "/accounts": {
            "get": _json_operation("listAccounts", "List the accounts that were opened"),
            "post": {
                **_json_operation("openAccount", "Open another account, with its own key", "201"),
                "requestBody": _body(members({}, {"sample": BOOLEAN}), required=False),
            },
        },
        "/": {"get": _page("page", "Show the first account in a browser")},
        "/accounts/{id}": {
            "get": {**_page("accountPage", "Show an account in a browser"), "parameters": [_path("id")]},
            "delete": {**_json_operation("closeAccount", "Close an account", "204"), "parameters": [_path("id")]},
        },
    }


def _operation(command: Command) -> dict[str, Any]:
    words = [word for word in re.split(r"\W+", command.path) if word]
    name = command.method.lower() + "".join(word.capitalize() for word in words)
    operation = _json_operation(name, command.summary, str(command.status))
    parameters = [_path(name) for name in _PARAMETER.findall(command.path)]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in command.query.items()]
    if parameters:
        operation["parameters"] = parameters
    if command.body is not None:
        operation["requestBody"] = _body(command.body, required=command.body_required)
    return operation


def _json_operation(name: str, summary: str, status: str = "200") -> dict[str, Any]:
    good: dict[str, Any] = {"description": summary}
    if status != str(_NO_CONTENT):
        good["content"] = {"application/json": {"schema": {}}}
    return {"operationId": name, "summary": summary, "responses": {status: good, "4XX": _ERROR}}


def _page(name: str, summary: str) -> dict[str, Any]:
    good = {"description": summary, "content": {"text/html": {"schema": {"type": "string"}}}}
    return {"operationId": name, "summary": summary, "responses": {"200": good, "4XX": _ERROR}}


def _stream() -> dict[str, Any]:
    good = {
        "description": "A server-sent event for each request that is handled; its data is an entry of GET requests",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
    return {
        "operationId": "events",
        "summary": "Watch the requests",
        "responses": {"200": good, "4XX": _ERROR},
    }


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _body(schema: Schema, *, required: bool) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}
