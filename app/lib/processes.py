"""One tree of processes: started in order, started again when one dies, stopped in the reverse order.

Nothing outlives the supervisor: Python children hang on a lifeline (`app.lib.lifeline`) in a process
group of their own; PostgreSQL has its own means (`app.lib.embedded_pg`). Start everything from the main
thread: on Linux the parent-death signal belongs to the thread that forked.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Self, TypeVar

T = TypeVar("T")
FIRST_DELAY, LONGEST_DELAY = 0.2, 15.0  # seconds before a dead child is started again, doubling
STEADY = 30.0  # a child that ran so long begins again with the first delay


class ChildError(RuntimeError):
    """A child could not be started, or ended too early; the text says which and what it said last."""


class Child:
    """A process the supervisor keeps. Subclasses say how it starts.

    name: for people. grace: seconds from the request to stop until it is killed.
    log: the file its output goes to; None is our own stderr.
    """

    stop_signal = signal.SIGTERM

    def __init__(self, name: str, *, grace: float, log: Path | None) -> None:
        self.name, self.grace, self.log = name, grace, log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; others may rely on it when this returns. Raises ChildError or OSError."""
        raise NotImplementedError

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask, wait at most `grace`, then kill; the process group goes with it."""
        stop_together([self])

    def kill(self) -> None:
        """SIGKILL to the process and to what it left in its group. It leads the group: its pid is the group's."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS answers "not permitted" for a group of zombies
            pass

    def release(self) -> None:
        """Let go of what was held for a process that has ended."""

    def how_it_ended(self) -> str:
        """In words, with the end of its log."""
        code = self.process.returncode if self.process else None
        how = f"by {signal.Signals(-code).name}" if code is not None and code < 0 else f"with code {code}"
        words = ""
        if self.log is not None and self.log.exists():
            words = "\n".join(["", *self.log.read_text(errors="replace").splitlines()[-15:], f"(more in {self.log})"])
        return f"{self.name} ended {how}{words}"


def stop_together(children: Sequence[Child]) -> None:
    """Ask all of them to stop, then wait for each at most its `grace` from now, then kill."""
    asked = time.monotonic()
    for child in children:
        if child.process is not None and child.running:
            child.process.send_signal(child.stop_signal)
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.0, asked + child.grace - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        child.kill()
        child.process.wait()
        child.release()


class PythonChild(Child):
    """A module of ours: argv is the module's name and its arguments, env its whole environment.

    collect: keep its standard output for `lines`. fds: open descriptors it inherits under the same numbers.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        grace: float = 10.0,
        log: Path | None = None,
        collect: bool = False,
        fds: Sequence[int] = (),
    ) -> None:
        super().__init__(name, grace=grace, log=log)
        self._argv, self._env, self._collect, self._fds = tuple(argv), dict(env), collect, tuple(fds)
        self._lifeline: int | None = None
        self._reader: threading.Thread | None = None
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def start(self) -> None:
        self.kill()
        self.release()
        theirs, self._lifeline = os.pipe()
        if self.log:
            self.log.parent.mkdir(parents=True, exist_ok=True)
        errors = self.log.open("ab") if self.log else None
        try:
            self.process = subprocess.Popen(
                # -P: a folder named "app" where the user happens to stand is not ours
                [sys.executable, "-P", "-m", "app.lib.lifeline", str(theirs), *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._collect else errors or sys.stderr,
                stderr=errors or sys.stderr,
                env=self._env,
                pass_fds=(theirs, *self._fds),
                start_new_session=True,
            )
        finally:
            os.close(theirs)
            if errors:
                errors.close()
        if self._collect:
            self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
            self._reader.start()

    def release(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if self._reader is not None:
            self._reader.join(5)  # what it printed last is in `lines` now
            self._reader = None

    def line(self) -> str | None:
        """The next line it printed; None when there is none yet."""
        try:
            return self.lines.get_nowait()
        except queue.Empty:
            return None

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                self.lines.put(line.decode(errors="replace").rstrip("\n"))


class Supervisor:
    """Keeps children running until SIGINT or SIGTERM. A context manager, for the main thread.

    say: gets a sentence when a child ended or could not be started again.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._groups: list[list[Child]] = []
        self._started: dict[Child, float] = {}
        self._delay: dict[Child, float] = {}
        self._ended: queue.SimpleQueue[tuple[Child, subprocess.Popen[bytes]]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop all: what was started last first, what was started together at once."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_again)
        while self._groups:
            stop_together(self._groups[-1])
            self._groups.pop()

    def start(self, *children: Child) -> None:
        """Start `children`, one after the other, and keep them from now on."""
        group: list[Child] = []
        self._groups.append(group)
        for child in children:
            group.append(child)
            self._start(child)

    def finish(self, child: Child, *, timeout: float) -> list[str]:
        """Run `child` (with `collect`) to its end: the lines it printed. Raises ChildError when it fails."""
        self.start(child)
        assert isinstance(child, PythonChild)
        self.wait_for(f"{child.name} to finish", lambda: None if child.running else True, timeout=timeout, expect=child)
        self._groups.remove([child])
        child.stop()
        if child.process is None or child.process.returncode:
            raise ChildError(child.how_it_ended())
        lines = []
        while not child.lines.empty():
            lines.append(child.lines.get())
        return lines

    def wait_for(self, what: str, ready: Callable[[], T | None], *, timeout: float, expect: Child | None = None) -> T:
        """The first answer of `ready` that is not None, asked until `timeout` seconds have passed.

        Raises ChildError when a child other than `expect` ends meanwhile.
        """
        deadline = time.monotonic() + timeout
        while (answer := ready()) is None:
            try:
                child, process = self._ended.get(timeout=0.02)
            except queue.Empty:
                pass
            else:
                if child is not expect and child.process is process and self._keeps(child):
                    raise ChildError(child.how_it_ended())
            if time.monotonic() > deadline:
                raise ChildError(f"waited {timeout:.0f} s in vain for {what}")
        return answer

    def run(self) -> None:
        """Keep every child running until a signal says stop (SystemExit)."""
        due: dict[Child, float] = {}
        while True:
            now = time.monotonic()
            try:
                child, process = self._ended.get(timeout=max(0.0, min([at - now for at in due.values()], default=3600)))
            except queue.Empty:
                pass
            else:
                if child.process is process and self._keeps(child):
                    due[child] = time.monotonic() + self._pause(child, child.how_it_ended().splitlines()[0])
            for child in [child for child, at in due.items() if at <= time.monotonic()]:
                del due[child]
                try:
                    self._start(child)
                except (ChildError, OSError) as error:
                    due[child] = time.monotonic() + self._pause(child, str(error))

    def _keeps(self, child: Child) -> bool:
        return any(child in group for group in self._groups)

    def _pause(self, child: Child, reason: str) -> float:
        steady = time.monotonic() - self._started[child] > STEADY
        delay = FIRST_DELAY if steady else self._delay.get(child, FIRST_DELAY)
        self._delay[child] = min(delay * 2, LONGEST_DELAY)
        self._say(f"{reason}; starting it again in {delay:.1f} s")
        return delay

    def _start(self, child: Child) -> None:
        self._started[child] = time.monotonic()
        child.start()
        process = child.process
        assert process is not None

        def wait() -> None:
            process.wait()
            self._ended.put((child, process))

        threading.Thread(target=wait, name=f"wait-{child.name}", daemon=True).start()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    def _asked_again(self, _number: int, _frame: FrameType | None) -> None:
        """A second Ctrl-C: no more patience."""
        for group in self._groups:
            for child in group:
                child.kill()
