"""API clients' tokens: a short access token (JWT) and a refresh token that is used once."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import jwt
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import Actor
from app.domain.errors import N_, Unauthorized
from app.domain.identity import sessions
from app.domain.identity.models import RefreshToken, UserSession, wall
from app.lib.db import Database
from app.lib.signing import digest, new_token

ACCESS_SECONDS = 900
REFRESH = timedelta(days=30)
_ISSUER = "sightline"


@dataclass(frozen=True, slots=True)
class Tokens:
    access_token: str
    refresh_token: str
    expires_in: int = ACCESS_SECONDS


def access_token(secret: bytes, session_id: UUID, user_id: UUID, workspace_id: UUID | None) -> str:
    """A signed statement, good for 15 minutes, that its bearer is this sign-in. Ending the sign-in ends it at once."""
    now = wall()
    claims = {
        "iss": _ISSUER,
        "sub": str(user_id),
        "sid": str(session_id),
        "ws": str(workspace_id) if workspace_id else None,
        "iat": now,
        "exp": now + timedelta(seconds=ACCESS_SECONDS),
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def session_of(secret: bytes, token: str) -> UUID | None:
    """The sign-in an access token speaks for; null when it is not ours or too old."""
    try:
        claims = jwt.decode(
            token, secret, algorithms=["HS256"], issuer=_ISSUER, options={"require": ["exp", "iat", "sub", "sid"]}
        )
        return UUID(claims["sid"])
    except (jwt.InvalidTokenError, ValueError):
        return None


async def issue(
    session: AsyncSession, secret: bytes, *, session_id: UUID, user_id: UUID, workspace_id: UUID | None
) -> Tokens:
    """The next pair of tokens of an API sign-in."""
    refresh = new_token("sl_refresh_")
    session.add(RefreshToken(token_hash=digest(refresh), session_id=session_id))
    await session.flush()
    return Tokens(access_token(secret, session_id, user_id, workspace_id), refresh)


async def refresh(database: Database, secret: bytes, token: str, *, address: str) -> Tokens:
    """Exchange a refresh token for a new pair. Raises Unauthorized; a token used before ends the whole sign-in."""
    async with database.transaction() as session:
        row = (
            await session.execute(
                select(RefreshToken, UserSession)
                .join(UserSession, UserSession.id == RefreshToken.session_id)
                .where(RefreshToken.token_hash == digest(token))
                .with_for_update()
            )
        ).first()
        if row is not None and row[0].used_at is None and row[0].created_at > wall() - REFRESH:
            held, sign_in = row
            principal = await sessions.by_id(session, sign_in.id, address=address)
            if principal is not None:
                await session.execute(
                    update(RefreshToken).where(RefreshToken.token_hash == held.token_hash).values(used_at=wall())
                )
                return await issue(
                    session,
                    secret,
                    session_id=sign_in.id,
                    user_id=sign_in.user_id,
                    workspace_id=principal.workspace_id,
                )
        elif row is not None and row[0].used_at is not None:
            await sessions.revoke(session, row[1].user_id, row[1].id)
            await audit.record(
                session,
                Actor("anonymous", None, address),
                "token.reused",
                object_kind="session",
                object_id=row[1].id,
            )
    raise Unauthorized(N_("This refresh token does not hold. Sign in again."), code="bad_token")
