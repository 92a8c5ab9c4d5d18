"""Workspaces: making them, and what is set for all who are in one."""

from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import Actor
from app.domain.errors import N_, FieldError, Invalid
from app.domain.identity.models import Membership, Role, Workspace, uuid7
from app.lib.db import enter_workspace


def checked_name(name: str, field: str = "workspace") -> dict[str, FieldError]:
    """What is wrong with a workspace's name, under `field`; empty when nothing is."""
    return {} if 0 < len(name.strip()) <= 100 else {field: N_("Give a name of at most 100 characters.")}


async def create(session: AsyncSession, actor: Actor, owner: UUID, *, name: str, timezone: str = "UTC") -> Workspace:
    """A new workspace owned by `owner`. The transaction is in it afterwards. Raises Invalid."""
    if errors := checked_name(name, "name"):
        raise Invalid(errors)
    workspace = Workspace(id=uuid7(), name=name.strip(), timezone=timezone)
    await enter_workspace(session, workspace.id)
    session.add(workspace)
    await session.flush()
    session.add(Membership(workspace_id=workspace.id, user_id=owner, role=Role.OWNER))
    await session.flush()
    await audit.record(session, actor, "workspace.created", object_kind="workspace", object_id=workspace.id)
    return workspace


async def current(session: AsyncSession) -> Workspace:
    """The transaction's workspace with its settings."""
    return await session.get_one(Workspace, session.info["workspace"])


async def update(
    session: AsyncSession,
    actor: Actor,
    *,
    name: str,
    timezone: str,
    nightly_enabled: bool,
    nightly_hour: int,
    cadence_hours: float | None,
    max_posts: int | None,
) -> None:
    """Change the transaction's workspace. cadence_hours: 0.25 to 168; max_posts: 1 to 500; null: the instance's."""
    errors = checked_name(name, "name")
    if timezone not in available_timezones():
        errors["timezone"] = N_("Choose a time zone from the list.")
    if not 0 <= nightly_hour <= 23:
        errors["nightly_hour"] = N_("Choose an hour from 0 to 23.")
    if cadence_hours is not None and not 0.25 <= cadence_hours <= 168:
        errors["cadence_hours"] = N_("Choose from a quarter of an hour (0.25) to a week (168).")
    if max_posts is not None and not 1 <= max_posts <= 500:
        errors["max_posts"] = N_("Choose from 1 to 500.")
    if errors:
        raise Invalid(errors)
    workspace = await current(session)
    workspace.name, workspace.timezone = name.strip(), timezone
    workspace.nightly_enabled, workspace.nightly_hour = nightly_enabled, nightly_hour
    workspace.cadence_hours, workspace.max_posts = cadence_hours, max_posts
    await session.flush()
    await audit.record(session, actor, "workspace.changed", object_kind="workspace", object_id=workspace.id)
