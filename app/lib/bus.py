"""Live announcements between processes: LISTEN/NOTIFY, ids only.

`announce` speaks inside the business transaction, so nobody hears of what was rolled back.
`Bus` keeps one LISTEN connection a process, which reconnects; after a reconnect every subscriber
gets REFETCH, because something may have been said while nobody listened.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger(__name__)

CHANNEL = "sightline"
REFETCH = "*"
_PING_EVERY = 15.0
_QUEUE = 1000


async def announce(session: AsyncSession, topics: Iterable[str]) -> None:
    """Tell every process about `topics` (short strings like "w:<workspace>:account:<id>") after the commit.

    One NOTIFY per call; PostgreSQL allows 8,000 bytes, so a longer list is cut into several.
    """
    batch: list[str] = []
    size = 0
    for topic in dict.fromkeys(topics):
        if size + len(topic) > 7000:
            await session.execute(text("select pg_notify(:c, :p)"), {"c": CHANNEL, "p": " ".join(batch)})
            batch, size = [], 0
        batch.append(topic)
        size += len(topic) + 1
    if batch:
        await session.execute(text("select pg_notify(:c, :p)"), {"c": CHANNEL, "p": " ".join(batch)})


class Bus:
    """Hears announcements and hands them to subscribers by prefix."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._subscribers: dict[asyncio.Queue[str], str] = {}
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="bus")
        await asyncio.wait_for(self._up.wait(), 30)

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for queue in self._subscribers:
            self._put(queue, "")

    @property
    def listening(self) -> bool:
        return self._up.is_set()

    @asynccontextmanager
    async def subscribe(self, prefix: str) -> AsyncIterator[Callable[[], "asyncio.Future[str]"]]:
        """Topics that begin with `prefix`, without it. Yields a function whose awaitable is the next one.

        REFETCH means: announcements may have been missed, read again. "" means: the process stops.
        """
        queue: asyncio.Queue[str] = asyncio.Queue(_QUEUE)
        self._subscribers[queue] = prefix
        try:
            yield lambda: asyncio.ensure_future(queue.get())
        finally:
            del self._subscribers[queue]

    def _put(self, queue: asyncio.Queue[str], topic: str) -> None:
        try:
            queue.put_nowait(topic)
        except asyncio.QueueFull:  # a slow reader misses details, and is told so
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(topic if topic == "" else REFETCH)

    def _heard(self, _conn: object, _pid: int, _channel: str, payload: object) -> None:
        for topic in str(payload).split(" "):
            for queue, prefix in self._subscribers.items():
                if topic.startswith(prefix):
                    self._put(queue, topic[len(prefix) :])

    async def _keep(self) -> None:
        delay = 0.1
        while True:
            conn: asyncpg.Connection | None = None
            try:
                lost = asyncio.Event()
                conn = await asyncpg.connect(
                    self._url, timeout=5, server_settings={"application_name": "sightline-bus"}
                )
                conn.add_termination_listener(lambda *_, lost=lost: lost.set())
                await conn.add_listener(CHANNEL, self._heard)
                if delay > 0.1:
                    log.info("bus reconnected")
                for queue in self._subscribers:
                    self._put(queue, REFETCH)
                self._up.set()
                delay = 0.1
                while not lost.is_set():
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(lost.wait(), _PING_EVERY)
                    if not lost.is_set():  # a half-open connection does not end by itself
                        await conn.execute("select 1", timeout=5)
            except asyncio.CancelledError:
                raise
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("bus down", error=repr(error))
            finally:
                self._up.clear()
                if conn is not None:
                    conn.terminate()
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5)
