"""Coming in and going out: signing in, registering, accepting an invitation, signing out."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.errors import DomainError, Forbidden, Invalid, NotFound, TooMany, Unauthorized
from app.domain.identity import login, members, sessions, users
from app.domain.identity.models import SessionKind
from app.domain.identity.principal import Principal
from app.domain.identity.read import Invited
from app.http.cookies import sign_in, sign_out
from app.lib.db import Database
from app.settings import Settings
from app.web.forms import FormData, errors_of, see_other, text_of
from app.web.i18n import gettext, reading_as
from app.web.pages.setup import timezones
from app.web.render import page
from app.web.shell import Shell


class LoginPage(msgspec.Struct, frozen=True, kw_only=True):
    """next: where to go afterwards. registration: whether people may register themselves."""

    next: str
    registration: bool
    email: str = ""
    error: str = ""


class RegisterPage(msgspec.Struct, frozen=True, kw_only=True):
    timezones: tuple[tuple[str, str], ...]
    values: dict[str, str] = {}
    errors: dict[str, str] = {}


class InvitationPage(msgspec.Struct, frozen=True, kw_only=True):
    """joining: the signed-in person's name, "" for a visitor. A visitor whose address has an account signs in first.

    other: the person who is signed in is not the one who is invited.
    """

    token: str
    invited: Invited
    joining: str
    other: bool = False
    name: str = ""
    errors: dict[str, str] = {}


def safe_next(path: str) -> str:
    """A path of ours, or "/": a link to the sign-in page must not lead people elsewhere."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if ours and not any(ord(c) < 32 for c in path) else "/"


@get("/login", name="login")
async def show(
    request: Request[Any, Any, Any], session: AsyncSession, settings: Settings, shell: Shell
) -> Response[Any]:
    if await users.first_run_needed(session):
        return see_other("/setup")
    target = safe_next(request.query_params.get("next", "/"))
    return page(request, shell, "login.html", LoginPage(next=target, registration=settings.registration))


@post("/login", status_code=303)
async def enter(
    request: Request[Any, Any, Any],
    data: FormData,
    principal: Principal,
    database: Database,
    settings: Settings,
    shell: Shell,
) -> Response[Any]:
    target, email = safe_next(text_of(data, "next") or "/"), text_of(data, "email")
    try:
        signed_in = await login.login(
            database,
            email=email,
            password=text_of(data, "password"),
            kind=SessionKind.WEB,
            address=principal.address,
            user_agent=request.headers.get("user-agent", ""),
        )
    except (Unauthorized, TooMany) as error:
        context = LoginPage(next=target, registration=settings.registration, email=email, error=_said(shell, error))
        headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
        status = 429 if isinstance(error, TooMany) else 422
        return page(request, shell, "login.html", context, status_code=status, headers=headers)
    sign_in(request, signed_in.token)
    return see_other(target)


@post("/logout", status_code=303)
async def leave(request: Request[Any, Any, Any], principal: Principal, session: AsyncSession) -> Redirect:
    if principal.session_id:
        await sessions.revoke(session, principal.user, principal.session_id)
        await audit.record(
            session, principal.actor, "logout", object_kind="session", object_id=principal.session_id
        )  # fmt: skip
    sign_out(request)
    return see_other("/login")


@get("/register", name="register")
async def ask(request: Request[Any, Any, Any], settings: Settings, shell: Shell) -> Response[Any]:
    _open(settings)
    return page(request, shell, "register.html", RegisterPage(timezones=timezones(), values={"timezone": "UTC"}))


@post("/register", status_code=303)
async def register(
    request: Request[Any, Any, Any],
    data: FormData,
    principal: Principal,
    session: AsyncSession,
    settings: Settings,
    shell: Shell,
) -> Response[Any]:
    _open(settings)
    values = {name: text_of(data, name) for name in ("email", "name", "workspace", "timezone")}
    try:
        user = await users.register(
            session,
            email=values["email"],
            name=values["name"],
            password=text_of(data, "password"),
            workspace=values["workspace"],
            timezone=values["timezone"],
            address=principal.address,
        )
    except Invalid as error:
        context = RegisterPage(timezones=timezones(), values=values, errors=errors_of(error, shell))
        return page(request, shell, "register.html", context, status_code=422)
    await _welcome(request, session, principal, user.id)
    return see_other("/creators")


@get("/invitations/{token:str}", name="invitation")
async def invitation(
    request: Request[Any, Any, Any], token: str, principal: Principal, session: AsyncSession, shell: Shell
) -> Response[Any]:
    invited = await members.invitation(session, token)
    return page(request, shell, "invitation.html", _context(token, invited, principal))


@post("/invitations/{token:str}", status_code=303)
async def join(
    request: Request[Any, Any, Any],
    token: str,
    data: FormData,
    principal: Principal,
    session: AsyncSession,
    shell: Shell,
) -> Response[Any]:
    """Join as the person who is signed in, or as a new one with the invited address."""
    if principal.user_id and principal.session_id:
        try:
            workspace_id = await members.accept(session, principal.actor, token, principal.user_id)
        except Forbidden:
            context = _context(token, await members.invitation(session, token), principal)
            return page(request, shell, "invitation.html", context, status_code=403)
        await sessions.switch_workspace(session, principal.session_id, workspace_id)
        sign_in(request, await sessions.rotate(session, principal.session_id))
        return see_other("/")
    invited = await members.invitation(session, token)
    if invited.has_account:
        return see_other(f"/login?next=/invitations/{token}")
    name = text_of(data, "name")
    try:
        user_id = await members.register_invited(
            session, token, name=name, password=text_of(data, "password"), address=principal.address
        )
    except Invalid as error:
        context = InvitationPage(token=token, invited=invited, joining="", name=name, errors=errors_of(error, shell))
        return page(request, shell, "invitation.html", context, status_code=422)
    await _welcome(request, session, principal, user_id)
    return see_other("/")


def _context(token: str, invited: Invited, principal: Principal) -> InvitationPage:
    other = bool(principal.email) and principal.email.casefold() != invited.email.casefold()
    return InvitationPage(token=token, invited=invited, joining=principal.name, other=other)


async def _welcome(request: Request[Any, Any, Any], session: AsyncSession, principal: Principal, user_id: Any) -> None:
    _, cookie = await sessions.open_session(
        session,
        user_id,
        kind=SessionKind.WEB,
        address=principal.address,
        user_agent=request.headers.get("user-agent", ""),
    )
    sign_in(request, cookie)


def _open(settings: Settings) -> None:
    if not settings.registration:
        raise NotFound


def _said(shell: Shell, error: DomainError) -> str:
    with reading_as(shell.reader):
        return gettext(error.message, **error.params)


handlers = [show, enter, leave, ask, register, invitation, join]
