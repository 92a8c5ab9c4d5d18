"""Writing numbers: a snapshot, its newest copy and its half hour, in one transaction and one statement.

Arrays go in, `unnest` makes rows of them: a commit of 1,000 post readings costs three statements.
Writing the same observation again changes nothing anywhere, because everything after the snapshot is
fed by the rows that were really inserted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import ARRAY, BigInteger, DateTime, Text, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.ports.values import ACCOUNT_METRICS, POST_METRICS, Metric, Missing
from app.lib.db import after_commit

# Months whose partitions are known to be there, per database of this process.
_months: WeakKeyDictionary[Any, set[tuple[int, int]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What every number of a batch shares. workspace: null for public facts."""

    source: str
    collector: str
    run_id: UUID | None
    recorded_at: datetime
    workspace: UUID | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing's numbers at one moment; `thing` is an account's or a post's id."""

    thing: UUID
    observed_at: datetime
    metrics: Mapping[Metric, int | None]
    missing: Mapping[Metric, Missing]


async def record_account(session: AsyncSession, seen: Observation, origin: Provenance) -> bool:
    """Store one account observation. False when this very observation was stored before."""
    return await _record(session, "account", [seen], origin) > 0


async def record_posts(session: AsyncSession, seen: Sequence[Observation], origin: Provenance) -> int:
    """Store observations of posts and what they gained since their previous ones. Returns how many were new."""
    return await _record(session, "post", seen, origin)


async def _record(session: AsyncSession, kind: str, seen: Sequence[Observation], origin: Provenance) -> int:
    if not seen:
        return 0
    for day in {(s.observed_at.year, s.observed_at.month) for s in seen}:
        await ensure_month(session, date(*day, 1))
    metrics = ACCOUNT_METRICS if kind == "account" else POST_METRICS
    values: dict[str, Any] = {
        "things": [s.thing for s in seen],
        "observed": [s.observed_at for s in seen],
        "missing": [_missing(s) for s in seen],
        "recorded": origin.recorded_at,
        "source": origin.source,
        "collector": origin.collector,
        "run": origin.run_id,
        "workspace": origin.workspace,
    }
    for metric in metrics:
        values[metric.value] = [s.metrics.get(metric) for s in seen]
    statement = _ACCOUNT if kind == "account" else _POST
    return int((await session.execute(statement, values)).scalar_one())


def _missing(seen: Observation) -> str | None:
    reasons = {metric.value: reason.value for metric, reason in seen.missing.items()}
    return msgspec.json.encode(reasons).decode() if reasons else None


async def ensure_month(session: AsyncSession, day: date) -> None:
    """Make sure the month of `day` has its partitions. Asked once per month and process."""
    month = (day.year, day.month)
    known = _months.setdefault(session.get_bind(), set())
    if month in known:
        return
    await session.execute(text("select ensure_month(:day)"), {"day": day})

    async def keep() -> None:
        known.add(month)

    after_commit(session, keep)


def _names(metrics: Sequence[Metric], pattern: str = "{m}", sep: str = ", ") -> str:
    return sep.join(pattern.format(m=m.value) for m in metrics)


def _insert(kind: str, metrics: Sequence[Metric]) -> str:
    """The CTEs that both kinds share: the input, the inserted snapshots, the newest copies."""
    names = _names(metrics)
    return f"""
        with input as (
            select * from unnest(:things, :observed, :missing, {_names(metrics, ":{m}")})
                as t ({kind}_id, observed_at, missing, {names})
        ), inserted as (
            insert into {kind}_snapshot ({kind}_id, observed_at, recorded_at, source, collector, run_id, workspace_id,
                                         missing, {names})
            select {kind}_id, observed_at, :recorded, :source, :collector, :run, :workspace, missing::jsonb, {names}
            from input
            on conflict ({kind}_id, observed_at, source, workspace_id) do nothing
            returning *
        ), newest as (
            insert into {kind}_latest as l ({kind}_id, observed_at, recorded_at, source, collector, run_id,
                                            workspace_id, missing, {names})
            select distinct on ({kind}_id) {kind}_id, observed_at, recorded_at, source, collector, run_id,
                   workspace_id, missing, {names}
            from inserted order by {kind}_id, observed_at desc
            on conflict ({kind}_id, workspace_id) do update set
                observed_at = excluded.observed_at, recorded_at = excluded.recorded_at, source = excluded.source,
                collector = excluded.collector, run_id = excluded.run_id,
                missing = case when excluded.missing::text ~ '"unreadable"'
                               then nullif(excluded.missing {_names(metrics, _KEPT, sep=" ")}, '{{}}')
                               else excluded.missing end,
                {_names(metrics, "{m} = case when " + _KEEPS + " then l.{m} else excluded.{m} end")}
            where excluded.observed_at >= l.observed_at
        )"""


# A number that its source could not find keeps its last good value in the newest copy, and in place of the reason
# the birth certificate of that value. The snapshots themselves say only what was read.
_KEEPS = "excluded.{m} is null and l.{m} is not null and excluded.missing ->> '{m}' = 'unreadable'"
_KEPT = (
    "|| case when "
    + _KEEPS
    + """ then jsonb_build_object('{m}', case when jsonb_typeof(l.missing -> '{m}') = 'object' then l.missing -> '{m}'
         else jsonb_build_object('observed_at', l.observed_at, 'recorded_at', l.recorded_at, 'source', l.source,
                                 'collector', l.collector, 'run_id', l.run_id) end) else '{{}}' end"""
)


_BUCKET = "date_bin('30 minutes', observed_at, timestamptz '2000-01-01 00:00+00')"

# The last value of the half hour wins, whatever order observations arrive in.
_ACCOUNT_SQL = f"""
    {_insert("account", ACCOUNT_METRICS)}, rolled as (
        insert into account_rollup as r (account_id, bucket, workspace_id, observed_at, readings,
                                         {_names(ACCOUNT_METRICS)})
        select distinct on (account_id, bucket) account_id, {_BUCKET} as bucket, workspace_id, observed_at, 0,
               {_names(ACCOUNT_METRICS)}
        from inserted order by account_id, bucket, observed_at desc
        on conflict (account_id, bucket, workspace_id) do update set
            observed_at = excluded.observed_at, {_names(ACCOUNT_METRICS, "{m} = excluded.{m}")}
        where r.observed_at is null or excluded.observed_at >= r.observed_at
    )
    select count(*) from inserted
"""

# A gain is the difference to the post's previous reading: the one before it in this batch, else the
# newest one stored before this statement (the CTEs all see the tables as they were at its start).
# A post's first reading counts whole when it came out after the account began to be followed.
# An observation older than the newest one stored (an import) adds no gain.
_POST_SQL = f"""
    {_insert("post", POST_METRICS)}, stepped as (
        select p.account_id, {_BUCKET.replace("observed_at", "i.observed_at")} as bucket, i.workspace_id,
               {
    _names(
        POST_METRICS,
        '''case
                   when l.observed_at > i.observed_at then null
                   when lag(i.post_id) over same is not null then i.{m} - lag(i.{m}) over same
                   when l.post_id is not null then i.{m} - l.{m}
                   when p.published_at >= a.first_seen_at then i.{m}
               end as gained_{m}''',
    )
}
        from inserted i
        join post p on p.id = i.post_id
        join account a on a.id = p.account_id
        left join post_latest l on l.post_id = i.post_id and l.workspace_id is not distinct from i.workspace_id
        window same as (partition by i.post_id order by i.observed_at)
    ), rolled as (
        insert into account_rollup as r (account_id, bucket, workspace_id, readings,
                                         {_names(POST_METRICS, "gained_{m}")})
        select account_id, bucket, workspace_id, count(*), {_names(POST_METRICS, "sum(gained_{m})::bigint")}
        from stepped group by account_id, bucket, workspace_id
        on conflict (account_id, bucket, workspace_id) do update set
            readings = r.readings + excluded.readings,
            {
    _names(
        POST_METRICS,
        '''gained_{m} = case when r.gained_{m} is null and excluded.gained_{m} is null then null
                              else coalesce(r.gained_{m}, 0) + coalesce(excluded.gained_{m}, 0) end''',
    )
}
    )
    select count(*) from inserted
"""


def _statement(sql: str, metrics: Sequence[Metric]) -> Any:
    return text(sql).bindparams(
        bindparam("things", type_=ARRAY(Uuid())),
        bindparam("observed", type_=ARRAY(DateTime(timezone=True))),
        bindparam("missing", type_=ARRAY(Text())),
        bindparam("recorded", type_=DateTime(timezone=True)),
        bindparam("source", type_=Text()),
        bindparam("collector", type_=Text()),
        bindparam("run", type_=Uuid()),
        bindparam("workspace", type_=Uuid()),
        *(bindparam(m.value, type_=ARRAY(BigInteger())) for m in metrics),
    )


_ACCOUNT = _statement(_ACCOUNT_SQL, ACCOUNT_METRICS)
_POST = _statement(_POST_SQL, POST_METRICS)
