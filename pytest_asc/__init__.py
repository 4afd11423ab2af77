"""pytest-asc: tokens, credential checks and an emulator for Apple's App Store Connect API.

The names in ``__all__`` are for conftest.py files, type annotations and programs that do not use pytest. pytest imports
this package in every run in which the plugin is installed, so each name is imported on first use.

PYTEST_DONT_REWRITE: this module has no assertions. Without this marker, pytest would warn that it cannot rewrite them
if a program imports this package before it starts pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_asc.api import diagnose, emulate
    from pytest_asc.credentials.finder import Credentials, CredentialsError
    from pytest_asc.credentials.token_factory import TokenFactory
    from pytest_asc.credentials.tokens import LifetimeError, Token
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.interface import Diagnose
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.emulator.http_models import Request, Response
    from pytest_asc.emulator.request_records import RequestRecord
    from pytest_asc.session import Session, WriteRefusedError
    from pytest_asc.transports.server import Server
    from pytest_asc.webhooks import verify_webhook

__version__ = "0.1.0"
__all__ = [
    "Credentials",
    "CredentialsError",
    "Diagnose",
    "Emulator",
    "Finding",
    "LifetimeError",
    "Request",
    "RequestRecord",
    "Response",
    "Server",
    "Session",
    "Token",
    "TokenFactory",
    "WriteRefusedError",
    "diagnose",
    "emulate",
    "verify_webhook",
]

_EXPORTS = {
    "Credentials": "credentials.finder",
    "CredentialsError": "credentials.finder",
    "Diagnose": "diagnosis.interface",
    "Emulator": "emulator.app",
    "Finding": "diagnosis.findings",
    "LifetimeError": "credentials.tokens",
    "Request": "emulator.http_models",
    "RequestRecord": "emulator.request_records",
    "Response": "emulator.http_models",
    "Server": "transports.server",
    "Session": "session",
    "Token": "credentials.tokens",
    "TokenFactory": "credentials.token_factory",
    "WriteRefusedError": "session",
    "diagnose": "api",
    "emulate": "api",
    "verify_webhook": "webhooks",
}

if not TYPE_CHECKING:  # with a module-level __getattr__, a type checker would accept misspelt names

    def __getattr__(name: str) -> object:
        if name not in _EXPORTS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415  only when a name is used

        return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
