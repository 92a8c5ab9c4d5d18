"""Copies what pages need of the front-end packages into static/vendor: `python -m app.web.vendor`.

Reads node_modules (put there by `npm ci`), writes the finished bundles, the fonts, the icons named in icons.txt
and everybody's licence. The folder is made anew, so nothing stays of an earlier version.
"""

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = HERE.parents[1] / "node_modules"
VENDOR = HERE / "static" / "vendor"
ICONS = HERE / "icons.txt"

# Folder in static/vendor: (package, what we take of it).
WANTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "htmx": ("htmx.org", ("dist/htmx.min.js",)),
    "idiomorph": ("idiomorph", ("dist/idiomorph.min.js", "dist/idiomorph-ext.min.js")),
    "tabler": ("@tabler/core", ("dist/css/tabler.min.css",)),
    "uplot": ("uplot", ("dist/uPlot.iife.min.js", "dist/uPlot.min.css")),
    "inter": ("@fontsource-variable/inter", ("wght.css", "files/inter-*-wght-normal.woff2")),
    "swagger-ui": (
        "swagger-ui-dist",
        ("swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css", "NOTICE"),
    ),
    "redoc": ("redoc", ("bundles/redoc.standalone.js", "bundles/redoc.standalone.js.LICENSE.txt")),
}
# Redoc would fetch its maker's logo from another host.
LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
# Tabler's package comes without its licence file; its icons carry the same one.
LICENCE_OF = {"@tabler/core": "@tabler/icons"}


def icon_names() -> list[str]:
    """The names in icons.txt, without its comments."""
    return [line for raw in ICONS.read_text().splitlines() if (line := raw.strip()) and not line.startswith("#")]


def expected() -> list[str]:
    """Paths under static/vendor that pages may ask for; fonts are counted by their style sheet."""
    files = [
        f"{folder}/{Path(pattern).name}"
        for folder, (_package, patterns) in WANTED.items()
        for pattern in patterns
        if "*" not in pattern
    ]
    return files + [f"icons/{name}.svg" for name in icon_names()]


def main() -> None:
    """Make static/vendor. Exits with the name of what is missing."""
    VENDOR.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=VENDOR.parent, prefix=".vendor-") as draft_name:
        draft = Path(draft_name) / "vendor"
        for folder, (package, patterns) in WANTED.items():
            for pattern in patterns:
                _copy(PACKAGES / package, pattern, draft / folder)
            _licence(package, draft / folder)
        for name in icon_names():
            _copy(PACKAGES / "@tabler" / "icons", f"icons/outline/{name}.svg", draft / "icons")
        _licence("@tabler/icons", draft / "icons")
        bundle = draft / "redoc" / "redoc.standalone.js"
        code = bundle.read_bytes()
        if code.count(LOGO) != 1:
            sys.exit("Redoc has changed: look where it takes its logo from")
        bundle.write_bytes(code.replace(LOGO, b"data:,"))
        if VENDOR.exists():
            VENDOR.rename(Path(draft_name) / "former")
        draft.rename(VENDOR)


def _copy(package: Path, pattern: str, folder: Path) -> None:
    found = sorted(package.glob(pattern))
    if not found:
        sys.exit(f"{package.name} has no {pattern}: run `make setup`, or is the name right?")
    for source in found:
        # wght.css names its fonts as ./files/...
        target = folder / (source.relative_to(package) if source.suffix == ".woff2" else source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _licence(package: str, folder: Path) -> None:
    source = PACKAGES / LICENCE_OF.get(package, package)
    found = sorted(source.glob("LICENSE*"))
    if not found:
        sys.exit(f"{package} comes without a licence")
    shutil.copyfile(found[0], folder / "LICENSE")


if __name__ == "__main__":
    main()
