"""pytest-asc: tokens, a credential doctor and an emulator for Apple's App Store Connect API.

The names below are for conftest.py files and for type hints. pytest imports this package in every run of everyone who
has it installed, so each name is looked up when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_asc.credentials.finder import Credentials, CredentialsError
    from pytest_asc.credentials.tokens import LifetimeError, Token
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.emulator.app import Emulator
    from pytest_asc.session import Session, WriteRefusedError

__version__ = "0.1.0"
__all__ = [
    "Credentials",
    "CredentialsError",
    "Emulator",
    "Finding",
    "LifetimeError",
    "Session",
    "Token",
    "WriteRefusedError",
]

_EXPORTS = {
    "Credentials": "credentials.finder",
    "CredentialsError": "credentials.finder",
    "Emulator": "emulator.app",
    "Finding": "diagnosis.findings",
    "LifetimeError": "credentials.tokens",
    "Session": "session",
    "Token": "credentials.tokens",
    "WriteRefusedError": "session",
}


def __getattr__(name: str) -> object:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  see above

    return getattr(import_module(f"{__name__}.{_EXPORTS[name]}"), name)
