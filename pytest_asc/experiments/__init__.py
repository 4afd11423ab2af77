"""Further requests that narrow down an unexplained refusal."""
