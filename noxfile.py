"""The checks that a change passes: ``nox`` runs them all, on every Python that is there."""

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
    """The suite, on each Python and with each pytest that is supported."""
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
    """The suite with the oldest run-time dependencies that are promised."""
    session.install("-e", ".[test]", *LOWEST)
    session.run("python", "-m", "pytest", "-n", "2", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Known vulnerabilities of the oldest dependencies that are promised, and of the newest."""
    session.install("pip-audit")
    for name, requirements in (("lowest", LOWEST), ("newest", [one.partition("==")[0] for one in LOWEST])):
        file = session.cache_dir / f"{name}.txt"
        file.write_text("\n".join(requirements), encoding="utf-8")
        # Its temporary folder has a predictable name before pytest 9.0.3, which matters where strangers have accounts.
        session.run("pip-audit", "--strict", "--ignore-vuln", "CVE-2025-71176", "-r", str(file))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Many random requests, keys, tokens, responses and URLs."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-n", "2", "tests/fuzz", *session.posargs, env={"ASC_FUZZ_EXAMPLES": "20000"})


@nox.session
def walk(session: nox.Session) -> None:
    """A random walk of 20,000 steps over every type of the emulator."""
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
    """The suite in development mode, other locales and other time zones.

    CI runs the suite once, and these are four more runs. Another user and read-only folders take two short runs: those
    are tests of the suite.
    """
    session.install("-e", ".[test]")
    env = {"TZ": zone, "LC_ALL": locale, "PYTHONUTF8": "0"}
    session.run("python", "-X", "dev", "-m", "pytest", "-n", "2", *session.posargs, env=env)


@nox.session
def soak(session: nox.Session) -> None:
    """Ten minutes of full load on the server, with its memory and open files."""
    session.install("-e", ".[server]")
    session.run("python", "benchmarks/soak.py", *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """Real clients against the emulator; each is installed once, in an environment of its own."""
    session.install("-e", ".[test]")
    folder = str(session.cache_dir / "clients")
    session.run("python", "-m", "pytest", "-n", "2", "tests/clients", *session.posargs, env={"ASC_CLIENTS": folder})


@nox.session
def languages(session: nox.Session) -> None:
    """The examples in other languages with Vitest and Jest, which npm installs; the other runners if they are there."""
    session.install("-e", ".[test]")
    folder = session.cache_dir / "javascript"
    session.run("npm", "install", "--silent", "--prefix", str(folder), "vitest@3", "jest@30", external=True)
    path = os.pathsep.join([str(folder / "node_modules" / ".bin"), session.env.get("PATH") or os.environ["PATH"]])
    session.run("python", "-m", "pytest", "tests/docs/test_languages.py", *session.posargs, env={"PATH": path})


@nox.session
def openapi(session: nox.Session) -> None:
    """Requests that the OpenAPI document of the control API allows, and others, against a server; its validity."""
    session.install("-e", ".[server]", "schemathesis", "openapi-spec-validator")
    session.run("python", "benchmarks/control_api.py", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Code that the suite does not run. pytest loads this plugin before pytest-cov, so coverage starts pytest."""
    session.install("-e", ".[test]")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


TIME = 1_700_000_000
"""The time of every file in the distributions, in seconds since 1970."""


def _set_times(archive: Path) -> None:
    """Set the time and owner of every file in a source distribution, where setuptools leaves those of the build."""
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
    """The distributions in dist/: reproducible, with good metadata, and an unpacked source distribution that passes."""
    session.install("build", "twine")
    # One outside of the project, whose configuration the suite's own runs of pytest would find otherwise.
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
    """Style, types and the layers of the package."""
    session.install("-e", ".[test]", "nox")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation as a site, in site/."""
    session.install("-e", ".[docs]")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
