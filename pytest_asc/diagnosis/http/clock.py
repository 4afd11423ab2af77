"""Comparison of this machine's clock and of a token's times with Apple's clock, the ``Date`` of each response."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pytest_asc.diagnosis.findings import make_finding
from pytest_asc.diagnosis.formatting import span, time_of_day
from pytest_asc.diagnosis.token.times import FIRST_MILLISECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_asc.apple.causes import Certainty
    from pytest_asc.apple.services import Service
    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.diagnosis.http.http_response import HttpResponse

# Seconds of skew from which an accepted request gives a warning. Machines with NTP stay far below it, and Apple's
# tolerance for the times of a token is not documented.
SKEW_WARNING_THRESHOLD = 10
# The greatest number of seconds by which iat was in the future in a token that Apple accepted (observed by capgo).
MAX_ACCEPTED_IAT_SKEW = 34


@dataclass(frozen=True)
class Skew:
    """Bounds of the skew between this machine's clock and Apple's, in seconds; negative if this machine is behind.

    ``Date`` has a resolution of one second, and Apple set it at some time between request and response. The actual skew
    is between the bounds, however slow the network was.
    """

    low: float
    high: float

    @property
    def seconds(self) -> float:
        """The mean of the bounds, rounded to a tenth of a second."""
        return round((self.low + self.high) / 2, 1)

    def proves_ahead(self, by: float) -> bool:
        """Return whether this machine's clock is ahead by at least ``by`` seconds, however slow the network was."""
        return self.low >= by

    def proves_behind(self, by: float) -> bool:
        """Return whether this machine's clock is behind by at least ``by`` seconds, however slow the network was."""
        return self.high <= -by


def read_date(response: HttpResponse) -> int | None:
    """Return the response's ``Date``, in whole seconds since 1970; None if it is missing or invalid."""
    try:
        date = parsedate_to_datetime(response.headers["Date"])
        # HTTP dates are in UTC, even in the obsolete format without a time zone (RFC 9110, section 5.6.7).
        return int((date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp())
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def read_skew(response: HttpResponse) -> Skew | None:
    """Compare this machine's clock with the response's ``Date``; return None if that is missing or invalid."""
    date = read_date(response)
    if date is None:
        return None
    return Skew(low=response.sent_at - (date + 1), high=response.received_at - date)


def check_skew(response: HttpResponse) -> Finding | None:
    """Return a warning for an accepted request if this machine's clock is wrong, however slow the network was."""
    date, skew = read_date(response), read_skew(response)
    if date is None or skew is None:
        return None
    if skew.proves_ahead(by=SKEW_WARNING_THRESHOLD):
        cause, side = "clock-ahead", "ahead of"
    elif skew.proves_behind(by=SKEW_WARNING_THRESHOLD):
        cause, side = "clock-behind", "behind"
    else:
        return None
    return make_finding(cause, f"{_clocks(response, date)}: {span(skew.seconds)} {side} Apple's", level="warning")


def check_times_against_date(response: HttpResponse, claims: Mapping[str, object], service: Service) -> Finding | None:
    """Compare the times of a rejected token with the response's ``Date``; return None if they were valid at that time.

    If the times are wrong by both clocks, the cause is the token; if they are wrong only by Apple's, the cause is this
    machine's clock. Apple rejects an ``exp`` too far ahead (documented), but sometimes accepts an ``iat`` slightly in
    the future (observed), which is therefore only a likely cause.
    """
    date = read_date(response)
    if date is None:
        return None
    iat, exp = _time(claims, "iat"), _time(claims, "exp")
    limit = service.max_lifetime if "now" in service.counted_from else None
    end = "exp"
    if not service.expires and iat is not None and service.max_lifetime is not None:
        end, exp = "the end of its lifetime", iat + service.max_lifetime
    certainty: Certainty = "certain"
    if exp is not None and exp <= date:
        cause = "clock-behind" if exp > response.received_at else "token-expired"
        fault = f"{end} {time_of_day(exp, date)} was {span(date - exp)} ago"
    elif exp is not None and limit is not None and exp - response.sent_at <= limit < exp - date:
        cause = "clock-ahead"
        fault = f"exp {time_of_day(exp, date)} was {exp - date} s in the future, more than the limit of {limit} s"
    elif iat is not None and iat > date:
        cause = "clock-ahead" if iat <= response.sent_at else "token-issued-in-future"
        certainty = "certain" if iat - date > MAX_ACCEPTED_IAT_SKEW else "likely"
        fault = f"iat {time_of_day(iat, date)} was {span(iat - date)} in the future"
    else:
        return None
    return make_finding(cause, f"{fault}; {_clocks(response, date)}", certainty=certainty)


def _clocks(response: HttpResponse, date: int) -> str:
    return f"Apple's clock showed {time_of_day(date)} UTC and this machine's {time_of_day(response.received_at, date)}"


def _time(claims: Mapping[str, object], name: str) -> int | None:
    """Return a claim that can be a time in seconds; None for other values, which the check of the token reports."""
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < FIRST_MILLISECONDS:
        return value
    return None
