"""The demo's ribbon: let the world's next day come, switch a platform's faults. Only under the sandbox."""

from typing import Annotated, Any

from litestar import post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import N_, Invalid, NotFound
from app.domain.ports.world import World
from app.lib import jobs
from app.web.forms import Parts, flash, see_other, text_of
from app.web.pages.login import safe_next

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
DAY = 86_400


def _world(world: World | None) -> World:
    if world is None:
        raise NotFound
    return world


def _back(data: dict[str, Any]) -> Redirect:
    """To the page the ribbon was on; only to one of ours."""
    return see_other(safe_next(text_of(data, "next") or "/"))


@post("/sandbox/advance", status_code=303)
async def advance(data: Form, world: World | None, session: AsyncSession, parts: Parts) -> Redirect:
    """A day passes in the world; what has become due is handed out at once."""
    await _world(world).advance(DAY)
    jobs.enqueue(session, "collect_due")
    return flash(_back(data), parts, N_("A day has passed in the sandbox. The numbers are on their way."))


@post("/sandbox/fail", status_code=303)
async def fail(data: Form, world: World | None) -> Redirect:
    """Switch a prepared fault of a platform on or off."""
    there = _world(world)
    switch = next((f for f in await there.faults() if f.name == data.get("fault")), None)
    if switch is None:
        raise Invalid({"fault": N_("There is no such fault.")})
    await there.switch(switch.name, not switch.on)
    return _back(data)


handlers = [advance, fail]
