"""The sandbox as a process: what it prints, and that it never outlives what started it."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
DEADLINE = 10

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def run(*options: str, **more: Any) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "sandbox", "--data", str(tmp_path), *options]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **more)
            stack.callback(process.wait, DEADLINE)
            stack.callback(process.kill)
            return process

        yield run


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    line: dict[str, str] = json.loads(process.stdout.readline())
    return line


def test_one_line_then_it_answers_until_told_to_stop(start: Start, tmp_path: Path) -> None:
    process = start("--seed", "3", "--start", "2026-06-01T00:00:00", "--rate", "0")
    line = ready(process)
    assert set(line) == {"proxy", "ca", "spki", "control", "consent", "token", "clock", "telegram", "settings"}
    assert Path(line["ca"]).is_relative_to(tmp_path)
    headers = {"authorization": f"Bearer {line['token']}"}
    with httpx.Client(trust_env=False) as client:
        state = client.get(f"{line['control']}/state", headers=headers).json()
        assert (state["time"], state["rate"]) == ("2026-06-01T00:00:00+00:00", 0)
        assert client.get(f"{line['control']}/state").status_code == 401
    context = ssl.create_default_context(cafile=line["ca"])
    with httpx.Client(trust_env=False, proxy=line["proxy"], verify=context) as client:
        assert client.get("https://www.youtube.com/@kettleandpine").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE) == 0
    assert process.stdout is not None
    assert process.stdout.read() == ""


def test_it_stops_with_its_parents_pipe(start: Start) -> None:
    process = start("--parent-pipe", "0", stdin=subprocess.PIPE)
    ready(process)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(DEADLINE) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's death on Linux only")
def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    child = [sys.executable, "-m", "sandbox", "--data", str(tmp_path)]
    program = (
        f"import subprocess, time; p = subprocess.Popen({child!r}, stdout=subprocess.PIPE);"
        "p.stdout.readline(); print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait(DEADLINE)
    deadline = time.monotonic() + DEADLINE
    while alive(pid):
        assert time.monotonic() < deadline, "the sandbox outlived its parent"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether it runs: an orphan that nobody reaps is dead, too."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_second_start_goes_on_where_the_first_stopped(start: Start) -> None:
    first = start("--start", "2026-06-01T00:00:00Z", "--rate", "0")
    line = ready(first)
    headers = {"authorization": f"Bearer {line['token']}"}
    with httpx.Client(trust_env=False, headers=headers) as client:
        client.post(f"{line['control']}/clock", json={"advance_seconds": 86_400})
        client.post(
            f"{line['control']}/world", json={"op": "rename_handle", "channel": "@quietmiles", "handle": "loud"}
        )
    first.send_signal(signal.SIGINT)
    assert first.wait(DEADLINE) == 0
    line = ready(start())
    with httpx.Client(trust_env=False, headers={"authorization": f"Bearer {line['token']}"}) as client:
        state = client.get(f"{line['control']}/state").json()
    assert state["time"] == "2026-06-02T00:00:00+00:00"
    assert "loud" in {creator["handle"] for creator in state["creators"]}


def test_production_and_a_taken_port_are_refused(start: Start) -> None:
    refused = start(stderr=subprocess.PIPE, env={**os.environ, "ENVIRONMENT": "production"})
    assert "not the Internet" in refused.communicate(timeout=DEADLINE)[1]
    assert refused.returncode == 1
    line = ready(start())
    taken = start("--port", line["proxy"].rsplit(":", 1)[1], stderr=subprocess.PIPE)
    assert "in use" in taken.communicate(timeout=DEADLINE)[1]
    assert taken.returncode == 1
