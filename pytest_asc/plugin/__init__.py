"""The pytest plugin: options, ini values, markers and hooks.

pytest loads this module in every run, even if no test uses the plugin. At import time it therefore imports nothing but
pytest and the standard library; hooks and fixtures import other modules when they need them.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

MARKERS = (
    (
        "asc(*, mode=None, role='ADMIN', lifetime=900, faults=(), allow_writes=False, allow_unfired=False, relax=()): "
        "configure the asc fixtures of the test."
    ),
    "asc_live: send the requests of the test to Apple, with real credentials; skip the test if there are none.",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and ini values."""
    from pytest_asc.credentials.settings import SETTINGS

    group = parser.getgroup("asc", "App Store Connect")
    for setting in SETTINGS:
        if setting.option:
            choices = {"choices": setting.choices} if setting.choices else {"metavar": setting.name.upper()}
            text = f"{setting.help[0].upper()}{setting.help[1:]}"
            group.addoption(setting.flag, dest=setting.ini, help=text, **choices)
            parser.addini(setting.ini, text)
    group.addoption(
        "--asc-smoke", action="store_true", help="Check the credentials with one GET request, and run no tests"
    )
    group.addoption(
        "--asc-smoke-first",
        action="store_true",
        help="Check the credentials first, and run the tests only if they work",
    )
    group.addoption(
        "--asc-smoke-roles",
        action="store_true",
        help="With the smoke check, also list the areas of the API that the key's role can access",
    )
    group.addoption(
        "--asc-report",
        action="append",
        default=[],
        metavar="FILE",
        help="Write the smoke check's report to FILE: HTML if its name ends in .html, otherwise JSON; may be repeated",
    )
    group.addoption(
        "--asc-offline",
        action="store_true",
        help="With the smoke check, check only the key, the IDs and the token, without sending a request",
    )
    group.addoption("--asc-strict", action="store_true", help="Fail the smoke check on warnings as well")
    group.addoption(
        "--asc-timeout",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="Timeout of each request of the smoke check, in seconds (default 10)",
    )
    group.addoption("--asc-fault", metavar="CAUSE", help="Inject this cause as a fault, with the emulator")
    group.addoption(
        "--asc-openapi",
        metavar="FILE",
        help="Emulate the API that this OpenAPI document (JSON or YAML) describes, instead of the built-in one",
    )
    parser.addini(
        "asc_account", "Account file that every emulator of the run loads when it starts, relative to rootdir"
    )
    group.addoption(
        "--asc-record",
        metavar="FILE",
        help="Record the data that live tests read with asc_session in this account file, redacted, for the emulator",
    )
    group.addoption(
        "--asc-compare",
        metavar="FILE",
        help="Compare the responses to GET requests of live tests with asc_session to those of an emulator that has "
        "loaded this recording",
    )
    parser.addini("asc_openapi", "Same as --asc-openapi; relative to this ini file")
    parser.addini("asc_warn_deprecated", "List the deprecated operations that tests use: off, warn, error")
    group.addoption(
        "--asc-trust-host",
        action="append",
        default=[],
        metavar="HOST",
        help="Allow sending tokens to this host, which is neither Apple's nor this machine; may be repeated",
    )
    group.addoption(
        "--asc-allow-writes",
        action="store_true",
        help="Let tests marked asc(allow_writes=True) change the live account",
    )
    group.addoption(
        "--asc-live-guard",
        action="store_true",
        help="Also refuse writes to Apple's hosts with requests, urllib3, http.client, httpx and aiohttp, unless the "
        "test and the run allow them",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Redact the errors in conftest.py files, if the environment has secrets. pytest shows them without a report."""
    with _redacted_exceptions(early_config):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Redact the usage errors that other plugins raise. pytest shows these errors without a report."""
    with _redacted_exceptions(config):
        return (yield)


def _redacted_exceptions(config: pytest.Config) -> AbstractContextManager[None]:
    if not _environment_has_secrets():
        return nullcontext()
    from pytest_asc.plugin.report_sections import redacted_exceptions, register_hooks

    register_hooks(config)
    return redacted_exceptions()


def _environment_has_secrets() -> bool:
    from pytest_asc.credentials.settings import SECRET_VARIABLES

    return any(name in os.environ for name in SECRET_VARIABLES)


# Maps an option to the module of its plugin. These plugins observe the responses to live tests.
_OBSERVING_PLUGINS = {"asc_record": "live_recording", "asc_compare": "live_comparison"}
# The default values of options, which mean that the option is not given.
_UNSET: tuple[object, ...] = (None, False, [])


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, the fixtures and the plugins that the options select."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    from pytest_asc.plugin import fixtures

    config.pluginmanager.register(fixtures, "asc-fixtures")
    config.pluginmanager.register(fixtures.run_fixture(config), "asc-run-fixture")
    if config.option.asc_live_guard:
        config.pluginmanager.register(import_module("pytest_asc.plugin.live_guard").LiveGuard(config), "asc-live-guard")
    if config.option.asc_openapi or config.getini("asc_openapi"):
        config.pluginmanager.register(import_module("pytest_asc.plugin.openapi").OpenApiDocument(config), "asc-openapi")
    if config.getini("asc_warn_deprecated"):
        import_module("pytest_asc.plugin.deprecations").register(config)
    for option, module in _OBSERVING_PLUGINS.items():
        if getattr(config.option, option):
            plugin = import_module(f"pytest_asc.plugin.{module}").make_plugin(config, getattr(config.option, option))
            config.pluginmanager.register(plugin, option.replace("_", "-"))
    if config.getini("asc_account"):
        config.pluginmanager.register(import_module("pytest_asc.plugin.account").AccountFile(config), "asc-account")
    # The controller of pytest-xdist has already checked the settings of its workers.
    if not hasattr(config, "workerinput"):
        _configure_settings(config)


def _configure_settings(config: pytest.Config) -> None:
    from pytest_asc.credentials.settings import SETTINGS, SettingsError

    given = {name for name, value in vars(config.option).items() if name.startswith("asc_") and value not in _UNSET}
    try:
        if given - {"asc_timeout"}:
            from pytest_asc.plugin.options import check_options

            check_options(config)
        elif any(setting.option and config.getini(setting.ini) for setting in SETTINGS):
            from pytest_asc.plugin.options import check_settings, settings_of

            check_settings(settings_of(config))
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    if config.option.asc_smoke or config.option.asc_smoke_first:
        # pytest_asc.smoke is a layer above this package, so it cannot be imported directly.
        config.pluginmanager.register(import_module("pytest_asc.smoke.hooks"), "asc-smoke-hooks")
