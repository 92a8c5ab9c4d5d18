"""The demo's workspace, with 90 days of history that was really collected.

The sandbox's clock is set back 90 days and moved forward step by step; at each step the ordinary
collector reads everything that is due through the ordinary adapters. Nothing is written around them.
"""

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec
import structlog

from app.domain.audit.service import SYSTEM
from app.domain.collection.run import Collector, due_accounts
from app.domain.collection.service import Plan
from app.domain.connections import service as connections
from app.domain.creators import service as creators
from app.domain.identity import keys, operator
from app.domain.identity.models import Scope
from app.domain.ports.connections import OAuthProvider
from app.domain.ports.platform import Platform, oauth_of
from app.domain.ports.world import World, WorldCreator
from app.lib import clock
from app.lib.crypto import Vault
from app.lib.db import Database

log = structlog.get_logger(__name__)

HISTORY = timedelta(days=90)
COARSE, FINE = timedelta(days=1), timedelta(hours=6)  # steps of the history, and of its last days
FINE_DAYS = timedelta(days=3)
LONG_FOLLOWED = 7  # creators with the whole history; the others were found a month ago
LATER = timedelta(days=30)
AT_ONCE = 4
EMAIL = "demo@sightline.example"
MAX_POSTS = 25  # read at each step of the history; the running demo reads as many as any installation
# At how many steps of the history a platform is read once: the whole of it is to be there within a minute or two.
STEPS = {"youtube": 1, "wibes": 18}
SELDOM = 6
OWN = 2  # how many of the creators are the workspace's own brands


class DemoAccount(msgspec.Struct, frozen=True):
    """How to sign in to the demo."""

    email: str
    password: str
    api_key: str


async def seed(
    folder: Path,
    database: Database,
    collector: Collector,
    platforms: dict[str, Platform],
    defaults: Plan,
    world: World,
    *,
    vault: Vault,
    public_url: str,
    connect: Callable[[UUID, UUID], Awaitable[None]],
) -> DemoAccount:
    """Make the demo's workspace at the first start; later starts find its sign-in in `folder`/demo.json."""
    note = folder / "demo.json"
    if note.exists():
        return msgspec.json.decode(note.read_bytes(), type=DemoAccount)
    started = time.monotonic()
    password = secrets.token_urlsafe(9)
    today = datetime.now(UTC)
    await world.set_time(today - HISTORY)
    living = [creator for creator in await world.creators() if creator.platform in platforms]
    async with database.transaction() as session:
        user = await operator.create_person(
            session, email=EMAIL, name="Demo", password=password, superuser=True, workspace="Demo studio"
        )
        workspace: UUID = session.info["workspace"]
        _, key = await keys.create(
            session, SYSTEM, workspace, name="Demo", scopes=list(Scope), requests_per_minute=3000, created_by=user
        )

    people: dict[str, UUID] = {}  # a creator on several platforms is followed as one
    every: dict[UUID, int] = {}

    async def follow(some: Sequence[WorldCreator]) -> None:
        async with database.transaction(workspace) as session:
            for one in some:
                own = one.title in owned
                entry = creators.Entry(link=one.link, name=one.title, own=own, tags=("own" if own else "watched",))
                added = await creators.follow(
                    session, workspace, entry, platforms=platforms, defaults=defaults, creator=people.get(one.title)
                )
                if added.creator_id is not None:
                    people[one.title] = added.creator_id
                if added.account_id is not None:
                    every[added.account_id] = STEPS.get(one.platform, SELDOM)

    titles = list(dict.fromkeys(creator.title for creator in living))
    owned, long_followed = titles[:OWN], titles[:LONG_FOLLOWED]
    await follow([creator for creator in living if creator.title in long_followed])
    await _live_through(database, collector, world, every, until=today - LATER)
    await follow([creator for creator in living if creator.title not in long_followed])
    await _live_through(database, collector, world, every, until=today)
    await world.set_time(datetime.now(UTC))
    for provider in oauth_of(platforms).values():
        await _connect(database, vault, world, provider, user, workspace, connect, public_url, owned)
    account = DemoAccount(EMAIL, password, key)
    note.touch(0o600)
    note.write_bytes(msgspec.json.encode(account))
    log.info("demo made", creators=len(living), seconds=round(time.monotonic() - started, 1))
    return account


async def _connect(
    database: Database,
    vault: Vault,
    world: World,
    provider: OAuthProvider,
    user: UUID,
    workspace: UUID,
    connect: Callable[[UUID, UUID], Awaitable[None]],
    public_url: str,
    owned: Sequence[str],
) -> None:
    """Connect one of the demo's own accounts, as a person would: consent page, way back, exchange."""
    async with database.transaction(workspace) as session:
        redirect_uri = f"{public_url}/oauth/{provider.name}/callback"
        url = await connections.begin(
            session, provider, workspace=workspace, user=user, session_id=None, redirect_uri=redirect_uri
        )
    came = parse_qs(urlsplit(await world.agree(url, owned[0])).query)
    async with database.transaction(workspace) as session:
        attempt = await connections.come_back(
            session, vault, provider=provider.name, state=came["state"][0], code=came["code"][0], user=user,
            session_id=None,
        )  # fmt: skip
    await connect(workspace, attempt)


async def _live_through(
    database: Database, collector: Collector, world: World, every: Mapping[UUID, int], *, until: datetime
) -> None:
    """Let time pass until then, and read what is due at each step, of some accounts at every so many steps only."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(account: UUID) -> None:
        async with gate:
            await collector.collect(account)

    for number in itertools.count():
        due = await due_accounts(database, 1000)
        await asyncio.gather(*(read(account) for account in due if number % every.get(account, 1) == 0))
        now = clock.now()
        if now >= until:
            break
        step = FINE if datetime.now(UTC) - now <= FINE_DAYS else COARSE
        await world.set_time(min(now + step, until))
