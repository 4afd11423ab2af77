"""The checks that a change passes: ``nox`` runs them all, on every Python that is there."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


@nox.session(python=PYTHONS)
@nox.parametrize("pytest", ["8", "9"])
def tests(session: nox.Session, pytest: str) -> None:
    """The suite, on each Python and with each pytest that is supported."""
    session.install("-e", ".[test]", f"pytest=={pytest}.*")
    session.run("python", "-m", "pytest", "-n", "2", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """The suite with the oldest run-time dependencies that are promised."""
    session.install(
        "-e", ".[test]", "pytest==8.0.*", "PyJWT==2.8.*", "cryptography==45.*", "responses==0.25.*", "aiohttp==3.12.*"
    )
    session.run("python", "-m", "pytest", "-n", "2", *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """Real clients against the emulator; each is installed once, in an environment of its own."""
    session.install("-e", ".[test]")
    folder = str(session.cache_dir / "clients")
    session.run("python", "-m", "pytest", "-n", "2", "tests/clients", *session.posargs, env={"ASC_CLIENTS": folder})


@nox.session
def coverage(session: nox.Session) -> None:
    """What the suite does not reach. A pytest plugin is loaded before pytest-cov starts, so coverage starts pytest."""
    session.install("-e", ".[test]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and the layers of the package."""
    session.install("-e", ".[test]", "nox")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")
