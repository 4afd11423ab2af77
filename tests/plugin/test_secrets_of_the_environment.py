"""Secrets in environment variables are redacted in all reports, even without this plugin's fixtures."""

from __future__ import annotations

import base64
import uuid
from importlib.util import find_spec
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from loopback import KEY_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GRAM = 16
STYLES = ["auto", "long", "short", "line", "native", "no"]


@pytest.fixture
def signing_key() -> ec.EllipticCurvePrivateKey:
    """A key that no earlier run in this process has registered with the redactor."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def shown(key_text: str, make_token: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Put secrets into the environment; return a function that fails if the output or a file shows a piece of one."""
    token, issuer_id = make_token(sub="sentinel"), str(uuid.uuid4())
    for name, value in {
        "ASC_KEY_ID": KEY_ID,
        "ASC_ISSUER_ID": issuer_id,
        "ASC_PRIVATE_KEY": key_text,
        "ASC_TOKEN": token,
    }.items():
        monkeypatch.setenv(name, value)
    body = [line for line in key_text.splitlines() if not line.startswith("-")]
    secrets = (token, issuer_id, *body, "".join(body), base64.b64encode(key_text.encode()).decode())
    grams = {secret[at : at + GRAM] for secret in secrets for at in range(len(secret) - GRAM + 1)}

    def shown(result: pytest.RunResult, *files: Path) -> str:
        texts = {"stdout": result.stdout.str(), "stderr": result.stderr.str()}
        texts |= {str(file): str(file) + file.read_text(encoding="utf-8") for file in files}
        for name, text in texts.items():
            lines = set(text.splitlines())  # no piece continues on the next line
            found = [line[at : at + GRAM] for line in lines for at in range(len(line)) if line[at : at + GRAM] in grams]
            assert not found, f"{len(found)} pieces of a secret in {name}: {found[0]}"
        return "\n".join(texts.values())

    return shown


class Run(NamedTuple):
    """A run of pytest whose result several tests check; the first of them makes the run."""

    result: pytest.RunResult
    folder: Path
    shown: Callable[..., str]
    """Of the secrets that were in its environment."""


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, ...], Run]:
    """Results of the runs, by their options."""
    return {}


SECRETS = """
    import os, pytest, sys, warnings, logging, base64
    KEY, TOKEN, ISSUER = (os.environ[name] for name in ("ASC_PRIVATE_KEY", "ASC_TOKEN", "ASC_ISSUER_ID"))
"""

LEAKY = (
    SECRETS
    + """
    ENCODED = base64.b64encode(KEY.encode()).decode()
    BODY = "".join(line for line in KEY.splitlines() if "-----" not in line)

    def test_environment():
        assert dict(os.environ) == {}

    def test_forms():
        assert [ENCODED, BODY, repr(KEY), {TOKEN: {ISSUER}}] == []

    def test_exception():
        try:
            raise KeyError(TOKEN)
        except KeyError as error:
            error.add_note(KEY) if hasattr(error, "add_note") else None
            raise OSError(1, f"failed with {TOKEN}", ISSUER) from error

    @pytest.mark.xfail(reason=f"known with {TOKEN}")
    def test_expected_failure():
        assert TOKEN == ""

    @pytest.mark.xfail
    def test_expected_failure_at_run_time():
        pytest.xfail(f"because of {TOKEN}")

    @pytest.mark.skipif(True, reason=f"skipped for {TOKEN}")
    def test_skip_mark():
        pass

    def test_skip():
        pytest.skip(KEY)

    def test_properties(record_property, record_testsuite_property, record_xml_attribute):
        record_property(TOKEN, KEY)
        record_testsuite_property("token", TOKEN)
        record_testsuite_property(ISSUER, TOKEN)
        record_xml_attribute("issuer", ISSUER)

    @pytest.mark.parametrize("token", [TOKEN, TOKEN + "x", TOKEN.encode()])
    def test_parameters(token, tmp_path):
        assert os.environ["PYTEST_CURRENT_TEST"].count("ey") == 0
        print(tmp_path)
        assert not token

    @pytest.mark.parametrize("number", [pytest.param(1, id=TOKEN)])
    def test_named(number, tmp_path):
        assert tmp_path == number

    def test_output():
        print(TOKEN, KEY)
        print(ISSUER, file=sys.stderr)
        logging.getLogger("leaky").warning("logged %s", TOKEN)
        warnings.warn(f"warned of {TOKEN} and {KEY}")
        assert False

    @pytest.fixture(params=[KEY])
    def keyed(request):
        yield request.param
        raise RuntimeError(f"torn down with {request.param}")

    def test_teardown(keyed):
        pass

    if hasattr(pytest, "Subtests"):
        def test_subtests(subtests):
            with subtests.test(TOKEN, key=KEY, token=TOKEN):
                assert KEY == ""
            with subtests.test(msg="fine", token=TOKEN):
                print(TOKEN)
"""
)

OTHER_PLUGIN = (
    SECRETS
    + """
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(item, call):
        report = yield
        report.note = f"added {TOKEN}"
        report.notes = {KEY: [(TOKEN, {ISSUER})]}
        report.raw = KEY.encode()
        return report

    def pytest_runtest_logreport(report):
        with open("seen.txt", "a") as file:
            print(repr(vars(report)), file=file)

    def pytest_report_header():
        return f"token {TOKEN}"

    def pytest_terminal_summary(terminalreporter):
        terminalreporter.write_line(f"summary {KEY}")
"""
)


@pytest.mark.parametrize(
    "options",
    [
        *([f"--tb={style}"] for style in STYLES),
        *([f"--tb={style}", "--showlocals", "-vv", "-rA", "--setup-show", "--color=yes"] for style in STYLES),
        ["-n", "2", "-rA", "--showlocals"],
        ["--log-cli-level=DEBUG", "--full-trace", "--durations=0", "-vv"],
        ["--collect-only"],
    ],
    ids=" ".join,
)
def test_no_sink_of_pytest_shows_a_secret_of_the_environment(
    pytester: pytest.Pytester, shown: Callable[..., str], options: list[str]
) -> None:
    pytester.makepyfile(LEAKY)
    pytester.makeconftest(OTHER_PLUGIN)
    result = pytester.runpytest(
        "--junitxml=junit.xml",
        "--log-file=file.log",
        "--basetemp=temp",
        "-o",
        "junit_family=legacy",
        "-o",
        "junit_logging=all",
        "-Wdefault",
        *options,
    )
    files = [path for path in pytester.path.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    text = shown(result, *files)
    assert "***" in text
    if "--collect-only" not in options:
        assert "failed" in result.outlines[-1]
        assert "added ***" in text
        assert {"junit.xml", "file.log", "lastfailed", "nodeids", "seen.txt"} <= {file.name for file in files}


ALLURE = "allure_pytest"
REPORTS = {
    "pytest_reportlog": (["-ppytest_reportlog", "--report-log=report.jsonl"], "report.jsonl"),
    "pytest_jsonreport": (
        ["-ppytest_jsonreport", "-pmetadata", "--json-report", "--json-report-file=report.json"],
        "report.json",
    ),
    "pytest_html": (
        ["-phtml", "-phtml_fixtures", "-pmetadata", "--html=report.html", "--self-contained-html"],
        "report.html",
    ),
    ALLURE: (["-pallure_pytest", "--alluredir=allure"], "allure"),
}


@pytest.mark.parametrize("module", REPORTS)
@pytest.mark.parametrize("more", [(), ("-n", "1")])
def test_no_report_of_another_plugin_shows_a_secret(
    pytester: pytest.Pytester,
    shown: Callable[..., str],
    runs: dict[tuple[str, ...], Run],
    module: str,
    more: tuple[str, ...],
) -> None:
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    text = LEAKY
    modules = [one for one in REPORTS if one != ALLURE and find_spec(one)]
    if module == ALLURE:  # it writes parameters and the reasons of markers without calling a hook
        text = text.replace('reason=f"known with {TOKEN}"', 'reason="known"')
        text = text.replace("TOKEN, TOKEN +", "1, 2 or ").replace("params=[KEY]", "params=[1]")
        text = text.replace(", TOKEN.encode()", "")
        modules = [ALLURE]
    options = (*(option for one in modules for option in REPORTS[one][0]), *more)
    if options not in runs:
        pytester.makepyfile(text)
        runs[options] = Run(pytester.runpytest(*options, "-Wdefault"), pytester.path, shown)
    run = runs[options]
    written = run.folder / REPORTS[module][1]
    assert written.exists()
    run.shown(run.result, *([written] if written.is_file() else [one for one in written.rglob("*") if one.is_file()]))


STATEMENTS = ["raise RuntimeError(TOKEN)", "assert os.environ == {}", "int(KEY)", "import_me"]


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("options", [(), ("--tb=native",), ("-n", "1")])
def test_errors_while_test_modules_are_imported_show_no_secret(
    pytester: pytest.Pytester,
    shown: Callable[..., str],
    runs: dict[tuple[str, ...], Run],
    statement: str,
    options: tuple[str, ...],
) -> None:
    if options not in runs:
        pytester.makepyfile(**{f"test_{n}": SECRETS + f"\n    {one}\n" for n, one in enumerate(STATEMENTS)})
        result = pytester.runpytest("--junitxml=junit.xml", "--showlocals", *options)
        runs[options] = Run(result, pytester.path, shown)
    run = runs[options]
    assert run.result.ret != 0
    text = run.shown(run.result, run.folder / "junit.xml")
    assert f"ERROR collecting test_{STATEMENTS.index(statement)}.py" in text


@pytest.mark.parametrize(
    "statement",
    [
        "raise RuntimeError(TOKEN)",
        "raise OSError(1, TOKEN, KEY)",
        "raise SyntaxError(TOKEN, ('x', 1, 1, KEY))",
        "raise pytest.UsageError(TOKEN)",
        "pytest.exit(TOKEN)",
        "pytest.skip(TOKEN, allow_module_level=True)",
    ],
)
@pytest.mark.parametrize("folder", ["", "below/"])
def test_errors_while_conftests_are_imported_show_no_secret(
    pytester: pytest.Pytester, shown: Callable[..., str], statement: str, folder: str
) -> None:
    pytester.makepyfile(**{f"{folder}conftest": SECRETS + f"\n    {statement}\n", f"{folder}test_x": "def test(): 0"})
    leaves_pytest = not folder and statement.startswith("pytest.")  # Python shows it when the process ends
    run = pytester.runpytest_subprocess if leaves_pytest else pytester.runpytest_inprocess
    result = run("--junitxml=junit.xml")
    assert result.ret != 0
    shown(result)


@pytest.mark.parametrize("hook", ["sessionstart", "collection", "configure", "runtest_setup", "sessionfinish"])
@pytest.mark.parametrize(
    "statement", ["pytest.exit(f'stopped: {TOKEN}')", "raise KeyboardInterrupt(KEY)", "raise RuntimeError(TOKEN)"]
)
def test_an_exception_that_ends_the_run_shows_no_secret(
    pytester: pytest.Pytester, shown: Callable[..., str], hook: str, statement: str
) -> None:
    pytester.makeconftest(SECRETS + f"\n    def pytest_{hook}(): {statement}\n")
    pytester.makepyfile("def test(): pass")
    if hook == "configure" and "exit" in statement:
        pytest.skip("pytest writes the message of pytest.exit in pytest_configure itself; SECURITY.md says so")
    leaves_pytest = hook == "sessionfinish" and statement.startswith("raise ")  # Python shows it when the process ends
    if leaves_pytest:
        shown(pytester.runpytest_subprocess("--full-trace"))
    else:
        shown(pytester.runpytest_inprocess("--full-trace", no_reraise_ctrlc=True))


@pytest.mark.parametrize("options", [("--junitxml=junit.xml",), ("--full-trace", "--showlocals")])
@pytest.mark.parametrize("statement", ["pytest.exit(f'stopped: {text}')", "raise KeyboardInterrupt(text)"])
def test_the_message_of_an_interrupt_shows_no_secret(
    pytester: pytest.Pytester, shown: Callable[..., str], statement: str, options: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        SECRETS + f"\n    def stop(text):\n        {statement}\n\n    def test_x():\n        stop(TOKEN)\n"
    )
    result = pytester.runpytest_inprocess(*options, no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "***" in shown(result)


def test_values_that_a_test_passes_to_plugins_are_not_changed(
    pytester: pytest.Pytester, shown: Callable[..., str]
) -> None:
    pytester.makepyfile(
        SECRETS
        + """
    SHARED = [TOKEN, {"key": KEY}]

    @pytest.mark.xfail(raises=RuntimeError)
    def test_first(record_property):
        record_property("shared", SHARED)
        raise RuntimeError(SHARED)

    def test_second():
        assert SHARED == [os.environ["ASC_TOKEN"], {"key": os.environ["ASC_PRIVATE_KEY"]}]
"""
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, xfailed=1)
    shown(result)


@pytest.mark.parametrize(
    "value", ["${{ secrets.ASC_PRIVATE_KEY }}", "/home/ci/keys/of-the-whole-team/AuthKey_2X9R.p8", ""]
)
def test_placeholders_and_paths_in_secret_variables_are_not_redacted(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ASC_PRIVATE_KEY", value)
    pytester.makepyfile(f"def test_x(): assert not 'so {value} it is'")
    pytester.runpytest().stdout.fnmatch_lines([f"E*so {value.replace('[', '[[]')} it is*"])


@pytest.mark.parametrize("name", ["ASC_PRIVATE_KEY_B64", "APP_STORE_CONNECT_API_KEY_KEY"])
@pytest.mark.parametrize("form", ["text", "base64", "escaped"])
def test_keys_are_redacted_in_every_encoding(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, key_text: str, name: str, form: str
) -> None:
    forms = {
        "text": key_text,
        "base64": base64.b64encode(key_text.encode()).decode(),
        "escaped": key_text.replace("\n", "\\n"),
    }
    monkeypatch.setenv(name, forms[form])
    pytester.maketxtfile(key=key_text)
    pytester.makepyfile("from pathlib import Path\ndef test_x(): assert not Path('key.txt').read_text()")
    result = pytester.runpytest("-vv")
    assert key_text.splitlines()[1][:GRAM] not in result.stdout.str()


@pytest.mark.parametrize("fixtures", ["request", "request, asc_token", "request, asc_session"])
def test_a_live_test_cannot_request_the_emulator_at_run_time(
    pytester: pytest.Pytester, credentials: None, fixtures: str
) -> None:
    pytester.makepyfile(f"def test_x({fixtures}): request.getfixturevalue('asc_emulator')")
    result = pytester.runpytest("--asc-mode=live")
    result.stdout.fnmatch_lines(["*This test is in live mode, so asc_emulator would receive its live token. Name*"])


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_a_secret_in_a_test_id_is_redacted_even_if_it_is_registered_after_collection(
    pytester: pytest.Pytester, options: list[str]
) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        TOKEN = "abcdEFGH0123ijklMNOP4567.qrstUVWX89yz.{token_hex(8)}"

        @pytest.mark.parametrize("token", [TOKEN])
        def test_x(asc_diagnose, token):
            assert asc_diagnose(token=token)

        @pytest.mark.parametrize("text", ["-----BEGIN PRIVATE KEY-----"])
        def test_y(asc_diagnose, text):
            asc_diagnose(text)
        """
    )
    result = pytester.runpytest("-v", *options)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*BEGIN PRIVATE KEY*"])
