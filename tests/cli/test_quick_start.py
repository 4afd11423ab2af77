"""The start of ``serve`` and ``run`` leaves the process as it found it."""

from __future__ import annotations

import gc
import ssl
from contextlib import nullcontext

import pytest

from pytest_asc.cli.quick_start import quick_start


def certificates() -> dict[str, int]:
    return ssl.create_default_context().cert_store_stats()


@pytest.mark.parametrize("error", [None, ValueError])
def test_certificates_and_garbage_collection_are_as_before(error: type[Exception] | None) -> None:
    before = certificates()
    with pytest.raises(error) if error else nullcontext(), quick_start():
        assert not gc.isenabled()
        assert not certificates()["x509"]
        if error:
            raise error
    assert gc.isenabled()
    assert certificates() == before
    assert "set_default_verify_paths" not in vars(ssl.SSLContext)
