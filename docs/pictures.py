"""Take the pictures of the README anew: ``python docs/pictures.py``, with Chromium installed.

One is of the section that a failed test gets, as a terminal shows it; the other is of the HTML report of a smoke check.
"""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

IMAGES = Path(__file__).with_name("images")
TEST = """\
def test_the_version_is_renamed(asc_session, asc_emulator):
    app = asc_emulator.add("apps", name="Lists", bundleId="com.example.lists")
    version = asc_emulator.add(
        "appStoreVersions", app=app, versionString="1.1", appVersionState="READY_FOR_DISTRIBUTION"
    )
    attributes = {"versionString": "1.2"}
    body = {"data": {"type": "appStoreVersions", "id": version["id"], "attributes": attributes}}
    response = asc_session.patch(f"/v1/appStoreVersions/{version['id']}", json=body)
    assert response.status_code == 200
"""
PAGE = """<meta charset="utf-8">
<body style="margin:0;padding:1em;background:#1e1e2e;color:#cdd6f4">
<pre style="margin:0;white-space:pre-wrap;font:13px/1.45 'DejaVu Sans Mono',monospace">{}</pre>
"""


def run(folder: Path, *options: str) -> str:
    """Return what pytest shows in a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    environment = os.environ | {"COLUMNS": "100"}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False).stdout


def take(page: Path, picture: str, size: str) -> None:
    """Take a picture of a page, in pixels such as ``800,600``."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("chromium is not installed")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={profile}", f"--window-size={size}", f"--screenshot={IMAGES / picture}",
                page.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip


def main() -> None:
    """Take both pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_release.py").write_text(TEST, encoding="utf-8")
        shown = run(folder).replace(str(folder), ".")
        page = folder / "failure.html"
        page.write_text(PAGE.format(html.escape(shown)), encoding="utf-8")
        take(page, "failed-test.png", "860,545")
        (folder / "test_release.py").unlink()
        fault = "--asc-fault=token-lifetime-too-long"
        run(folder, "--asc-smoke", "--asc-mode=emulator", fault, "--asc-report=report.html")
        take(folder / "report.html", "report.png", "860,900")


if __name__ == "__main__":
    main()
