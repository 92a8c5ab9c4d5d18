"""Scripted misbehaviour of the network and the platforms."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_ids = itertools.count(1)


@dataclass(slots=True)
class Fault:
    """One scripted misbehaviour of every request that matches.

    host: exact, or "*.suffix". path: a regular expression searched in the path. method: any when None.
    times: how often it fires, -1 for ever. skip: how many matches pass first.

    What happens, in this order: `reset` (RST before any answer), `hang` (no answer until the client
    leaves), `delay` seconds, then either a scripted answer (`status`, `headers`, `body`) or the real
    one, changed by `truncate_after` body bytes (the connection closes there) or `chunk_delay` seconds
    before each 64 bytes. `reset_request_after`: RST once the client has sent that many body bytes.
    """

    host: str
    path: str = ""
    method: str | None = None
    times: int = 1
    skip: int = 0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    delay: float = 0.0
    hang: bool = False
    reset: bool = False
    truncate_after: int | None = None
    chunk_delay: float = 0.0
    reset_request_after: int | None = None
    preset: str | None = None
    hits: int = 0
    id: int = field(default_factory=lambda: next(_ids))

    def __post_init__(self) -> None:
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is not a regular expression: {error}") from None

    def matches(self, host: str, method: str, path: str) -> bool:
        if host != self.host and not (self.host.startswith("*.") and host.endswith(self.host[1:])):
            return False
        return self.method in (None, method) and re.search(self.path, path) is not None


@dataclass(frozen=True, slots=True)
class Preset:
    """A named fault for a panel: faults to script and world flags to raise, with its words.

    label: by language, "en" and "ru". flags: names that the platform's fake looks up in the world,
    for faults that each platform answers in its own way (a bot check, a spent quota).
    """

    name: str
    platform: str
    label: dict[str, str]
    faults: tuple[dict[str, object], ...] = ()
    flags: tuple[str, ...] = ()


class Faults:
    """The scripted faults, in the order in which they were added; the first that matches fires."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, *faults: Fault) -> None:
        self._faults.extend(faults)

    def keep(self, faults: Iterable[Fault]) -> None:
        self._faults = list(faults)

    def clear(self) -> None:
        self._faults.clear()

    def fire(self, host: str, method: str, path: str) -> Fault | None:
        """The fault this request meets, counted; None when it passes."""
        for fault in self._faults:
            if fault.times == 0 or not fault.matches(host, method, path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times = max(fault.times - 1, -1)
            fault.hits += 1
            return fault
        return None
