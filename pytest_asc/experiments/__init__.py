"""Further requests that narrow down the cause of an unexplained 401."""
