"""The project's own files, as git has them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


NOT_OURS = {"__pycache__", "vendor"}
FOLDERS = ("app", "bench", "db", "docs", "sandbox", "tests", ".ci")


@cache
def tracked() -> tuple[Path, ...]:
    """Files that are in the repository or about to be: tracked ones and new ones that are not ignored.

    In a copy without git: what lies in our own folders and at the top.
    """
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.split("\0")
        found = [ROOT / name for name in listed if name]
    else:
        found = [*ROOT.iterdir(), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    files = tuple(path for path in found if path.is_file() and not NOT_OURS & set(path.parts))
    assert len(files) > 100, "this is not the repository"
    return files


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))
