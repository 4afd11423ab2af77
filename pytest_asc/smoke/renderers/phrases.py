"""Sentences of the smoke report, for all renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pytest_asc.apple.causes import CAUSES
from pytest_asc.credentials.settings import BY_NAME
from pytest_asc.diagnosis.formatting import host_of, span, time_of_day
from pytest_asc.diagnosis.token.scope import max_lifetime_of
from pytest_asc.diagnosis.token.times import FIRST_MILLISECONDS, LONGEST_DURATION
from pytest_asc.experiments.role_access import roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_asc.diagnosis.findings import Finding
    from pytest_asc.smoke.report import CheckOutcome, ClockSummary, CredentialsSummary, Report, RequestSummary

# In seconds. ``Date`` has whole seconds, so a smaller skew cannot be measured.
CLOCK_RESOLUTION = 1.0
_MINUTE = 60
CERTAINTY = {
    "certain": "confirmed",
    "likely": "likely",
    "possible": "possible: consistent with the evidence, not proven",
}
_UNCERTAIN = {"likely": "Likely cause", "possible": "Possible cause"}
_REFUSED = {401: "rejected the token", 403: "refused the request"}
# Causes in which the response did not come from the service.
_CAUSES_ELSEWHERE = frozenset({"not-apple"})


class Fact(NamedTuple):
    """A row of the report: a label, and sentences."""

    label: str
    sentences: list[str]


def limit_of(report: Report) -> int | None:
    """Return the maximum lifetime of the token in seconds; None if its service has no limit.

    The longer limit for a scope is used only if the token exceeds the usual limit.
    """
    token, usual = report.token, report.service_entry.max_lifetime
    if token and usual is not None and (token.lifetime or 0) > usual:
        return max_lifetime_of(token.scope, report.service_entry)
    return usual


def has_times(report: Report) -> bool:
    """Return whether the token's times are in seconds since 1970, not in milliseconds or durations."""
    times = (report.token.issued_at, report.token.expires_at) if report.token else ()
    return all(LONGEST_DURATION <= time <= FIRST_MILLISECONDS for time in times if time is not None)


def headline(report: Report) -> str:
    """Return the outcome of the run in one or two sentences."""
    if report.mode == "offline" and not report.checks:
        return _token_headline(report)
    accepted = f"{_subject(report)} accepted these credentials"
    if report.ok and report.mode == "offline":
        warned = f", apart from {_count(report)}" if report.warnings else ""
        return f"No request was sent. The offline checks found nothing wrong with these credentials{warned}."
    if report.ok:
        apps = report.request.apps_visible if report.request else None
        return f"{accepted}{f', with {_count(report)}' if report.warnings else ''}{_visible_apps(apps)}."
    if cause := report.cause_finding:
        if cause.level == "warning" and _status(report) is not None:
            return f"{accepted}, but with {_count(report)}."
        return _explained(_outcome(report), cause)
    crashed = "".join(f": the {check.name} check raised an exception" for check in _crashed(report)[:1])
    return f"{_outcome(report)}{crashed}."


def _count(report: Report) -> str:
    warnings = report.warnings
    return f"{warnings} warning{'s' if warnings > 1 else ''}"


def _token_headline(report: Report) -> str:
    unchecked = "" if report.credentials else ". Its signature was not checked, because no key was given"
    if report.ok:
        warned = f", apart from {_count(report)}" if report.warnings else ""
        return f"The checks found nothing wrong with this token{warned}{unchecked}."
    outcome = f"{_subject(report)} would reject this token"
    if cause := report.cause_finding:
        return _explained(outcome, cause) if report.token else _title_sentence(cause)
    return f"{outcome}."


def _explained(outcome: str, cause: Finding) -> str:
    """Return an outcome with its cause, and say if the cause is only likely or possible."""
    if cause.certainty in _UNCERTAIN:
        return f"{outcome}. {_title_sentence(cause)}"
    return f"{outcome}: {_in_sentence(title_of(cause.cause))}."


def _title_sentence(cause: Finding) -> str:
    """Return the title of a cause as a sentence, which says if the cause is only likely or possible."""
    prefix = _UNCERTAIN.get(cause.certainty)
    return f"{prefix}: {title_of(cause.cause)}." if prefix else f"{title_of(cause.cause)}."


def title_of(cause: str) -> str:
    """Return the title of a cause."""
    return CAUSES[cause].title if cause in CAUSES else cause


def facts(report: Report) -> Iterator[Fact]:
    """Return the rows on key, token, response, clock and experiments that the report has data for."""
    rows = {
        "key": _key_sentences(report.credentials),
        "token": _token_sentences(report),
        "response": _response_sentences(report),
        "clock": _clock_sentences(report.clock),
        "tried": _group_by_text(
            (experiment.name, _join(experiment.status, experiment.showed)) for experiment in report.experiments
        ),
    }
    return (Fact(label, sentences) for label, sentences in rows.items() if sentences)


def roles(report: Report) -> Iterator[Fact]:
    """Return rows with the areas to which the key's role has access, has no access, and may have access."""
    areas = report.role_access or ()
    allowed = ", ".join(area.area for area in areas if area.opens)
    rows = {
        "allowed": [allowed] if allowed else [],
        "denied": [f"{area.area}{_allowed_for(area.area)}" for area in areas if area.opens is False],
        "unknown": _group_by_text((area.area, _join(area.status, area.words)) for area in areas if area.opens is None),
    }
    return (Fact(label, sentences) for label, sentences in rows.items() if sentences)


def skipped(report: Report) -> list[str]:
    """Return a sentence for each reason, with the checks that were skipped for it."""
    return _group_by_text(
        (check.name, check.reason or "no reason given") for check in report.checks if check.outcome == "skipped"
    )


def _group_by_text(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Format pairs of a name and a text, with all names that have the same text in one sentence."""
    names_by_text: dict[str, list[str]] = {}
    for name, text in pairs:
        names_by_text.setdefault(text, []).append(name)
    return [f"{', '.join(names)}: {text}" for text, names in names_by_text.items()]


def _join(status: int | None, text: str | None) -> str:
    return ", ".join(map(str, filter(None, (status, text)))) or "no response"


def _allowed_for(area: str) -> str:
    """Format the roles that have access to an area (documented in Apple's tables)."""
    *others, last = roles_of(area) or ("",)
    return f" (allowed for {', '.join(others)}{' and ' if others else ''}{last})" if last else ""


def failed(report: Report) -> list[str]:
    """Return a sentence for each check that raised an exception. Other failed checks have findings."""
    return [f"{check.name}: {check.reason}" for check in _crashed(report)]


def _crashed(report: Report) -> list[CheckOutcome]:
    causes = {None, *(finding.cause for finding in report.findings)}
    return [check for check in report.checks if check.outcome == "failed" and check.reason not in causes]


def _subject(report: Report) -> str:
    title = "the emulator" if report.mode == "emulator" else report.service_entry.title
    return title[0].upper() + title[1:]


def _visible_apps(apps: int | None) -> str:
    if apps is None:
        return ""
    return f"; {apps or 'no'} app{' is' if apps == 1 else 's are'} visible"


def _outcome(report: Report) -> str:
    """Return the outcome of the first request."""
    request, status = report.request, _status(report)
    if status in _REFUSED and report.cause not in _CAUSES_ELSEWHERE:
        return f"{_subject(report)} {_REFUSED[status]}"
    if not _was_sent(report):
        return "No request was sent"
    sent = _method_and_path(request) if request else "The request"
    return f"{sent} got no response" if status is None else f"{sent} returned {status}"


def _status(report: Report) -> int | None:
    return report.request.status if report.request else None


def _was_sent(report: Report) -> bool:
    return _status(report) is not None or any(
        check.name.startswith("GET ") and check.outcome != "skipped" for check in report.checks
    )


def _in_sentence(title: str) -> str:
    """Format a title for the middle of a sentence. Names such as Apple and WeatherKit keep their capital letter."""
    first = title.partition(" ")[0]
    is_name = first.startswith("Apple") or any(letter.isupper() for letter in first[1:])
    return title if is_name else title[0].lower() + title[1:]


def _method_and_path(request: RequestSummary) -> str:
    return f"{request.method} {urlsplit(request.url).path}"


def _key_sentences(credentials: CredentialsSummary | None) -> list[str]:
    if credentials is None:
        return []
    sources = dict(credentials.sources)
    is_generated = set(sources.values()) == {"emulator"}
    if is_generated:
        sources.clear()
    ids = [
        f"{label} {value}{_in_parentheses(sources.pop(name, None))}"
        for label, name, value in (
            (f"{credentials.kind or ''} key".strip(), "key_id", credentials.key_id),
            ("issuer", "issuer_id", credentials.issuer_id),
        )
        if value
    ]
    rest = [f"{name.replace('_', ' ')} from {source}" for name, source in sources.items()]
    generated = ["generated by the emulator; your own credentials were not read"] if is_generated else []
    return [", ".join(parts) for parts in (ids, rest, generated) if parts]


def _in_parentheses(text: str | None) -> str:
    return f" ({text})" if text else ""


def _token_sentences(report: Report) -> list[str]:
    token, clock = report.token, report.clock
    if token is None:
        return []
    claims = [(name, time) for name, time in (("iat", token.issued_at), ("exp", token.expires_at)) if time is not None]
    if not has_times(report):
        return [
            ", ".join(f"{claim} {value}" for claim, value in claims) + ", which are not times in seconds since 1970"
        ]
    now = clock.now if clock else None
    times = [f"{claim} {time_of_day(time, now)}{_distance(time, now)}" for claim, time in claims]
    by_apple = ", by Apple's clock" if clock and abs(clock.skew_seconds or 0) > CLOCK_RESOLUTION else ""
    scope = token.scope
    parts = (
        _lifetime(token.lifetime, limit_of(report)),
        f"scope {', '.join(map(str, scope)) if isinstance(scope, list) else scope}" if scope else "",
        _token_origin(token.minted_by),
    )
    return [", ".join(filter(None, parts)), *([f"{', '.join(times)} UTC{by_apple}"] if times else [])]


def _token_origin(minted_by: str | None) -> str:
    if not minted_by:
        return ""
    if minted_by in BY_NAME["token"].env:
        return f"read from {minted_by}"
    return f"generated by {'the ' * minted_by.endswith(' fixture')}{minted_by}"


def _lifetime(lifetime: float | None, limit: int | None) -> str:
    if lifetime is None:
        return "lifetime unknown"
    if lifetime < 0:
        return f"exp {span(lifetime)} before iat"
    if limit is not None and lifetime > limit:
        return f"{span(lifetime)}, which is {span(lifetime - limit)} more than the {span(limit)} allowed"
    return span(lifetime) + (f" of the {span(limit)} allowed" if limit is not None else "")


def _distance(seconds: float, now: float | None) -> str:
    if now is None:
        return ""
    if round(seconds - now) == 0:
        return " (now)"
    return f" ({span(now - seconds)} ago)" if seconds <= now else f" (in {span(seconds - now)})"


def _response_sentences(report: Report) -> list[str]:
    request, rate = report.request, report.rate_limit
    if request is None or not _was_sent(report):
        return []
    outcome = "none" if request.status is None else f"{request.status} {request.code or ''}".strip()
    host = host_of(request.url)
    at_host = "" if host == report.service_entry.host else f" at {host}"
    remaining = f", {rate.remaining} of {rate.limit} requests left" if rate else ""
    words = request.words
    quoted = not words or any(words in finding.evidence for finding in report.findings)
    return [f"{outcome} to {_method_and_path(request)}{at_host}{remaining}", *([] if quoted else [f'"{words}"'])]


def _clock_sentences(clock: ClockSummary | None) -> list[str]:
    if clock is None or clock.skew_seconds is None:
        return []
    skew, here, apple = clock.skew_seconds, clock.local_now, clock.apple_now
    if abs(skew) <= CLOCK_RESOLUTION:
        return ["in sync with Apple's, to the second"]
    times = "" if here is None or apple is None else f": {time_of_day(here, apple)} instead of {time_of_day(apple)} UTC"
    apart = f"{abs(skew):g} s" if abs(skew) < _MINUTE else span(skew)
    return [f"{apart} {'ahead of' if skew > 0 else 'behind'} Apple's{times}"]
