"""Control of a served emulator by programs in any language: accounts, commands as JSON, and a stream of events.

This package knows no HTTP library; :mod:`pytest_asc.transports.control` connects it to the server.
"""
