"""Consistency of the table of services."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import get_args

import pytest

from pytest_asc.apple.services import PROBEABLE, SERVICES, Service, ServiceIds, ServiceName

EVERY = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))


def test_the_literal_of_names_lists_the_services_of_the_table() -> None:
    assert get_args(ServiceName) == tuple(SERVICES)


@EVERY
def test_a_service_has_consistent_hosts_claims_and_ids(service: Service) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", service.name)
    assert "iss" in service.claims
    assert all(re.fullmatch(r"[a-z-]+(\.[a-z-]+)+", host) for host in service.hosts)
    assert service.base_url == f"https://{service.hosts[0]}"
    assert set(service.ids) <= ServiceIds.__annotations__.keys()
    assert service.sandbox is None or service.sandbox in SERVICES
    for member in (*service.claims.values(), *service.header.values()):
        re.compile(member.pattern)


@EVERY
def test_the_probe_of_every_service_is_recognised_by_its_url(service: Service) -> None:
    assert not service.is_probe(service.base_url)
    assert not service.is_probe("")
    assert service.is_probe(service.base_url + service.probe) == bool(service.probe)


def test_services_with_a_probe_are_probeable() -> None:
    assert PROBEABLE == (
        "app-store-connect",
        "enterprise",
        "app-store-server",
        "app-store-server-sandbox",
        "weatherkit",
    )


def test_importing_the_table_of_services_imports_no_library() -> None:
    code = "import sys, pytest_asc.apple.services; print(*{'jwt', 'cryptography', 'requests'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == ""
