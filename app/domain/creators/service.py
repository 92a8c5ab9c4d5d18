"""Following somebody: paste a link, and the creator, the account and its first reading come of it."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts import service as accounts
from app.domain.accounts.models import Account, TrackedAccount
from app.domain.collection import service as collection
from app.domain.creators.models import Creator
from app.domain.errors import N_, Conflict, Invalid, NotFound
from app.domain.ports.platform import Platform
from app.domain.ports.values import Ref, RefKind
from app.lib import clock
from app.lib.db import uuid7

BULK_MOST = 500
TAGS_MOST = 20
_NOT_A_LINK = N_("This is not a link or @handle that we know. Paste the address of a channel, or of one of its videos.")


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one pasted line. status: added, already, restored, invalid (then `message` says why).

    message: a msgid, filled by params.
    """

    line: str
    status: str
    platform: str | None = None
    creator_id: UUID | None = None
    account_id: UUID | None = None
    message: str | None = None
    params: Mapping[str, Any] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bulk paste or CSV file."""

    link: str
    name: str = ""
    tags: tuple[str, ...] = ()
    own: bool = False


def recognise(pasted: str, platforms: Mapping[str, Platform]) -> Ref | None:
    """Which account a pasted text names, on whichever platform knows it."""
    return next((ref for p in platforms.values() if (ref := p.recognise(pasted)) is not None), None)


async def follow(
    session: AsyncSession,
    workspace: UUID,
    entry: Entry,
    *,
    platforms: Mapping[str, Platform],
    defaults: collection.Plan,
    creator: UUID | None = None,
) -> Added:
    """Follow the account that a pasted link names; its first reading starts after the commit.

    creator: add the account to this creator instead of making one. Raises Invalid for what is no link.
    """
    if not entry.link.strip():
        raise Invalid({"link": N_("Paste a link or an @handle here.")})
    ref = recognise(entry.link, platforms)
    if ref is None:
        raise Invalid({"link": _NOT_A_LINK})
    account = await accounts.find_or_create(session, platforms[ref.platform], ref)
    existing = await session.scalar(select(TrackedAccount).where(TrackedAccount.account_id == account.id))
    if existing is not None and existing.deleted_at is None:
        return _added(entry, "already", account, existing.creator_id)
    if creator is not None:
        await get(session, creator)
    elif existing is not None:
        creator = existing.creator_id
        await restore(session, creator, defaults, accounts_too=False)
    else:
        creator = await _create(session, workspace, entry, account)
    row, status = await accounts.track(session, workspace=workspace, account=account, creator=creator, own=entry.own)
    await collection.plan(session, account.id, defaults)
    await collection.announce(session, account.id, f"creator:{creator}")
    return _added(entry, status, account, row.creator_id)


async def follow_own(
    session: AsyncSession,
    workspace: UUID,
    platform: Platform,
    *,
    external_id: str,
    handle: str | None,
    name: str,
    defaults: collection.Plan,
) -> UUID:
    """Follow the account that a connection opens, as the workspace's own. Returns the account's id."""
    by_id = Ref(platform.name, RefKind.ID, external_id)
    ref = Ref(platform.name, RefKind.HANDLE, handle) if handle else by_id
    account = await accounts.find_or_create(session, platform, ref)
    existing = await session.scalar(select(TrackedAccount).where(TrackedAccount.account_id == account.id))
    entry = Entry(link=account.url, name=name, own=True)
    creator = existing.creator_id if existing is not None else await _create(session, workspace, entry, account)
    row, _status = await accounts.track(session, workspace=workspace, account=account, creator=creator, own=True)
    row.own = True
    if existing is not None:
        await restore(session, creator, defaults, accounts_too=False)
    await collection.plan(session, account.id, defaults)
    await collection.announce(session, account.id, f"creator:{creator}")
    return account.id


def _added(entry: Entry, status: str, account: Account, creator: UUID) -> Added:
    return Added(
        line=entry.link, status=status, platform=account.platform, creator_id=creator, account_id=account.id
    )  # fmt: skip


async def _create(session: AsyncSession, workspace: UUID, entry: Entry, account: Account) -> UUID:
    creator = Creator(
        id=uuid7(),
        workspace_id=workspace,
        name=(entry.name.strip() or account.title)[:200],
        named=bool(entry.name.strip()),
        tags=clean_tags(entry.tags),
        added_at=clock.now(),
    )
    session.add(creator)
    await session.flush()
    return creator.id


async def follow_many(
    session: AsyncSession,
    workspace: UUID,
    entries: Sequence[Entry],
    *,
    platforms: Mapping[str, Platform],
    defaults: collection.Plan,
) -> list[Added]:
    """Follow a list, with a result per line; a bad line stops none of the others."""
    results = []
    for entry in entries:
        try:
            results.append(await follow(session, workspace, entry, platforms=platforms, defaults=defaults))
        except Invalid as error:
            message, params = next(iter(error.fields.values()))
            results.append(Added(line=entry.link, status="invalid", message=message, params=params))
    return results


def parse_bulk(pasted: str) -> list[Entry]:
    """Lines of links, or CSV with the columns link, name, tags, own (any order, header optional; , ; or tab).

    Raises Invalid when it is empty or longer than BULK_MOST lines. Tags are parted by "|" or spaces.
    """
    lines = [line for line in pasted.replace("\ufeff", "").splitlines() if line.strip()]
    if not lines:
        raise Invalid({"lines": N_("Paste one link per line, or choose a CSV file.")})
    if len(lines) > BULK_MOST:
        raise Invalid(
            {
                "lines": (
                    N_("At most %(most)s lines at once; here are %(count)s."),
                    {"most": BULK_MOST, "count": len(lines)},
                )
            }
        )
    delimiter = max(",;\t", key=lines[0].count)
    if delimiter not in lines[0]:
        return [Entry(link=line.strip()) for line in lines if line.strip().lower() not in ("link", "url")]
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:  # a quote that is never closed
        raise Invalid({"lines": N_("This is not CSV that can be read. Is a quotation mark not closed?")}) from None
    header = [cell.strip().lower() for cell in rows[0]]
    names = {"url": "link", "channel": "link", "tag": "tags"}
    header = [names.get(cell, cell) for cell in header]
    if "link" in header:
        rows = rows[1:]
    else:
        header = ["link", "name", "tags", "own"]
    entries = []
    for row in rows:
        cell = dict(zip(header, (c.strip() for c in row), strict=False))
        entries.append(
            Entry(
                link=cell.get("link", ""),
                name=cell.get("name", ""),
                tags=tuple(cell.get("tags", "").replace("|", " ").split()),
                own=cell.get("own", "").lower() in ("1", "yes", "true", "own", "да"),
            )
        )
    return entries


def clean_tags(tags: Sequence[str]) -> list[str]:
    """Tags without #, doubles and emptiness, in the order given. Raises Invalid when there are too many."""
    cleaned = list(dict.fromkeys(t.strip().lstrip("#").lower()[:40] for t in tags))
    cleaned = [t for t in cleaned if t]
    if len(cleaned) > TAGS_MOST:
        raise Invalid({"tags": (N_("At most %(most)s tags."), {"most": TAGS_MOST})})
    return cleaned


async def get(session: AsyncSession, creator: UUID) -> Creator:
    """This workspace's creator. Raises NotFound."""
    row = await session.scalar(select(Creator).where(Creator.id == creator, Creator.deleted_at.is_(None)))
    if row is None:
        raise NotFound
    return row


async def edit(
    session: AsyncSession,
    creator: UUID,
    *,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    note: str | None = None,
) -> Creator:
    """Change what is given. Raises NotFound, Invalid."""
    row = await get(session, creator)
    if name is not None:
        if not name.strip() or len(name) > 200:
            raise Invalid({"name": N_("A name has 1 to 200 characters.")})
        row.name, row.named = name.strip(), True
    if tags is not None:
        row.tags = clean_tags(tags)
    if note is not None:
        row.note = note.strip()[:5000] or None
    await session.flush()
    return row


async def remove(session: AsyncSession, creator: UUID, defaults: collection.Plan) -> None:
    """Stop following a creator. Everything that was read stays; `restore` undoes it."""
    row = await get(session, creator)
    now = clock.now()
    row.deleted_at = now
    await session.flush()
    ids = await session.scalars(
        update(TrackedAccount)
        .where(TrackedAccount.creator_id == creator, TrackedAccount.deleted_at.is_(None))
        .values(deleted_at=now)
        .returning(TrackedAccount.account_id)
    )
    for account in list(ids):
        await collection.plan(session, account, defaults)


async def restore(
    session: AsyncSession, creator: UUID, defaults: collection.Plan, *, accounts_too: bool = True
) -> Creator:
    """Undo `remove`: the creator and the accounts that went with it come back. Raises NotFound."""
    row = await session.scalar(select(Creator).where(Creator.id == creator))
    if row is None:
        raise NotFound
    removed_at, row.deleted_at = row.deleted_at, None
    await session.flush()
    if accounts_too and removed_at is not None:
        ids = await session.scalars(
            update(TrackedAccount)
            .where(TrackedAccount.creator_id == creator, TrackedAccount.deleted_at == removed_at)
            .values(deleted_at=None)
            .returning(TrackedAccount.account_id)
        )
        for account in list(ids):
            await collection.plan(session, account, defaults)
    return row


async def change_account(
    session: AsyncSession,
    account: UUID,
    defaults: collection.Plan,
    *,
    enabled: bool | None = None,
    own: bool | None = None,
    cadence_hours: float | msgspec.UnsetType | None = msgspec.UNSET,
    creator: UUID | None = None,
) -> TrackedAccount:
    """Switch an account's collection on or off, own or watched, its cadence (null: the workspace's), its creator."""
    row = await accounts.tracked(session, account)
    if row is None:
        raise NotFound
    if enabled is not None:
        row.enabled = enabled
    if own is not None:
        row.own = own
    if cadence_hours is not msgspec.UNSET:
        if cadence_hours is not None and not 0.5 <= cadence_hours <= 168:
            raise Invalid({"cadence_hours": N_("Choose between half an hour and 168 hours (a week).")})
        row.cadence_hours = cadence_hours
    if creator is not None:
        row.creator_id = (await get(session, creator)).id
    await session.flush()
    await collection.plan(session, account, defaults)
    await collection.announce(session, account)
    return row


async def remove_account(session: AsyncSession, account: UUID, defaults: collection.Plan) -> None:
    """Stop following one account; a creator left without any is removed with it. `restore_account` undoes it."""
    row = await accounts.tracked(session, account)
    if row is None:
        raise NotFound
    others = await session.scalar(
        select(TrackedAccount.id)
        .where(
            TrackedAccount.creator_id == row.creator_id,
            TrackedAccount.id != row.id,
            TrackedAccount.deleted_at.is_(None),
        )
        .limit(1)
    )
    if others is None:
        await remove(session, row.creator_id, defaults)
        return
    row.deleted_at = clock.now()
    await session.flush()
    await collection.plan(session, account, defaults)


async def restore_account(session: AsyncSession, account: UUID, defaults: collection.Plan) -> TrackedAccount:
    """Undo `remove_account`. Raises NotFound, Conflict when it is not removed."""
    row = await accounts.tracked(session, account, deleted=True)
    if row is None:
        if await accounts.tracked(session, account) is not None:
            raise Conflict(N_("This account is followed already."))
        raise NotFound
    creator = await session.get_one(Creator, row.creator_id)
    creator.deleted_at = None
    row.deleted_at = None
    await session.flush()
    await collection.plan(session, account, defaults)
    return row
