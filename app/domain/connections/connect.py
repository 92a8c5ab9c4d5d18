"""The worker's half of connecting: the code becomes tokens, the tokens say whom they speak for."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit.service import Actor
from app.domain.connections import service
from app.domain.connections.models import ConnectAttempt, Connection
from app.domain.ports.connections import KeyProvider, OAuthProvider, Subject, Tokens
from app.domain.ports.errors import N_, PlatformError, Unauthorized
from app.lib import clock, work
from app.lib.crypto import Vault
from app.lib.db import Database

log = structlog.get_logger(__name__)

LOST = N_("The answer of %(provider)s was lost on its way to us. Connect once more.")
NOBODY = N_("%(provider)s says that this sign-in has no account that can be read. Choose another one.")

# What comes after: the subject's account is followed as the workspace's own. (session, workspace, connection, subject)
Follow = Callable[[AsyncSession, UUID, UUID, Subject], Awaitable[None]]


async def connect(
    database: Database,
    vault: Vault,
    providers: Mapping[str, OAuthProvider],
    keys: Mapping[str, KeyProvider],
    workspace: UUID,
    key: UUID,
    *,
    follow: Follow,
) -> None:
    """Exchange one attempt's code and keep what comes of it. Whatever happens, the attempt ends done or failed."""
    async with database.transaction(workspace) as session:
        fence = await work.claim(session, ConnectAttempt, key, now=clock.now())
        if fence is None:
            return
        attempt = await session.get_one(ConnectAttempt, key, populate_existing=True)
        provider: OAuthProvider | KeyProvider = keys.get(attempt.provider) or providers[attempt.provider]
        plain = vault.open(attempt.identity, attempt.code or "")
        again = attempt.attempts > 1
    try:
        kind = "key" if provider.name in keys else "oauth"
        if again and kind == "oauth":  # a code is good for one exchange, and somebody died in the middle of it
            raise Unauthorized(LOST, provider=provider.label)
        code, state = msgspec.json.decode(plain, type=tuple[str, str])
        tokens, subjects = await _asked(provider, code, state, attempt.redirect_uri)
        if not subjects:
            raise Unauthorized(NOBODY, provider=provider.label)
        async with database.transaction(workspace) as session:
            for subject in subjects:
                secret = service.Secret(subject.access or tokens.access, tokens.refresh)
                connection = await service.keep(
                    session, vault, Actor("user", attempt.user_id), workspace=workspace, provider=provider.name,
                    kind=kind, subject=subject, secret=secret, tokens=tokens, user=attempt.user_id,
                )  # fmt: skip
                if subject.external_id:
                    await follow(session, workspace, connection, subject)
            await work.finish(session, ConnectAttempt, key, fence, state="done", code=None)
            await service.announce(session, workspace)
    except PlatformError as error:
        log.info("connecting failed", provider=provider.name, kind=error.kind)
        async with database.transaction(workspace) as session:
            await work.finish(
                session, ConnectAttempt, key, fence, state="failed", code=None, error_kind=error.kind,
                error=error.message, error_params={name: str(value) for name, value in error.params.items()},
            )  # fmt: skip
            await service.announce(session, workspace)


async def _asked(
    provider: OAuthProvider | KeyProvider, code: str, state: str, redirect_uri: str
) -> tuple[Tokens, Sequence[Subject]]:
    """What a code, or a typed key, turns out to be."""
    if isinstance(provider, OAuthProvider):
        tokens = await provider.exchange(code=code, redirect_uri=redirect_uri, verifier=service.verifier_of(state))
        return tokens, await provider.subjects(tokens)
    return Tokens(code), [await provider.check(code)]


async def waiting(database: Database, now: datetime) -> list[tuple[str, UUID, UUID]]:
    """What a worker should look at: (kind, workspace, id), kind attempt, refresh or reading; of all workspaces."""
    async with database.transaction() as session:
        rows = await session.execute(
            text("select kind, workspace_id, id from connection_work(:now, :soon)"),
            {"now": now, "soon": now + service.SOON},
        )
        return [(row.kind, row.workspace_id, row.id) for row in rows]


async def rotate(database: Database, vault: Vault, *, batch: int = 100) -> int:
    """Seal every secret anew with the newest key, while others go on. Returns how many were sealed.

    Killed midway it can be run again. Keys kept in our own file are changed here; those of the environment by whoever
    sets TOKEN_ENCRYPTION_KEYS, before and after.
    """
    if vault.keeps_its_keys:
        vault.add_key()
    async with database.transaction() as session:  # waits for whoever sealed with the old keys to commit
        await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": service._SEAL_LOCK})
    sealed = 0
    after = UUID(int=0)
    while True:
        async with database.transaction() as session:
            rows = (
                await session.execute(
                    text("select workspace_id, id, kind from sealed_secrets(:after, :count)"),
                    {"after": after, "count": batch},
                )
            ).all()
        if not rows:
            break
        for row in rows:
            sealed += await _seal_anew(database, vault, row.workspace_id, row.id, row.kind)
        after = rows[-1].id
    if vault.keeps_its_keys:
        vault.forget_old_keys()
    return sealed


async def _seal_anew(database: Database, vault: Vault, workspace: UUID, key: UUID, kind: str) -> int:
    model, column = (Connection, "secret") if kind == "connection" else (ConnectAttempt, "code")
    async with database.transaction(workspace) as session:
        row = await session.get(model, key, with_for_update=True, populate_existing=True)
        old = getattr(row, column) if row is not None else None
        if row is None or old is None or vault.is_current(old):
            return 0
        plain = vault.open(row.identity, old)  # type: ignore[attr-defined]
        fresh = await service.seal(session, vault, row.identity, plain)  # type: ignore[attr-defined]
        await session.execute(update(model).where(model.id == key).values({column: fresh}))
    return 1
