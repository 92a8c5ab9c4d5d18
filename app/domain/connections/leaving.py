"""Giving a connection back: it is not used from that moment on; the provider is told by a worker."""

from collections.abc import Mapping
from uuid import UUID

import structlog
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import Actor
from app.domain.connections.models import Connection, ConnectionReading
from app.domain.connections.service import announce, secret_of
from app.domain.errors import NotFound
from app.domain.ports.connections import OAuthProvider, Tokens
from app.domain.ports.errors import PlatformError
from app.domain.ports.senders import SignIn
from app.lib import jobs
from app.lib.crypto import CannotOpen, Vault
from app.lib.db import Database

log = structlog.get_logger(__name__)


async def disconnect(session: AsyncSession, actor: Actor, key: UUID) -> None:
    """Stop using it at once; a worker gives the grant back to the provider and then forgets the secret."""
    # The reading's row before the connection's, as a reading locks them: else they would wait for each other.
    await session.execute(delete(ConnectionReading).where(ConnectionReading.connection_id == key))
    row = await session.get(Connection, key, with_for_update=True)
    if row is None or row.state == "revoked":
        raise NotFound
    row.state = "revoked"
    jobs.enqueue(session, "give_back", key=f"give_back:{key}", workspace=row.workspace_id, connection=key)
    await announce(session, row.workspace_id, f"connection:{key}")
    await audit.record(session, actor, "connection.revoked", object_kind="connection", object_id=key)


async def give_back(
    database: Database,
    vault: Vault,
    providers: Mapping[str, OAuthProvider],
    sign_ins: Mapping[str, SignIn],
    workspace: UUID,
    key: UUID,
) -> None:
    """Tell the provider and forget the secret. A provider that cannot be told keeps a grant that we no longer hold."""
    async with database.transaction(workspace) as session:
        row = await session.get(Connection, key)
        if row is None or row.state != "revoked" or row.secret is None:
            return
        try:
            secret = secret_of(vault, row)
        except CannotOpen:
            secret = None
    if secret is not None:
        try:
            if row.kind == "oauth" and row.provider in providers:
                await providers[row.provider].revoke(Tokens(secret.access, secret.refresh))
            elif row.kind == "session" and row.provider in sign_ins:
                await sign_ins[row.provider].log_out(secret.access)
        except PlatformError as error:
            log.warning("the provider did not take a grant back", connection=str(key), reason=error.message)
    async with database.transaction(workspace) as session:
        await session.execute(
            update(Connection).where(Connection.id == key, Connection.state == "revoked").values(secret=None)
        )
