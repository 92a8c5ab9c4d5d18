"""Starting, and what an idle instance takes; setting up from a fresh copy is `setup`, a bench of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from app.lib.embedded_pg import EmbeddedPg
from bench import server, site
from bench.measure import Promise, Report, line, paired

AIM = 10.0  # seconds: a second start
PROC = Path("/proc")


class Size(msgspec.Struct, frozen=True):
    starts: int  # the first makes the database
    idle: float  # seconds until memory is looked at


SIZES = {"usual": Size(4, 10.0), "small": Size(3, 3.0), "tiny": Size(1, 0.1)}


def run(size: str) -> Report:
    chosen = SIZES[size]
    report = Report("start")
    with server.folder() as folder:
        starts, floor = [], []
        for number in range(chosen.starts):
            last = number == chosen.starts - 1
            began = time.perf_counter()
            with _running(folder / "var") as instance:
                starts.append(time.perf_counter() - began)
                if last:
                    _idle(chosen, report, "Sightline", instance.pid)
            began = time.perf_counter()
            with EmbeddedPg(folder / "alone") as alone:
                subprocess.run([sys.executable, "-c", "import app.main"], check=True, cwd=site.ROOT)
                floor.append(time.perf_counter() - began)
                if last and alone.process is not None:
                    _idle(chosen, report, "PostgreSQL alone", alone.process.pid)
    report.lines.insert(0, line("first start, which makes the database", "s", starts[:1]))
    report.promises.append(Promise("first start", starts[0], unit="s"))
    if later := starts[1:]:
        report.lines[1:1] = [
            line("later start, until /health answers", "s", later),
            line("its database and one import of the application alone", "s", floor[1:]),
        ]
        report.promises += [
            Promise("later start, median", report.lines[1].median, AIM, unit="s"),
            Promise("later start / (database + import)", paired(later, floor[1:])),
        ]
    return report


def _idle(size: Size, report: Report, what: str, pid: int) -> None:
    """Look at memory after a while in which nothing happened."""
    if not PROC.exists():
        report.notes.append(f"memory of {what} left out: it is read from /proc")
        return
    time.sleep(size.idle)
    tree = _tree(pid)
    python = [pid for pid in tree if (PROC / str(pid) / "comm").read_text().startswith("python")]
    report.lines.append(line(f"{what}, idle, {len(tree)} processes", "MB", [_memory(tree)]))
    if python:
        report.lines.append(line(f"of these, the {len(python)} of Python", "MB", [_memory(python)]))


@contextmanager
def _running(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`sightline run` over `folder`, from the moment it answers."""
    port = site.free_port()
    with site.process("-m", "app.cli", "run", env=site.clean_env(folder, PORT=str(port))) as child:
        site.until(lambda: site.answers(f"http://127.0.0.1:{port}/health"), child)
        yield child


def _tree(root: int) -> list[int]:
    """`root` and everything below it."""
    parents = {}
    for entry in PROC.glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(") ")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(entry.parent.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _memory(pids: list[int]) -> float:
    """What these processes take, in MB: a page that several share counts for each with its part (PSS)."""
    kilobytes = 0
    for pid in pids:
        rows = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        kilobytes += next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    return kilobytes / 1024
