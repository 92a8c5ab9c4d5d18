"""Rules about the files themselves."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from app.web import vendor
from tests.house.sources import ROOT, name, tracked

LONGEST = 400
WRITTEN_BY_HAND = {".py", ".html", ".css", ".js", ".md", ".yml", ".toml", ".sh"}
# A session commits in db.py alone; dbadmin's are of migrations, which have no session.
MAY_COMMIT = {"app/lib/db.py", "app/lib/dbadmin.py"}
HOSTS = [
    r"pypi\.org",
    r"pythonhosted\.org",
    r"registry\.npmjs",
    r"registry\.yarnpkg",
    r"(?:^|[\s\"'=(:])/(?:work|root|home|Users)/",
]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-setup.lock", "requirements-npm.lock"]


def test_only_the_transaction_commits() -> None:
    found = []
    for path in tracked():
        if path.suffix != ".py" or name(path) in MAY_COMMIT or not name(path).startswith(("app/", "db/")):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                found.append(f"{name(path)}:{node.lineno}")
    assert found == [], "app/lib/db.py commits; raise to roll back, return to keep"


def test_files_can_be_read_at_one_sitting() -> None:
    long = {
        name(path): lines
        for path in tracked()
        if path.suffix in WRITTEN_BY_HAND and (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert long == {}, f"split by noun: at most {LONGEST} lines"


def test_nothing_speaks_of_one_machine_or_one_registry() -> None:
    pattern = re.compile("|".join(HOSTS), re.MULTILINE)
    found = []
    for path in tracked():
        if path == Path(__file__) or path.suffix in {".png", ".woff2", ".ico"}:
            continue
        text = path.read_text(errors="replace")
        found += [f"{name(path)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}" for hit in pattern.finditer(text)]
    assert found == []


@pytest.mark.parametrize("lock", [*LOCKS, "package-lock.json"])
def test_locks_hold_checksums_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "sha256:" in text or "sha512-" in text


def test_every_package_we_ask_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-dev.lock": project["project"]["optional-dependencies"]["dev"],
        "requirements-setup.lock": project["dependency-groups"]["setup"],
        "requirements-npm.lock": project["dependency-groups"]["npm"],
    }
    missing = [
        f"{requirement} in {lock}"
        for lock, requirements in wanted.items()
        for requirement in requirements
        if not re.search(rf"^{re.escape(package(requirement))}==", (ROOT / lock).read_text(), re.MULTILINE)
    ]
    assert missing == [], "run `make lock`"


def package(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def test_the_front_end_is_there_as_its_list_says() -> None:
    missing = [file for file in vendor.expected() if not (vendor.VENDOR / file).is_file()]
    assert missing == [], "run `make setup`"
    sheet = (vendor.VENDOR / "inter" / "wght.css").read_text()
    fonts = re.findall(r"url\(\./(files/[^)]+)\)", sheet)
    assert fonts
    assert [font for font in fonts if not (vendor.VENDOR / "inter" / font).is_file()] == []
    unlicensed = [folder.name for folder in vendor.VENDOR.iterdir() if not (folder / "LICENSE").is_file()]
    assert unlicensed == []


def test_nothing_on_a_page_comes_from_another_host() -> None:
    pattern = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//(?!\{)|url\(["']?(?:https?:)?//|@import""")
    pages = [
        path for path in tracked() if name(path).startswith("app/web/") and path.suffix in {".html", ".css", ".js"}
    ]
    assert pages
    found = [
        f"{name(path)}: {hit[0]}"
        for path in pages
        for hit in pattern.finditer(path.read_text())
        if path.suffix != ".html" or 'href="http' not in hit[0]  # a link that a person follows is not a load
    ]
    assert found == []
