"""The first run: the link from the terminal makes the first person and their workspace."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

import msgspec
from litestar import Request, Response, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import Invalid
from app.domain.identity import sessions, users
from app.domain.identity.models import SessionKind
from app.domain.identity.principal import Principal
from app.http.cookies import sign_in
from app.web.forms import FormData, errors_of, see_other, text_of
from app.web.i18n import LOCALES
from app.web.render import page
from app.web.shell import Shell

_FIELDS = ("email", "name", "workspace", "timezone", "locale")


class SetupPage(msgspec.Struct, frozen=True, kw_only=True):
    """holds: the link still works; without it the page says how to get a new one. values: as they were sent."""

    token: str
    holds: bool
    timezones: tuple[tuple[str, str], ...]
    values: dict[str, str] = {}
    errors: dict[str, str] = {}


@cache
def timezones() -> tuple[tuple[str, str], ...]:
    """Zones named after places, as people know them, and UTC: (name, label)."""
    areas = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
    places = (zone for zone in available_timezones() if zone.partition("/")[0] in areas and "/" in zone)
    return tuple((zone, zone.replace("_", " ")) for zone in ("UTC", *sorted(places)))


@get("/setup", name="setup")
async def show(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell) -> Response[Any]:
    if not await users.first_run_needed(session):
        return see_other("/login")
    token = request.query_params.get("token", "")
    holds = await users.setup_token_holds(session, token)
    values = {"timezone": "Europe/Moscow" if shell.locale == "ru" else "UTC", "locale": shell.locale}
    return page(
        request, shell, "setup.html", SetupPage(token=token, holds=holds, timezones=timezones(), values=values)
    )  # fmt: skip


@post("/setup", status_code=303)
async def create(
    request: Request[Any, Any, Any], data: FormData, principal: Principal, session: AsyncSession, shell: Shell
) -> Response[Any]:
    """Make the owner, sign them in, and ask for the first link."""
    token = text_of(data, "token")
    values = {name: text_of(data, name) for name in _FIELDS}
    try:
        user = await users.setup(
            session,
            token,
            email=values["email"],
            name=values["name"],
            password=text_of(data, "password"),
            workspace=values["workspace"],
            timezone=values["timezone"],
            locale=values["locale"] if values["locale"] in LOCALES else "",
            address=principal.address,
        )
    except Invalid as error:
        errors = errors_of(error, shell)
        context = SetupPage(token=token, holds=True, timezones=timezones(), values=values, errors=errors)
        return page(request, shell, "setup.html", context, status_code=422)
    _, cookie = await sessions.open_session(
        session,
        user.id,
        kind=SessionKind.WEB,
        address=principal.address,
        user_agent=request.headers.get("user-agent", ""),
    )
    sign_in(request, cookie)
    return see_other("/creators")


handlers = [show, create]
