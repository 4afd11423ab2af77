"""Lifetimes of generated tokens, in seconds."""

from __future__ import annotations

DEFAULT_LIFETIME = 15 * 60
"""Default time from ``iat`` to ``exp``. It leaves five minutes for clocks that differ from Apple's: many users observed
that tokens of 20 minutes fail and tokens of 15 minutes work."""

BACKDATE = 60
"""Seconds by which ``iat`` is backdated, so that tokens work if this machine's clock is slightly ahead (as in
fastlane)."""

RENEW_BEFORE = 60
"""A cached token is replaced this many seconds before ``exp``."""

MIN_LIFETIME = BACKDATE + RENEW_BEFORE
"""The shortest lifetime for which tokens can be cached; with a shorter one, each request would need a new token."""
