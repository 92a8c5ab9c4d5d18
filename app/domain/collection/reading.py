"""The reading of one account under one lease: asked of its platform's sources in turn, written as it arrives."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts import service as accounts
from app.domain.accounts.models import Account
from app.domain.collection import breakers
from app.domain.collection.models import Collection, CollectionRun
from app.domain.collection.outcome import CLOSED, INTERRUPTED, Outcome, more_telling, plain, retry_at
from app.domain.collection.service import Plan, announce, hurry, plan
from app.domain.metrics import service as metrics
from app.domain.ports.errors import N_, Gone, NeedsAction, PlatformError, RetryAfter
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts, Source
from app.domain.ports.values import PostGone, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.domain.posts import service as posts
from app.domain.quota.service import Tally
from app.lib import clock, jobs, work
from app.lib.db import Database

log = structlog.get_logger(__name__)

REREAD_AT_ONCE = 150  # posts re-read by one run: three calls of the Data API


class Paused(RetryAfter):
    """A source that its breaker keeps us from asking."""

    def __init__(self, why: RetryAfter) -> None:
        super().__init__(why.message, until=why.until, **why.params)


class Reading:
    """The reading of one account under one lease."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        defaults: Plan,
        account: UUID,
        run: UUID,
        fence: int,
        full: bool,
        max_posts: int,
        by_hand: bool,
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._defaults = defaults
        self.account = account
        self.run = run
        self.fence = fence
        self.full = full
        self.max_posts = max_posts
        self.by_hand = by_hand
        self.health: dict[tuple[str, str], breakers.Health] = {}
        self.outcome = Outcome()
        self.lost = False
        self._merged_from: UUID | None = None

    async def keep_alive(self, reader: "asyncio.Task[Any] | None") -> None:
        while True:
            await asyncio.sleep(work.HEARTBEAT_SECONDS)
            try:
                async with self._database.transaction() as session:
                    await work.heartbeat(session, Collection, self.account, self.fence)
            except work.Lost:
                self.lost = True
                if reader is not None:
                    reader.cancel()
                return
            except Exception:  # the lease lasts several beats; the next one may get through
                log.exception("heartbeat failed", account=str(self.account))

    @contextlib.asynccontextmanager
    async def _write(self, *, step: str) -> AsyncIterator[AsyncSession]:
        """A transaction under our fence that also stores the run's progress and announces it."""
        async with self._database.transaction() as session:
            await work.heartbeat(session, Collection, self.account, self.fence)
            yield session
            await self._progress(session, step=step)
            await announce(session, self.account, f"run:{self.run}")

    async def _progress(self, session: AsyncSession, **values: Any) -> None:
        done = self.outcome
        if done.source is not None:
            values |= {"source": done.source.name, "collector": done.source.version}
        await session.execute(
            update(CollectionRun)
            .where(CollectionRun.id == self.run)
            .values(
                tried=done.tried, posts_read=len(done.read), posts_new=done.new, posts_gone=done.gone,
                posts_unread=done.unread, **values,
            )
        )  # fmt: skip

    async def read(self) -> None:
        async with self._database.transaction() as session:
            account = await session.get_one(Account, self.account)
            known = await posts.with_format(session, self.account)
            now = clock.now()
            overdue = await posts.due(session, self.account, now, REREAD_AT_ONCE)
            self.health = await breakers.health(session, account.platform)
        platform = self._platforms[account.platform]
        ref = accounts.ref_of(account)
        if self.full:
            try:
                source, profile = await self._first(platform, ReadsAccount, lambda s: s.read_account(ref))
            except Gone:
                async with self._write(step="profile") as session:
                    await accounts.mark_gone(
                        session,
                        await session.get_one(Account, self.account),
                        clock.now(),
                    )
                if account.external_id is None:  # nobody ever saw it
                    raise
                raise Gone(CLOSED) from None
            if not await self._store_profile(source, profile):
                return  # merged into an account that has its own work
            ref = Ref(platform.name, RefKind.ID, profile.external_id, profile.handle or ref.handle)
            await self._read_posts(
                platform,
                ListsPosts,
                lambda s: s.list_posts(ref, limit=self.max_posts, known=known),
            )
        overdue = [post for post in overdue if post not in self.outcome.read]
        if overdue and ref.kind is RefKind.ID:
            await self._read_posts(platform, ReadsPosts, lambda s: s.read_posts(ref, overdue))

    def _sources(self, platform: Platform, capability: type[Any]) -> list[Any]:
        """Configured sources with the capability; the one that has already answered in this run comes first."""
        able = [s for s in platform.sources if isinstance(s, capability)]
        ready = [s for s in able if s.configured]
        if not ready:
            message = able[0].unconfigured_reason if able else N_("No source of this platform can read this.")
            raise NeedsAction(message)
        return sorted(ready, key=lambda s: s is not self.outcome.source)

    def _breaker(self, platform: Platform, source: Source) -> None:
        """Raises RetryAfter for a source that is left alone now. Who asks by hand tries it all the same."""
        why = breakers.paused(source, self.health.get((platform.name, source.name)), clock.now())
        if why is not None and not self.by_hand:
            raise Paused(why)

    async def _failed(self, platform: Platform, source: Source, error: PlatformError) -> None:
        """Note it in the run, and for the source's breaker."""
        if isinstance(error, Paused):
            self.outcome.note(source, error)
            return
        self.outcome.note(source, error)
        async with self._database.transaction() as session:
            await breakers.failed(session, platform.name, source, error, clock.now())

    async def _answered(self, platform: Platform, source: Source) -> None:
        known = self.health.get((platform.name, source.name))
        now = clock.now()
        if known is None or known.failures or known.succeeded_at is None or now - known.succeeded_at > breakers.RECENT:
            async with self._database.transaction() as session:
                await breakers.answered(session, platform.name, source, now)

    async def _first(self, platform: Platform, capability: type[Any], ask: Any) -> tuple[Any, Profile]:
        """The first source's answer; each that fails is noted with its reason and the next one asked."""
        last: PlatformError | None = None
        for source in self._sources(platform, capability):
            try:
                self._breaker(platform, source)
                profile = await ask(source)
            except Gone:
                raise
            except PlatformError as error:
                await self._failed(platform, source, error)
                last = more_telling(last, error)
            else:
                self.outcome.error = None
                await self._answered(platform, source)
                return source, profile
        assert last is not None
        raise last

    async def _read_posts(self, platform: Platform, capability: type[Any], ask: Any) -> None:
        """Read posts through the first source that can; when one breaks off, the next goes over all of them."""
        before, last = self.outcome.error, None  # reading posts again does not make up for a list that failed
        for source in self._sources(platform, capability):
            try:
                self._breaker(platform, source)
                async for batch in ask(source):
                    self.outcome.source = self.outcome.source or source
                    await self._store_posts(source, batch)
            except PlatformError as error:
                await self._failed(platform, source, error)
                last = more_telling(last, error)
            else:
                self.outcome.error = before
                await self._answered(platform, source)
                return
        if last is not None:
            self.outcome.error = more_telling(before, last)

    async def _store_profile(self, source: Source, profile: Profile) -> bool:
        self.outcome.source, self.outcome.profile = source, True
        async with self._write(step="posts") as session:
            now = clock.now()
            before = await session.get_one(Account, self.account, with_for_update=True)
            kept = await accounts.apply_profile(session, before, profile, now)
            seen = metrics.Observation(kept.id, now, profile.metrics, profile.missing)
            await metrics.record_account(session, seen, self._origin(source, now))
            planned = profile.metrics.get("posts")  # type: ignore[call-overload]
            await session.execute(
                update(CollectionRun)
                .where(CollectionRun.id == self.run)
                .values(
                    account_id=kept.id,
                    posts_planned=min(planned, self.max_posts) if planned is not None else None,
                )
            )
            jobs.enqueue(session, "fetch_images", key=f"avatar:{kept.id}", account_id=kept.id)
            if kept.id != self.account:
                await plan(session, kept.id, self._defaults)
                hurry(session, kept.id)
                await announce(
                    session,
                    kept.id,
                    f"merged:{self.account}",
                    f"account:{self.account}",
                )
                self._merged_from = self.account
        return self._merged_from is None

    async def _store_posts(self, source: Source, batch: Sequence[PostResult]) -> None:
        readings = [r for r in batch if isinstance(r, PostReading)]
        gone = [r for r in batch if isinstance(r, PostGone)]
        async with self._write(step="posts") as session:
            now = clock.now()
            ids, new = await posts.upsert(session, self.account, readings, now)
            seen = [metrics.Observation(ids[r.external_id], now, r.metrics, r.missing) for r in readings]
            await metrics.record_posts(session, seen, self._origin(source, now))
            self.outcome.new += new
            self.outcome.gone += await posts.mark_gone(session, self.account, gone, now)
            self.outcome.read |= {r.external_id for r in readings}
            unread = [r for r in batch if isinstance(r, PostUnread)]
            self.outcome.unread += len(unread)
            for one in unread[:5]:
                self.outcome.tried.append(
                    {"source": source.name, "kind": one.kind, "message": one.message, "post": one.external_id,
                     "params": plain(one.params)}
                )  # fmt: skip

    def _origin(self, source: Source, now: datetime) -> metrics.Provenance:
        return metrics.Provenance(
            source=source.name,
            collector=source.version,
            run_id=self.run,
            recorded_at=now,
        )

    async def finish(self, tally: Tally, started: float) -> None:
        """Close the run and schedule the next one, in one transaction under the fence."""
        done = self.outcome
        async with self._database.transaction() as session:
            now = clock.now()
            row = await session.get_one(Collection, self.account, with_for_update=True, populate_existing=True)
            error = done.error
            failed = error is not None and not done.read
            next_full_at = row.next_full_at
            if self.full:
                next_full_at = retry_at(row, error, now) if failed else now + timedelta(hours=row.cadence_hours)
            reread = await posts.next_due(session, self.account)
            due_at = min((d for d in (next_full_at, reread) if d is not None), default=None)
            if failed:
                due_at = retry_at(row, error, now)
            await work.finish(
                session,
                Collection,
                self.account,
                self.fence,
                state="done" if self._merged_from else "due",
                due_at=due_at,
                next_full_at=next_full_at,
                trigger="schedule",
                attempts=row.attempts if failed else 0,
                error_kind=error.kind if error else None,
                error=error.message if error else None,
            )
            await self._progress(
                session, step="done", status=done.status, finished_at=now,
                took_ms=round((time.monotonic() - started) * 1000), quota_units=tally.units,
                error_kind=error.kind if error else None, error=error.message if error else None,
                error_params=plain(error.params) if error else None,
                retry_at=due_at if failed else None,
            )  # fmt: skip
            if not self._merged_from:
                await plan(session, self.account, self._defaults)
            await session.flush()
            if done.read:
                jobs.enqueue(
                    session,
                    "fetch_images",
                    key=f"images:{self.account}",
                    account_id=self.account,
                )
            await announce(session, self.account, f"run:{self.run}")

    async def give_back(self, started: float) -> None:
        """Close the run as interrupted and make the work due again at once, for another worker."""
        async with self._database.transaction() as session:
            now = clock.now()
            await work.finish(session, Collection, self.account, self.fence, state="due", due_at=now)
            await self._progress(
                session, status="error", error_kind="interrupted", error=INTERRUPTED, finished_at=now,
                took_ms=round((time.monotonic() - started) * 1000),
            )  # fmt: skip
            await announce(session, self.account, f"run:{self.run}")
