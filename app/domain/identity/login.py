"""Signing in with a password, slowed down for guessers and never closed for the owner.

An attempt is counted before the password is looked at, so that a hundred at once are a hundred. Three counts:

- this account from this address: 5 free failures, then 1 s, 2 s, 4 s ... up to 15 minutes;
- this address, over all accounts: 20 free failures, then the same;
- this account, over all addresses: never refuses; after 50 failures in a day a new address has 1 free failure, not 5.

An address from which the person has signed in before answers only to the first count, with a wait of at most a
minute: what others do, anywhere, does not keep the owner out.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import Actor
from app.domain.errors import N_, TooMany, Unauthorized
from app.domain.identity import passwords, sessions
from app.domain.identity.models import SessionKind, User, UserSession
from app.lib.db import Database
from app.lib.limits import neighbourhood

FREE_HERE, FREE_UNDER_ATTACK, FREE_ADDRESS, ATTACK = 5, 1, 20, 50
LONGEST, LONGEST_KNOWN = 900, 60


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in. token: the cookie's value, "" for an API client."""

    user_id: UUID
    session_id: UUID
    workspace_id: UUID | None
    token: str


async def login(
    database: Database, *, email: str, password: str, kind: SessionKind, address: str, user_agent: str
) -> SignedIn:
    """Sign in. Raises Unauthorized (the same for a wrong password and an unknown address) or TooMany.

    Works in transactions of its own: failures must be counted although the request fails, and no connection is held
    while the password is hashed.
    """
    email = email.strip().lower()
    async with database.transaction() as session:
        user = await session.scalar(select(User).where(User.email == email))
        known = user is not None and bool(
            await session.scalar(select(exists().where(UserSession.user_id == user.id, UserSession.address == address)))
        )
        wait = await _count(session, email, address, known)
    if wait:
        raise TooMany(N_("Too many attempts. Try again in %(seconds)s s."), retry_after=wait)

    right = await passwords.matches(user.password_hash if user else None, password)
    if user is None or not right or not user.is_active:
        async with database.transaction() as session:
            await audit.record(
                session, Actor("anonymous", None, address), "login.failed", object_id=user.id if user else None
            )
        raise Unauthorized(N_("This e-mail and password do not go together."), code="wrong_password")

    fresh = await passwords.hashed(password) if passwords.outdated(user.password_hash) else None
    async with database.transaction() as session:
        await _forget(session, email, address)
        if fresh:
            await session.execute(update(User).where(User.id == user.id).values(password_hash=fresh))
        opened, token = await sessions.open_session(session, user.id, kind=kind, address=address, user_agent=user_agent)
        await audit.record(
            session,
            Actor("user", user.id, address),
            "login",
            object_kind="session",
            object_id=opened.id,
            kind=kind.value,
        )
    return SignedIn(user.id, opened.id, opened.workspace_id, token)


def _keys(email: str, address: str) -> tuple[str, str, str]:
    address = neighbourhood(address)
    return f"pair:{email}|{address}", f"address:{address}", f"account:{email}"


async def _count(session: AsyncSession, email: str, address: str, known: bool) -> int:
    """Count an attempt. Returns how many seconds it is too early (0: go on); a refused attempt is not counted."""
    here, anywhere, account = _keys(email, address)
    # One attempt at a time per key, in a fixed order: two at once must not both be the last free one.
    for key in sorted((here, anywhere)):
        await session.execute(text("select pg_advisory_xact_lock(4200004, hashtext(:key))"), {"key": key})
    rows = await session.execute(
        text(
            "select key, failures, extract(epoch from clock_timestamp() - last_at) as ago from login_throttle "
            "where key = any(:keys) and last_at > clock_timestamp() - interval '1 day'"
        ),
        {"keys": [here, anywhere, account]},
    )
    state = {row.key: (int(row.failures), float(row.ago)) for row in rows}
    if known:
        waits = [_wait(state.get(here), FREE_HERE, LONGEST_KNOWN)]
    else:
        free = FREE_UNDER_ATTACK if state.get(account, (0, 0))[0] >= ATTACK else FREE_HERE
        waits = [_wait(state.get(here), free, LONGEST), _wait(state.get(anywhere), FREE_ADDRESS, LONGEST)]
    wait = max(waits)
    if wait == 0:
        await session.execute(
            text(
                "insert into login_throttle as t (key, failures, last_at) "
                "select key, 1, clock_timestamp() from unnest(cast(:keys as text[])) as key order by key "
                "on conflict (key) do update set last_at = excluded.last_at, failures = "
                "case when t.last_at > clock_timestamp() - interval '1 day' then t.failures + 1 else 1 end"
            ),
            {"keys": [here, anywhere, account]},
        )
    return wait


def _wait(state: tuple[int, float] | None, free: int, longest: int) -> int:
    if state is None or state[0] < free:
        return 0
    failures, ago = state
    left = min(2.0 ** min(failures - free, 20), longest) - ago
    return max(0, -int(-left // 1))


async def _forget(session: AsyncSession, email: str, address: str) -> None:
    """The attempt was the owner's: it and the failures before it from here no longer count."""
    here, anywhere, account = _keys(email, address)
    for key in (account, anywhere):  # in the order in which _count takes the rows
        await session.execute(
            text("update login_throttle set failures = greatest(failures - 1, 0) where key = :key"), {"key": key}
        )
    await session.execute(text("delete from login_throttle where key = :key"), {"key": here})
