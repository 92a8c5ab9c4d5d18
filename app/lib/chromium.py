"""Where a Chromium is on this machine."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The system's own, else the newest that Playwright fetched; None when there is none."""
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    places = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium")
    return next((str(path) for place in places for path in sorted(folder.glob(place), reverse=True)), None)
