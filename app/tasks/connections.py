"""Jobs that make connections, keep them alive, read with them and give them back."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.connections import connect as connecting
from app.domain.connections import leaving, senders, service
from app.domain.connections.models import Connection
from app.domain.creators import service as creators
from app.domain.ports.connections import Subject
from app.domain.ports.errors import PlatformError
from app.lib import clock, jobs
from app.tasks.parts import Parts, parts

Context = dict[str, Any]


async def connect(context: Context, *, workspace: str, attempt: str) -> None:
    """Make a connection of what a browser or a form brought."""
    part = parts(context)

    async def follow(session: AsyncSession, room: UUID, connection: UUID, subject: Subject) -> None:
        await _follow(part, session, room, connection, subject)

    await connecting.connect(
        part.database, part.vault, part.providers, part.keys, UUID(workspace), UUID(attempt), follow=follow
    )


async def _follow(part: Parts, session: AsyncSession, workspace: UUID, connection: UUID, subject: Subject) -> None:
    """The subject's account is followed as the workspace's own, and the connection knows it."""
    platform = part.platforms.get(subject.platform)
    if platform is None:
        return
    account = await creators.follow_own(
        session, workspace, platform, external_id=subject.external_id, handle=subject.handle, name=subject.title,
        defaults=part.defaults,
    )  # fmt: skip
    row = await session.get_one(Connection, connection)
    row.account_id = account
    await session.flush()


async def refresh_connection(context: Context, *, workspace: str, connection: str, force: int = 0) -> None:
    """Fresh tokens, when they are about to expire or somebody asked for them. A failure is noted on the connection."""
    part = parts(context)
    try:
        await service.credential(
            part.database, part.vault, part.providers, UUID(workspace), UUID(connection), force=bool(force), ahead=True
        )
    except PlatformError:
        return  # `credential` has noted it where the person looks


async def read_connection(context: Context, *, workspace: str, connection: str) -> None:
    """Read what a connection opens, if that is due."""
    await parts(context).own_reader.read(UUID(workspace), UUID(connection))


async def give_back(context: Context, *, workspace: str, connection: str) -> None:
    """Tell the provider that a grant is no longer wanted, and forget its secret."""
    part = parts(context)
    await leaving.give_back(part.database, part.vault, part.providers, part.sign_ins, UUID(workspace), UUID(connection))


async def sign_in_sender(context: Context, *, workspace: str, attempt: str) -> None:
    """Hold the conversation that connects a person's own account."""
    part = parts(context)
    await senders.run(part.database, part.vault, part.sign_ins, UUID(workspace), UUID(attempt))


async def connections_due(context: Context) -> None:
    """Hand out every connection that is to be made, refreshed or read."""
    database = parts(context).database
    found = await connecting.waiting(database, clock.now())
    if not found:
        return
    async with database.transaction() as session:
        for kind, workspace, key in found:
            if kind == "attempt":
                jobs.enqueue(session, "connect", key=f"connect:{key}", workspace=workspace, attempt=key)
            elif kind == "sender":
                jobs.enqueue(session, "sign_in_sender", key=f"sender:{key}", workspace=workspace, attempt=key)
            elif kind == "refresh":
                jobs.enqueue(session, "refresh_connection", key=f"refresh:{key}", workspace=workspace, connection=key)
            else:
                jobs.enqueue(session, "read_connection", key=f"own:{key}", workspace=workspace, connection=key)
