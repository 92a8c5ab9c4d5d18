"""Programs for the tests of app.lib.processes, run as `python -m tests.lib.family WHAT DIR ...`."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import FrameType

from app.lib.processes import PythonChild, Supervisor


def note(folder: Path, name: str, pid: int | None = None) -> None:
    """Leave a process's number in `folder`/`name`; complete as soon as it is there."""
    draft = folder / f".{name}.{os.getpid()}"
    draft.write_text(str(pid or os.getpid()))
    draft.rename(folder / name)


def child(folder: Path, name: str, *flags: str) -> None:
    """Runs until it is told to stop. flags: parent (has a child of its own), deaf (ignores SIGTERM), fail."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        with (folder / "stopped").open("a") as file:
            file.write(name + "\n")
        sys.exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in flags else leave)
    if "fail" in flags:
        sys.exit("there is no such thing as luck")
    if "parent" in flags:
        note(folder, f"{name}-child", subprocess.Popen(["sleep", "600"]).pid)
    note(folder, name)
    while True:
        time.sleep(600)


def started(note_of: Path) -> bool | None:
    return note_of.exists() or None


def supervisor(folder: Path, *children: str) -> None:
    """Supervises; each child is a name with flags: first:parent second:deaf."""
    with Supervisor(lambda sentence: print(sentence, file=sys.stderr, flush=True)) as keeper:
        for spec in children:
            name, *flags = spec.split(":")
            argv = ["tests.lib.family", "child", str(folder), name, *flags]
            env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
            keeper.start(PythonChild(name, argv, env, grace=1.0))
            keeper.wait_for(name, partial(started, folder / name), timeout=20)
        note(folder, "supervisor")
        keeper.run()


if __name__ == "__main__":
    what, place, *rest = sys.argv[1:]
    if what == "child":
        child(Path(place), *rest)
    else:
        supervisor(Path(place), *rest)
