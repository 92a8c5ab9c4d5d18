"""What pages and the API share: who asks, whether they may, one transaction per request, errors, the live stream."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.identity.principal import Principal
from app.http import access, live
from app.http.csrf import Csrf
from app.http.door import Door
from app.http.gate import Gate
from app.http.problems import AnyRequest, Problem, Problems, Translate
from app.lib.bus import Bus
from app.lib.db import Database
from app.lib.limits import Limits
from app.lib.signing import derive
from app.settings import Settings

__all__ = ["Secrets", "Wiring", "wire"]


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys derived from SECRET_KEY, one per purpose."""

    jwt: bytes
    csrf: bytes


@dataclass(frozen=True)
class Wiring:
    """The arguments that make a Litestar application ours. Call `attach` once it is made."""

    settings: Settings
    bus: Bus
    middleware: list[Any]
    guards: list[Any]
    exception_handlers: dict[int | type[Exception], Any]
    dependencies: dict[str, Provide]
    route_handlers: list[HTTPRouteHandler]
    closing: asyncio.Event = field(default_factory=asyncio.Event)  # set by http.server.Server when it begins to stop

    def attach(self, app: Litestar) -> None:
        """Refuse routes that the access table does not know (LookupError), and put the outer door around the app."""
        access.check_routes(app)
        # Litestar's middleware stands behind its router: 404 and 405 never see it. The outer door sees everything.
        app.asgi_handler = Door(app.asgi_handler, self.settings)


def wire(
    settings: Settings,
    database: Database,
    *,
    bus: Bus,
    limits: Limits,
    translate: Callable[[AnyRequest], Translate],
    render_error: Callable[[AnyRequest, Problem], Response[Any]],
) -> Wiring:
    """Everything that stands between a request and a handler.

    Handlers may ask for `principal`, `session` (the request's transaction, inside the principal's workspace),
    `database` (for the few that need transactions of their own), `settings` and `secrets`.
    translate: for a request, the function (msgid, **params) that translates for its reader.
    render_error: the page that shows a problem.
    """
    secrets = Secrets(jwt=derive(settings.secret, "jwt"), csrf=derive(settings.secret, "csrf"))
    closing = asyncio.Event()

    async def provide_session(request: Request[Principal, Any, Any]) -> AsyncIterator[AsyncSession]:
        # Litestar ends generator dependencies after the handler's answer is made and before it is sent: what the
        # browser is told has been committed. An exception in the handler is thrown in here, and rolls back.
        async with database.transaction(workspace=request.user.workspace_id) as session:
            yield session

    def provide_principal(request: Request[Principal, Any, Any]) -> Principal:
        return request.user

    return Wiring(
        settings=settings,
        bus=bus,
        middleware=[Gate(settings, database, limits, Csrf(settings, secrets.csrf), secrets.jwt)],
        guards=[access.guard],
        exception_handlers={Exception: Problems(translate, render_error).handle},
        dependencies={
            "session": Provide(provide_session),
            "principal": Provide(provide_principal, sync_to_thread=False),
            "database": Provide(lambda: database, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "secrets": Provide(lambda: secrets, sync_to_thread=False),
        },
        route_handlers=[live.handler(bus, closing)],
        closing=closing,
    )
