"""Signing in as a program does for a person: a short access token, a refresh token that is used once."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.errors import N_, Forbidden
from app.domain.identity import login as logins
from app.domain.identity import sessions, tokens, users
from app.domain.identity.models import Role, SessionKind
from app.domain.identity.principal import Kind, Principal
from app.http import Secrets
from app.lib.db import Database
from app.settings import Settings

TAGS = ["auth"]


class Credentials(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    password: str


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """workspace: the name of the new person's own workspace. timezone: an IANA name."""

    email: str
    password: str
    name: str
    workspace: str
    timezone: str = "UTC"


class Refresh(msgspec.Struct, forbid_unknown_fields=True):
    refresh_token: str


class TokenPair(msgspec.Struct):
    """access_token: for `Authorization: Bearer`, good for `expires_in` seconds. refresh_token: for auth/refresh,
    used once; a second use ends the sign-in."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "bearer"  # noqa: S105


class WorkspaceRole(msgspec.Struct):
    id: UUID
    name: str
    timezone: str
    role: Role


class Me(msgspec.Struct):
    """Who asks. kind: "token" (a person) or "key". scopes: what a key may do."""

    kind: Kind
    user_id: UUID | None
    name: str
    email: str
    workspace_id: UUID | None
    role: Role | None
    scopes: list[str]
    workspaces: list[WorkspaceRole]


def _pair(issued: tokens.Tokens) -> TokenPair:
    return TokenPair(issued.access_token, issued.refresh_token, issued.expires_in)


@post("/api/v1/auth/login", status_code=200, tags=TAGS, summary="Sign in with e-mail and password")
async def login(
    request: Request[Any, Any, Any], data: Credentials, principal: Principal, database: Database, secrets: Secrets
) -> TokenPair:
    """401 `wrong_password`, be it the address or the password; 429 with `Retry-After` after many failures."""
    signed_in = await logins.login(
        database,
        email=data.email,
        password=data.password,
        kind=SessionKind.API,
        address=principal.address,
        user_agent=request.headers.get("user-agent", ""),
    )
    async with database.transaction() as session:
        issued = await tokens.issue(
            session,
            secrets.jwt,
            session_id=signed_in.session_id,
            user_id=signed_in.user_id,
            workspace_id=signed_in.workspace_id,
        )
    return _pair(issued)


@post("/api/v1/auth/register", status_code=201, tags=TAGS, summary="Make an account and a workspace")
async def register(
    request: Request[Any, Any, Any],
    data: Registration,
    principal: Principal,
    session: AsyncSession,
    settings: Settings,
    secrets: Secrets,
) -> TokenPair:
    """403 `registration_off` unless REGISTRATION is switched on; 422 with a message per field."""
    if not settings.registration:
        raise Forbidden(N_("Registration is switched off here. Ask for an invitation."), code="registration_off")
    user = await users.register(
        session,
        email=data.email,
        name=data.name,
        password=data.password,
        workspace=data.workspace,
        timezone=data.timezone,
        address=principal.address,
    )
    opened, _ = await sessions.open_session(
        session,
        user.id,
        kind=SessionKind.API,
        address=principal.address,
        user_agent=request.headers.get("user-agent", ""),
    )
    return _pair(
        await tokens.issue(
            session, secrets.jwt, session_id=opened.id, user_id=user.id, workspace_id=opened.workspace_id
        )
    )


@post("/api/v1/auth/refresh", status_code=200, tags=TAGS, summary="Exchange a refresh token for a new pair")
async def refresh(data: Refresh, principal: Principal, database: Database, secrets: Secrets) -> TokenPair:
    """401 `bad_token` when it is unknown, too old, or was used before; in the last case the sign-in ends."""
    return _pair(await tokens.refresh(database, secrets.jwt, data.refresh_token, address=principal.address))


@post("/api/v1/auth/logout", status_code=204, tags=TAGS, summary="End this sign-in and its tokens")
async def logout(principal: Principal, session: AsyncSession) -> None:
    """The access token stops working at once."""
    if principal.session_id:
        await sessions.revoke(session, principal.user, principal.session_id)
        await audit.record(session, principal.actor, "logout", object_kind="session", object_id=principal.session_id)


@get("/api/v1/auth/me", tags=TAGS, summary="Who asks, in which workspace, with which rights")
async def me(principal: Principal) -> Me:
    """For a key: its workspace, and the role that its scopes amount to."""
    return Me(
        kind=principal.kind,
        user_id=principal.user_id,
        name=principal.name,
        email=principal.email,
        workspace_id=principal.workspace_id,
        role=principal.role,
        scopes=sorted(principal.scopes),
        workspaces=[WorkspaceRole(room.id, room.name, room.timezone, room.role) for room in principal.rooms],
    )


handlers = [login, register, refresh, logout, me]
