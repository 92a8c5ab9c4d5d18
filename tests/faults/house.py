"""A whole Sightline for tests that kill parts of it: `sightline run`, a sandbox before it, servers of its own.

In the embedded shape the command brings PostgreSQL itself. In the other one a PostgreSQL and a Redis are started here,
on a socket and a port of their own: the machine's servers are never touched.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row
from redis import Redis
from saq import Queue
from sqlalchemy import make_url

from app.domain.audit.service import SYSTEM
from app.domain.collection.service import JOB
from app.domain.identity import keys, operator
from app.domain.identity.models import Scope
from app.lib.db import Database
from app.lib.embedded_pg import EmbeddedPg
from app.lib.processes import ChildError
from app.settings import Settings, load
from app.tasks import queue as queues
from sandbox.core import Sandbox
from sandbox.population import CREATORS
from sandbox.world import Channel
from tests.conftest import SHAPE
from tests.e2e.test_commands import processes
from tests.faults.books import WITNESS, Books, Row
from tests.faults.private_redis import PrivateRedis, free_port
from tests.waiting import until

ROOT = Path(__file__).parents[2]
EMAIL, PASSWORD = "owner@example.com", "a long enough password"
API_HOST, PAGES_HOST = "youtube.googleapis.com", "www.youtube.com"


class House(Books):
    """One Sightline on a folder of its own. `start` it; `stop` it or kill its parts; look into its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir()
        self.sandbox = Sandbox(folder / "sandbox", strict=False, rate=1.0)
        for creator in CREATORS:  # more of the same kind, for drills with many accounts
            if creator.terminated is None and creator.series:
                double = replace(creator, key=f"{creator.key}2", handle=f"{creator.handle}2", custom=None, user=None)
                for one in (double, replace(double, key=f"{creator.key}3", handle=f"{creator.handle}3")):
                    self.sandbox.world.channels.append(Channel(one, self.sandbox.world.seed, self.sandbox.world.start))
        self.handles = [
            c.creator.handle for c in self.sandbox.world.channels if c.creator.terminated is None and c.creator.series
        ]
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "run.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.redis = PrivateRedis() if SHAPE == "services" else None
        self.postgres = EmbeddedPg((folder if self.redis else self.data) / "postgres")
        self.workspace = self.api_key = ""

    # -- its life

    def open(self) -> None:
        """Servers, sandbox, the house itself, and somebody who lives there."""
        self.sandbox.start()
        if self.redis is not None:
            self.postgres.start()
            self.redis.start()
        self.start()
        asyncio.run(self._move_in())
        self.sql(WITNESS)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in processes(self.data):
            os.kill(pid, signal.SIGKILL)
        if self.redis is not None:
            self.redis.kill()
            self.postgres.stop()
        self.sandbox.stop()

    def env(self) -> dict[str, str]:
        """The whole environment of a command of this house."""
        ours = {name.upper() for name in Settings.model_fields}
        env = {name: value for name, value in os.environ.items() if name.upper() not in ours}
        env |= {
            "ENV_FILE": "",
            "ENVIRONMENT": "test",
            "DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "YOUTUBE_API_KEY": "drill",
            "YOUTUBE_DAILY_UNITS": "10000000",
            "MAX_POSTS_PER_ACCOUNT": "12",
            "SANDBOX_PROXY": self.sandbox.proxy_url,
            "SANDBOX_CA": str(self.sandbox.certificates.ca),
            "SANDBOX_CLOCK": str(self.sandbox.clock.path),
        }
        if self.redis is not None:
            env |= {
                "DATABASE_URL": self.postgres.app_url,
                "DATABASE_OWNER_URL": self.postgres.owner_url,
                "DATABASE_ADMIN_URL": self.postgres.admin_url,
                "REDIS_URL": self.redis.url,
            }
        return env

    def start(self) -> None:
        self.begin()
        self.answers()

    def begin(self) -> None:
        """Start it, and do not wait."""
        self._began_at = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run"], cwd=ROOT, env=self.env(), stdout=log, stderr=log
            )

    def answers(self) -> None:
        """Wait until what was begun answers."""
        process = self.process
        assert process is not None

        def up() -> bool:
            said = self.said(self._began_at)
            assert process.poll() is None, f"`sightline run` ended with {process.returncode}:\n{said}"
            return "Sightline answers at" in said

        until(up, timeout=90, what="`sightline run` to answer")

    def said(self, since: int = 0) -> str:
        """What it and its processes wrote, from byte `since` on."""
        return self.log.read_bytes()[since:].decode(errors="replace")

    @contextmanager
    def another_worker(self) -> Iterator[None]:
        """A worker beside its own, for the block."""
        env = self.env()
        if self.redis is None:
            env["EMBEDDED_URL"] = self.postgres.app_url
        known = asyncio.run(self.workers())
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker"], cwd=ROOT, env=env, stdout=log, stderr=log
            )
        try:
            until(lambda: asyncio.run(self.workers()) - known, timeout=60, what="the second worker")
            yield
        finally:
            process.terminate()
            code = process.wait(30)
        assert code == 0, f"the second worker ended with {code}"

    # -- its processes

    def pids(self) -> dict[str, int]:
        """Its direct children: web, worker, and in the embedded shape postgres."""
        assert self.process is not None
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
                words = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(after_name[1]) != self.process.pid or after_name[0] == "Z" or not words:
                continue
            if "app.lib.lifeline" in words:
                found[words[-1]] = int(folder.name)
            elif words[0].endswith("/postgres"):
                found["postgres"] = int(folder.name)
        return found

    def signal(self, name: str, number: signal.Signals) -> int:
        pid = self.pids()[name]
        os.kill(pid, number)
        return pid

    def kill_postgres(self) -> None:
        """kill -9; the supervisor starts it again, or where it is not its own, somebody else does: here, we."""
        if self.redis is None:
            self.signal("postgres", signal.SIGKILL)
            return
        assert self.postgres.process is not None
        self.postgres.process.kill()
        self.postgres.process.wait()
        deadline = time.monotonic() + 30
        while True:
            try:
                self.postgres.start()
                return
            except ChildError:  # the backends of the killed one are still leaving
                assert time.monotonic() < deadline
                time.sleep(0.2)

    # -- its database, as nobody but its owner sees it

    @property
    def admin_url(self) -> str:
        return make_url(self.postgres.admin_url).set(database="sightline").render_as_string(hide_password=False)

    @contextmanager
    def database(self) -> Iterator[None]:
        """Its database while it is down."""
        if self.redis is not None:
            yield
        else:
            with EmbeddedPg(self.postgres.root):
                yield

    def sql(self, statement: str, *values: Any) -> list[Row]:
        """Rows of one statement, by the superuser: no policy hides any."""
        with psycopg.connect(self.admin_url, autocommit=True, row_factory=dict_row, connect_timeout=5) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: Any) -> Any:
        return next(iter(self.sql(statement, *values)[0].values()))

    # -- its people

    async def _move_in(self) -> None:
        database = Database(self.postgres.app_url, pool=2)
        try:
            async with database.transaction() as session:
                await operator.create_person(
                    session, email=EMAIL, name="Owner", password=PASSWORD, superuser=True, workspace="Studio"
                )
                workspace = session.info["workspace"]
                _, self.api_key = await keys.create(
                    session, SYSTEM, workspace, name="Drill", scopes=list(Scope), requests_per_minute=6000
                )
                self.workspace = str(workspace)
        finally:
            await database.close()

    def client(self, **how: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, **{"timeout": 30, **how})

    def api(self, method: str, path: str, **how: Any) -> httpx.Response:
        with self.client(headers={"Authorization": f"Bearer {self.api_key}"}) as client:
            return client.request(method, f"/api/v1{path}", **how)

    def follow(self, handles: Sequence[str]) -> None:
        for handle in handles:
            answer = self.api("POST", "/accounts", json={"link": f"@{handle}"})
            assert answer.status_code in (200, 201), answer.text

    def collect_all(self) -> int:
        """Ask for every account to be read now. Returns how many are due."""
        answer = self.api("POST", "/collection/runs", json={})
        assert answer.status_code == 202, answer.text
        due: int = answer.json()["due"]
        return due

    def unfollow(self, handles: Sequence[str]) -> None:
        for row in self.sql("select id from account where handle = any(%s)", list(handles)):
            answer = self.api("DELETE", f"/accounts/{row['id']}")
            assert answer.status_code == 204, answer.text

    def slow(self, seconds: float) -> None:
        """From now on the platform takes its time over every answer of its API."""
        self.sandbox.faults.clear()
        self.sandbox.fault(API_HOST, delay=seconds, times=-1)

    @asynccontextmanager
    async def _queue(self) -> AsyncIterator[Queue]:
        url = self.postgres.app_url
        servers = {"database_url": url, "redis_url": self.redis.url} if self.redis else {}
        queue = queues.make(load(_env_file=None, **servers), url)
        await queue.connect()
        try:
            yield queue
        finally:
            await queue.disconnect()

    async def hand_out(self, *, times: int) -> None:
        """Put every account that is due into the queue so many more times, whatever the queue holds already."""
        now = self.sandbox.clock.moment
        due = self.sql("select account_id from collection where state = 'due' and due_at <= %s", now)
        async with self._queue() as queue:
            for row in due * times:
                await queues.send(queue, JOB, None, {"account_id": str(row["account_id"])})

    async def workers(self) -> set[str]:
        """The workers that the queue has heard of in the last seconds."""
        async with self._queue() as queue:
            return set((await queue.info())["workers"])

    def workers_of_late(self) -> int:
        """How many workers have done a job in the last minute; the queue remembers so long."""
        if self.redis is None:
            jobs: list[Any] = [bytes(row["job"]) for row in self.sql("select job from saq_jobs")]
        else:
            with Redis.from_url(self.redis.url) as client:
                jobs = [client.get(key) for key in client.scan_iter("saq:job:sightline:*")]
        return len({json.loads(job).get("worker_id") for job in jobs if job} - {None})


def sign_in(house: House) -> httpx.Cookies:
    """A browser's cookies after signing in."""
    from tests.world import csrf_of

    with house.client() as client:
        token = csrf_of(client.get("/login").text)
        answer = client.post("/login", data={"email": EMAIL, "password": PASSWORD, "_csrf_token": token})
        assert answer.status_code == 303, answer.text
        return client.cookies


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def house() -> Iterator[House]:
    """A house that is up, and torn down afterwards, whatever became of it."""
    folder = Path(tempfile.mkdtemp(prefix="sl-drill-"))
    here = House(folder)
    try:
        here.open()
        yield here
    finally:
        here.close()
        shutil.rmtree(folder, ignore_errors=True)
