"""Transports: from an HTTP library to the emulator and back. :mod:`.base` has the interface."""

SERVER_IS_MISSING = "it needs aiohttp and trustme, which are not installed: pip install 'pytest-asc[server]'"
"""Message for an installation without the extra ``server``."""
