"""Lifetimes of generated tokens, in seconds."""

from __future__ import annotations

DEFAULT_LIFETIME = 15 * 60
"""From ``iat`` to ``exp``: leaves five minutes for clocks that differ from Apple's (observed by many to fail at 20
minutes and to work at 15)."""

BACKDATE = 60
"""Seconds by which ``iat`` lies in the past, so that a clock a little ahead does no harm (as in fastlane)."""

RENEW_BEFORE = 60
"""Seconds before ``exp`` at which a cached token is replaced."""

MIN_LIFETIME = BACKDATE + RENEW_BEFORE
"""The shortest lifetime of a cached token: with a shorter one, each request would need a token of its own."""
