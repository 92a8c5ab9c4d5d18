"""One's own settings: profile, language, password, where one is signed in."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.errors import N_, Invalid, NotFound
from app.domain.identity import read, sessions, users
from app.domain.identity.principal import Principal
from app.domain.identity.read import SignIn
from app.http.cookies import sign_in, sign_out
from app.settings import Settings
from app.web.forms import FormData, Parts, errors_of, flash, see_other, text_of
from app.web.pages.login import safe_next
from app.web.pages.setup import timezones
from app.web.render import page
from app.web.shell import Shell

YEAR = 365 * 24 * 3600


class ProfilePage(msgspec.Struct, frozen=True, kw_only=True):
    """values: name, locale ("" follows the browser), timezone ("" follows the workspace), theme."""

    timezones: tuple[tuple[str, str], ...]
    values: dict[str, str]
    errors: dict[str, str] = {}
    password_errors: dict[str, str] = {}


class SessionsPage(msgspec.Struct, frozen=True, kw_only=True):
    sign_ins: list[SignIn]


async def _profile(session: AsyncSession, principal: Principal, **form: Any) -> ProfilePage:
    user = await users.get(session, principal.user)
    values = {"name": user.name, "locale": user.locale, "timezone": user.timezone or "", "theme": user.theme}
    return ProfilePage(timezones=timezones(), values=values | form.pop("values", {}), **form)


@get("/settings", name="settings")
async def profile(
    request: Request[Any, Any, Any], principal: Principal, session: AsyncSession, shell: Shell
) -> Response[Any]:
    return page(request, shell, "settings/profile.html", await _profile(session, principal))


@post("/settings", status_code=303)
async def change_profile(
    request: Request[Any, Any, Any],
    data: FormData,
    principal: Principal,
    session: AsyncSession,
    shell: Shell,
    parts: Parts,
) -> Response[Any]:
    values = {name: text_of(data, name) for name in ("name", "locale", "timezone", "theme")}
    try:
        await users.update_profile(
            session,
            principal.user,
            name=values["name"],
            locale=values["locale"],
            timezone=values["timezone"] or None,
            theme=values["theme"] or "system",
        )
    except Invalid as error:
        context = await _profile(session, principal, values=values, errors=errors_of(error, shell))
        return page(request, shell, "settings/profile.html", context, status_code=422)
    response = see_other("/settings")
    response.set_cookie(
        "theme", values["theme"] or "system", max_age=YEAR, path="/", samesite="lax", secure=parts.secure
    )  # fmt: skip
    return flash(response, parts, N_("Saved."))


@post("/settings/password", status_code=303)
async def change_password(
    request: Request[Any, Any, Any],
    data: FormData,
    principal: Principal,
    session: AsyncSession,
    shell: Shell,
    parts: Parts,
) -> Response[Any]:
    """Other sign-ins end; this one gets a new cookie."""
    if principal.session_id is None:
        raise NotFound
    try:
        token = await users.change_password(
            session,
            principal.actor,
            principal.user,
            principal.session_id,
            current=text_of(data, "current"),
            new=text_of(data, "new"),
        )
    except Invalid as error:
        context = await _profile(session, principal, password_errors=errors_of(error, shell))
        return page(request, shell, "settings/profile.html", context, status_code=422)
    sign_in(request, token)
    return flash(see_other("/settings"), parts, N_("The password is changed. Other sign-ins have ended."))


@get("/settings/sessions", name="sessions")
async def show_sessions(
    request: Request[Any, Any, Any], principal: Principal, session: AsyncSession, shell: Shell
) -> Response[Any]:
    found = await read.sign_ins(session, principal.user, principal.session_id)
    return page(request, shell, "settings/sessions.html", SessionsPage(sign_ins=found))


@post("/settings/sessions/{session_id:uuid}/revoke", status_code=303)
async def revoke_session(
    request: Request[Any, Any, Any], session_id: UUID, principal: Principal, session: AsyncSession, parts: Parts
) -> Redirect:
    if not await sessions.revoke(session, principal.user, session_id):
        raise NotFound
    await audit.record(session, principal.actor, "session.revoked", object_kind="session", object_id=session_id)
    if session_id == principal.session_id:
        sign_out(request)
        return see_other("/login")
    return flash(see_other("/settings/sessions"), parts, N_("That sign-in has ended."))


@post("/settings/sessions/revoke-others", status_code=303)
async def revoke_others(principal: Principal, session: AsyncSession, parts: Parts) -> Redirect:
    ended = await sessions.revoke_all(session, principal.user, but=principal.session_id)
    await audit.record(session, principal.actor, "session.revoked_others", ended=ended)
    return flash(see_other("/settings/sessions"), parts, N_("Signed out everywhere else."))


@post("/locale", status_code=303)
async def change_locale(data: FormData, principal: Principal, session: AsyncSession, settings: Settings) -> Redirect:
    """The language chosen in the header: kept with the person, and in a cookie for who has not signed in."""
    chosen = text_of(data, "locale")
    if chosen not in users.LOCALES:
        raise Invalid({"locale": N_("This language is not offered.")})
    if principal.user_id:
        await users.set_locale(session, principal.user_id, chosen)
    response = see_other(safe_next(text_of(data, "next") or "/"))
    response.set_cookie("lang", chosen, max_age=YEAR, path="/", samesite="lax", secure=settings.secure)
    return response


handlers = [
    profile,
    change_profile,
    change_password,
    show_sessions,
    revoke_session,
    revoke_others,
    change_locale,
]
