"""Fault injection on the client's side: one table for each kind of fault.

``keys`` and ``sources`` change the credentials, ``tokens`` changes the token, and ``requests`` changes the request.
:mod:`pytest_asc.emulator.service_faults` changes the state of the emulated service. :mod:`.registry` lists the slugs of
all causes that can be injected.
"""
