"""People, workspaces and sign-ins for tests."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit.service import SYSTEM
from app.domain.errors import DomainError
from app.domain.identity import sessions, users, workspaces
from app.domain.identity.login import login
from app.domain.identity.models import Membership, Role, SessionKind
from app.domain.identity.principal import Principal
from app.lib.db import Database, enter_workspace

PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "198.51.100.1", "203.0.113.9"


async def person(database: Database, email: str, *, room: UUID | None = None, role: Role = Role.OWNER) -> UUID:
    async with database.transaction() as session:
        user = await users.create(session, email=email, name="Some One", password=PASSWORD, locale="", superuser=False)
        if room is not None:
            await enter_workspace(session, room)
            session.add(Membership(workspace_id=room, user_id=user.id, role=role))
            await session.flush()
        return user.id


async def room_of(database: Database, owner: UUID, name: str = "Room") -> UUID:
    async with database.transaction() as session:
        return (await workspaces.create(session, SYSTEM, owner, name=name)).id


async def principal(session: AsyncSession, user: UUID, room: UUID) -> Principal:
    rooms = await sessions.rooms_of(session, user)
    role = next(r.role for r in rooms if r.id == room)
    return Principal(user_id=user, workspace_id=room, role=role, rooms=rooms)


async def try_login(database: Database, password: str, *, email: str = "a@x.io", address: str = HOME) -> Any:
    try:
        return await login(
            database, email=email, password=password, kind=SessionKind.WEB, address=address, user_agent=""
        )
    except DomainError as error:
        return type(error)
