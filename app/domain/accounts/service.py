"""Accounts: found or made from a pasted link, kept up to date by readings, merged when two are one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts.models import Account, AccountHandle, TrackedAccount
from app.domain.ports.platform import Platform
from app.domain.ports.values import Profile, Ref, RefKind
from app.lib import clock
from app.lib.db import uuid7


def lookup_key(ref: Ref) -> str:
    """How an account that has not been read yet is told from others: what was pasted, without its spelling."""
    value = ref.value if ref.kind in (RefKind.ID, RefKind.POST) else ref.value.casefold()
    return f"{ref.kind.value}:{value}"


def ref_of(account: Account) -> Ref:
    """How to ask a platform for this account: by its permanent id once that is known."""
    if account.external_id:
        return Ref(account.platform, RefKind.ID, account.external_id, account.handle)
    kind, _, value = account.lookup.partition(":")
    return Ref(account.platform, RefKind(kind), value)


async def find_or_create(session: AsyncSession, platform: Platform, ref: Ref) -> Account:
    """The account that `ref` names: one that is known under that id, handle or earlier paste, or a new one."""
    known = await _find(session, ref)
    if known is not None:
        return known
    # Two people may paste the same link at once: the second finds the first's row.
    await session.execute(
        text("select pg_advisory_xact_lock(hashtext(:k))"),
        {"k": f"{ref.platform}:{lookup_key(ref)}"},
    )
    known = await _find(session, ref)
    if known is not None:
        return known
    handle = ref.value if ref.kind == RefKind.HANDLE else None
    account = Account(
        id=uuid7(),
        platform=ref.platform,
        lookup=lookup_key(ref),
        handle=handle,
        title=f"@{handle}" if handle else ref.value,
        url=platform.profile_url(ref),
        state="new",
        first_seen_at=clock.now(),
    )
    session.add(account)
    await session.flush()
    return account


async def _find(session: AsyncSession, ref: Ref) -> Account | None:
    same = Account.lookup == lookup_key(ref)
    if ref.kind == RefKind.ID:
        same = or_(same, Account.external_id == ref.value)
    elif ref.kind == RefKind.HANDLE:
        same = or_(same, func.lower(Account.handle) == ref.value.lower())
    account = await session.scalar(
        select(Account)
        .where(Account.platform == ref.platform, same)
        # a row that was read under this very name beats one that once was pasted so
        .order_by((Account.state == "merged").asc(), Account.external_id.is_(None).asc())
        .limit(1)
    )
    if account is not None and account.merged_into is not None:
        return await session.get_one(Account, account.merged_into)
    return account


async def apply_profile(session: AsyncSession, account: Account, profile: Profile, now: datetime) -> Account:
    """Bring the account's facts up to a reading. Returns the account that stays, another one after a merge."""
    # Whoever resolves the same permanent id at this moment waits here, then finds ours.
    await session.execute(
        text("select pg_advisory_xact_lock(hashtext(:k))"),
        {"k": f"{account.platform}#{profile.external_id}"},
    )
    twin = await session.scalar(
        select(Account).where(
            Account.platform == account.platform,
            Account.external_id == profile.external_id,
            Account.id != account.id,
        )
    )
    if twin is not None:
        await _merge(session, gone=account, kept=twin, now=now)
        account = twin
    if account.state != "ok":
        account.state, account.state_since = "ok", now
    account.external_id = profile.external_id
    account.title = profile.title or account.title
    account.url = profile.url
    account.description = profile.description
    account.country = profile.country
    account.created_at = profile.created_at or account.created_at
    account.avatar_url = profile.avatar_url or account.avatar_url
    await _keep_handle(session, account, profile.handle, now)
    await session.flush()
    return account


async def _keep_handle(session: AsyncSession, account: Account, handle: str | None, now: datetime) -> None:
    if not handle:
        return
    current = await session.scalar(
        select(AccountHandle).where(AccountHandle.account_id == account.id, AccountHandle.seen_to.is_(None))
    )
    account.handle = handle
    if current is not None and current.handle.lower() == handle.lower():
        return
    if current is not None:
        current.seen_to = now
    session.add(AccountHandle(id=uuid7(), account_id=account.id, handle=handle, seen_from=now))
    # A handle belongs to one account: whoever had it before no longer does.
    losers = select(Account.id).where(
        Account.platform == account.platform,
        func.lower(Account.handle) == handle.lower(),
        Account.id != account.id,
    )
    await session.execute(
        update(AccountHandle)
        .where(AccountHandle.account_id.in_(losers), AccountHandle.seen_to.is_(None))
        .values(seen_to=now)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Account)
        .where(Account.id.in_(losers), Account.external_id.is_not(None))
        .values(handle=None)
        .execution_options(synchronize_session=False)
    )


async def _merge(session: AsyncSession, *, gone: Account, kept: Account, now: datetime) -> None:
    gone.state, gone.state_since, gone.merged_into = "merged", now, kept.id
    await session.flush()
    await session.execute(text("select merge_account(:gone, :kept)"), {"gone": gone.id, "kept": kept.id})


async def mark_gone(session: AsyncSession, account: Account, now: datetime) -> None:
    """The platform says it is not there. What was read of it stays, marked."""
    if account.state != "gone":
        account.state, account.state_since = "gone", now
    await session.flush()


async def tracked(session: AsyncSession, account: UUID, *, deleted: bool = False) -> TrackedAccount | None:
    """This workspace's tracking of an account, if it has one (row-level security keeps to the workspace)."""
    wanted = TrackedAccount.deleted_at.is_not(None) if deleted else TrackedAccount.deleted_at.is_(None)
    found: TrackedAccount | None = await session.scalar(
        select(TrackedAccount).where(TrackedAccount.account_id == account, wanted)
    )
    return found


async def track(
    session: AsyncSession,
    *,
    workspace: UUID,
    account: Account,
    creator: UUID,
    own: bool,
) -> tuple[TrackedAccount, str]:
    """Follow an account. Says "added", "already" or "restored" (it was removed before)."""
    existing = await session.scalar(select(TrackedAccount).where(TrackedAccount.account_id == account.id))
    if existing is None:
        row = TrackedAccount(
            id=uuid7(), workspace_id=workspace, account_id=account.id, creator_id=creator, own=own, enabled=True,
            added_at=clock.now(),
        )  # fmt: skip
        session.add(row)
        await session.flush()
        return row, "added"
    if existing.deleted_at is None:
        return existing, "already"
    existing.deleted_at, existing.enabled, existing.creator_id = None, True, creator
    await session.flush()
    return existing, "restored"
