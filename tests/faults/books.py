"""How the work of a house stands, read from its database; and witnesses in it of what must never be."""

import json
import time
from datetime import datetime
from typing import Any

from redis import Redis

from sandbox.core import Sandbox
from tests.faults.private_redis import PrivateRedis
from tests.waiting import until

Row = dict[str, Any]


class Books:
    """What a house tells of its work. The house gives the database, the sandbox, the log and the queue's Redis."""

    sandbox: Sandbox
    redis: PrivateRedis | None

    def sql(self, statement: str, *values: Any) -> list[Row]:
        """The rows of a statement."""
        raise NotImplementedError

    def value(self, statement: str, *values: Any) -> Any:
        """The one value of a statement."""
        raise NotImplementedError

    def said(self, since: int = 0) -> str:
        """What the house's processes wrote."""
        raise NotImplementedError

    def running(self) -> int:
        count: int = self.value("select count(*) from collection_run where status = 'running'")
        return count

    def unsettled(self) -> list[Row]:
        """Work that is neither finished nor planned for later, and runs that have not ended."""
        return self.sql(
            """
            select 'work' as what, account_id::text, state, due_at from collection
            where state not in ('due', 'off', 'done') or lease_until is not null or (state = 'due' and due_at <= %s)
            union all select 'run', account_id::text, status, started_at from collection_run where status = 'running'
            """,
            self.sandbox.clock.moment,
        )

    def settled(self, *, within: float) -> float:
        """Wait until all work is finished or planned for later. Returns how many seconds that took."""
        began = time.monotonic()
        try:
            until(lambda: not self.unsettled(), timeout=within, what="all work to be finished or planned")
        except AssertionError as late:
            raise AssertionError(f"{late}: {self.unsettled()}\n{self.said()[-6000:]}") from None
        return time.monotonic() - began

    def read_since(self, moment: datetime) -> int:
        """How many accounts a run that began since then has read whole."""
        count: int = self.value(
            "select count(distinct account_id) from collection_run where status = 'success' and started_at >= %s",
            moment,
        )
        return count

    def time_passes(self, *, alive: bool = False) -> None:
        """Let every lease, and the queue's patience with a silent worker, run out now instead of in a minute.

        For drills with many rounds, right after the worker was killed, or (`alive`) frozen; one drill waits in
        earnest. What its database sessions had been told before is done first: it belongs to the time before.
        """
        mine = "application_name = 'sightline-worker' and backend_start < %s"
        before = self.value("select clock_timestamp()")
        busy = f"select 1 from pg_stat_activity where {mine}" + (" and state = 'active'" if alive else "")
        # One that waits for a lock of a session frozen inside a transaction goes on when the database ends that one.
        until(lambda: not self.sql(busy, before), timeout=60, what="the end of what the worker's sessions were doing")
        self.sql("update collection set lease_until = clock_timestamp() - interval '1 second' where state = 'running'")
        if self.redis is None:
            self.sql("""
                update saq_jobs set job = convert_to(
                    (convert_from(job, 'utf8')::jsonb || '{"touched": 1, "started": 1}')::text, 'utf8')
                where status = 'active'
            """)
            return
        with Redis.from_url(self.redis.url) as client:
            client.delete("saq:sightline:sweep")
            active: Any = client.lrange("saq:sightline:active", 0, -1)
            for key in active:
                stored: Any = client.get(key)
                if stored is not None:
                    client.set(key, json.dumps(json.loads(stored) | {"touched": 1, "started": 1}))

    def misdeeds(self) -> list[Row]:
        """What must never be: two rows of one key, a reading under a lost lease, a lease taken from a living holder."""
        doubles = " union all ".join(
            f"""select '{kind} snapshot twice' as what, {kind}_id::text as thing, observed_at as at from {kind}_snapshot
                group by {kind}_id, observed_at, source, workspace_id having count(*) > 1"""
            for kind in ("account", "post")
        )
        return self.sql(f"""
            {doubles}
            union all select 'reading under a lost lease', account::text, at from witness_reading
                where run_fence <> work_fence or work_state <> 'running' or run_status <> 'running'
            union all select 'lease taken from a living holder', account::text, at from witness_claim
                where was = 'running' and lease_until > at
        """)


WITNESS = """
    create table witness_reading (
        at timestamptz default clock_timestamp(), account uuid, run uuid, run_fence bigint, run_status text,
        work_fence bigint, work_state text, readings bigint);
    create table witness_claim (
        at timestamptz default clock_timestamp(), account uuid, fence bigint, was text, due_at timestamptz,
        lease_until timestamptz);

    create function witness_reading() returns trigger language plpgsql security definer as $$ begin
        insert into witness_reading (account, run, run_fence, run_status, work_fence, work_state, readings)
        select c.account_id, r.id, r.fence, r.status, c.fence, c.state, count(*)
        from fresh f join collection_run r on r.id = f.run_id join collection c on c.account_id = r.account_id
        group by 1, 2, 3, 4, 5, 6;
        return null;
    end $$;
    create trigger witness after insert on account_snapshot referencing new table as fresh
        for each statement execute function witness_reading();
    create trigger witness after insert on post_snapshot referencing new table as fresh
        for each statement execute function witness_reading();

    create function witness_claim() returns trigger language plpgsql security definer as $$ begin
        insert into witness_claim (account, fence, was, due_at, lease_until)
        values (new.account_id, new.fence, old.state, old.due_at, old.lease_until);
        return null;
    end $$;
    create trigger witness after update on collection for each row when (new.fence <> old.fence)
        execute function witness_claim();
"""
