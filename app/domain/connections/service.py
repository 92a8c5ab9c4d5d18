"""Connecting, keeping alive, giving back. Tokens are committed before they are used; one refresh at a time.

Everything that speaks to a provider happens in a worker. A token answer that was lost between the provider and our
commit shows at the next refresh: the provider takes the old refresh token, or it does not and the page says
"reconnect". Nothing is tried in a silent loop.
"""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import Actor
from app.domain.connections.models import ConnectAttempt, Connection, ConnectionReading
from app.domain.errors import N_, Conflict, Forbidden, NotFound
from app.domain.ports.connections import Credential, OAuthProvider, Subject, Tokens
from app.domain.ports.errors import PlatformError, Unauthorized
from app.lib import bus, clock, jobs, signing
from app.lib.crypto import CannotOpen, Vault
from app.lib.db import Database, uuid7

log = structlog.get_logger(__name__)

ATTEMPT_MINUTES = 10
MARGIN = timedelta(minutes=5)  # a token that lives no longer is refreshed before it is used
SOON = timedelta(minutes=15)  # what the cron refreshes ahead of time
WARN = timedelta(days=7)
REFRESH_SECONDS = 60
_SEAL_LOCK = 4200011
RECONNECT = N_("%(provider)s no longer accepts this connection. Connect it again.")
UNREADABLE_SECRET = N_("The stored secret cannot be opened with the present keys. Connect it again.")


class Secret(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed in a connection. access: token, key or session. more: what a kind needs besides (a phone)."""

    access: str
    refresh: str | None = None
    more: dict[str, str] = {}


async def seal(session: AsyncSession, vault: Vault, identity: str, plain: str) -> str:
    """Seal within this transaction: a rotation of keys waits for it, and then finds the row."""
    await session.execute(text("select pg_advisory_xact_lock_shared(:lock)"), {"lock": _SEAL_LOCK})
    return vault.seal(identity, plain)


def secret_of(vault: Vault, connection: Connection) -> Secret:
    """Raises CannotOpen, also when there is none."""
    if connection.secret is None:
        raise CannotOpen(f"{connection.identity} has no secret")
    return msgspec.json.decode(vault.open(connection.identity, connection.secret), type=Secret)


async def announce(session: AsyncSession, workspace: UUID, *topics: str) -> None:
    await bus.announce(session, [f"w:{workspace}:{topic}" for topic in ("connections", *topics)])


# -- connecting


async def begin(
    session: AsyncSession,
    provider: OAuthProvider,
    *,
    workspace: UUID,
    user: UUID,
    session_id: UUID | None,
    redirect_uri: str,
) -> str:
    """The provider's address to send this browser to. Raises Conflict when the instance has no client there."""
    if not provider.configured:
        raise Conflict(provider.unconfigured_reason)
    state = signing.new_token()
    session.add(
        ConnectAttempt(
            id=uuid7(), workspace_id=workspace, user_id=user, session_id=session_id, provider=provider.name,
            state_hash=signing.digest(state), redirect_uri=redirect_uri, opened_at=datetime.now(UTC), state="open",
            attempts=0, fence=0,
        )
    )  # fmt: skip
    await session.flush()
    return provider.authorize_url(state=state, redirect_uri=redirect_uri, challenge=challenge_of(state))


def verifier_of(state: str) -> str:
    """The PKCE verifier: 43 characters that only who holds the state can make."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"sightline pkce {state}".encode()).digest()).decode().rstrip("=")


def challenge_of(state: str) -> str:
    """The S256 challenge of the verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier_of(state).encode()).digest()).decode().rstrip("=")


async def come_back(
    session: AsyncSession, vault: Vault, *, provider: str, state: str, code: str, user: UUID, session_id: UUID | None
) -> UUID:
    """The browser is back with a code: hand the exchange to a worker. Returns the attempt's id.

    Raises Forbidden for a state that is unknown, used, too old, of another provider or of another browser.
    """
    attempt = await _attempt(session, provider=provider, state=state, user=user, session_id=session_id)
    attempt.code = await seal(session, vault, attempt.identity, msgspec.json.encode([code, state]).decode())
    attempt.state, attempt.due_at = "due", clock.now()
    await session.flush()
    jobs.enqueue(session, "connect", key=f"connect:{attempt.id}", workspace=attempt.workspace_id, attempt=attempt.id)
    await announce(session, attempt.workspace_id)
    return attempt.id


async def refused(session: AsyncSession, *, provider: str, state: str, user: UUID, session_id: UUID | None) -> None:
    """The browser is back without a code: the person said no. Raises as `come_back`."""
    attempt = await _attempt(session, provider=provider, state=state, user=user, session_id=session_id)
    attempt.state = "done"
    await session.flush()


async def _attempt(
    session: AsyncSession, *, provider: str, state: str, user: UUID, session_id: UUID | None
) -> ConnectAttempt:
    attempt = await session.scalar(
        select(ConnectAttempt)
        .where(
            ConnectAttempt.state_hash == signing.digest(state),
            ConnectAttempt.state == "open",
            ConnectAttempt.provider == provider,
            ConnectAttempt.opened_at > func.clock_timestamp() - timedelta(minutes=ATTEMPT_MINUTES),
        )
        .with_for_update()
    )
    if attempt is None or attempt.user_id != user or attempt.session_id not in (None, session_id):
        raise Forbidden(N_("This way back is used up, too old, or began in another browser. Connect once more."))
    return attempt


async def keep(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    *,
    workspace: UUID,
    provider: str,
    kind: str,
    subject: Subject,
    secret: Secret,
    tokens: Tokens | None = None,
    user: UUID | None = None,
) -> UUID:
    """Store what was granted; a connection of the same identity is taken up again. Returns its id."""
    now = clock.now()
    same = (Connection.provider == provider) & (Connection.subject_id == subject.id)
    await session.execute(  # the reading's row before the connection's, as a reading locks them
        select(ConnectionReading.connection_id)
        .where(ConnectionReading.connection_id.in_(select(Connection.id).where(same)))
        .with_for_update()
    )
    known = await session.scalar(select(Connection).where(same).with_for_update())
    row = known or Connection(
        id=uuid7(), workspace_id=workspace, provider=provider, kind=kind, subject_id=subject.id, title="", scopes=[],
        connected_at=now,
    )  # fmt: skip
    old = None
    if known is not None and secret.refresh is None and known.secret is not None:
        try:
            old = secret_of(vault, known).refresh
        except CannotOpen:
            old = None
    row.kind, row.title, row.handle = kind, subject.title, subject.handle
    row.platform, row.external_id = subject.platform or None, subject.external_id or None
    row.scopes = list(tokens.scopes) if tokens else []
    row.secret = await seal(session, vault, row.identity, encode(secret, refresh=secret.refresh or old))
    row.state, row.connected_by, row.connected_at = "active", user, now
    row.expires_at = tokens.expires_at if tokens else None
    row.refresh_expires_at = tokens.refresh_expires_at if tokens else None
    row.refreshing_until = row.error_kind = row.error = row.error_params = row.error_at = None
    session.add(row)
    await session.flush()
    if subject.platform:
        await session.execute(
            insert(ConnectionReading)
            .values(connection_id=row.id, workspace_id=workspace, state="due", due_at=now, attempts=0, fence=0)
            .on_conflict_do_update(index_elements=["connection_id"], set_={"state": "due", "due_at": now})
        )
        jobs.enqueue(session, "read_connection", key=f"own:{row.id}", workspace=workspace, connection=row.id)
    await announce(session, workspace, f"connection:{row.id}")
    await audit.record(session, actor, "connection.made", object_kind="connection", object_id=row.id, provider=provider)
    return row.id


def encode(secret: Secret, **changes: Any) -> str:
    """The text that is sealed."""
    return msgspec.json.encode(msgspec.structs.replace(secret, **changes)).decode()


async def offer_key(
    session: AsyncSession, vault: Vault, *, workspace: UUID, user: UUID, provider: str, secret: str
) -> UUID:
    """A key that somebody typed: a worker tries it, and keeps it when it works. Returns the attempt's id."""
    nobody_comes_back = signing.digest(signing.new_token())
    attempt = ConnectAttempt(
        id=uuid7(), workspace_id=workspace, user_id=user, provider=provider, state_hash=nobody_comes_back,
        redirect_uri="", opened_at=datetime.now(UTC), state="due", due_at=clock.now(), attempts=0, fence=0,
    )  # fmt: skip
    attempt.code = await seal(session, vault, attempt.identity, msgspec.json.encode([secret, ""]).decode())
    session.add(attempt)
    await session.flush()
    jobs.enqueue(session, "connect", key=f"connect:{attempt.id}", workspace=workspace, attempt=attempt.id)
    await announce(session, workspace)
    return attempt.id


async def ask_refresh(session: AsyncSession, key: UUID) -> None:
    """Have a worker renew its tokens now, and read with them. Raises NotFound, Conflict when it is dead."""
    row = await session.get(Connection, key)
    if row is None or row.state == "revoked":
        raise NotFound
    if row.state == "reconnect":
        raise Conflict(row.error or RECONNECT, **(row.error_params or {"provider": row.provider}))
    jobs.enqueue(
        session, "refresh_connection", key=f"refresh:{key}", workspace=row.workspace_id, connection=key, force=1
    )
    await session.execute(
        update(ConnectionReading)
        .where(ConnectionReading.connection_id == key, ConnectionReading.state == "due")
        .values(due_at=clock.now())
    )
    jobs.enqueue(session, "read_connection", key=f"own:{key}", workspace=row.workspace_id, connection=key)


# -- keeping alive


async def credential(
    database: Database,
    vault: Vault,
    providers: Mapping[str, OAuthProvider],
    workspace: UUID,
    key: UUID,
    *,
    force: bool = False,
    ahead: bool = False,
    patience: float = 30.0,
) -> Credential:
    """The connection's credential, refreshed first when it is about to expire (or `force`: it was not accepted).

    ahead: refresh also a token that is good for some minutes yet.

    However many ask at once, in however many processes, one refreshes and the others wait for its commit.
    Raises Unauthorized when a person has to connect anew, and PlatformError when the provider cannot be asked now.
    """
    deadline = asyncio.get_running_loop().time() + patience
    asked_at = datetime.now(UTC)
    while True:
        async with database.transaction(workspace) as session:
            row = await session.get(Connection, key, with_for_update=True, populate_existing=True)
            if row is None or row.state == "revoked":
                raise NotFound
            if row.state == "reconnect":
                raise Unauthorized(row.error or RECONNECT, **(row.error_params or {"provider": row.provider}))
            secret = await _opened(session, vault, row)
            if secret is None:
                stale = False
            else:
                fresh_by_now = row.refreshed_at is not None and row.refreshed_at >= asked_at
                stale = row.expires_at is not None and row.expires_at <= clock.now() + (SOON if ahead else MARGIN)
                stale = (stale or force) and not fresh_by_now and row.kind == "oauth"
            if secret is not None and not stale:
                return Credential(row.provider, row.subject_id, secret.access, row.external_id or "", tuple(row.scopes))
            ours = secret is not None and (row.refreshing_until is None or row.refreshing_until < datetime.now(UTC))
            if ours:
                row.refreshing_until = datetime.now(UTC) + timedelta(seconds=REFRESH_SECONDS)
                expires = row.expires_at
        if secret is None:
            raise Unauthorized(UNREADABLE_SECRET)
        if ours:
            await _refresh(database, vault, providers[row.provider], workspace, key, secret, expires)
        elif asyncio.get_running_loop().time() > deadline:
            raise TimeoutError("another process refreshes this connection and does not come to an end")
        else:
            await asyncio.sleep(0.05)


async def _opened(session: AsyncSession, vault: Vault, row: Connection) -> Secret | None:
    """The secret; None, and the connection marked, when no key opens it."""
    try:
        return secret_of(vault, row)
    except CannotOpen:
        log.exception("a connection's secret cannot be opened", connection=str(row.id))
        await _mark(session, row, Unauthorized(UNREADABLE_SECRET), state="reconnect")
        return None


async def _refresh(
    database: Database,
    vault: Vault,
    provider: OAuthProvider,
    workspace: UUID,
    key: UUID,
    secret: Secret,
    expires: datetime | None,
) -> None:
    """Ask for fresh tokens and commit them. Raises PlatformError after noting it on the connection."""
    try:
        tokens = await provider.refresh(Tokens(secret.access, secret.refresh, expires))
    except PlatformError as error:
        async with database.transaction(workspace) as session:
            row = await session.get_one(Connection, key, with_for_update=True, populate_existing=True)
            row.refreshing_until = None
            dead = isinstance(error, Unauthorized)
            if dead:
                error = Unauthorized(RECONNECT, provider=provider.label)
            await _mark(session, row, error, state="reconnect" if dead else row.state)
        raise error from None
    async with database.transaction(workspace) as session:
        row = await session.get_one(Connection, key, with_for_update=True, populate_existing=True)
        # An answer without a refresh token keeps the one that is stored.
        plain = encode(secret, access=tokens.access, refresh=tokens.refresh or secret.refresh)
        row.secret = await seal(session, vault, row.identity, plain)
        row.expires_at = tokens.expires_at
        row.refresh_expires_at = tokens.refresh_expires_at or row.refresh_expires_at
        row.scopes = list(tokens.scopes) or row.scopes
        row.refreshing_until, row.refreshed_at, row.state = None, datetime.now(UTC), "active"
        row.error_kind = row.error = row.error_params = row.error_at = None
        await announce(session, workspace, f"connection:{key}")


async def note_failure(session: AsyncSession, key: UUID, error: PlatformError) -> None:
    """Remember on the connection what went wrong when it was used."""
    row = await session.get_one(Connection, key, with_for_update=True, populate_existing=True)
    await _mark(session, row, error, state="reconnect" if isinstance(error, Unauthorized) else row.state)


async def note_success(session: AsyncSession, key: UUID) -> None:
    row = await session.get_one(Connection, key, with_for_update=True, populate_existing=True)
    row.last_success_at = clock.now()
    row.error_kind = row.error = row.error_params = row.error_at = None
    await announce(session, row.workspace_id, f"connection:{key}")


async def _mark(session: AsyncSession, row: Connection, error: PlatformError, *, state: str) -> None:
    row.state, row.error_kind, row.error = state, error.kind, error.message
    row.error_params = {name: str(value) for name, value in error.params.items()}
    row.error_at = clock.now()
    await announce(session, row.workspace_id, f"connection:{row.id}")
