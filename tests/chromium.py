"""Chromium for the browser tests: the system's, else fetched, else said in words why there is none."""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FETCH_WITHIN = 600  # seconds

# Whatever a page asks for goes to this machine or nowhere.
ARGUMENTS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
]


class NoChromium(Exception):
    """There is none, and none could be fetched. The text says what to do."""


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A running Chromium. Without one the test is skipped with the reason, and fails in CI."""
    try:
        path = executable()
    except NoChromium as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@functools.cache
def executable() -> str:
    """Where Chromium is. Fetches it where that is possible: apt as root on Debian, else Playwright's own."""
    if found := _installed():
        return found
    attempts = []
    if Path("/etc/debian_version").exists() and os.geteuid() == 0:
        attempts.append(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
    attempts.append([sys.executable, "-m", "playwright", "install", "chromium"])
    said = []
    for command in attempts:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=FETCH_WITHIN,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        if done.returncode == 0 and (found := _installed()):
            return found
        said.append(f"`{' '.join(command)}`: {(done.stderr or done.stdout).strip()[-300:]}")
    raise NoChromium("no Chromium: install the package `chromium`. Tried " + "; ".join(said))


def _installed() -> str | None:
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next(map(str, sorted(folder.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)
