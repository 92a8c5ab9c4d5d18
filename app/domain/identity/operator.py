"""What whoever runs the instance may do for people from the terminal, without a session."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import SYSTEM
from app.domain.errors import N_, Invalid, NotFound
from app.domain.identity import passwords, sessions, users, workspaces
from app.domain.identity.models import User, wall


async def create_person(
    session: AsyncSession, *, email: str, name: str, password: str, superuser: bool, workspace: str | None
) -> UUID:
    """A new person, with a new workspace of their own when its name is given. Raises Invalid per field.

    The transaction is in that workspace afterwards.
    """
    also = workspaces.checked_name(workspace) if workspace is not None else {}
    user = await users.create(
        session, email=email, name=name, password=password, locale="", superuser=superuser, also=also
    )
    await audit.record(session, SYSTEM, "user.created", object_kind="user", object_id=user.id)
    if workspace is not None:
        await workspaces.create(session, SYSTEM, user.id, name=workspace)
    return user.id


async def reset_password(session: AsyncSession, *, email: str, password: str) -> None:
    """Give somebody a new password and end all their sign-ins. Raises NotFound, Invalid."""
    user = await session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise NotFound(N_("Nobody has this e-mail address here."))
    if trouble := passwords.problem(password, email=user.email, name=user.name):
        raise Invalid({"password": trouble})
    user.password_hash, user.password_changed_at = await passwords.hashed(password), wall()
    await session.flush()
    await sessions.revoke_all(session, user.id)
    await audit.record(session, SYSTEM, "password.reset", object_kind="user", object_id=user.id)
