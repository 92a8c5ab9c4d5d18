"""What goes on while something is killed: people who ask, pages that listen."""

import itertools
import threading
import time
from collections.abc import Callable
from typing import Self

import httpx

from tests.faults.house import House
from tests.waiting import until


class Meanwhile:
    """Somebody who asks again and again while the block lasts. ask: gets a number, returns an HTTP status."""

    def __init__(self, ask: Callable[[int], int], pause: float) -> None:
        self.statuses: list[int] = []
        self.kept: list[int] = []  # the numbers of requests that were acknowledged
        self.slowest = 0.0
        self._ask, self._pause, self._over = ask, pause, threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)
        if self._failure is not None:
            raise self._failure

    def wait_for(self, more: int) -> None:
        """Return when so many more answers have come."""
        so_far = len(self.statuses)
        until(lambda: len(self.statuses) >= so_far + more, timeout=60, what=f"{more} answers, {self._failure}")

    def _go_on(self) -> None:
        try:
            for number in itertools.count():
                began = time.monotonic()
                status = self._ask(number)
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.statuses.append(status)
                if status < 300:
                    self.kept.append(number)
                if self._over.wait(self._pause):
                    return
        except BaseException as error:
            self._failure = error


class LiveStream:
    """A page's stream, as plain as it gets: reads lines, and when the connection ends comes again."""

    def __init__(self, house: House, cookies: httpx.Cookies) -> None:
        self.events: list[tuple[float, str]] = []
        self.openings: list[float] = []
        self.refused: list[int] = []
        self._house, self._cookies = house, cookies
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def opened_since(self, moment: float) -> bool:
        return any(at > moment for at in self.openings)

    def heard_since(self, moment: float, word: str) -> bool:
        return any(at > moment and heard == word for at, heard in self.events)

    def _keep(self) -> None:
        while not self._over.is_set():
            try:
                self._read()
            except httpx.HTTPError:
                pass  # the connection ended; that is what this is about
            self._over.wait(0.2)  # the pause that a browser makes, shortened

    def _read(self) -> None:
        with (
            self._house.client(cookies=self._cookies, timeout=httpx.Timeout(5, read=30)) as client,
            client.stream("GET", "/live", headers={"Accept": "text/event-stream"}) as answer,
        ):
            if answer.status_code != 200:
                self.refused.append(answer.status_code)
                return
            self.openings.append(time.monotonic())
            for line in answer.iter_lines():
                if self._over.is_set():
                    return
                if line.startswith("event: "):
                    self.events.append((time.monotonic(), line.removeprefix("event: ")))


def spread(seconds: list[float]) -> str:
    """For people: from the shortest to the longest."""
    return f"{min(seconds):.1f} to {max(seconds):.1f} s"
