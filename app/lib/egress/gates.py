"""How many connections a host gets at a time, how far apart, and what they came to."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

_KEPT = 1000  # hosts whose counters are kept: links that users paste could name any number of hosts


@dataclass(frozen=True, slots=True)
class HostLimit:
    """concurrency: connections open at a time. min_delay: seconds between the starts of two of them.

    A connection may carry many requests inside TLS: delays between requests are the client's own business.
    """

    concurrency: int = 16
    min_delay: float = 0.0


@dataclass(slots=True)
class HostStats:
    """Counters since the process started. sent and received: bytes, as seen from us. last_error: short, for people."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    sent: int = 0
    received: int = 0
    active: int = 0
    waiting: int = 0
    last_error: str = ""


class Busy(Exception):
    """The host's connections were all taken for too long."""


@dataclass(slots=True)
class _Gate:
    limit: HostLimit
    slots: asyncio.Semaphore
    stats: HostStats = field(default_factory=HostStats)
    next_start: float = 0.0


class Gates:
    """One gate per host name; hosts without a limit of their own share the default's values, not its slots."""

    def __init__(self, default: HostLimit, limits: Mapping[str, HostLimit], patience: float) -> None:
        self._default = default
        self._limits = limits
        self._patience = patience
        self._gates: OrderedDict[str, _Gate] = OrderedDict()

    def _gate(self, host: str) -> _Gate:
        gate = self._gates.get(host)
        if gate is None:
            limit = self._limits.get(host, self._default)
            if len(self._gates) >= _KEPT:
                idle = (name for name, old in self._gates.items() if old.stats.active + old.stats.waiting == 0)
                self._gates.pop(next(idle, ""), None)
            gate = self._gates[host] = _Gate(limit, asyncio.Semaphore(limit.concurrency))
        self._gates.move_to_end(host)
        return gate

    def stats(self, host: str) -> HostStats:
        """The live counters of a host, to be added to."""
        return self._gate(host).stats

    def snapshot(self) -> dict[str, HostStats]:
        return {host: replace(gate.stats) for host, gate in sorted(self._gates.items())}

    @asynccontextmanager
    async def slot(self, host: str) -> AsyncIterator[HostStats]:
        """A connection's turn at the host. Raises Busy when it did not come in time."""
        gate = self._gate(host)
        gate.stats.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await gate.slots.acquire()
        except TimeoutError:
            raise Busy from None
        finally:
            gate.stats.waiting -= 1
        gate.stats.active += 1
        try:
            loop = asyncio.get_running_loop()
            start = max(loop.time(), gate.next_start)
            gate.next_start = start + gate.limit.min_delay
            await asyncio.sleep(start - loop.time())
            gate.stats.requests += 1
            yield gate.stats
        finally:
            gate.stats.active -= 1
            gate.slots.release()
