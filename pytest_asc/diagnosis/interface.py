"""Type of the fixture ``asc_diagnose``, which has the same arguments as ``pytest_asc.diagnose``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pytest_asc.apple.services import ServiceName
    from pytest_asc.diagnosis.findings import Finding


class Diagnose(Protocol):
    """Type of the fixture ``asc_diagnose``."""

    def __call__(
        self,
        evidence: object = None,
        /,
        *,
        token: str | bytes | None = None,
        request: object = None,
        service: ServiceName | None = None,
        now: float | None = None,
    ) -> tuple[Finding, ...]:
        """Find the causes of a failure, without sending a request.

        Args:
            evidence: A response or request of requests or httpx, an exception, a token, a JSON error document, or a
                mapping of status, headers and body.
            token: The token, if the evidence does not contain it.
            request: The request, if the evidence does not contain it.
            service: The name of the service that the request is for; by default it is derived from the host, the token
                or the key.
            now: The time, in seconds since 1970; by default the current time.

        Returns:
            One finding for each cause, the best-supported error first; empty if nothing is wrong.

        Raises:
            TypeError: The type of the evidence is not supported.
            ValueError: The service does not exist.
        """
