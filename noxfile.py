"""Checks of a change: ``nox`` runs all of them, with every Python that is installed."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]


@nox.session(python=PYTHONS)
@nox.parametrize("pytest", ["8", "9"])
def tests(session: nox.Session, pytest: str) -> None:
    """Run the suite with each supported Python and pytest."""
    session.install("-e", ".[test]", f"pytest=={pytest}.*")
    session.run("python", "-m", "pytest", "-n", "2", *session.posargs)


LOWEST = (
    "pytest==8.0.*",
    "PyJWT==2.15.0",
    "cryptography==50.0.0",
    "requests==2.33.0",
    "responses==0.25.*",
    "aiohttp==3.14.5",
    "trustme==1.2.*",
)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the suite with the oldest supported run-time dependencies."""
    session.install("-e", ".[test]", *LOWEST)
    session.run("python", "-m", "pytest", "-n", "2", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in the oldest supported and the newest dependencies."""
    session.install("pip-audit")
    for name, requirements in (("lowest", LOWEST), ("newest", [one.partition("==")[0] for one in LOWEST])):
        file = session.cache_dir / f"{name}.txt"
        file.write_text("\n".join(requirements), encoding="utf-8")
        # Before pytest 9.0.3, the temporary folder has a predictable name, which other users can exploit.
        session.run("pip-audit", "--strict", "--ignore-vuln", "CVE-2025-71176", "-r", str(file))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Test many random requests, keys, tokens, responses and URLs."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-n", "2", "tests/fuzz", *session.posargs, env={"ASC_FUZZ_EXAMPLES": "20000"})


@nox.session
def walk(session: nox.Session) -> None:
    """Make a random walk of 20,000 steps over every type of the emulator."""
    session.install("-e", ".[test]")
    session.run(
        "python",
        "-m",
        "pytest",
        "tests/emulator/test_random_walk.py",
        *session.posargs,
        env={"ASC_WALK_STEPS": "20000"},
    )


@nox.session
@nox.parametrize("locale", ["C", "tr_TR.UTF-8"])
@nox.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns"])
def surroundings(session: nox.Session, zone: str, locale: str) -> None:
    """Run the suite in development mode, in other locales and in other time zones.

    CI runs the suite once, and these are four more runs. Runs as another user with read-only folders are tests of the
    suite.
    """
    session.install("-e", ".[test]")
    env = {"TZ": zone, "LC_ALL": locale, "PYTHONUTF8": "0"}
    session.run("python", "-X", "dev", "-m", "pytest", "-n", "2", *session.posargs, env=env)


@nox.session
def soak(session: nox.Session) -> None:
    """Put the server under full load for ten minutes, and check its memory and open files."""
    session.install("-e", ".[server]")
    session.run("python", "benchmarks/soak.py", *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """Run published clients against the emulator; each is installed once, in its own environment."""
    session.install("-e", ".[test]")
    folder = str(session.cache_dir / "clients")
    session.run("python", "-m", "pytest", "-n", "2", "tests/clients", *session.posargs, env={"ASC_CLIENTS": folder})


@nox.session
def languages(session: nox.Session) -> None:
    """Run the examples in other languages: with Vitest and Jest from npm, and with other test runners if installed."""
    session.install("-e", ".[test]")
    folder = session.cache_dir / "javascript"
    session.run("npm", "install", "--silent", "--prefix", str(folder), "vitest@3", "jest@30", external=True)
    path = os.pathsep.join([str(folder / "node_modules" / ".bin"), session.env.get("PATH") or os.environ["PATH"]])
    session.run("python", "-m", "pytest", "tests/docs/test_languages.py", *session.posargs, env={"PATH": path})


@nox.session
def openapi(session: nox.Session) -> None:
    """Validate the OpenAPI document of the control API, and send a server requests that it allows and others."""
    session.install("-e", ".[server]", "schemathesis", "openapi-spec-validator")
    session.run("python", "benchmarks/control_api.py", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """List code that the suite does not run. coverage starts pytest, which loads this plugin before pytest-cov."""
    session.install("-e", ".[test]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


TIME = 1_700_000_000
"""The time of every file in the distributions, in seconds since 1970."""


def _set_times(archive: Path) -> None:
    """Set the time and owner of every file in a source distribution, which setuptools takes from the build machine."""
    again = archive.with_suffix(".unfinished")
    with (
        tarfile.open(archive) as source,
        again.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=TIME) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as target,
    ):
        for member in source:
            member.mtime, member.uid, member.gid, member.uname, member.gname = TIME, 0, 0, "", ""
            member.pax_headers = {}
            target.addfile(member, source.extractfile(member) if member.isfile() else None)
    again.replace(archive)


@nox.session
def package(session: nox.Session) -> None:
    """Build the distributions in dist/; check their metadata, reproducibility and, unpacked, the suite."""
    session.install("build", "twine")
    # A folder outside of the project, because the suite's runs of pytest would find the configuration of the project.
    with tempfile.TemporaryDirectory() as folder:
        _package(session, Path("dist"), Path(folder))


def _package(session: nox.Session, dist: Path, folder: Path) -> None:
    for target in (dist, folder / "again"):
        shutil.rmtree(target, ignore_errors=True)
        session.run("python", "-m", "build", "--outdir", str(target), env={"SOURCE_DATE_EPOCH": str(TIME)})
        _set_times(next(target.glob("*.tar.gz")))
    for built in dist.iterdir():
        if built.read_bytes() != (folder / "again" / built.name).read_bytes():
            session.error(f"{built.name} differs from build to build")
    session.run("twine", "check", "--strict", *map(str, dist.iterdir()))
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as contents:
        others = [name for name in contents.namelist() if not name.startswith(("pytest_asc/", "pytest_asc-"))]
    if others:
        session.error(f"the wheel holds {', '.join(others)}")
    (source,) = dist.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    with session.chdir(folder / source.name.removesuffix(".tar.gz")):
        session.install("-e", ".[test]")
        session.run("python", "-m", "pytest", "-n", "2", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style, the types and the layers of the package."""
    session.install("-e", ".[test]", "nox")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation site in site/."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
