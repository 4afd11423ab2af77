"""The ways in which a request reaches the emulator: thin, and the only rooms that know an HTTP library."""

SERVER_IS_MISSING = "it needs aiohttp and trustme, which are not installed: pip install 'pytest-asc[server]'"
"""What to say where the server cannot be imported."""
