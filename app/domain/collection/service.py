"""Planning the reading of accounts: when, how often, on request, at night."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts.models import Account, TrackedAccount
from app.domain.collection.models import Collection, CronSlot
from app.lib import bus, clock, jobs

JOB = "collect"


class Plan:
    """The instance's defaults, where a workspace has no wish of its own."""

    def __init__(self, *, cadence_hours: float, max_posts: int, nightly: bool = True) -> None:
        self.cadence_hours = cadence_hours
        self.max_posts = max_posts
        self.nightly = nightly


async def plan(session: AsyncSession, account: UUID, defaults: Plan) -> None:
    """Fit an account's work row to the wishes of all workspaces that follow it: the fastest wins, none switches it off.

    Call it after any change to a tracked account. A running collection is left to finish.
    """
    enabled, hours, posts = (
        await session.execute(
            text("select enabled, hours, posts from collection_plan(:account, :hours, :posts)"),
            {
                "account": account,
                "hours": defaults.cadence_hours,
                "posts": defaults.max_posts,
            },
        )
    ).one()
    now = clock.now()
    row = await session.get(Collection, account, with_for_update=True, populate_existing=True)
    if row is None:
        if enabled:
            await session.execute(
                insert(Collection)
                .values(
                    account_id=account, state="due", due_at=now, next_full_at=now, attempts=0, fence=0,
                    trigger="first", cadence_hours=hours, max_posts=posts,
                )
                .on_conflict_do_nothing(index_elements=["account_id"])
            )  # fmt: skip
            hurry(session, account)
        return
    if not enabled:
        if row.state == "due":
            row.state = "off"
        await session.flush()
        return
    sooner = row.next_full_at is not None and hours < row.cadence_hours
    row.cadence_hours, row.max_posts = hours, posts
    if row.state in ("off", "done"):
        row.state = "due"
        row.next_full_at = row.due_at = max(row.next_full_at or now, now)
        if row.next_full_at <= now:
            hurry(session, account)
    elif sooner and row.next_full_at is not None:
        row.next_full_at = min(row.next_full_at, now + timedelta(hours=hours))
        row.due_at = min(row.due_at or row.next_full_at, row.next_full_at)
    await session.flush()


async def request(session: AsyncSession, accounts: list[UUID], trigger: str = "manual") -> int:
    """Make accounts due now. Those switched off or being read already are left alone, and, unless a person asks, those
    that are gone. Returns how many are now due."""
    now = clock.now()
    if trigger != "manual":
        there = select(Account.id).where(Account.id.in_(accounts), Account.state != "gone")
        accounts = list(await session.scalars(there))
    rows = await session.scalars(
        update(Collection)
        .where(Collection.account_id.in_(accounts), Collection.state == "due")
        .values(due_at=now, next_full_at=now, trigger=trigger, attempts=0)
        .returning(Collection.account_id)
    )
    asked = list(rows)
    for account in asked:
        hurry(session, account)
        await announce(session, account)
    return len(asked)


def hurry(session: AsyncSession, account: UUID) -> None:
    """Have the work started right after the commit, instead of at the next look for due rows."""
    jobs.enqueue(session, JOB, key=f"collect:{account}", account_id=account)


async def followed(session: AsyncSession) -> list[UUID]:
    """The accounts that the current workspace follows with collection switched on."""
    rows = await session.scalars(
        select(TrackedAccount.account_id).where(TrackedAccount.enabled, TrackedAccount.deleted_at.is_(None))
    )
    return list(rows)


async def announce(session: AsyncSession, account: UUID, *also: str) -> None:
    """Tell the open pages of every workspace that follows the account, once this transaction has committed."""
    watchers = await session.scalars(text("select watchers_of(:account)"), {"account": account})
    topics = (f"account:{account}", *also)
    await bus.announce(
        session,
        [f"w:{workspace}:{topic}" for workspace in watchers for topic in topics],
    )


async def take_slot(session: AsyncSession, name: str, slot: str) -> bool:
    """Whether this call is the one to do the scheduled work of `slot`: the row is unique."""
    taken = await session.scalar(
        insert(CronSlot)
        .values(name=name, slot=slot, taken_at=func.clock_timestamp())
        .on_conflict_do_nothing()
        .returning(CronSlot.name)
    )
    return taken is not None


async def nightly_due(session: AsyncSession, now: datetime) -> list[UUID]:
    """Workspaces whose nightly run is to start, each once per local date."""
    rows = (await session.execute(text("select id, local_date from nightly_workspaces(:now)"), {"now": now})).all()
    return [row.id for row in rows if await take_slot(session, "nightly", f"{row.id}:{row.local_date}")]


def next_month(day: date) -> date:
    """The first day of the month after `day`'s."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


async def forget_slots(session: AsyncSession) -> None:
    """Drop cron slots older than a week: nothing asks for them again."""
    await session.execute(delete(CronSlot).where(CronSlot.taken_at < func.clock_timestamp() - timedelta(days=7)))
