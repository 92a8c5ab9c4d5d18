"""Who is in a workspace: invitations, roles, leaving."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import Actor
from app.domain.errors import N_, Conflict, FieldError, Forbidden, Invalid, NotFound
from app.domain.identity import sessions, users
from app.domain.identity.models import Invitation, Membership, Role, User, UserSession, uuid7, wall
from app.domain.identity.principal import Principal, Room
from app.domain.identity.read import Invited
from app.lib.bus import announce
from app.lib.db import enter_workspace
from app.lib.signing import digest, new_token

INVITATION_LASTS = timedelta(days=7)


async def invite(session: AsyncSession, by: Principal, *, email: str, role: str) -> tuple[Invitation, str]:
    """A link that makes its bearer a member, good once and for 7 days; earlier ones to this address end.

    Returns it with its token, which is never shown again. Raises Invalid, Forbidden for a role above one's own.
    """
    email = email.strip().lower()
    errors: dict[str, FieldError] = users.checked_email(email)
    if role not in set(Role):
        errors["role"] = N_("Choose one of the roles.")
    if errors:
        raise Invalid(errors)
    _within(by, Role(role))
    present = select(Membership).join(User, User.id == Membership.user_id).where(User.email == email)
    if await session.scalar(present):
        raise Invalid({"email": N_("They are a member already.")})
    await session.execute(
        update(Invitation)
        .where(Invitation.email == email, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=wall())
    )
    token = new_token()
    invitation = Invitation(
        id=uuid7(),
        workspace_id=by.workspace,
        email=email,
        role=Role(role),
        token_hash=digest(token),
        created_by=by.user_id,
        expires_at=wall() + INVITATION_LASTS,
    )
    session.add(invitation)
    await session.flush()
    await audit.record(
        session, by.actor, "member.invited", object_kind="invitation", object_id=invitation.id, role=role
    )
    return invitation, token


async def revoke_invitation(session: AsyncSession, by: Principal, invitation_id: UUID) -> None:
    """The link stops working. Raises NotFound."""
    ended = await session.scalar(
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=wall())
        .returning(Invitation.id)
    )
    if ended is None:
        raise NotFound
    await audit.record(session, by.actor, "invitation.revoked", object_kind="invitation", object_id=invitation_id)


NOT_YOURS = N_("This invitation is for %(email)s. Sign in with that address, or ask for an invitation of your own.")


async def invitation(session: AsyncSession, token: str) -> Invited:
    """What an invitation's token opens. Raises NotFound: unknown, used, revoked or too old."""
    row = (await session.execute(text("select * from invitation_by_hash(:hash)"), {"hash": digest(token)})).first()
    if row is None:
        raise NotFound(N_("This invitation has been used, taken back, or is older than 7 days. Ask for a new one."))
    exists = await session.scalar(select(User.id).where(User.email == row.email))
    return Invited(row.id, row.workspace_id, row.workspace_name, row.email, Role(row.role), exists is not None)


async def accept(session: AsyncSession, actor: Actor, token: str, user_id: UUID) -> UUID:
    """Make the person a member; who is one already keeps the higher role. Returns the workspace.

    The transaction is in that workspace afterwards. Raises NotFound, and Forbidden for everybody but the person with
    the invited address: a link that was passed on lets nobody else in.
    """
    invited = await invitation(session, token)
    if await session.scalar(select(User.id).where(User.id == user_id, User.email == invited.email)) is None:
        raise Forbidden(NOT_YOURS, email=invited.email)
    await enter_workspace(session, invited.workspace_id)
    used = await session.scalar(
        update(Invitation)
        .where(Invitation.id == invited.id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .values(accepted_at=wall())
        .returning(Invitation.id)
    )
    if used is None:  # somebody else came a moment earlier
        raise NotFound(N_("This invitation has been used, taken back, or is older than 7 days. Ask for a new one."))
    member = await session.get(Membership, (invited.workspace_id, user_id))
    if member is None:
        session.add(Membership(workspace_id=invited.workspace_id, user_id=user_id, role=invited.role))
    elif not member.role.includes(invited.role):
        member.role = invited.role
    await session.flush()
    await audit.record(session, actor, "member.joined", object_kind="user", object_id=user_id, role=invited.role.value)
    return invited.workspace_id


async def register_invited(session: AsyncSession, token: str, *, name: str, password: str, address: str) -> UUID:
    """A new person with the invited address, made a member. Returns their id. Raises NotFound, Invalid."""
    invited = await invitation(session, token)
    user = await users.create(session, email=invited.email, name=name, password=password, locale="", superuser=False)
    await accept(session, Actor("user", user.id, address), token, user.id)
    return user.id


async def change_role(session: AsyncSession, by: Principal, user_id: UUID, role: str) -> None:
    """Raises NotFound, Invalid, Forbidden (above one's own role), Conflict (the last owner)."""
    if role not in set(Role):
        raise Invalid({"role": N_("Choose one of the roles.")})
    wanted = Role(role)
    member = await _member(session, by, user_id)
    _within(by, member.role)
    _within(by, wanted)
    if member.role is wanted:
        return
    if member.role is Role.OWNER:
        await _another_owner(session, user_id)
    before, member.role = member.role, wanted
    await session.flush()
    await sessions.ask_rotation(session, user_id)
    await audit.record(
        session,
        by.actor,
        "member.role_changed",
        object_kind="user",
        object_id=user_id,
        before=before.value,
        after=wanted.value,
    )


async def remove(session: AsyncSession, by: Principal, user_id: UUID) -> None:
    """Take a member out; oneself too (leaving). Raises NotFound, Forbidden, Conflict (the last owner)."""
    member = await _member(session, by, user_id)
    if user_id != by.user_id:
        _within(by, member.role)
    if member.role is Role.OWNER:
        await _another_owner(session, user_id)
    await session.execute(
        delete(Membership).where(Membership.workspace_id == by.workspace, Membership.user_id == user_id)
    )
    left = await session.scalars(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.workspace_id == by.workspace)
        .values(workspace_id=None, rotate=True)
        .returning(UserSession.id)
    )
    await announce(session, [f"s:{one}:revoked" for one in left.all()])  # live streams of this workspace end
    await audit.record(
        session,
        by.actor,
        "member.left" if user_id == by.user_id else "member.removed",
        object_kind="user",
        object_id=user_id,
    )


def room_of(principal: Principal, workspace_id: UUID) -> Room:
    """One of the person's workspaces. Raises NotFound: it is not theirs, or is not there."""
    for room in principal.rooms:
        if room.id == workspace_id:
            return room
    raise NotFound


async def _member(session: AsyncSession, by: Principal, user_id: UUID) -> Membership:
    # The owners first and always in this order: two of them leaving at once wait for each other, and never both
    await session.scalars(
        select(Membership.user_id).where(Membership.role == Role.OWNER).order_by(Membership.user_id).with_for_update()
    )
    member = await session.get(Membership, (by.workspace, user_id), with_for_update=True, populate_existing=True)
    if member is None:
        raise NotFound
    return member


async def _another_owner(session: AsyncSession, user_id: UUID) -> None:
    # Locked in one order, so that of two owners who leave at once the second is told.
    owners = await session.scalars(
        select(Membership.user_id).where(Membership.role == Role.OWNER).order_by(Membership.user_id).with_for_update()
    )
    if set(owners) <= {user_id}:
        raise Conflict(N_("A workspace needs an owner. Make somebody else one first."), code="last_owner")


def _within(by: Principal, role: Role) -> None:
    if not by.may(role):
        raise Forbidden(N_("Only an owner may do this to an owner."), code="role")
