"""What settings pages and the API show about people, sign-ins, keys and invitations."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.identity.models import ApiKey, Invitation, Membership, Role, SessionKind, User, UserSession, wall
from app.domain.identity.sessions import ABSOLUTE, IDLE
from app.domain.ports.paging import Listing, Slice


class Invited(msgspec.Struct, frozen=True):
    """What an invitation's link opens. has_account: somebody with this address can sign in and join."""

    id: UUID
    workspace_id: UUID
    workspace_name: str
    email: str
    role: Role
    has_account: bool


class Member(msgspec.Struct, frozen=True):
    user_id: UUID
    name: str
    email: str
    role: Role
    since: datetime


class OpenInvitation(msgspec.Struct, frozen=True):
    id: UUID
    email: str
    role: Role
    created_at: datetime
    expires_at: datetime


class SignIn(msgspec.Struct, frozen=True):
    """kind: "web" or "api". browser, system: as far as the client says ("Firefox", "Windows"), else ""."""

    id: UUID
    kind: SessionKind
    current: bool
    browser: str
    system: str
    address: str
    created_at: datetime
    last_seen_at: datetime


class Key(msgspec.Struct, frozen=True):
    """An API key without its text. prefix: its first characters, to recognise it by."""

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    requests_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


async def members(session: AsyncSession) -> list[Member]:
    """Members of the transaction's workspace, in the order in which they came."""
    rows = await session.execute(
        select(Membership, User).join(User, User.id == Membership.user_id).order_by(Membership.created_at, User.id)
    )
    return [Member(user.id, user.name, user.email, member.role, member.created_at) for member, user in rows]


async def invitations(session: AsyncSession) -> list[OpenInvitation]:
    """Links of the transaction's workspace that still work, newest first."""
    rows = await session.scalars(
        select(Invitation)
        .where(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > wall())
        .order_by(Invitation.id.desc())
    )
    return [OpenInvitation(i.id, i.email, i.role, i.created_at, i.expires_at) for i in rows]


async def sign_ins(session: AsyncSession, user_id: UUID, current: UUID | None) -> list[SignIn]:
    """Where somebody is signed in, last seen first."""
    now = wall()
    rows = await session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == user_id,
            UserSession.revoked_at.is_(None),
            UserSession.last_seen_at > now - IDLE,
            UserSession.created_at > now - ABSOLUTE,
        )
        .order_by(UserSession.last_seen_at.desc())
    )
    return [
        SignIn(
            id=row.id,
            kind=row.kind,
            current=row.id == current,
            browser=_first(row.user_agent, _BROWSERS),
            system=_first(row.user_agent, _SYSTEMS),
            address=row.address,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
        )
        for row in rows
    ]


async def keys(session: AsyncSession, slice_: Slice) -> Listing[Key]:
    """Keys of the transaction's workspace, newest first, revoked ones last."""
    order = (ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
    rows = await session.scalars(select(ApiKey).order_by(*order).limit(slice_.limit).offset(slice_.offset))
    total = await session.scalar(select(func.count()).select_from(ApiKey))
    items = [key_of(row) for row in rows]
    return Listing(total=total or 0, items=items, limit=slice_.limit, offset=slice_.offset)


def key_of(row: ApiKey) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=row.scopes,
        requests_per_minute=row.requests_per_minute,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


# What a User-Agent must contain, and what it is then called; the first that fits, since browsers name each other.
_BROWSERS = {
    "YaBrowser": "Yandex Browser",
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl": "curl",
    "python": "Python",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iPadOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def _first(agent: str, names: dict[str, str]) -> str:
    return next((name for mark, name in names.items() if mark in agent), "")
