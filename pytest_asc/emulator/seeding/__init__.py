"""Functions with which a test fills and changes an account without the API."""

from pytest_asc.emulator.seeding.decisions import decide
from pytest_asc.emulator.seeding.documents import (
    CheckedDocument,
    check_document,
    dump,
    dump_json,
    load,
    load_sample,
    save,
    write_document,
)
from pytest_asc.emulator.seeding.ledger import measure, sell
from pytest_asc.emulator.seeding.resource_view import ResourceView
from pytest_asc.emulator.seeding.resources import add, delete, find, get, update
from pytest_asc.emulator.seeding.typical import add_ready_version, add_released_app, add_testflight_build

__all__ = [
    "CheckedDocument",
    "ResourceView",
    "add",
    "add_ready_version",
    "add_released_app",
    "add_testflight_build",
    "check_document",
    "decide",
    "delete",
    "dump",
    "dump_json",
    "find",
    "get",
    "load",
    "load_sample",
    "measure",
    "save",
    "sell",
    "update",
    "write_document",
]
