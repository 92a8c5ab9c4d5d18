"""`sightline browser`: the Chromium that pages which are made by scripts need (Dzen at times, Wibes)."""

import argparse
import subprocess
import sys

from app.lib import chromium

WITHIN = 900.0  # seconds for about 170 MB


def install(_: argparse.Namespace) -> None:
    """Fetch Playwright's Chromium for this user unless the machine has one. Says where it is."""
    if found := chromium.find():
        print(f"There is a browser already: {found}")
        return
    try:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True, timeout=WITHIN)
    except (subprocess.SubprocessError, OSError) as error:
        raise SystemExit(
            f"sightline: the browser could not be fetched ({error}). Install the system's package instead, "
            "such as `apt install chromium`."
        ) from None
    found = chromium.find()
    if found is None:
        raise SystemExit("sightline: what was fetched holds no browser. Install the system's package `chromium`.")
    print(f"Installed: {found}. Pages that need it are read from now on.")
