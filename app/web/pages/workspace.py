"""The workspace's settings: its own, members, keys, the audit log; making one and going to another."""

from datetime import datetime, time, timedelta
from math import isfinite
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import read as audit
from app.domain.audit.read import Deed
from app.domain.errors import N_, Invalid, NotFound
from app.domain.identity import keys, members, read, sessions, workspaces
from app.domain.identity.models import Role, Scope
from app.domain.identity.principal import Principal
from app.domain.identity.read import Key, Member, OpenInvitation
from app.domain.ports.paging import MAX_LIMIT, Listing, Slice
from app.http.cookies import sign_in
from app.settings import Settings
from app.web.forms import FormData, Parts, errors_of, flash, see_other, text_of, texts_of
from app.web.pages.setup import timezones
from app.web.params import Query, query_of, slice_of
from app.web.render import page
from app.web.shell import Shell


class WorkspacePage(msgspec.Struct, frozen=True, kw_only=True):
    """values: name, timezone, nightly_enabled ("1" or ""), nightly_hour, cadence_hours, max_posts as text;
    default_*: what an empty field means."""

    timezones: tuple[tuple[str, str], ...]
    values: dict[str, str]
    default_cadence: float
    default_max_posts: int
    errors: dict[str, str] = {}


class MembersPage(msgspec.Struct, frozen=True, kw_only=True):
    """link: of an invitation just made, shown once. roles: those the reader may give. me: the reader."""

    members: list[Member]
    invitations: list[OpenInvitation]
    roles: list[Role]
    me: UUID
    link: str = ""
    email: str = ""
    role: str = Role.EDITOR.value
    errors: dict[str, str] = {}


class KeysPage(msgspec.Struct, frozen=True, kw_only=True):
    """created: the text of a key just made, shown once."""

    keys: Listing[Key]
    scopes: list[str]
    created: str = ""
    values: dict[str, str] = {}
    chosen: tuple[str, ...] = ("read",)
    errors: dict[str, str] = {}


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    query: Query
    deeds: Listing[Deed]


def _workspace_page(settings: Settings, values: dict[str, str], errors: dict[str, str] | None = None) -> WorkspacePage:
    return WorkspacePage(
        timezones=timezones(),
        values=values,
        default_cadence=settings.collect_interval_hours,
        default_max_posts=settings.max_posts_per_account,
        errors=errors or {},
    )


@get("/settings/workspace", name="workspace")
async def show(
    request: Request[Any, Any, Any], session: AsyncSession, settings: Settings, shell: Shell
) -> Response[Any]:
    its = await workspaces.current(session)
    values = {
        "name": its.name,
        "timezone": its.timezone,
        "nightly_enabled": "1" if its.nightly_enabled else "",
        "nightly_hour": str(its.nightly_hour),
        "cadence_hours": "" if its.cadence_hours is None else f"{its.cadence_hours:g}",
        "max_posts": "" if its.max_posts is None else str(its.max_posts),
    }
    return page(request, shell, "settings/workspace.html", _workspace_page(settings, values))


@post("/settings/workspace", status_code=303)
async def change(
    request: Request[Any, Any, Any],
    data: FormData,
    principal: Principal,
    session: AsyncSession,
    settings: Settings,
    shell: Shell,
    parts: Parts,
) -> Response[Any]:
    names = ("name", "timezone", "nightly_enabled", "nightly_hour", "cadence_hours", "max_posts")
    values = {name: text_of(data, name) for name in names}
    try:
        await workspaces.update(
            session,
            principal.actor,
            name=values["name"],
            timezone=values["timezone"],
            nightly_enabled=bool(values["nightly_enabled"]),
            nightly_hour=-1 if (hour := _whole(values["nightly_hour"])) is None else hour,
            cadence_hours=_number(values["cadence_hours"]),
            max_posts=_whole(values["max_posts"]),
        )
    except Invalid as error:
        context = _workspace_page(settings, values, errors_of(error, shell))
        return page(request, shell, "settings/workspace.html", context, status_code=422)
    return flash(see_other("/settings/workspace"), parts, N_("Saved."))


def _number(value: str) -> float | None:
    """A number as people write it, null for an empty field; -1, which no field takes, for what is none."""
    try:
        number = float(value.replace(",", ".")) if value else None
    except ValueError:
        return -1
    return number if number is None or isfinite(number) else -1


def _whole(value: str) -> int | None:
    number = _number(value)
    return None if number is None else int(number) if number.is_integer() else -1


@post("/workspaces", status_code=303)
async def create(
    request: Request[Any, Any, Any], data: FormData, principal: Principal, session: AsyncSession, parts: Parts
) -> Redirect:
    """A new workspace, in the time zone of the current one; the browser goes there."""
    if principal.session_id is None:
        raise NotFound
    try:
        made = await workspaces.create(
            session,
            principal.actor,
            principal.user,
            name=text_of(data, "workspace"),
            timezone=principal.room.timezone if principal.room else principal.timezone,
        )
    except Invalid as error:
        message, params = next(iter(error.fields.values()))
        return flash(see_other("/settings"), parts, message, kind="bad", **params)
    await sessions.switch_workspace(session, principal.session_id, made.id)
    sign_in(request, await sessions.rotate(session, principal.session_id))
    return see_other("/creators")


@post("/workspaces/{workspace_id:uuid}/switch", status_code=303)
async def switch(
    request: Request[Any, Any, Any], workspace_id: UUID, principal: Principal, session: AsyncSession
) -> Redirect:
    room = members.room_of(principal, workspace_id)
    if principal.session_id is None:
        raise NotFound
    await sessions.switch_workspace(session, principal.session_id, room.id)
    sign_in(request, await sessions.rotate(session, principal.session_id))
    return see_other("/")


async def _members(session: AsyncSession, principal: Principal, **form: Any) -> MembersPage:
    return MembersPage(
        members=await read.members(session),
        invitations=await read.invitations(session),
        roles=[role for role in Role if principal.may(role)],
        me=principal.user,
        **form,
    )


@get("/settings/members", name="members")
async def show_members(
    request: Request[Any, Any, Any], principal: Principal, session: AsyncSession, shell: Shell
) -> Response[Any]:
    return page(request, shell, "settings/members.html", await _members(session, principal))


@post("/settings/members/invite", status_code=200)
async def invite(
    request: Request[Any, Any, Any],
    data: FormData,
    principal: Principal,
    session: AsyncSession,
    settings: Settings,
    shell: Shell,
) -> Response[Any]:
    """Answers with the page itself, because the link is shown this once."""
    email, role = text_of(data, "email"), text_of(data, "role")
    try:
        _, token = await members.invite(session, principal, email=email, role=role)
    except Invalid as error:
        context = await _members(session, principal, email=email, role=role, errors=errors_of(error, shell))
        return page(request, shell, "settings/members.html", context, status_code=422)
    link = f"{settings.public_url}/invitations/{token}"
    return page(request, shell, "settings/members.html", await _members(session, principal, link=link))


@post("/settings/members/invitations/{invitation_id:uuid}/revoke", status_code=303)
async def revoke_invitation(invitation_id: UUID, principal: Principal, session: AsyncSession, parts: Parts) -> Redirect:
    await members.revoke_invitation(session, principal, invitation_id)
    return flash(see_other("/settings/members"), parts, N_("The link no longer works."))


@post("/settings/members/{user_id:uuid}/role", status_code=303)
async def change_role(
    user_id: UUID, data: FormData, principal: Principal, session: AsyncSession, parts: Parts
) -> Redirect:
    await members.change_role(session, principal, user_id, text_of(data, "role"))
    return flash(see_other("/settings/members"), parts, N_("Saved."))


@post("/settings/members/{user_id:uuid}/remove", status_code=303)
async def remove_member(user_id: UUID, principal: Principal, session: AsyncSession, parts: Parts) -> Redirect:
    await members.remove(session, principal, user_id)
    if user_id == principal.user_id:
        return see_other("/settings")
    return flash(see_other("/settings/members"), parts, N_("They are no longer a member."))


@post("/settings/members/leave", status_code=303)
async def leave(principal: Principal, session: AsyncSession) -> Redirect:
    await members.remove(session, principal, principal.user)
    return see_other("/settings")


async def _keys(session: AsyncSession, **form: Any) -> KeysPage:
    return KeysPage(
        keys=await read.keys(session, Slice(limit=MAX_LIMIT)), scopes=[scope.value for scope in Scope], **form
    )


@get("/settings/keys", name="keys")
async def show_keys(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell) -> Response[Any]:
    return page(request, shell, "settings/keys.html", await _keys(session))


@post("/settings/keys", status_code=200)
async def create_key(
    request: Request[Any, Any, Any], data: FormData, principal: Principal, session: AsyncSession, shell: Shell
) -> Response[Any]:
    """Answers with the page itself, because the key is shown this once. expires: a day, to its end in the zone."""
    values = {name: text_of(data, name) for name in ("name", "requests_per_minute", "expires")}
    chosen = texts_of(data, "scopes")
    try:
        _, plain = await keys.create(
            session,
            principal.actor,
            principal.workspace,
            name=values["name"],
            scopes=chosen,
            requests_per_minute=_whole(values["requests_per_minute"]),
            expires_at=_end_of_day(values["expires"], shell.timezone),
            created_by=principal.user_id,
        )
    except Invalid as error:
        context = await _keys(session, values=values, chosen=tuple(chosen), errors=errors_of(error, shell))
        return page(request, shell, "settings/keys.html", context, status_code=422)
    return page(request, shell, "settings/keys.html", await _keys(session, created=plain))


def _end_of_day(day: str, timezone: str) -> datetime | None:
    if not day:
        return None
    try:
        began = datetime.combine(datetime.strptime(day, "%Y-%m-%d").date(), time(), ZoneInfo(timezone))  # noqa: DTZ007
    except ValueError:
        raise Invalid({"expires_at": N_("Give a day as 2027-12-31.")}) from None
    return began + timedelta(days=1)


@post("/settings/keys/{key_id:uuid}/revoke", status_code=303)
async def revoke_key(key_id: UUID, principal: Principal, session: AsyncSession, parts: Parts) -> Redirect:
    await keys.revoke(session, principal.actor, key_id)
    return flash(see_other("/settings/keys"), parts, N_("The key no longer works."))


@get("/settings/audit", name="audit")
async def show_audit(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell) -> Response[Any]:
    query = query_of(request)
    deeds = await audit.listing(session, slice_of(query, default_sort="-seq", size=50))
    return page(request, shell, "settings/audit.html", AuditPage(query=query, deeds=deeds))


handlers = [
    show,
    change,
    create,
    switch,
    show_members,
    invite,
    revoke_invitation,
    change_role,
    remove_member,
    leave,
    show_keys,
    create_key,
    revoke_key,
    show_audit,
]
