"""Connections and sources: what the workspace has granted us, and where numbers come from."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.params import PathParameter
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import answers, shapes
from app.api.parts import Parts
from app.api.repeat import repeatable
from app.api.shapes import Failure
from app.domain.collection import breakers, sources
from app.domain.collection.sources import PlatformRow
from app.domain.connections import leaving, read, service
from app.domain.connections.read import ConnectionRow
from app.domain.errors import NotFound
from app.domain.identity.principal import Principal
from app.domain.ports.platform import oauth_of
from app.settings import Settings

TAGS = ["connections"]

ConnectionId = Annotated[UUID, PathParameter(description="A connection's id.")]
Provider = Annotated[str, PathParameter(description="google, tiktok, meta or pinterest.", max_length=16)]


class Connection(ConnectionRow, frozen=True, kw_only=True):
    """A credential of the workspace; never its secret. state: active, or reconnect (a person must connect anew).

    expires_at: when the grant as a whole ends, null where nobody says. reading: due or running, null when it opens no
    account.
    """

    error: Failure | None  # type: ignore[assignment]


class Consent(msgspec.Struct, frozen=True):
    """url: where the person's browser goes to agree, within ten minutes, and once."""

    url: str


def _shown(row: ConnectionRow) -> Connection:
    failure = shapes.failure_of(row.error_kind, row.error, row.error_params or {})
    return shapes.as_kind(Connection, row, error=failure)


@get("/api/v1/connections", tags=TAGS, summary="List connections")
async def listing(session: AsyncSession) -> list[Connection]:
    """All that have not been given back, by provider."""
    return [_shown(row) for row in await read.connections(session)]


@post("/api/v1/connections/{connection_id:uuid}/refresh", status_code=202, tags=TAGS, summary="Renew a connection")
@repeatable
async def refresh(connection_id: ConnectionId, session: AsyncSession) -> Response[Connection]:
    """Its tokens are renewed and its account is read, in the background."""
    await service.ask_refresh(session, connection_id)
    found = await read.connection(session, connection_id)
    if found is None:
        raise NotFound
    return Response(_shown(found), status_code=202, headers={"Location": "/api/v1/connections"})


@delete("/api/v1/connections/{connection_id:uuid}", status_code=204, tags=TAGS, summary="Give a connection back")
@repeatable
async def disconnect(connection_id: ConnectionId, session: AsyncSession, principal: Principal) -> Response[None]:
    """It is no longer used; the provider is told, and the secret forgotten. What was read with it stays."""
    await leaving.disconnect(session, principal.actor, connection_id)
    return answers.removed()


@get("/api/v1/oauth/{provider:str}/authorize", tags=TAGS, summary="Begin to connect")
async def authorize(
    provider: Provider, session: AsyncSession, api_parts: Parts, principal: Principal, settings: Settings
) -> Consent:
    """The address to open in a browser in which the same person has signed in to Sightline."""
    found = oauth_of(api_parts.platforms).get(provider)
    if found is None:
        raise NotFound
    url = await service.begin(
        session,
        found,
        workspace=principal.workspace,
        user=principal.user,
        session_id=None,
        redirect_uri=f"{settings.public_url}/oauth/{provider}/callback",
    )
    return Consent(url)


@get("/api/v1/sources", tags=["sources"], summary="Where numbers come from")
async def matrix(session: AsyncSession, api_parts: Parts) -> list[PlatformRow]:
    """Every platform's sources in the order in which they are asked, what each gives, on what evidence."""
    return sources.matrix(api_parts.platforms, await breakers.health(session))


handlers = [listing, refresh, disconnect, authorize, matrix]
