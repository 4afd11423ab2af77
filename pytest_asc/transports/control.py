"""Connection of the control API to the emulator's server."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from pytest_asc.control.api import CONTROL_PATH, ControlApi, ControlRequest, ControlResponse, EventStream
from pytest_asc.control.journal import as_event
from pytest_asc.transports.http_connection import HttpConnection

_KEEP_ALIVE_INTERVAL = 15.0
"""Seconds without events after which a comment is sent, to detect that the client is gone."""
_MAX_PENDING_EVENTS = 1000


def is_control(target: str) -> bool:
    """Return whether the target of a request belongs to the control API."""
    return target.startswith(CONTROL_PATH) and target[len(CONTROL_PATH) :][:1] in {"", "/", "?"}


async def answer(api: ControlApi, request: web.BaseRequest) -> web.StreamResponse:
    """Handle a request to the control API."""
    if isinstance(request.protocol, HttpConnection):
        request.protocol.reads_body = request.body_exists
    try:
        body = await request.read() if request.body_exists else b""
    except web.HTTPRequestEntityTooLarge:
        return _as_response(ControlResponse(413, b'{"error": "the body is too large"}\n'))
    except (ConnectionError, web.RequestPayloadError):  # the client is gone, so the response does not matter
        return web.Response(status=400)

    def header(name: str) -> str | None:
        values = request.headers.getall(name, [])
        return ", ".join(values) if values else None

    command = ControlRequest(request.method, request.raw_path, header, request.secure, body)
    if api.may_wait:
        response = await asyncio.get_running_loop().run_in_executor(None, api.respond, command)
    else:
        response = api.respond(command)
    if isinstance(response, EventStream):
        return await _stream(response, request)
    return _as_response(response)


def _as_response(response: ControlResponse) -> web.Response:
    headers = {"Content-Type": response.media_type, "X-Content-Type-Options": "nosniff", **response.headers}
    if response.status == 204:  # noqa: PLR2004  the status without content
        del headers["Content-Type"]
    return web.Response(status=response.status, body=response.body, headers=headers)


async def _stream(stream: EventStream, request: web.BaseRequest) -> web.StreamResponse:
    """Send the requests of an account as server-sent events, until the client is gone.

    Comments in the stream say that the server is still there, and that a command has changed or reset the account.
    """
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    emulator, known = stream.emulator, stream.since
    changes, resets = emulator.changes, emulator.resets

    def listen() -> None:
        if not news.is_set():
            with suppress(RuntimeError):  # the loop may be closed already
                loop.call_soon_threadsafe(news.set)

    emulator.change_listeners.append(listen)
    try:
        await response.prepare(request)
        await response.write(b": requests as they are handled\n\n")
        while not emulator.ended:
            news.clear()
            if emulator.resets != resets or emulator.request_count < known:
                known, resets = 0, emulator.resets
                await response.write(b": reset\n\n")
            elif emulator.changes != changes:
                await response.write(b": changed\n\n")
            changes, count = emulator.changes, emulator.request_count
            if count > known:
                records = emulator.requests_since(max(known, count - _MAX_PENDING_EVENTS))
                known = count
                first = count - len(records) + 1
                await response.write(b"".join(as_event(first + place, one) for place, one in enumerate(records)))
                continue
            try:
                await asyncio.wait_for(news.wait(), _KEEP_ALIVE_INTERVAL)
            except asyncio.TimeoutError:
                await response.write(b": still there\n\n")
    except (ConnectionError, asyncio.CancelledError):
        return response
    else:
        return response
    finally:
        emulator.change_listeners.remove(listen)
