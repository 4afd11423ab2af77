"""Public functions that need no pytest."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_asc.credentials.netrc import find_entry
from pytest_asc.diagnosis.diagnose import DiagnosisContext
from pytest_asc.diagnosis.diagnose import diagnose as diagnose_in_context

if TYPE_CHECKING:
    from pytest_asc.apple.services import ServiceName
    from pytest_asc.credentials.finder import Credentials
    from pytest_asc.diagnosis.findings import Finding


def diagnose(
    evidence: object = None,
    /,
    *,
    token: str | bytes | None = None,
    request: object = None,
    service: ServiceName | None = None,
    now: float | None = None,
    credentials: Credentials | None = None,
) -> tuple[Finding, ...]:
    """Find the causes of a failure; nothing is sent.

    Args:
        evidence: A response or request of requests or httpx, an exception, a token, a JSON error document, or a mapping
            of status, headers and body.
        token: The token, where the evidence does not contain it.
        request: The request, where the evidence does not contain it.
        service: The name of the service that is meant; by default the one of the host, of the token or of the key.
        now: The time, in seconds since 1970; by default the current one.
        credentials: The key to verify the token with, where the token names it.

    Returns:
        One finding for each cause, the best-supported error first; none where nothing is wrong.

    Raises:
        TypeError: The evidence is none of these.
        ValueError: There is no such service.
    """
    __tracebackhide__ = True
    now = time.time() if now is None else now
    return diagnose_in_context(
        evidence,
        token=token,
        request=request,
        service=service,
        now=now,
        context=DiagnosisContext(
            credentials=credentials,
            netrc=lambda host: find_entry(host, environ=os.environ, home=Path.home()),
            utc_offset=time.localtime(now).tm_gmtoff,
        ),
    )
