"""Control of a served emulator by programs in any language: accounts, commands as JSON, and the events to watch.

It knows no HTTP library; :mod:`pytest_asc.transports.control` carries its requests.
"""
