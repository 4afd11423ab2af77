"""Transports: from an HTTP library to the emulator and back. :mod:`.base` has the interface.

:mod:`.webhook_client` is the way of webhooks to a URL, for the emulator of this process.
"""

from pytest_asc.emulator.webhook_receivers import set_url_transport
from pytest_asc.transports.webhook_client import post_to

set_url_transport(post_to)

SERVER_IS_MISSING = "aiohttp or trustme is not installed. Run: pip install 'pytest-asc[server]'"
"""Message for an installation without the extra ``server``."""
