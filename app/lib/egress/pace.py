"""How quickly each host may be asked: requests at a time, and seconds between the starts of two of them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from app.lib.egress.gates import HostLimit

_DEFAULT = HostLimit(concurrency=2)


class Pace:
    """Turns at hosts, for one process. limits: by host name, a leading "*." for all under it."""

    def __init__(self, limits: Mapping[str, HostLimit] | None = None, default: HostLimit = _DEFAULT) -> None:
        self._limits = dict(limits or {})
        self._default = default
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._next: dict[str, float] = {}

    def limit(self, host: str) -> HostLimit:
        """What holds for a host."""
        labels = host.split(".")
        names = [host, *(f"*.{'.'.join(labels[n:])}" for n in range(1, len(labels)))]
        return next((self._limits[name] for name in names if name in self._limits), self._default)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for this host's turn; the block is the request."""
        limit = self.limit(host)
        slots = self._slots.setdefault(host, asyncio.Semaphore(limit.concurrency))
        async with slots:
            loop = asyncio.get_running_loop()
            start = max(loop.time(), self._next.get(host, 0.0))
            self._next[host] = start + limit.min_delay
            await asyncio.sleep(start - loop.time())
            yield
