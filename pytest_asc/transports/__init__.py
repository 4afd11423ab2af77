"""Transports between HTTP libraries and the emulator. :mod:`.base` has the interface.

:mod:`.webhook_client` sends the webhook notifications of an emulator in this process to a URL.
"""

from pytest_asc.emulator.webhook_receivers import set_url_transport
from pytest_asc.transports.webhook_client import post_to

set_url_transport(post_to)

SERVER_IS_MISSING = "aiohttp or trustme is not installed. Run: pip install 'pytest-asc[server]'"
"""Error message if the extra ``server`` is not installed."""
