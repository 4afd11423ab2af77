"""Rules for texts that are not part of Apple's OpenAPI document: lengths, characters and locales.

Codes are observed, and so are titles and details unless a comment says otherwise. Lengths that have not been reported
are those of Apple's help pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from pytest_asc.apple.locales import LOCALES
from pytest_asc.emulator.jsonapi import entity_errors
from pytest_asc.emulator.jsonapi.errors import at_pointer

if TYPE_CHECKING:
    from pytest_asc.emulator.jsonapi.errors import ApiError, ErrorTemplate
    from pytest_asc.emulator.jsonapi.request_validator import ValidatedResource

Rule: TypeAlias = Callable[[str, str], "ApiError | None"]
"""Function that takes the name and the value of an attribute, and returns an error if the value breaks the rule."""

# Observed character by character (rorkai/App-Store-Connect-CLI, docs/API_NOTES.md, 25 and 26 September 2026). Texts for
# the App Store reject the same characters as What to Test (several users).
_SYMBOLS = re.compile(
    "[\u20dd-\u20e4\u2400-\u245f\u2500-\u259f\u2600-\u27ef\u2800-\u28ff\u2980-\u2bff\ue000-\uf8ff\ufe00-\ufe0f\ufffd"
    "\U00010000-\U0010ffff]"
)
_NOT_IN_DESCRIPTIONS = re.compile(
    "[<\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\u2600-\u27bf\ufe00-\ufe0f\U00010000-\U0010ffff]"
)
_LOWER_CASE = frozenset(map(str.lower, LOCALES))


def text_errors(entity: ValidatedResource) -> list[ApiError]:
    """Return an error for each rule that an attribute of a request breaks. Its type must be in :data:`TEXT_RULES`."""
    rules = TEXT_RULES[entity.type]
    found = []
    for name, value in entity.attributes.items():
        for rule in rules.get(name, ()) if isinstance(value, str) else ():
            error = rule(name, value)
            if error:
                found.append(error)
    return found


def _length(most: int, template: ErrorTemplate, label: str, name: str, value: str) -> ApiError | None:
    if len(value) <= most:
        return None
    return at_pointer(template, f"/data/attributes/{name}", label=label or name, most=most)


def _symbols(template: ErrorTemplate, label: str, name: str, value: str) -> ApiError | None:
    found = ", ".join(dict.fromkeys(_SYMBOLS.findall(value)))
    return at_pointer(template, f"/data/attributes/{name}", label=label or name, found=found) if found else None


def _beta_description(name: str, value: str) -> ApiError | None:
    if not _NOT_IN_DESCRIPTIONS.search(value):
        return None
    return at_pointer(entity_errors.INVALID_TEXT, f"/data/attributes/{name}")


def _locale(template: ErrorTemplate, name: str, value: str) -> ApiError | None:
    if value.lower() in _LOWER_CASE:
        return None
    return at_pointer(template, f"/data/attributes/{name}")


def _at_most(most: int, label: str, template: ErrorTemplate = entity_errors.TOO_LONG) -> Rule:
    return partial(_length, most, template, label)


def _product_text(most: int, label: str) -> tuple[Rule, ...]:
    return (_at_most(most, label, entity_errors.PRODUCT_TEXT_TOO_LONG),)


def _store_text(most: int, label: str) -> tuple[Rule, ...]:
    return (_at_most(most, label), partial(_symbols, entity_errors.INVALID_CHARACTERS, label))


def _game_center_text(most: int) -> tuple[Rule, ...]:
    return (_at_most(most, "", entity_errors.GAME_CENTER_TEXT_TOO_LONG),)


_LOCALE: tuple[Rule, ...] = (partial(_locale, entity_errors.LOCALE_INVALID),)
_GAME_CENTER_LOCALE: Mapping[str, tuple[Rule, ...]] = {
    "locale": (partial(_locale, entity_errors.GAME_CENTER_LOCALE_INVALID),)
}
# 55 is observed for descriptions of in-app purchases; the other lengths are from Apple's help pages.
_PRODUCT = {"name": _product_text(30, "NAME"), "description": _product_text(55, "DESCRIPTION")}
_ACHIEVEMENT = {
    **_GAME_CENTER_LOCALE,
    "name": _game_center_text(50),
    "beforeEarnedDescription": _game_center_text(255),
    "afterEarnedDescription": _game_center_text(255),
}

TEXT_RULES: Mapping[str, Mapping[str, tuple[Rule, ...]]] = {
    "appInfoLocalizations": {"name": (_at_most(30, "Name"),), "subtitle": (_at_most(30, "Subtitle"),)},
    "appStoreVersionLocalizations": {
        "description": _store_text(4000, "Description"),
        "keywords": (_at_most(100, "Keywords"),),
        "promotionalText": _store_text(170, "Promotional Text"),
        "whatsNew": _store_text(4000, "What's New in This Version"),
    },
    "betaAppLocalizations": {"locale": _LOCALE, "description": (_at_most(4000, "Description"), _beta_description)},
    "betaBuildLocalizations": {
        "locale": _LOCALE,
        "whatsNew": (_at_most(4000, "What to Test"), partial(_symbols, entity_errors.INVALID_TEXT_CHARACTERS, "")),
    },
    "gameCenterAchievementLocalizations": _ACHIEVEMENT,
    "gameCenterActivityLocalizations": _GAME_CENTER_LOCALE,
    "gameCenterChallengeLocalizations": _GAME_CENTER_LOCALE,
    "gameCenterLeaderboardLocalizations": _GAME_CENTER_LOCALE,
    "gameCenterLeaderboardSetLocalizations": _GAME_CENTER_LOCALE,
    "inAppPurchaseLocalizations": _PRODUCT,
    "subscriptionLocalizations": _PRODUCT,
}
"""Rules by resource type and attribute."""
