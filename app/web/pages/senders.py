"""Connecting a person's own Telegram account: a QR code to scan or a code by phone, then perhaps a password."""

from typing import Any
from uuid import UUID

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.response import Redirect
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.connections import senders
from app.domain.connections.senders import SenderRow
from app.domain.errors import N_, Invalid, NotFound
from app.domain.identity.principal import Principal
from app.domain.ports.platform import sign_ins_of
from app.domain.ports.senders import SignIn
from app.web.forms import FormData, Parts, errors_of, flash, see_other, text_of
from app.web.render import page
from app.web.shell import Shell


class SenderPage(msgspec.Struct, frozen=True, kw_only=True):
    """qr: the code as a picture, when there is one to scan."""

    attempt: SenderRow
    label: str
    qr: Markup | None
    errors: dict[str, str] = {}


def _sign_in(parts: Parts, provider: str) -> SignIn:
    found = sign_ins_of(parts.platforms).get(provider)
    if found is None:
        raise NotFound
    return found


def _qr(link: str) -> Markup | None:
    if not link:
        return None
    drawn = segno.make(link, error="m").svg_inline(scale=6, border=2, dark="#000", light="#fff", omitsize=False)
    return Markup(drawn)  # noqa: S704 - drawn here


async def _context(session: AsyncSession, parts: Parts, key: UUID, **more: Any) -> SenderPage:
    attempt = await senders.show(session, parts.vault, key)
    label = _sign_in(parts, attempt.provider).label
    return SenderPage(attempt=attempt, label=label, qr=_qr(attempt.shown.url), **more)


@post("/connections/senders/{provider:str}", status_code=303)
async def begin(provider: str, data: FormData, session: AsyncSession, parts: Parts, principal: Principal) -> Redirect:
    """With a phone number the code is sent there; without one a QR code is shown."""
    key = await senders.begin(
        session,
        parts.vault,
        _sign_in(parts, provider),
        workspace=principal.workspace,
        user=principal.user,
        phone=text_of(data, "phone").strip()[:40],
    )
    return see_other(f"/connections/senders/{key}")


@get("/connections/senders/{attempt_id:uuid}")
async def show(
    request: Request[Any, Any, Any], attempt_id: UUID, session: AsyncSession, shell: Shell, parts: Parts
) -> Response[str]:
    return page(request, shell, "connections/sender.html", await _context(session, parts, attempt_id))


@post("/connections/senders/{attempt_id:uuid}/typed", status_code=303)
async def type_in(
    request: Request[Any, Any, Any],
    attempt_id: UUID,
    data: FormData,
    session: AsyncSession,
    shell: Shell,
    parts: Parts,
) -> Response[Any]:
    """The code or the password."""
    try:
        await senders.type_in(session, parts.vault, attempt_id, text_of(data, "typed"))
    except Invalid as error:
        context = await _context(session, parts, attempt_id, errors=errors_of(error, shell))
        return page(request, shell, "connections/sender.html", context, status_code=422)
    return see_other(f"/connections/senders/{attempt_id}")


@post("/connections/senders/{attempt_id:uuid}/cancel", status_code=303)
async def cancel(attempt_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    await senders.cancel(session, attempt_id)
    return flash(see_other("/connections"), parts, N_("The sign-in was given up."))


handlers = [begin, show, type_in, cancel]
