"""Connections: what the workspace has granted us, how each does, and making, renewing and giving back."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.connections import leaving, read, service
from app.domain.connections.read import AttemptRow, ConnectionRow
from app.domain.errors import N_, Conflict, Forbidden, Invalid, NotFound
from app.domain.identity.principal import Principal
from app.domain.ports.connections import KeyProvider, OAuthProvider
from app.domain.ports.platform import keys_of, oauth_of, sign_ins_of
from app.domain.ports.senders import SignIn
from app.settings import Settings
from app.web.forms import FormData, Parts, errors_of, flash, see_other, text_of
from app.web.render import page
from app.web.shell import Shell


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, how it is connected ("oauth", "key", "sender"), and what there is. reason: why it cannot be now."""

    name: str
    label: str
    how: str
    feeds: tuple[str, ...]
    reason: str
    hint: str
    scopes: tuple[str, ...]
    connections: list[ConnectionRow]
    attempt: AttemptRow | None


class ConnectionsPage(msgspec.Struct, frozen=True, kw_only=True):
    """may_connect: the reader may make and give back connections. errors: by provider, of a key that was sent."""

    offers: list[Offer]
    may_connect: bool
    errors: dict[str, str] = {}


def _offer(
    provider: OAuthProvider | KeyProvider | SignIn, connections: list[ConnectionRow], attempts: list[AttemptRow]
) -> Offer:
    how = "oauth" if isinstance(provider, OAuthProvider) else "key" if isinstance(provider, KeyProvider) else "sender"
    lacks = "" if isinstance(provider, KeyProvider) or provider.configured else provider.unconfigured_reason
    return Offer(
        name=provider.name,
        label=provider.label,
        how=how,
        feeds=provider.feeds,
        reason=lacks,
        hint=provider.hint if isinstance(provider, KeyProvider) else "",
        scopes=provider.scopes if isinstance(provider, OAuthProvider) else (),
        connections=[one for one in connections if one.provider == provider.name],
        attempt=next((one for one in attempts if one.provider == provider.name), None),
    )


async def _context(session: AsyncSession, parts: Parts, shell: Shell, **more: Any) -> ConnectionsPage:
    connections, attempts = await read.connections(session), await read.attempts(session)
    providers: list[OAuthProvider | KeyProvider | SignIn] = [
        *sign_ins_of(parts.platforms).values(),
        *oauth_of(parts.platforms).values(),
        *keys_of(parts.platforms).values(),
    ]
    return ConnectionsPage(
        offers=[_offer(provider, connections, attempts) for provider in providers],
        may_connect=shell.may_admin,
        **more,
    )


@get("/connections", name="connections")
async def index(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell, parts: Parts) -> Response[str]:
    return page(request, shell, "connections/index.html", await _context(session, parts, shell))


@get("/oauth/{provider:str}/authorize")
async def authorize(
    provider: str, session: AsyncSession, parts: Parts, principal: Principal, settings: Settings
) -> Redirect:
    """To the provider's consent page. A GET: the browser's own policy lets no form lead to another host."""
    url = await service.begin(
        session,
        _provider(parts, provider),
        workspace=principal.workspace,
        user=principal.user,
        session_id=principal.session_id,
        redirect_uri=callback_url(settings, provider),
    )
    return see_other(url)


def callback_url(settings: Settings, provider: str) -> str:
    """The exact address that is registered at the provider."""
    return f"{settings.public_url}/oauth/{provider}/callback"


@get("/oauth/{provider:str}/callback")
async def callback(
    request: Request[Any, Any, Any], provider: str, session: AsyncSession, parts: Parts, principal: Principal
) -> Redirect:
    """The browser is back from the provider, with a code or without one."""
    found = _provider(parts, provider)
    state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
    user, browser = principal.user, principal.session_id
    back = see_other("/connections")
    if not state:
        raise Forbidden(N_("This way back is used up, too old, or began in another browser. Connect once more."))
    if not code:
        await service.refused(session, provider=provider, state=state, user=user, session_id=browser)
        return flash(
            back, parts, N_("%(provider)s was not connected: the access was not granted."), kind="warn",
            provider=found.label,
        )  # fmt: skip
    await service.come_back(
        session, parts.vault, provider=provider, state=state, code=code, user=user, session_id=browser
    )
    return flash(back, parts, N_("%(provider)s is being connected."), provider=found.label)


def _provider(parts: Parts, name: str) -> OAuthProvider:
    found = oauth_of(parts.platforms).get(name)
    if found is None:
        raise NotFound
    return found


@post("/connections/keys/{provider:str}", status_code=303)
async def offer_key(
    request: Request[Any, Any, Any],
    provider: str,
    data: FormData,
    session: AsyncSession,
    parts: Parts,
    shell: Shell,
    principal: Principal,
) -> Response[Any]:
    """A key that somebody typed. It is tried before it is kept."""
    found = keys_of(parts.platforms).get(provider)
    if found is None:
        raise NotFound
    secret = text_of(data, f"key-{provider}").strip()
    if not 0 < len(secret) <= 4000:
        error = Invalid({provider: N_("Paste the key here.")})
        context = await _context(session, parts, shell, errors=errors_of(error, shell))
        return page(request, shell, "connections/index.html", context, status_code=422)
    await service.offer_key(
        session, parts.vault, workspace=principal.workspace, user=principal.user, provider=provider, secret=secret
    )
    return flash(see_other("/connections"), parts, N_("%(provider)s is being connected."), provider=found.label)


@post("/connections/{connection_id:uuid}/refresh", status_code=303)
async def refresh(connection_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    """Renew its tokens and read with it now."""
    try:
        await service.ask_refresh(session, connection_id)
    except Conflict as error:  # it has ended meanwhile: the page says so, and offers to connect anew
        return flash(see_other("/connections"), parts, error.message, kind="bad", **error.params)
    return flash(see_other("/connections"), parts, N_("The connection is being renewed."))


@post("/connections/{connection_id:uuid}/disconnect", status_code=303)
async def disconnect(connection_id: UUID, session: AsyncSession, parts: Parts, principal: Principal) -> Redirect:
    """Give it back."""
    await leaving.disconnect(session, principal.actor, connection_id)
    return flash(see_other("/connections"), parts, N_("Disconnected. What was read with it stays in this workspace."))


handlers = [index, authorize, callback, offer_key, refresh, disconnect]
