"""Lifetimes of generated tokens. All values are in seconds."""

from __future__ import annotations

DEFAULT_LIFETIME = 15 * 60
"""Default lifetime, from ``iat`` to ``exp``. It leaves five minutes for clock skew: many users observed that tokens of
20 minutes fail and tokens of 15 minutes work."""

BACKDATE = 60
"""Time by which ``iat`` is backdated, as in fastlane, so that tokens work if this machine's clock is slightly ahead."""

RENEW_BEFORE = 60
"""Time before ``exp`` at which a cached token is replaced."""

MIN_LIFETIME = BACKDATE + RENEW_BEFORE
"""Minimum lifetime of tokens that can be cached. With a shorter one, each request would need a new token."""
