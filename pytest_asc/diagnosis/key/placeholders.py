"""Recognition of placeholders that were never replaced with the actual value."""

from __future__ import annotations

import re

_REFERENCE = (
    r"(op|env|vault|secret|secretref|keychain|sm|ssm|gcpsm|gcp|awssm|aws|akv|azure|doppler|infisical|bws)://.*"
    r"|ref\+\w+://.*|(env|vault|keychain|ssm|sops|secretref|secretmanager):\S+|arn:aws[\w-]*:\S+"
    r"|(//secretmanager\.googleapis\.com/)?projects/[^/\s]+/secrets/\S+|@Microsoft\.KeyVault\(.*\)|ENC\[.*\]"
    r"|!vault\b.*"
)
_FORMS = tuple(
    (what, re.compile(form, re.IGNORECASE | re.DOTALL))
    for what, form in (
        (
            "a variable that was not expanded",
            r"\$\{.*\}|\$\(.*\)|\$\w+|%\w+%|\{\{.*\}\}|\[\[.*\]\]|<%.*%>|@\w+@|#\{.*\}#?|__\w+__",
        ),
        ("an unresolved reference to a secret store", _REFERENCE),
        ("a masked value", r"[*\u2022]{3,}|x{3,}|\[?(masked|redacted|filtered|hidden)\]?"),
        ("a placeholder in angle brackets", r"<[^<>]*>"),
        ("a text with an ellipsis", r".*(\.\.\.|\u2026).*"),
        ("a template's placeholder", r"(change|replace)[-_ ]?(me|this).*|(your|my|insert|paste|add|enter)[-_ ].*"),
        ("a word for a missing value", r"todo|tbd|placeholder|dummy|none|null|undefined"),
    )
)
# Longer texts and texts with a BEGIN line are treated as keys, not as placeholders.
_MAX_SIZE = 150


def placeholder(text: str) -> str | None:
    """Describe a placeholder, ignoring quotes and whitespace around it; None if the text is not one."""
    value = text.strip("\"' \t\r\n")
    if len(value) > _MAX_SIZE or "BEGIN" in value:
        return None
    return next((what for what, form in _FORMS if form.fullmatch(value)), None)


# From Apple's documentation and the README files of Apple's libraries.
_EXAMPLES = frozenset(
    {
        "2X9R4HXF34",
        "ABCDEFGHIJ",
        "57246542-96fe-1a63-e053-0824d011072a",
        "57246542-96fe-1a63e053-0824d011072a",
        "99b16628-15e4-4668-972b-eeff55eeff55",
    }
)
_ID_FORMS = tuple(
    (what, re.compile(form, re.IGNORECASE))
    for what, form in (
        ("a masked value", r".*x{4,}.*|([a-z])\1{5,}"),
        ("a template's placeholder", r"(your|insert|paste|enter|change|replace|example|sample|dummy|fake)[-_ ].{1,60}"),
        ("a template's placeholder", r"(the[-_ ])?(api[-_ ]?)?(key|issuer|team)[-_ ]?id([-_ ]here)?|.{1,60}[-_ ]here"),
        ("a word for a missing value", r"todo|tbd|placeholder|dummy|none|null|undefined|deadbeef|changeme"),
        ("a made-up UUID", r"([1-9a-f])\1{7}-\1{4}-\1{4}-\1{4}-\1{12}|12345678-1234-.*"),
    )
)


def is_example_id(value: str) -> bool:
    """Return whether an ID is an example from Apple's documentation."""
    return value in _EXAMPLES


def id_placeholder(value: str) -> str | None:
    """Describe a placeholder in place of a key ID or issuer ID; None if the text may be an ID."""
    if len(value) > _MAX_SIZE:
        return None
    found = next((what for what, form in _ID_FORMS if form.fullmatch(value)), None)
    # Any single word may be an ID, because the emulator accepts every ID.
    return found or (None if re.fullmatch(r"[\w-]+", value) else placeholder(value))
