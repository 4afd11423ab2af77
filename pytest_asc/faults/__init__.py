"""Fault injection at the client, a table for each kind; :mod:`.registry` names all causes, the service's included.

``sources`` and ``keys`` change the credentials, ``tokens`` the token, ``requests`` the request.
:mod:`pytest_asc.emulator.service_faults` changes the state of the emulated service.
"""
