"""Settings, sources of keys and ids, and signed tokens."""
