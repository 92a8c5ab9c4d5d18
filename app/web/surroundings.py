"""What surrounds every page, filled for each request from who asks."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts import read as accounts
from app.domain.identity.models import Role
from app.domain.identity.principal import Principal
from app.domain.ports.world import World
from app.lib import clock
from app.web.forms import FLASH, said
from app.web.i18n import Reader, choose, gettext, reading_as
from app.web.params import path_of
from app.web.shell import Flash, SandboxFault, Shell, ShellUser, ShellWorkspace

THEMES = ("light", "dark", "system")


async def provide_shell(
    request: Request[Any, Any, State], principal: Principal, session: AsyncSession, world: World | None
) -> Shell:
    """The shell of this request's page: one statement, for the number beside "Accounts"."""
    whole = "HX-Request" not in request.headers
    shell = bare_shell(request, principal)
    return msgspec.structs.replace(
        shell,
        counts={"accounts": await accounts.count(session)} if shell.workspace and whole else {},
        faults=await _faults(world, shell.locale) if world is not None and whole and principal.is_superuser else (),
    )


async def _faults(world: World, locale: str) -> tuple[SandboxFault, ...]:
    return tuple(
        SandboxFault(name=f.name, label=f.ru if locale == "ru" else f.en, on=f.on) for f in await world.faults()
    )


def bare_shell(request: Request[Any, Any, Any], principal: Principal) -> Shell:
    """The shell without anything that must be asked for: for pages that say what went wrong."""
    settings = request.app.state.settings
    locale = choose(principal.locale, request.cookies.get("lang"), request.headers.get("accept-language"))
    theme = request.cookies.get("theme", principal.theme)
    room = principal.room
    query = f"?{request.url.query}" if request.url.query else ""
    now = clock.now()
    return Shell(
        locale=locale,
        theme=theme if theme in THEMES else "system",
        timezone=principal.timezone,
        now=now,
        path=path_of(request) + query,
        csrf=request.scope["state"].get("csrf", ""),
        nonce=request.scope["state"].get("nonce", ""),
        user=None
        if principal.user_id is None
        else ShellUser(
            id=principal.user_id, name=principal.name, email=principal.email, is_superuser=principal.is_superuser
        ),
        workspace=None if room is None else ShellWorkspace(id=room.id, name=room.name),
        workspaces=tuple(ShellWorkspace(id=r.id, name=r.name) for r in principal.rooms),
        may_edit=principal.may(Role.EDITOR),
        may_admin=principal.may(Role.ADMIN),
        may_play=settings.sandboxed and principal.is_superuser,
        sandbox=settings.sandboxed,
        live="/live" if room else "",
        flashes=_flashes(request, Reader(locale, principal.timezone, now)),
    )


def _flashes(request: Request[Any, Any, Any], reader: Reader) -> tuple[Flash, ...]:
    one = said(request.cookies.get(FLASH))
    if one is None:
        return ()
    with reading_as(reader):
        text = gettext(one.message, **one.params)
        label = gettext(one.action_label)
    return (Flash(text=text, kind=one.kind, action=one.action, action_label=label),)
