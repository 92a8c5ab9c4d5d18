"""The queue behind the jobs: SAQ over Redis, or over PostgreSQL where there is no Redis."""

import asyncio
import functools
from typing import Any

import structlog
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis
from saq import CronJob, Job, Queue, Worker
from saq.queue.postgres import PostgresQueue
from saq.queue.redis import RedisQueue

from app.lib.db import IDLE_IN_TRANSACTION
from app.settings import Settings
from app.tasks import CRONS, TASKS, Task
from app.tasks import Job as Run
from app.tasks.parts import Parts

log = structlog.get_logger(__name__)

NAME = "sightline"
SHUTDOWN_GRACE = 14  # seconds running jobs get to finish; the process is killed after STOP_WITHIN (app/cli/running.py)
GIVE_BACK = 4.0  # seconds that jobs get to give their work back once they are cancelled
# Seconds that the sweep waits for each stuck job to abort itself. A dead worker's never does, and SAQ waits 5.
ABORT_WITHIN = 0.2
UNREACHABLE_AFTER = 5.0  # seconds without a connection
_TASKS = {task.name: task for task in TASKS}
KEEP_FINISHED = 60  # seconds a finished job stays visible


class _PostgresQueue(PostgresQueue):
    """SAQ's, on tables that a migration made: the runtime role may not create any."""

    async def init_db(self) -> None:
        """Nothing to do: db/migrations/versions/0003_collection.py made them."""

    async def sweep(self, lock: int = 60, abort: float = ABORT_WITHIN) -> list[str]:
        """As SAQ's, but any worker may: its lock belongs to one worker's connection for as long as that lasts, and a
        frozen worker's lasts. Sweeping twice is harmless."""
        self._has_sweep_lock = True
        return await super().sweep(lock=lock, abort=abort)


class _RedisQueue(RedisQueue):
    async def sweep(self, lock: int = 60, abort: float = ABORT_WITHIN) -> list[str]:
        return await super().sweep(lock=lock, abort=abort)


class _Prompt(Worker[Any]):
    """A worker that stops as soon as its running jobs have. SAQ's own stop also waits for its upkeep to wake up and
    for idle waits to time out, up to the whole grace period."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._busy: set[asyncio.Task[Any] | None] = set()
        self._upkeep: list[asyncio.Task[None]] = []
        super().__init__(*args, before_process=self._begins, after_process=self._ended, **kwargs)

    async def _begins(self, _context: Any) -> None:
        self._busy.add(asyncio.current_task())

    async def _ended(self, _context: Any) -> None:
        self._busy.discard(asyncio.current_task())

    async def upkeep(self) -> list[asyncio.Task[None]]:
        self._upkeep = await super().upkeep()
        return self._upkeep

    async def stop(self) -> None:
        self.event.set()
        idle = [t for t in self.tasks if t.get_name() == "process" and t not in self._busy]
        for task in (*self._upkeep, *idle):
            task.cancel()
        await super().stop()


def make(settings: Settings, database_url: str) -> Queue:
    """The queue that this configuration asks for, not yet connected."""
    if settings.redis_url is not None:
        # A connection that broke without a word is noticed: longer than SAQ waits for a job, shorter than a heartbeat.
        redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=15, socket_connect_timeout=5)
        return _RedisQueue(redis, name=NAME)
    pool = AsyncConnectionPool(
        database_url,
        open=False,
        check=AsyncConnectionPool.check_connection,
        kwargs={"options": f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION}", "connect_timeout": 5},
        min_size=1,
        max_size=8,
        timeout=UNREACHABLE_AFTER,
        # It pauses longer after each failure, and gives up after so long; whoever asks next makes it try anew. So the
        # pause is never much longer than this, however long the database was away.
        reconnect_timeout=UNREACHABLE_AFTER,
    )
    return _PostgresQueue(pool=pool, name=NAME, manage_pool_lifecycle=True, min_size=1, max_size=8)


async def send(queue: Queue, name: str, key: str | None, payload: dict[str, Any]) -> None:
    """Hand over one job with its task's limits."""
    task = _TASKS[name]
    unique = {} if key is None else {"key": key}
    await queue.enqueue(
        name,
        timeout=task.timeout,
        retries=task.retries,
        heartbeat=task.heartbeat,
        ttl=KEEP_FINISHED,
        **unique,
        **payload,
    )


def sender(queue: Queue) -> Any:
    return functools.partial(send, queue)


def _living(task: Task) -> Run:
    """The task's function, giving signs of life while it runs when the task promises them."""
    if not task.heartbeat:
        return task.run

    async def run(context: dict[str, Any], **ids: Any) -> Any:
        beat = asyncio.create_task(_beat(context["job"], task.heartbeat / 3))
        try:
            return await task.run(context, **ids)
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    return run


async def _beat(job: Job, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await job.update()
        except Exception:  # the queue is away; its patience lasts several beats
            log.warning("no sign of life could be given", job=job.key, exc_info=True)


def worker(queue: Queue, parts: Parts, *, concurrency: int) -> Worker[Any]:
    """The worker for this process; stops itself on SIGTERM and SIGINT."""

    async def startup(context: dict[str, Any]) -> None:
        context["parts"] = parts

    return _Prompt(
        queue,
        functions=[(task.name, _living(task)) for task in TASKS],
        cron_jobs=[CronJob(c.run, cron=c.schedule, timeout=c.timeout, retries=1, heartbeat=0, ttl=5) for c in CRONS],
        concurrency=concurrency,
        startup=startup,
        timers={"sweep": 15, "schedule": 1, "worker_info": 10, "abort": 1},
        dequeue_timeout=5,
        shutdown_grace_period_s=SHUTDOWN_GRACE,
        cancellation_hard_deadline_s=GIVE_BACK,
    )
