"""A person's own account, connected step by step: the page shows and takes what the worker's conversation needs.

The row is the only thing that page and worker share. What is shown and what is typed stand in it sealed, and only for
as long as the step lasts; phone numbers and codes are in no log and no message.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit.service import Actor
from app.domain.connections.models import Connection, SenderAttempt
from app.domain.connections.service import Secret, announce, keep, seal
from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.ports.errors import N_, NeedsAction, PlatformError
from app.domain.ports.senders import (
    Attempt,
    EnterCode,
    EnterPassword,
    PhoneAttempt,
    QrAttempt,
    ShowCode,
    SignedIn,
    SignIn,
    Step,
    TryAgain,
)
from app.lib import clock, jobs, work
from app.lib.crypto import Vault
from app.lib.db import Database, uuid7

MINUTES = 5
_LOOK = 0.3  # seconds between two looks at what the person typed
_BEAT = 10.0
TOO_LATE = N_("Nothing came for five minutes, so the sign-in was given up. Begin anew.")
INTERRUPTED = N_("The sign-in was interrupted on our side. Begin anew.")
EMPTY = N_("Type it here.")


class Shown(msgspec.Struct, frozen=True):
    """What a step shows. url: of the QR code. way, length: how the code was sent. hint: of the password."""

    url: str = ""
    way: str = ""
    length: int | None = None
    hint: str = ""


class SenderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt as its page shows it. error: of the last thing typed, or of the whole when step is "failed"."""

    id: UUID
    provider: str
    kind: str
    step: str
    shown: Shown
    waiting: bool
    error_kind: str | None
    error: str | None
    error_params: dict[str, Any] | None


async def begin(
    session: AsyncSession, vault: Vault, sign_in: SignIn, *, workspace: UUID, user: UUID, phone: str = ""
) -> UUID:
    """Begin with a QR code, or with a code sent to `phone`. Raises Conflict when the instance has no application."""
    if not sign_in.configured:
        raise Conflict(sign_in.unconfigured_reason)
    row = SenderAttempt(
        id=uuid7(), workspace_id=workspace, user_id=user, provider=sign_in.name, kind="phone" if phone else "qr",
        step="starting", opened_at=datetime.now(UTC), state="due", due_at=clock.now(), attempts=0, fence=0,
    )  # fmt: skip
    if phone:
        row.typed = await seal(session, vault, row.identity, phone)
    session.add(row)
    await session.flush()
    jobs.enqueue(session, "sign_in_sender", key=f"sender:{row.id}", workspace=workspace, attempt=row.id)
    return row.id


async def show(session: AsyncSession, vault: Vault, key: UUID) -> SenderRow:
    """Raises NotFound."""
    row = await session.get(SenderAttempt, key)
    if row is None:
        raise NotFound
    shown = msgspec.json.decode(vault.open(row.identity, row.shown), type=Shown) if row.shown else Shown()
    return SenderRow(
        id=row.id, provider=row.provider, kind=row.kind, step=row.step, shown=shown, waiting=row.typed is not None,
        error_kind=row.error_kind, error=row.error, error_params=row.error_params,
    )  # fmt: skip


async def type_in(session: AsyncSession, vault: Vault, key: UUID, typed: str) -> None:
    """What the person typed at the present step. Raises NotFound, Invalid when it is empty, Conflict too late."""
    row = await session.scalar(select(SenderAttempt).where(SenderAttempt.id == key).with_for_update())
    if row is None:
        raise NotFound
    if not typed.strip() or len(typed) > 500:
        raise Invalid({"typed": EMPTY})
    if row.step not in ("code", "password"):
        raise Conflict(N_("This sign-in waits for nothing now. Look at the page again."))
    row.typed = await seal(session, vault, row.identity, typed if row.step == "password" else typed.strip())
    row.error_kind = row.error = row.error_params = None
    await announce(session, row.workspace_id)


async def cancel(session: AsyncSession, key: UUID) -> None:
    """Give the attempt up. Raises NotFound."""
    row = await session.scalar(select(SenderAttempt).where(SenderAttempt.id == key).with_for_update())
    if row is None:
        raise NotFound
    if row.step not in ("done", "failed"):
        row.step, row.state, row.shown, row.typed = "cancelled", "done", None, None
    await announce(session, row.workspace_id)


async def run(database: Database, vault: Vault, sign_ins: Mapping[str, SignIn], workspace: UUID, key: UUID) -> None:
    """The worker's conversation, from the first step to a connection, a failure or the person's giving up."""
    async with database.transaction(workspace) as session:
        fence = await work.claim(session, SenderAttempt, key, now=clock.now())
        if fence is None:
            return
        row = await session.get_one(SenderAttempt, key, populate_existing=True)
        phone = vault.open(row.identity, row.typed) if row.typed else ""
        row.typed = None
        again = row.attempts > 1
        known = list(await session.scalars(select(Connection.subject_id).where(Connection.provider == row.provider)))
        provider, user, kind = row.provider, row.user_id, row.kind
    talk = _Talk(database, vault, workspace, key, fence)
    try:
        if again:
            raise NeedsAction(INTERRUPTED)
        sign_in = sign_ins[provider]
        attempt: Attempt
        if kind == "phone":
            attempt = await sign_in.start_phone(phone)
        else:
            attempt = await sign_in.start_qr(known=known)
        await talk.hold(attempt, provider, user)
    except PlatformError as error:
        await talk.fail(error)
    except work.Lost:
        return  # given up by the person, or taken over


class _Talk:
    """One attempt's conversation, under its lease."""

    def __init__(self, database: Database, vault: Vault, workspace: UUID, key: UUID, fence: int) -> None:
        self._database = database
        self._vault = vault
        self._workspace = workspace
        self._key = key
        self._fence = fence

    async def hold(self, attempt: Attempt, provider: str, user: UUID) -> None:
        """Until somebody has signed in. The attempt's connection is given back whatever happens."""
        ends = datetime.now(UTC) + timedelta(minutes=MINUTES)
        kept = False
        try:
            step, beaten = attempt.step, 0.0
            await self._show(step)
            while not isinstance(step, SignedIn):
                if datetime.now(UTC) > ends:
                    raise NeedsAction(TOO_LATE)
                before = step
                typed = await self._typed()
                if typed is not None:
                    step = await self._take(attempt, typed)
                elif isinstance(attempt, QrAttempt) and isinstance(step, ShowCode):
                    step = await attempt.poll(2.0)
                else:
                    await asyncio.sleep(_LOOK)
                now = asyncio.get_running_loop().time()
                if step != before:
                    if not isinstance(step, SignedIn):
                        await self._show(step)
                elif now - beaten > _BEAT:
                    beaten = now
                    async with self._database.transaction(self._workspace) as session:
                        await work.heartbeat(session, SenderAttempt, self._key, self._fence)
            await self._keep(step, provider, user)
            kept = True
        finally:
            await asyncio.shield(attempt.close() if kept else attempt.abandon())

    async def _take(self, attempt: Attempt, typed: str) -> Step:
        """Pass on what was typed; when it is not accepted the same step goes on, with the reason beside it."""
        try:
            if isinstance(attempt.step, EnterPassword):
                return await attempt.enter_password(typed)
            if isinstance(attempt, PhoneAttempt):
                return await attempt.enter_code(typed)
        except TryAgain as error:
            await self._note(error)
        return attempt.step

    async def _typed(self) -> str | None:
        async with self._database.transaction(self._workspace) as session:
            row = await session.get_one(SenderAttempt, self._key, with_for_update=True, populate_existing=True)
            if row.state != "running" or row.fence != self._fence:
                raise work.Lost("the person gave it up")
            if row.typed is None:
                return None
            typed, row.typed = self._vault.open(row.identity, row.typed), None
            return typed

    async def _show(self, step: Step) -> None:
        name, shown = _shown(step)
        async with self._database.transaction(self._workspace) as session:
            await work.heartbeat(session, SenderAttempt, self._key, self._fence)
            row = await session.get_one(SenderAttempt, self._key, populate_existing=True)
            row.step = name
            row.shown = await seal(session, self._vault, row.identity, msgspec.json.encode(shown).decode())
            row.error_kind = row.error = row.error_params = None
            await announce(session, self._workspace)

    async def _note(self, error: PlatformError) -> None:
        async with self._database.transaction(self._workspace) as session:
            row = await session.get_one(SenderAttempt, self._key, with_for_update=True, populate_existing=True)
            row.error_kind, row.error = error.kind, error.message
            row.error_params = {name: str(value) for name, value in error.params.items()}
            await announce(session, self._workspace)

    async def _keep(self, step: SignedIn, provider: str, user: UUID) -> None:
        async with self._database.transaction(self._workspace) as session:
            more = {"phone": step.phone} if step.phone else {}
            await keep(
                session, self._vault, Actor("user", user), workspace=self._workspace, provider=provider,
                kind="session", subject=step.subject, secret=Secret(step.session, more=more), user=user,
            )  # fmt: skip
            await work.finish(
                session, SenderAttempt, self._key, self._fence, state="done", step="done", shown=None, typed=None
            )
            await announce(session, self._workspace)

    async def fail(self, error: PlatformError) -> None:
        """Say why it ended without a connection."""
        async with self._database.transaction(self._workspace) as session:
            await work.finish(
                session, SenderAttempt, self._key, self._fence, state="failed", step="failed", shown=None, typed=None,
                error_kind=error.kind, error=error.message,
                error_params={name: str(value) for name, value in error.params.items()},
            )  # fmt: skip
            await announce(session, self._workspace)


def _shown(step: Step) -> tuple[str, Shown]:
    match step:
        case ShowCode():
            return "qr", Shown(url=step.url)
        case EnterCode():
            return "code", Shown(way=step.way, length=step.length)
        case EnterPassword():
            return "password", Shown(hint=step.hint)
    return "done", Shown()
