"""The composition root: settings -> platforms -> web, api, tasks. Read it and you know the application."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from litestar import Litestar
from litestar.datastructures import CacheControlHeader, State
from litestar.di import Provide
from litestar.static_files import create_static_files_router
from sqlalchemy import text

import app.api as api
import app.web.pages as pages
from app import demo, http, logs
from app.api.parts import Parts as ApiParts
from app.api.parts import Probe
from app.domain.collection.run import Collector
from app.domain.collection.service import Plan
from app.domain.insights.run import OwnReader
from app.domain.ports.platform import Means, Platform, oauth_of
from app.domain.quota.service import Ledger
from app.http.server import Server
from app.lib import clock, jobs
from app.lib.bus import Bus
from app.lib.crypto import Vault
from app.lib.db import Database
from app.lib.egress import Egress, Pace
from app.lib.limits import PostgresLimits, RedisLimits
from app.platforms import all_platforms
from app.platforms.sandbox_control import SandboxControl
from app.platforms.youtube import process_env
from app.settings import Settings
from app.tasks import connections
from app.tasks import queue as queues
from app.tasks.parts import Parts as TaskParts
from app.web.errors import render_error, translator
from app.web.forms import Parts as WebParts
from app.web.render import STATIC, Renderer
from app.web.surroundings import provide_shell

MAX_BODY = 8 * 1024 * 1024
FOR_EVER = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)  # addresses carry the content's hash


def plan_of(settings: Settings) -> Plan:
    return Plan(
        cadence_hours=settings.collect_interval_hours,
        max_posts=settings.max_posts_per_account,
        nightly=settings.enable_scheduler,
    )


def platforms_of(settings: Settings, database: Database, proxy: str) -> dict[str, Platform]:
    """The platforms, with the instance's keys and quota; `proxy` empty: links are recognised, nothing is read."""
    return all_platforms(
        Means(
            proxy=proxy,
            ca=settings.sandbox_ca,
            pace=Pace(settings.host_limits),
            settings=settings.of_platforms(),
            reserve=lambda platform, allowed: Ledger(database, platform, allowed).reserve,
        )
    )


def vault_of(settings: Settings) -> Vault:
    """What seals the secrets of connections."""
    return Vault(settings.token_encryption_keys, file=settings.var / "token_keys")


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[tuple[Database, Egress, dict[str, Platform], Collector]]:
    """What a process that reads platforms holds: the database, the way out, the platforms, the collector."""
    clock.follow(settings.sandbox_clock)
    database = Database(settings.runtime_url, pool=settings.database_pool, name="sightline-worker")
    egress = Egress(settings.sandbox_proxy, settings.sandbox_ca)
    await egress.start()
    try:
        platforms = platforms_of(settings, database, egress.proxy_url)
        yield database, egress, platforms, Collector(database, platforms, plan_of(settings))
    finally:
        await egress.stop()
        await database.close()


def task_parts(
    settings: Settings, database: Database, egress: Egress, platforms: dict[str, Platform], collector: Collector
) -> TaskParts:
    """What jobs are given."""
    vault = vault_of(settings)
    own = OwnReader(database, platforms, oauth_of(platforms), vault, hours=settings.collect_interval_hours)
    return TaskParts(database, collector, platforms, plan_of(settings), egress, vault, own)


async def _worker(settings: Settings) -> None:
    async with reading(settings) as (database, egress, platforms, collector):
        queue = queues.make(settings, settings.runtime_url)
        await queue.connect()
        jobs.use(queues.sender(queue))
        parts = task_parts(settings, database, egress, platforms, collector)
        worker = queues.worker(queue, parts, concurrency=settings.worker_concurrency)
        try:
            await worker.start()
        finally:
            jobs.use(None)
            await queue.disconnect()


def serve_worker(settings: Settings) -> None:
    """Do background work until SIGTERM."""
    logs.configure(settings)
    os.environ.update(process_env(settings.sandbox_ca))
    asyncio.run(_worker(settings))


def create_app(settings: Settings) -> Litestar:
    """The web application: pages, JSON API and the live stream over one database."""
    database = Database(settings.runtime_url, pool=settings.database_pool, name="sightline-web")
    bus = Bus(settings.runtime_url)
    platforms = platforms_of(settings, database, "")
    defaults = plan_of(settings)
    redis = RedisLimits(settings.redis_url.get_secret_value()) if settings.redis_url else None
    world = world_of(settings)
    vault = vault_of(settings)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        clock.follow(settings.sandbox_clock)
        queue = queues.make(settings, settings.runtime_url)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            for closing in (redis, world):
                if closing is not None:
                    stack.push_async_callback(closing.aclose)
            await queue.connect()
            stack.push_async_callback(queue.disconnect)
            app.state.queue = queue
            await bus.start()
            stack.push_async_callback(bus.stop)
            jobs.use(queues.sender(queue))
            stack.callback(jobs.use, None)
            yield

    wiring = http.wire(
        settings,
        database,
        bus=bus,
        limits=redis or PostgresLimits(database),
        translate=translator,
        render_error=render_error,
    )
    app = Litestar(
        [
            *wiring.route_handlers,
            *pages.handlers(sandboxed=settings.sandboxed),
            *api.ROUTES,
            create_static_files_router("/static", [STATIC], include_in_schema=False, cache_control=FOR_EVER),
        ],
        middleware=wiring.middleware,
        guards=wiring.guards,
        exception_handlers=wiring.exception_handlers,
        dependencies={
            **wiring.dependencies,
            "parts": Provide(lambda: WebParts(platforms, defaults, settings.secure, vault), sync_to_thread=False),
            "api_parts": Provide(lambda: ApiParts(platforms, defaults, vault), sync_to_thread=False),
            "probe": Provide(lambda: probe_of(settings, app), sync_to_thread=False),
            "world": Provide(lambda: world, sync_to_thread=False),
            "shell": Provide(provide_shell),
        },
        state=State({"renderer": Renderer(platforms), "settings": settings, "database": database, "wiring": wiring}),
        lifespan=[lifespan],
        include_in_schema=False,  # api.ROUTES say otherwise for themselves
        openapi_config=api.openapi_config(),
        request_max_body_size=MAX_BODY,
        logging_config=None,
    )
    wiring.attach(app)
    return app


def probe_of(settings: Settings, app: Litestar) -> Probe:
    """What health tells, and how readiness finds out."""

    async def database() -> None:
        async with app.state.database.transaction() as session:
            await session.execute(text("select 1"))

    async def queue() -> None:
        await app.state.queue.count("queued")

    return Probe(
        mode=settings.environment,
        database="embedded" if settings.embedded else "postgresql",
        queue="redis" if settings.redis_url else "postgresql",
        checks={"database": database, "queue": queue},
    )


def world_of(settings: Settings) -> SandboxControl | None:
    """The sandbox's control, where the platforms are played."""
    if not settings.sandboxed:
        return None
    return SandboxControl(settings.sandbox_control, settings.sandbox_token.get_secret_value())


def serve_web(settings: Settings) -> None:
    """Answer browsers and the API until SIGTERM."""
    logs.configure(settings)
    app = create_app(settings)
    server = Server(app, settings, app.state.wiring.closing)
    server.run(sockets=[socket.socket(fileno=settings.listen_fd)] if settings.listen_fd is not None else None)


async def seed_demo(settings: Settings) -> demo.DemoAccount:
    """The demo's workspace and sign-in; at the first start with its history."""
    logs.configure(settings)
    os.environ.update(process_env(settings.sandbox_ca))
    world = world_of(settings)
    if world is None:
        raise SystemExit("The demo needs its sandbox: start it with `sightline demo`.")
    try:
        modest = settings.model_copy(update={"max_posts_per_account": demo.MAX_POSTS})
        async with reading(modest) as (database, egress, platforms, collector):
            parts = task_parts(modest, database, egress, platforms, collector)

            async def connect(workspace: UUID, attempt: UUID) -> None:
                await connections.connect({"parts": parts}, workspace=str(workspace), attempt=str(attempt))

            return await demo.seed(
                settings.var,
                database,
                collector,
                platforms,
                plan_of(modest),
                world,
                vault=parts.vault,
                public_url=settings.public_url,
                connect=connect,
            )
    finally:
        await world.aclose()
