"""API keys: shown once, stored hashed, belonging to a workspace."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import Actor
from app.domain.errors import N_, FieldError, Invalid, NotFound
from app.domain.identity.models import ApiKey, Scope, uuid7, wall
from app.lib.signing import digest, new_token

PREFIX = "sl_live_"
MAX_PER_MINUTE = 6000


async def create(
    session: AsyncSession,
    actor: Actor,
    workspace_id: UUID,
    *,
    name: str,
    scopes: Iterable[str],
    requests_per_minute: int | None = None,
    expires_at: datetime | None = None,
    created_by: UUID | None = None,
) -> tuple[ApiKey, str]:
    """A new key of the workspace, and its text, which is never shown again. Raises Invalid."""
    errors: dict[str, FieldError] = {}
    if not 0 < len(name.strip()) <= 100:
        errors["name"] = N_("Give a name of at most 100 characters.")
    wanted = set(scopes)
    if not wanted or wanted - set(Scope):
        errors["scopes"] = N_("Choose what the key may do: read, write or admin.")
    if requests_per_minute is not None and not 1 <= requests_per_minute <= MAX_PER_MINUTE:
        errors["requests_per_minute"] = (N_("Choose from 1 to %(most)s."), {"most": MAX_PER_MINUTE})
    if expires_at is not None and expires_at <= wall():
        errors["expires_at"] = N_("Choose a day that is still to come.")
    if errors:
        raise Invalid(errors)
    plain = new_token(PREFIX)
    key = ApiKey(
        id=uuid7(),
        workspace_id=workspace_id,
        name=name.strip(),
        prefix=plain[: len(PREFIX) + 4],
        key_hash=digest(plain),
        scopes=sorted(wanted),
        requests_per_minute=requests_per_minute,
        expires_at=expires_at,
        created_by=created_by,
    )
    session.add(key)
    await session.flush()
    await audit.record(session, actor, "key.created", object_kind="key", object_id=key.id, scopes=key.scopes)
    return key, plain


async def revoke(session: AsyncSession, actor: Actor, key_id: UUID) -> None:
    """End a key of the transaction's workspace, from this moment. Raises NotFound."""
    ended = await session.scalar(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=wall())
        .returning(ApiKey.id)
    )
    if ended is None:
        raise NotFound
    await audit.record(session, actor, "key.revoked", object_kind="key", object_id=key_id)
