"""The exported types: correct uses type-check with mypy, and wrong uses are reported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import pytest_asc

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md",)
_BLOCK = re.compile(r"^```python(?: \S+)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

GOOD = {
    "fixtures": """
        import pytest
        import pytest_asc
        from pytest_asc import (
            Credentials, Diagnose, Emulator, Finding, RequestRecord, Server, Session, Token, TokenFactory,
        )

        def test_all(
            asc_credentials: Credentials, asc_token: Token, make_asc_token: TokenFactory, asc_session: Session,
            asc_emulator: Emulator, asc_server: Server, asc_diagnose: Diagnose,
        ) -> None:
            key_id: str = asc_credentials.key_id
            token: Token = make_asc_token(lifetime=0, scope=["GET /v1/apps"], claims={"aud": None})
            other: Token = make_asc_token(headers={"kid": key_id}, issued_at=1_000_000_000)
            weather: Token = make_asc_token(service="weatherkit", team_id="ABCDE12345", service_id="com.example")
            asc_emulator.role = "DEVELOPER"
            asc_emulator.fault("agreement-missing")
            record: RequestRecord = asc_emulator.requests[0]
            refusal: Finding | None = record.refusal
            findings: tuple[Finding, ...] = asc_diagnose(asc_session.get("/v1/apps"), token=token, now=0.0)
            url: str = asc_server.url
            more: tuple[Finding, ...] = pytest_asc.diagnose(token=token, credentials=asc_credentials)
    """,
    "errors": """
        from pytest_asc import CredentialsError, Finding, LifetimeError, Request, Response, WriteRefusedError

        def causes(error: CredentialsError | LifetimeError) -> list[str]:
            findings: tuple[Finding, ...] = (error.finding,) if isinstance(error, LifetimeError) else error.findings
            return [finding.cause for finding in findings]

        def answer(request: Request) -> Response:
            return Response(200, {}, request.body)

        refused: type[RuntimeError] = WriteRefusedError
    """,
}
BAD = {
    "misspelt import": "from pytest_asc import Emulater",
    "misspelt attribute": "import pytest_asc\npytest_asc.diagnos()",
    "unknown role": "from pytest_asc import Emulator\ndef f(e: Emulator) -> None: e.role = 'ADMN'",
    "unknown cause": "from pytest_asc import Emulator\ndef f(e: Emulator) -> None: e.fault('agreement-mising')",
    "unknown service": "from pytest_asc import TokenFactory\ndef f(m: TokenFactory) -> None: m(service='wetherkit')",
    "unknown argument": "from pytest_asc import TokenFactory\ndef f(m: TokenFactory) -> None: m(expires_in=0)",
    "lifetime as text": "from pytest_asc import TokenFactory\ndef f(m: TokenFactory) -> None: m(lifetime='900')",
    "unknown service of a diagnosis": "from pytest_asc import Diagnose\ndef f(d: Diagnose) -> None: d('', service='x')",
    "unknown key type": "from pytest_asc import Credentials\nCredentials.load(key_id='', key='', kind='personal')",
}
INDENT = " " * 8
# The skipped libraries have many modules, and no snippet uses their types.
SETTINGS = """\
[mypy]
strict = true

[mypy-aiohttp.*,attr.*,cryptography.*,jwt.*,multidict.*,pydantic.*,trustme.*,yarl.*]
follow_imports = skip
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Errors of each snippet by its name, from one run of mypy on all of them."""
    folder = tmp_path_factory.mktemp("snippets")
    names: dict[str, str] = {}

    def write(name: str, code: str) -> None:
        file = f"snippet_{len(names)}.py"
        (folder / file).write_text(code, encoding="utf-8")
        names[file] = name

    for name, code in GOOD.items():
        write(name, code.replace(f"\n{INDENT}", "\n"))
    for name, code in BAD.items():
        write(name, code + "\n")
    for document in DOCUMENTS:
        for number, code in enumerate(_BLOCK.findall(document.read_text(encoding="utf-8"))):
            write(f"{document.name} {number}", code)
    (folder / "mypy.ini").write_text(SETTINGS, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file=mypy.ini",
        f"--cache-dir={os.devnull}",
        "--no-error-summary",
        "--follow-imports=silent",
        "--hide-error-context",
        *names,
    ]
    # mypy does not see an editable install that an import hook provides.
    environment = {**os.environ, "MYPYPATH": str(Path(pytest_asc.__file__).parents[1])}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert result.returncode in {0, 1}, result.stdout + result.stderr
    found: dict[str, list[str]] = defaultdict(list)
    for line in result.stdout.splitlines():
        found[names[line.partition(":")[0]]].append(line.partition(": ")[2])
    return found


@pytest.mark.parametrize("name", GOOD)
def test_test_functions_annotated_with_the_exported_types_type_check(errors: dict[str, list[str]], name: str) -> None:
    assert errors.get(name, []) == []


@pytest.mark.parametrize("name", BAD)
def test_mypy_reports_wrong_uses_of_the_exported_types(errors: dict[str, list[str]], name: str) -> None:
    assert [line for line in errors.get(name, []) if line.startswith("error: ")]


def test_the_examples_of_the_readme_type_check(errors: dict[str, list[str]]) -> None:
    found = {name: lines for name, lines in errors.items() if name.partition(" ")[0].endswith(".md")}
    assert found == {}


def test_every_export_is_listed_and_can_be_imported() -> None:
    for name in pytest_asc.__all__:
        assert getattr(pytest_asc, name).__name__ == name
    assert set(pytest_asc.__all__) <= set(dir(pytest_asc))
    with pytest.raises(AttributeError, match="module 'pytest_asc' has no attribute 'Emulater'"):
        pytest_asc.Emulater  # type: ignore[attr-defined]  # noqa: B018
