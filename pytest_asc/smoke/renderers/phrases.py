"""What a smoke report says, in sentences that the terminal and GitHub share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pytest_asc.apple.causes import CAUSES
from pytest_asc.apple.services import APP_STORE_CONNECT, SERVICES
from pytest_asc.diagnosis.formatting import host_of, span, time_of_day
from pytest_asc.diagnosis.token.scope import max_lifetime_of
from pytest_asc.diagnosis.token.times import FIRST_MILLISECONDS, LONGEST_DURATION
from pytest_asc.experiments.role_access import roles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_asc.apple.services import Service

# Apple's clock is known to the second: a smaller skew cannot be told from none.
CLOCK_RESOLUTION = 1.0
_MINUTE = 60
CERTAINTY = {
    "certain": "certain: what was seen proves it",
    "likely": "likely: what was seen suggests it",
    "possible": "possible: nothing seen speaks against it",
}
_HEDGE = {"certain": "", "likely": "probably ", "possible": "possibly "}
OFFLINE = "offline"
"""The mode of a report on a token that was sent nowhere."""
_REFUSED = {401: "refuses this token", 403: "refuses this request"}
# The causes that say that the service itself was not reached.
_BY_OTHERS = frozenset({"not-apple"})


class Fact(NamedTuple):
    """One row of a report."""

    label: str
    sentences: list[str]


def service_of(report: Mapping[str, Any]) -> Service:
    """The service that a report is about."""
    return SERVICES.get(report["service"], APP_STORE_CONNECT)


def limit_of(report: Mapping[str, Any]) -> int | None:
    """Seconds that the report's token may live; None where its service names no limit.

    A scope that allows months is no measure for a token that does without them.
    """
    token, usual = report["token"] or {}, service_of(report).max_lifetime
    is_long = usual is not None and (token.get("lifetime") or 0) > usual
    return max_lifetime_of(token.get("scope"), service_of(report)) if is_long else usual


def has_times(report: Mapping[str, Any]) -> bool:
    """Whether the token's times are any: milliseconds and durations are none."""
    token = report["token"] or {}
    given = (token.get(name) for name in ("issued_at", "expires_at"))
    return all(LONGEST_DURATION <= time <= FIRST_MILLISECONDS for time in given if time is not None)


def verdict(report: Mapping[str, Any]) -> str:
    """The outcome in one sentence."""
    if report["mode"] == OFFLINE:
        return _verdict_on_token(report)
    accepted = f"{_who(report)} accepts these credentials"
    if report["ok"]:
        apps = (report["request"] or {}).get("apps_visible")
        return f"{accepted}{f', with {_count(report)}' if _warnings(report) else ''}{_visible(apps)}."
    if cause := next((finding for finding in report["findings"] if finding["cause"] == report["cause"]), None):
        if cause["level"] == "warning" and _status(report) is not None:
            return f"{accepted}, but not without {_count(report)}."
        return f"{_outcome(report)}: {_HEDGE[cause['certainty']]}{_within(title_of(cause['cause']))}."
    broken = "".join(f": the check of {check['name']} broke off" for check in _broken(report)[:1])
    return f"{_outcome(report)}{broken}."


def _warnings(report: Mapping[str, Any]) -> int:
    return sum(finding["level"] == "warning" for finding in report["findings"])


def _count(report: Mapping[str, Any]) -> str:
    warnings = _warnings(report)
    return f"{warnings} warning{'s' if warnings > 1 else ''}"


def _verdict_on_token(report: Mapping[str, Any]) -> str:
    unseen = "" if report["credentials"] else "; its signature was not checked, since its key is not at hand"
    if report["ok"]:
        warned = f", apart from {_count(report)}" if _warnings(report) else ""
        return f"Nothing is wrong with this token{warned}{unseen}."
    cause = next(finding for finding in report["findings"] if finding["cause"] == report["cause"])
    return f"{_who(report)} refuses this token: {_HEDGE[cause['certainty']]}{_within(title_of(cause['cause']))}."


def title_of(cause: str) -> str:
    """A cause in a few words."""
    return CAUSES[cause].title if cause in CAUSES else cause


def facts(report: Mapping[str, Any]) -> Iterator[Fact]:
    """What is known of the key, the token, the answer, the clock and the probes: a row for each that was reached."""
    rows = {
        "key": _key_sentences(report["credentials"] or {}),
        "token": _token_sentences(report),
        "answer": _answer_sentences(report),
        "clock": _clock_sentences(report["clock"] or {}),
        "probes": _together((probe["name"], _told(probe["status"], probe["showed"])) for probe in report["probes"]),
    }
    return (Fact(label, sentences) for label, sentences in rows.items() if sentences)


def roles(report: Mapping[str, Any]) -> Iterator[Fact]:
    """What the key's role opens and what it does not, where that was looked for."""
    looks = report.get("roles") or []
    opens = ", ".join(look["area"] for look in looks if look["opens"])
    rows = {
        "opens": [opens] if opens else [],
        "closed": [f"{look['area']}{_open_to(look['area'])}" for look in looks if look["opens"] is False],
        "unknown": _together(
            (look["area"], _told(look["status"], look["words"])) for look in looks if look["opens"] is None
        ),
    }
    return (Fact(label, sentences) for label, sentences in rows.items() if sentences)


def skipped(report: Mapping[str, Any]) -> list[str]:
    """The checks that could not be made, those with one reason together."""
    return _together(
        (check["name"], check["reason"] or "no reason given")
        for check in report["checks"]
        if check["outcome"] == "skipped"
    )


def _together(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Names and what is said of each, those of which one thing is said in one sentence."""
    said: dict[str, list[str]] = {}
    for name, words in pairs:
        said.setdefault(words, []).append(name)
    return [f"{', '.join(names)}: {words}" for words, names in said.items()]


def _told(status: int | None, words: str | None) -> str:
    return ", ".join(map(str, filter(None, (status, words)))) or "no answer"


def _open_to(area: str) -> str:
    """Whom an area is open to by Apple's tables."""
    *others, last = roles_of(area) or ("",)
    return f" (open to {', '.join(others)}{' and ' if others else ''}{last})" if last else ""


def failed(report: Mapping[str, Any]) -> list[str]:
    """The checks that broke off, with the reason; those that found something stand among the findings."""
    return [f"{check['name']}: {check['reason']}" for check in _broken(report)]


def _broken(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    known = {None, *(finding["cause"] for finding in report["findings"])}
    return [check for check in report["checks"] if check["outcome"] == "failed" and check["reason"] not in known]


def _who(report: Mapping[str, Any]) -> str:
    title = "the emulator" if report["mode"] == "emulator" else service_of(report).title
    return title[0].upper() + title[1:]


def _visible(apps: int | None) -> str:
    if apps is None:
        return ""
    return f"; {apps or 'no'} app{' is' if apps == 1 else 's are'} visible"


def _outcome(report: Mapping[str, Any]) -> str:
    """What became of the request."""
    status = _status(report)
    if status in _REFUSED and report["cause"] not in _BY_OTHERS:
        return f"{_who(report)} {_REFUSED[status]}"
    if status is not None:
        return f"{report['request']['method']} {_path(report)} was answered {status}"
    return f"{_who(report)} {'gave no answer' if _was_asked(report) else 'was not asked'}"


def _status(report: Mapping[str, Any]) -> int | None:
    return (report["request"] or {}).get("status")


def _was_asked(report: Mapping[str, Any]) -> bool:
    return _status(report) is not None or any(
        check["name"].startswith("GET ") and check["outcome"] != "skipped" for check in report["checks"]
    )


def _within(title: str) -> str:
    """A cause's title in the middle of a sentence."""
    return title if title.startswith("Apple") else title[0].lower() + title[1:]


def _path(report: Mapping[str, Any]) -> str:
    url: str = report["request"]["url"]
    return urlsplit(url).path


def _key_sentences(credentials: Mapping[str, Any]) -> list[str]:
    sources = dict(credentials.get("sources") or {})
    ids = [
        f"{words} {credentials[name]}{_in_brackets(sources.pop(name, None))}"
        for words, name in ((f"{credentials.get('kind') or ''} key".strip(), "key_id"), ("issuer", "issuer_id"))
        if credentials.get(name)
    ]
    rest = [f"{name.replace('_', ' ')} from {source}" for name, source in sources.items()]
    return [", ".join(parts) for parts in (ids, rest) if parts]


def _in_brackets(text: str | None) -> str:
    return f" ({text})" if text else ""


def _token_sentences(report: Mapping[str, Any]) -> list[str]:
    token = report["token"]
    if not token:
        return []
    if not has_times(report):
        given = (("iat", token.get("issued_at")), ("exp", token.get("expires_at")))
        return [", ".join(f"{claim} {value}" for claim, value in given if value is not None) + ", as they stand in it"]
    clock = report["clock"] or {}
    apple_now = clock.get("apple_now")
    now = clock.get("local_now") if apple_now is None else apple_now
    times = [
        f"{claim} {time_of_day(token[member], now)}{_distance(token[member], now)}"
        for claim, member in (("iat", "issued_at"), ("exp", "expires_at"))
        if token.get(member) is not None
    ]
    whose = " at Apple" if abs(clock.get("skew_seconds") or 0) > CLOCK_RESOLUTION else ""
    scope = token.get("scope")
    parts = (
        _life(token.get("lifetime"), limit_of(report)),
        f"scope {', '.join(map(str, scope)) if isinstance(scope, list) else scope}" if scope else "",
        f"minted by {token['minted_by']}" if token.get("minted_by") else "",
    )
    return [", ".join(filter(None, parts)), *([f"{', '.join(times)} UTC{whose}"] if times else [])]


def _life(lifetime: float | None, limit: int | None) -> str:
    if lifetime is None:
        return "life unknown"
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


def _answer_sentences(report: Mapping[str, Any]) -> list[str]:
    request, rate = report["request"], report["rate_limit"]
    if not request or not _was_asked(report):
        return []
    what = "no answer" if request["status"] is None else f"{request['status']} {request.get('code') or ''}".strip()
    host = host_of(request["url"])
    elsewhere = "" if host == service_of(report).host else f" at {host}"
    left = f", {rate['remaining']} of {rate['limit']} requests left" if rate else ""
    words = request.get("words")
    quoted = any(words in finding["evidence"] for finding in report["findings"]) if words else True
    return [f"{what} to {request['method']} {_path(report)}{elsewhere}{left}", *([] if quoted else [f'"{words}"'])]


def _clock_sentences(clock: Mapping[str, Any]) -> list[str]:
    skew, here, apple = clock.get("skew_seconds"), clock.get("local_now"), clock.get("apple_now")
    if skew is None:
        return []
    if abs(skew) <= CLOCK_RESOLUTION:
        return ["agrees with Apple's to the second"]
    times = (
        "" if here is None or apple is None else f": {time_of_day(here, apple)} here, {time_of_day(apple)} UTC there"
    )
    apart = f"{abs(skew):g} s" if abs(skew) < _MINUTE else span(skew)
    return [f"{apart} {'ahead of' if skew > 0 else 'behind'} Apple's{times}"]
