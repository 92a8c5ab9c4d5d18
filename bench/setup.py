"""From a fresh copy to a demo that can be used: it downloads what the locks name, so it runs only when asked for."""

import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import server, site
from bench.measure import Promise, Report, line

WHOLE_AIM = 180.0  # seconds
SECOND_AIM = 10.0
WITHIN = 900.0


def run(_size: str) -> Report:
    report = Report("setup")
    with server.folder() as folder:
        copy = folder / "sightline"
        named = subprocess.run(["git", "ls-files", "-z"], cwd=site.ROOT, capture_output=True, check=True).stdout
        for name in named.decode().split("\0"):
            if name and (source := site.ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, copy / name)
        env = site.clean_env(folder / "var")
        (folder / "var").mkdir()
        began = time.perf_counter()
        subprocess.run(["make", "setup"], cwd=copy, env=env, check=True, timeout=WITHIN, stdout=subprocess.DEVNULL)
        setup = time.perf_counter() - began
        starts = []
        for _ in range(2):
            began = time.perf_counter()
            with _demo(copy, env) as told:
                assert site.answers(f"{told['url']}/health")
                starts.append(time.perf_counter() - began)
    report.lines += [
        line("make setup in a fresh copy", "s", [setup]),
        line("first start of the demo, which lives through its history", "s", starts[:1]),
        line("second start of the demo", "s", starts[1:]),
    ]
    report.promises += [
        Promise("setup and first start", setup + starts[0], WHOLE_AIM, unit="s"),
        Promise("second start", starts[1], SECOND_AIM, unit="s"),
    ]
    report.notes.append("with what the package installers have in their caches")
    return report


@contextmanager
def _demo(copy: Path, env: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The demo of that copy, from the moment it says that it is ready."""
    command = [str(copy / ".venv/bin/sightline"), "demo", "--json", "--port", "0", "--data", str(copy / "var/demo")]
    child = subprocess.Popen(command, cwd=copy, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert child.stdout is not None
    output = child.stdout
    threading.Thread(target=lambda: lines.put(output.readline()), daemon=True).start()
    try:
        yield json.loads(lines.get(timeout=WITHIN))
    finally:
        child.terminate()
        child.wait(60)
