"""Wrong arguments: the message names the argument and the nearest right one, and the traceback is the test's alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import pytest_asc

CALLS = {
    "asc_emulator.add('betaGroups', name='x', app=asc_emulator.add('builds'))": "expected a resource of type 'apps'",
    "asc_emulator.add('app')": "did you mean 'apps'",
    "asc_emulator.add('apps', nam='x')": "did you mean 'name'?",
    "asc_emulator.fault('expired-token')": "did you mean 'token-expired'?",
    "asc_emulator.fail('GET', '/v1/app', status=429)": "did you mean /v1/apps",
    "setattr(asc_emulator, 'role', 'DEVELOPERS')": "did you mean 'DEVELOPER'?",
    "asc_emulator.decide('appStoreVersions', 'REJECTD')": "expected one of APPROVED, REJECTED",
    "asc_emulator.get('apps', '1')": "there is no resource of type 'apps' with id '1'",
    "asc_emulator.find('apps', bundelId='x')": "did you mean 'bundleId'?",
    "asc_emulator.load({'dat': []})": "expected a document",
    "asc_emulator.sell({'type': 'apps', 'id': '1'})": "add it first",
    "asc_emulator.measure({'type': 'apps', 'id': '1'}, 'sessions')": "add it first",
    "make_asc_token(expires_in=0)": "Did you mean 'lifetime'?",
    "make_asc_token(service='wetherkit')": "Did you mean 'weatherkit'?",
    "make_asc_token(claims='x')": "make_asc_token(claims='x'): expected a dict",
    "asc_diagnose(3)": "cannot read a value of type int",
    "asc_emulator.add('apps', id=3)": "id: got 3, expected a string",
    "asc_emulator.update('1', name='x')": "got '1', expected a resource, as add and get return it",
    "asc_emulator.advance('1 h')": "advance: got '1 h', expected a number",
    "asc_emulator.sell({'type': 'apps', 'id': '1'}, prize=1)": "sell() got an unexpected keyword argument 'prize'; did",
}


@pytest.mark.parametrize("call", CALLS)
def test_an_argument_error_shows_no_frame_of_the_package(pytester: pytest.Pytester, call: str) -> None:
    pytester.makepyfile(f"def test_x(asc_emulator, make_asc_token, asc_diagnose):\n    {call}\n")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    output = result.stdout.str()
    assert CALLS[call] in output
    assert str(Path(pytest_asc.__file__).parent) not in output
