"""Sign-ins: a browser's cookie session, and an API client's rotating tokens. Resolving who asks."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.identity.models import ApiKey, Role, Scope, SessionKind, User, UserSession, uuid7, wall
from app.domain.identity.principal import Kind, Principal, Room
from app.lib.bus import announce
from app.lib.db import enter_workspace
from app.lib.signing import digest, new_token

IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=60)
SEEN_EVERY = timedelta(minutes=1)
ROTATION_GRACE = timedelta(seconds=30)


async def rooms_of(session: AsyncSession, user_id: UUID) -> tuple[Room, ...]:
    """Every workspace the person is a member of, oldest membership first."""
    rows = await session.execute(text("select * from memberships_of(:user)"), {"user": user_id})
    return tuple(Room(r.workspace_id, r.name, r.timezone, Role(r.role)) for r in rows)


async def open_session(
    session: AsyncSession,
    user_id: UUID,
    *,
    kind: SessionKind,
    address: str,
    user_agent: str,
    workspace_id: UUID | None = None,
) -> tuple[UserSession, str]:
    """A new sign-in. Returns it with the plain cookie token ("" for an API client).

    workspace_id: where it begins; null: the person's oldest membership.
    """
    token = new_token() if kind is SessionKind.WEB else ""
    if workspace_id is None:
        rooms = await rooms_of(session, user_id)
        workspace_id = rooms[0].id if rooms else None
    row = UserSession(
        id=uuid7(),
        user_id=user_id,
        workspace_id=workspace_id,
        kind=kind,
        token_hash=digest(token) if token else None,
        address=address,
        user_agent=user_agent[:300],
    )
    session.add(row)
    await session.flush()
    return row, token


def _alive(now: datetime) -> tuple[object, ...]:
    return (
        UserSession.revoked_at.is_(None),
        UserSession.last_seen_at > now - IDLE,
        UserSession.created_at > now - ABSOLUTE,
        User.is_active,
    )


async def by_cookie(session: AsyncSession, token: str, *, address: str) -> tuple[Principal, bool] | None:
    """Who holds this cookie, and whether it should be changed for a new one; null: nobody (unknown, ended, too old)."""
    now, hashed = wall(), digest(token)
    ours = or_(
        UserSession.token_hash == hashed,
        (UserSession.previous_hash == hashed) & (UserSession.previous_until > now),
    )
    row = (
        await session.execute(
            select(UserSession, User).join(User, User.id == UserSession.user_id).where(ours, *_alive(now))  # type: ignore[arg-type]
        )
    ).first()
    if row is None:
        return None
    sign_in, user = row
    principal = await _person(session, Kind.SESSION, sign_in, user, address)
    return principal, sign_in.rotate and sign_in.token_hash == hashed


async def by_id(session: AsyncSession, session_id: UUID, *, address: str) -> Principal | None:
    """Who the API session with this id belongs to; null when it has ended."""
    row = (
        await session.execute(
            select(UserSession, User)
            .join(User, User.id == UserSession.user_id)
            .where(UserSession.id == session_id, UserSession.kind == SessionKind.API, *_alive(wall()))  # type: ignore[arg-type]
        )
    ).first()
    return None if row is None else await _person(session, Kind.TOKEN, row[0], row[1], address)


async def _person(session: AsyncSession, kind: Kind, sign_in: UserSession, user: User, address: str) -> Principal:
    if sign_in.last_seen_at < wall() - SEEN_EVERY:
        sign_in.last_seen_at, sign_in.address = wall(), address
        await session.flush()
    rooms = await rooms_of(session, user.id)
    room = next((r for r in rooms if r.id == sign_in.workspace_id), None)
    # Who was taken out of a workspace sees another of theirs. A program is not led elsewhere without being told.
    if room is None and kind is Kind.SESSION and rooms:
        room = rooms[0]
    return Principal(
        kind=kind,
        user_id=user.id,
        name=user.name,
        email=user.email,
        is_superuser=user.is_superuser,
        workspace_id=room.id if room else None,
        role=room.role if room else None,
        locale=user.locale,
        timezone=user.timezone or (room.timezone if room else "UTC"),
        theme=user.theme,
        session_id=sign_in.id,
        address=address,
        rooms=rooms,
    )


async def by_key(session: AsyncSession, key: str, *, address: str) -> Principal | None:
    """The principal of an API key; null: unknown, revoked or expired."""
    row = (await session.execute(text("select * from key_by_hash(:hash)"), {"hash": digest(key)})).first()
    if row is None:
        return None
    if row.last_used_at is None or row.last_used_at < wall() - SEEN_EVERY:
        await enter_workspace(session, row.workspace_id)
        await session.execute(update(ApiKey).where(ApiKey.id == row.id).values(last_used_at=wall()))
    scopes = frozenset(Scope(s) for s in row.scopes)
    if Scope.ADMIN in scopes:
        scopes, role = frozenset(Scope), Role.ADMIN
    elif Scope.WRITE in scopes:
        scopes, role = frozenset((Scope.READ, Scope.WRITE)), Role.EDITOR
    else:
        role = Role.VIEWER
    return Principal(
        kind=Kind.KEY,
        workspace_id=row.workspace_id,
        role=role,
        scopes=scopes,
        timezone=row.timezone,
        key_id=row.id,
        requests_per_minute=row.requests_per_minute,
        address=address,
    )


async def rotate(session: AsyncSession, session_id: UUID) -> str:
    """Give the session a new cookie token and return it. The old one ends now."""
    token = new_token()
    await session.execute(
        update(UserSession)
        .where(UserSession.id == session_id)
        .values(token_hash=digest(token), previous_hash=None, previous_until=None, rotate=False)
    )
    return token


async def rotate_as_asked(session: AsyncSession, session_id: UUID) -> str | None:
    """A new cookie token, when `ask_rotation` wants one; null: another request of this browser has it already.

    The old one works a short while longer, for the requests that are under way with it.
    """
    token = new_token()
    done = await session.scalar(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.rotate)
        .values(
            token_hash=digest(token),
            previous_hash=UserSession.token_hash,
            previous_until=wall() + ROTATION_GRACE,
            rotate=False,
        )
        .returning(UserSession.id)
    )
    return token if done else None


async def ask_rotation(session: AsyncSession, user_id: UUID) -> None:
    """The person's rights changed: their browsers get new cookies at the next page."""
    await session.execute(
        update(UserSession).where(UserSession.user_id == user_id, UserSession.revoked_at.is_(None)).values(rotate=True)
    )


async def switch_workspace(session: AsyncSession, session_id: UUID, workspace_id: UUID) -> None:
    """From now on this sign-in is in another workspace. The caller has checked the membership."""
    await session.execute(update(UserSession).where(UserSession.id == session_id).values(workspace_id=workspace_id))
    await announce(session, [f"s:{session_id}:revoked"])  # its live stream belongs to the old workspace


async def revoke(session: AsyncSession, user_id: UUID, session_id: UUID) -> bool:
    """End one sign-in of this person, with its live streams and tokens. False: they have no such."""
    return bool(await _revoke(session, UserSession.user_id == user_id, UserSession.id == session_id))


async def revoke_all(session: AsyncSession, user_id: UUID, *, but: UUID | None = None) -> int:
    """End all sign-ins of this person, except `but`. Returns how many ended."""
    return await _revoke(session, UserSession.user_id == user_id, UserSession.id != but if but else text("true"))


async def _revoke(session: AsyncSession, *which: object) -> int:
    ended = (
        await session.scalars(
            update(UserSession)
            .where(UserSession.revoked_at.is_(None), *which)  # type: ignore[arg-type]
            .values(revoked_at=func.clock_timestamp())
            .returning(UserSession.id)
        )
    ).all()
    await announce(session, [f"s:{one}:revoked" for one in ended])
    return len(ended)


async def housekeep(session: AsyncSession) -> None:
    """Forget sign-ins that ended or expired a while ago, and counters that no longer count."""
    now = wall()
    await session.execute(
        delete(UserSession).where(
            or_(
                UserSession.revoked_at < now - timedelta(days=7),
                UserSession.last_seen_at < now - IDLE - timedelta(days=7),
                UserSession.created_at < now - ABSOLUTE - timedelta(days=7),
            )
        )
    )
    await session.execute(text("delete from login_throttle where last_at < clock_timestamp() - interval '1 day'"))
    await session.execute(text("delete from rate_limit where ends_at < clock_timestamp() - interval '1 hour'"))
