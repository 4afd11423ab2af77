"""Errors for wrong arguments: they name the closest valid value, and the traceback has only frames of the test."""

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
    "make_asc_token(lifetime=True)": "make_asc_token(lifetime=True): expected a number of seconds",
    "make_asc_token(issued_at=float('nan'))": "make_asc_token(issued_at=nan): expected a number of seconds",
    "make_asc_token(scope={'GET /v1/apps': 1})": "expected a list such as ['GET /v1/apps']",
    "make_asc_token(service='weatherkit', team_id=7)": "make_asc_token(team_id=7): expected a string",
    "asc_emulator.token(lifetime=True)": "token(lifetime=True): expected a number of seconds",
    "asc_diagnose('a.b.c', now=float('nan'))": "now=nan: expected a number of seconds since 1970",
    "asc_diagnose(3)": "cannot read a value of type int",
    "asc_emulator.add('apps', id=3)": "id: got 3, expected a string",
    "asc_emulator.update('1', name='x')": "got '1', expected a resource, as add and get return it",
    "asc_emulator.advance('1 h')": "advance: got '1 h', expected a number",
    "asc_emulator.sell({'type': 'apps', 'id': '1'}, prize=1)": "sell() got an unexpected keyword argument 'prize'; did",
    "asc_emulator.sell(asc_emulator.add('apps'), currency='dollar')": "currency: got 'dollar', expected three capital",
    "asc_emulator.sell(asc_emulator.add('apps'), version=' ')": "version: got ' ', expected a version of the app",
    "asc_emulator.sell(asc_emulator.add('apps'), product_type='')": "product_type: got '', expected one of 1, 1-B",
    "asc_emulator.sell(asc_emulator.add('apps'), day=True)": "day: got True, expected a date",
    "asc_emulator.measure(asc_emulator.add('builds'), 'betaBuildUsages', crashCount=float('nan'))": (
        "crashCount: got nan, expected a number"
    ),
    "asc_emulator.add('apps', id=' ')": "id: got ' ', expected one line of text; leave the id out for a new one",
    "asc_emulator.add_ready_version('')": "there is no resource",
    "asc_emulator.add_testflight_build({})": "expected ids or resources of type 'apps', got {}",
    "asc_emulator.add_testflight_build(testers=-1)": "testers: got -1, expected a whole number of at least 0",
    "asc_emulator.find('builds', version=7)": "'version' of 'builds': got an integer, expected a string",
    "asc_emulator.advance(True)": "advance: got True, expected a number",
    "asc_emulator.advance(days=float('inf'))": "advance: got inf seconds, expected at most 3200000000",
    "asc_emulator.fault(7)": "there is no fault 7; the faults of the service are",
    "asc_emulator.fail('GET', '/v1/apps', status=429, times=1.5)": "got times=1.5, expected a whole number",
    "asc_emulator.fail('GET', '/v1/apps', latency=float('nan'))": "got latency=nan, expected a number of seconds",
    "asc_emulator.fail('GET', '/v1/apps', status=429, optional='no')": "got optional='no', expected True or False",
    "asc_emulator.fail('GET', '/v1/apps', status=429, body='x')": "got body='x', expected bytes",
    "setattr(asc_emulator, 'part_size', 1.5)": "part_size: got 1.5, expected at least 1 byte, as a whole number",
    "setattr(asc_emulator, 'vendor_number', 80012345)": "vendor_number: got 80012345, expected a string of digits",
    "setattr(asc_emulator, 'rate_limit', 0)": "rate_limit: got 0, expected a whole number of at least 1",
    "setattr(asc_emulator, 'clock_offset', float('nan'))": "clock_offset: got nan, expected a number of seconds",
}


@pytest.mark.parametrize("call", CALLS)
def test_an_argument_error_shows_no_frame_of_the_package(pytester: pytest.Pytester, call: str) -> None:
    pytester.makepyfile(f"def test_x(asc_emulator, make_asc_token, asc_diagnose):\n    {call}\n")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    output = result.stdout.str()
    assert CALLS[call] in output
    assert str(Path(pytest_asc.__file__).parent) not in output
