"""One reading with a workspace's connection: its account, posts, private numbers and stories, for it alone.

Works like a collection: claimed with a lease, written under its fence, finished or due again whatever happens.
Numbers go into the same tables as the public ones with the workspace's id on them; row-level security keeps them there.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts.models import Account, TrackedAccount
from app.domain.accounts.service import ref_of
from app.domain.connections import service as connections
from app.domain.connections.models import Connection, ConnectionReading
from app.domain.insights import service
from app.domain.metrics import service as metrics
from app.domain.ports.connections import Credential, OAuthProvider, ReadsInsights, ReadsStories
from app.domain.ports.errors import N_, Gone, PlatformError, RetryAfter, Unauthorized, Unsupported
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, Source
from app.domain.ports.values import PostReading, Ref, RefKind
from app.domain.posts import service as posts
from app.lib import clock, work
from app.lib.crypto import Vault
from app.lib.db import Database, unreachable

log = structlog.get_logger(__name__)

OUR_MISTAKE = N_("Something went wrong on our side; the log says what. We try again later.")
RETRY = timedelta(minutes=30)
MAX_POSTS = 50


class OwnReader:
    """Reads what connections open. One per worker process."""

    def __init__(
        self,
        database: Database,
        platforms: Mapping[str, Platform],
        providers: Mapping[str, OAuthProvider],
        vault: Vault,
        *,
        hours: float,
    ) -> None:
        self._database = database
        self._platforms = platforms
        self._providers = providers
        self._vault = vault
        self._hours = hours

    async def read(self, workspace: UUID, key: UUID) -> bool:
        """Read one connection's account if that is due. False when there was nothing to do."""
        async with self._database.transaction(workspace) as session:
            await metrics.ensure_month(session, clock.now().date())  # as a collection does, and for its reason
            fence = await work.claim(session, ConnectionReading, key, now=clock.now())
            if fence is None:
                return False
            connection = await session.get_one(Connection, key)
            targets = await self._targets(session, connection)
        reading = _Reading(self, workspace, connection, targets, fence)
        beat = asyncio.create_task(reading.keep_alive(asyncio.current_task()))
        error: PlatformError | None = None
        try:
            try:
                await self._with_credential(workspace, key, reading)
            except PlatformError as met:
                error = met
            except Exception as met:
                if isinstance(met, work.Lost) or unreachable(met):  # the lease runs out, and somebody takes over
                    raise
                log.exception("reading with a connection failed", connection=str(key))
                error = PlatformError(OUR_MISTAKE)
            await reading.finish(error, self._hours)
        except work.Lost:
            log.warning("lease lost; another worker reads this connection", connection=str(key))
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)
        return True

    async def _targets(self, session: AsyncSession, connection: Connection) -> list[tuple[Account, Ref]]:
        """What it reads: the account that it opens, or one that opens none, every followed account of its platform."""
        if connection.external_id:
            account = await session.get(Account, connection.account_id) if connection.account_id else None
            if account is None:
                return []
            return [(account, Ref(account.platform, RefKind.ID, connection.external_id, connection.handle))]
        rows = await session.scalars(
            select(Account)
            .join(TrackedAccount, TrackedAccount.account_id == Account.id)
            .where(
                Account.platform == connection.platform,
                Account.state != "gone",
                TrackedAccount.enabled,
                TrackedAccount.deleted_at.is_(None),
            )
            .order_by(Account.id)
        )
        return [(account, ref_of(account)) for account in rows]

    async def _with_credential(self, workspace: UUID, key: UUID, reading: "_Reading") -> None:
        """With a credential that was just refreshed when the first one is not accepted."""
        for force in (False, True):
            credential = await connections.credential(
                self._database, self._vault, self._providers, workspace, key, force=force
            )
            try:
                await reading.read(credential)
                return
            except Unauthorized:
                if force or reading.connection.kind != "oauth":
                    raise


class _Reading:
    """The reading of one connection under one lease."""

    def __init__(
        self,
        reader: OwnReader,
        workspace: UUID,
        connection: Connection,
        targets: Sequence[tuple[Account, Ref]],
        fence: int,
    ) -> None:
        self._database = reader._database
        self._platforms = reader._platforms
        self.workspace = workspace
        self.connection = connection
        self._targets = targets
        self.fence = fence
        self.stories = False

    async def keep_alive(self, reader: "asyncio.Task[Any] | None") -> None:
        while True:
            await asyncio.sleep(work.HEARTBEAT_SECONDS)
            try:
                async with self._database.transaction(self.workspace) as session:
                    await work.heartbeat(session, ConnectionReading, self.connection.id, self.fence)
            except work.Lost:
                if reader is not None:
                    reader.cancel()
                return
            except Exception:  # the lease lasts several beats; the next one may get through
                log.exception("heartbeat failed", connection=str(self.connection.id))

    @contextlib.asynccontextmanager
    async def _write(self, account: Account) -> AsyncIterator[AsyncSession]:
        async with self._database.transaction(self.workspace) as session:
            await work.heartbeat(session, ConnectionReading, self.connection.id, self.fence)
            yield session
            await connections.announce(session, self.workspace, f"account:{account.id}")

    async def read(self, credential: Credential) -> None:
        """Read through every source that takes this provider's credentials. Raises PlatformError."""
        platform = self._platforms.get(self.connection.platform or "")
        if platform is None:
            return
        bound = [s.with_credential(credential) for s in platform.connected if s.provider == credential.provider]
        for account, ref in self._targets:
            await self._read_through(bound, account, ref)

    async def _read_through(self, bound: Sequence[Source], account: Account, ref: Ref) -> None:
        answered = False
        last: PlatformError | None = None
        for source in bound:
            try:
                await self._read(source, account, ref)
                answered = True
            except Gone:
                if self.connection.external_id:
                    raise
                return  # one of many: the public reading says so on its page
            except Unsupported as error:
                last = last or error
        if not answered and last is not None:
            raise last

    async def _read(self, source: Source, account: Account, ref: Ref) -> None:
        known: dict[str, UUID] = {}
        if isinstance(source, ReadsAccount):
            profile = await source.read_account(ref)
            ref = Ref(ref.platform, RefKind.ID, profile.external_id, profile.handle or ref.handle)
            async with self._write(account) as session:
                now = clock.now()
                seen = metrics.Observation(account.id, now, profile.metrics, profile.missing)
                await metrics.record_account(session, seen, self._origin(source))
        if isinstance(source, ListsPosts):
            async for batch in source.list_posts(ref, limit=MAX_POSTS, known=frozenset()):
                readings = [one for one in batch if isinstance(one, PostReading)]
                known |= await self._store_posts(source, account, readings)
        if isinstance(source, ReadsInsights):
            if not isinstance(source, ListsPosts):
                async with self._database.transaction(self.workspace) as session:
                    known = await posts.newest(session, account.id, MAX_POSTS)
            told = await source.read_insights(ref.value, posts=list(known))
            async with self._write(account) as session:
                await service.record(
                    session, told, self._origin(source), workspace=self.workspace, connection=self.connection.id,
                    account=account.id, posts=known,
                )  # fmt: skip
        if isinstance(source, ReadsStories):
            self.stories = True
            stories = await source.read_stories(ref.value)
            async with self._write(account) as session:
                await service.record_stories(
                    session, stories, self._origin(source), workspace=self.workspace, account=account.id
                )

    async def _store_posts(self, source: Source, account: Account, readings: Sequence[PostReading]) -> dict[str, UUID]:
        async with self._write(account) as session:
            now = clock.now()
            ids = await posts.upsert_own(session, self.workspace, account.id, readings, now)
            seen = [metrics.Observation(ids[r.external_id], now, r.metrics, r.missing) for r in readings]
            await metrics.record_posts(session, seen, self._origin(source))
            return ids

    def _origin(self, source: Source) -> metrics.Provenance:
        return metrics.Provenance(source.name, source.version, None, clock.now(), self.workspace)

    async def finish(self, error: PlatformError | None, hours: float) -> None:
        """Say on the connection how it went, and make the next reading due."""
        async with self._database.transaction(self.workspace) as session:
            now = clock.now()
            due = now + timedelta(hours=service.next_reading(now, hours, stories=self.stories))
            if isinstance(error, RetryAfter):
                due = max(error.until, now + timedelta(minutes=1))
            elif error is not None and not isinstance(error, Unauthorized | Gone):
                due = min(due, now + RETRY)
            await work.finish(
                session, ConnectionReading, self.connection.id, self.fence, state="due", due_at=due, attempts=0,
                error_kind=error.kind if error else None, error=error.message if error else None,
            )  # fmt: skip
            if error is None:
                await connections.note_success(session, self.connection.id)
            else:
                await connections.note_failure(session, self.connection.id, error)
