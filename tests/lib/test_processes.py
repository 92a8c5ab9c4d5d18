"""Nothing is left behind, what dies comes back, what cannot start says why."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.lib.processes import ChildError, PythonChild, Supervisor
from tests.waiting import until

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def pid_in(folder: Path, name: str) -> int:
    until((folder / name).exists, what=name)
    return int((folder / name).read_text())


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the supervisor with these children and returns when all of them run."""
    started: list[subprocess.Popen[str]] = []

    def begin(*children: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.lib.family", "supervisor", str(tmp_path), *children],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        pid_in(tmp_path, "supervisor")
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_in_reverse_order_grandchildren_too(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    process = start("first:parent", "second:parent", "third")
    pids = [pid_in(tmp_path, name) for name in ("first", "first-child", "second", "second-child", "third")]
    assert all(alive(pid) for pid in pids)

    process.send_signal(number)
    assert process.wait(10) == 0

    assert (tmp_path / "stopped").read_text().split() == ["third", "second", "first"]
    assert [pid for pid in pids if alive(pid)] == []


def test_who_does_not_listen_is_killed(start: Start, tmp_path: Path) -> None:
    process = start("first", "second:deaf:parent")
    pids = [pid_in(tmp_path, name) for name in ("first", "second", "second-child")]

    process.terminate()
    assert process.wait(10) == 0

    assert [pid for pid in pids if alive(pid)] == []


def test_a_second_signal_ends_the_patience(tmp_path: Path) -> None:
    keeper = Supervisor(lambda _: None)
    child = PythonChild("deaf", ["tests.lib.family", "child", str(tmp_path), "deaf", "deaf"], environment(), grace=600)
    keeper.start(child)
    pid_in(tmp_path, "deaf")

    keeper._asked_again(signal.SIGINT, None)
    child.stop()  # would wait ten minutes

    assert not child.running


def test_children_follow_a_killed_supervisor(start: Start, tmp_path: Path) -> None:
    process = start("first:parent", "second:parent")
    pids = [pid_in(tmp_path, name) for name in ("first", "first-child", "second", "second-child")]

    process.kill()

    until(lambda: not any(alive(pid) for pid in pids), what="the end of all children")
    assert sorted((tmp_path / "stopped").read_text().split()) == ["first", "second"]


def test_a_dead_child_comes_back_and_its_own_children_do_not_stay(start: Start, tmp_path: Path) -> None:
    process = start("first:parent")
    died, orphan = pid_in(tmp_path, "first"), pid_in(tmp_path, "first-child")
    (tmp_path / "first").unlink()

    os.kill(died, signal.SIGKILL)

    assert pid_in(tmp_path, "first") != died
    until(lambda: not alive(orphan), what="the end of the orphan")
    process.terminate()
    _, said = process.communicate(timeout=10)
    assert "first ended by SIGKILL; starting it again in 0.2 s" in said


def test_a_child_that_fails_at_once_says_why(tmp_path: Path) -> None:
    child = PythonChild(
        "unlucky",
        ["tests.lib.family", "child", str(tmp_path), "unlucky", "fail"],
        environment(),
        log=tmp_path / "log" / "unlucky.log",
    )
    keeper = Supervisor(lambda _: None)
    keeper.start(child)
    with pytest.raises(ChildError, match=r"(?s)unlucky ended with code 1.*no such thing as luck.*unlucky\.log"):
        keeper.wait_for("luck", lambda: None, timeout=20)
    child.stop()


def test_finish_returns_what_was_printed_and_refuses_a_failure(tmp_path: Path) -> None:
    keeper = Supervisor(lambda _: None)
    hello = PythonChild("hello", ["platform"], environment(), collect=True)
    assert len(keeper.finish(hello, timeout=20)) == 1

    wrong = PythonChild("wrong", ["no_such_module"], environment(), log=tmp_path / "wrong.log", collect=True)
    with pytest.raises(ChildError, match=r"(?s)wrong ended with code 1.*no_such_module"):
        keeper.finish(wrong, timeout=20)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
