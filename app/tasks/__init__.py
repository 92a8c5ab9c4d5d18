"""Background jobs: the list of them and of the crons. A job is a thin function over a domain service.

SAQ executes, it is never the record: every job works on a row that a cron would find again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.lib.work import LEASE_SECONDS
from app.tasks import collection, connections, housekeeping, images

Job = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Task:
    """timeout: seconds until it is cancelled. retries: attempts in all. heartbeat: seconds without a sign of life
    after which its worker counts as dead; 0 for jobs shorter than a minute. Until a dead worker's job is given up,
    the queue takes no other with its key."""

    run: Job
    timeout: int
    retries: int = 1
    heartbeat: int = 0

    @property
    def name(self) -> str:
        return self.run.__name__


@dataclass(frozen=True, slots=True)
class Cron:
    """schedule: croniter's five fields, or six with seconds last; UTC."""

    run: Job
    schedule: str
    timeout: int


TASKS = (
    # A run has its own lease and retries: a cancelled one is found again by `collect_due`. Given up sooner than its
    # lease ends, so that the queue lets it be handed out again when it has.
    Task(collection.collect, timeout=900, heartbeat=LEASE_SECONDS - 20),
    Task(collection.collect_due, timeout=30),
    # Making a connection is cut short rather than doubled: a code is good for one exchange.
    Task(connections.connect, timeout=120, heartbeat=LEASE_SECONDS - 20),
    Task(connections.refresh_connection, timeout=90),
    Task(connections.read_connection, timeout=900, heartbeat=LEASE_SECONDS - 20),
    Task(connections.give_back, timeout=90),
    Task(connections.sign_in_sender, timeout=400, heartbeat=LEASE_SECONDS - 20),
    Task(images.fetch_images, timeout=180, retries=2, heartbeat=45),
)

CRONS = (
    Cron(collection.collect_due, "* * * * * */5", timeout=30),
    Cron(connections.connections_due, "* * * * * */10", timeout=30),
    Cron(collection.nightly, "* * * * *", timeout=60),
    Cron(housekeeping.housekeeping, "17 * * * *", timeout=300),
)
