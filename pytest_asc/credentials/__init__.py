"""Settings, sources of keys and IDs, and signed tokens."""
