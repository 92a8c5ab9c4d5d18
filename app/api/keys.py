"""API keys of the workspace."""

from datetime import datetime
from uuid import UUID

import msgspec
from litestar import delete, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.params import Limit, Offset
from app.domain.identity import keys, read
from app.domain.identity.models import Scope
from app.domain.identity.principal import Principal
from app.domain.identity.read import Key
from app.domain.ports.paging import Listing, Slice

TAGS = ["keys"]


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """requests_per_minute: null takes the instance's limit. expires_at: null never ends by itself."""

    name: str
    scopes: list[Scope]
    requests_per_minute: int | None = None
    expires_at: datetime | None = None


class CreatedKey(msgspec.Struct):
    """key: the key's text, told this once."""

    key: str
    details: Key


@get("/api/v1/keys", tags=TAGS, summary="List the workspace's keys")
async def listing(session: AsyncSession, limit: Limit = 50, offset: Offset = 0) -> Listing[Key]:
    """Newest first, revoked ones last."""
    return await read.keys(session, Slice(limit=limit, offset=offset))


@post("/api/v1/keys", status_code=201, tags=TAGS, summary="Make a key")
async def create(data: NewKey, principal: Principal, session: AsyncSession) -> CreatedKey:
    """`admin` includes `write`, which includes `read`. 422 with a message per field."""
    row, plain = await keys.create(
        session,
        principal.actor,
        principal.workspace,
        name=data.name,
        scopes=data.scopes,
        requests_per_minute=data.requests_per_minute,
        expires_at=data.expires_at,
        created_by=principal.user_id,
    )
    return CreatedKey(plain, read.key_of(row))


@delete("/api/v1/keys/{key_id:uuid}", status_code=204, tags=TAGS, summary="Revoke a key")
async def revoke(key_id: UUID, principal: Principal, session: AsyncSession) -> None:
    """It stops working at once. 404 when it is another workspace's, or was revoked before."""
    await keys.revoke(session, principal.actor, key_id)


handlers = [listing, create, revoke]
