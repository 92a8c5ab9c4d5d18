"""What a workspace reads with its own connection is on no page, API answer or live message of another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.audit.service import SYSTEM
from app.domain.collection.run import Collector
from app.domain.connections import service
from app.domain.connections.models import Connection
from app.domain.creators import service as creators
from app.domain.identity.models import Scope
from app.domain.insights.run import OwnReader
from app.domain.ports.connections import Credential, Insight, Story, Subject, Tokens
from app.domain.ports.errors import Unauthorized
from app.domain.ports.platform import Platform
from app.domain.ports.values import Metric, PostState, Profile, Ref
from app.lib import clock
from app.lib.bus import Bus, announce
from app.lib.crypto import Vault
from tests import factories
from tests.conftest import Urls
from tests.site import Site, site

PRIVATE_FOLLOWERS, PRIVATE_VIEWS, REACH, STORY_REPLIES = 31_337_001, 31_337_002, 31_337_003, 31_337_004
SECRETS = ("31,337,00", "31337", "Not for the public")


class OwnSource:
    """A connected source behind the port: everything about the account that only its owner may know."""

    name = "own_api"
    label = "Own API"
    version = "1"
    evidence = "test"
    provider = "google"
    configured = True
    unconfigured_reason = ""
    account_numbers = frozenset({Metric.FOLLOWERS})
    post_numbers = frozenset({Metric.VIEWS})

    def __init__(self, *, refuse: int = 0) -> None:
        self.refuse = refuse
        self.secrets: list[str] = []

    def with_credential(self, credential: Credential) -> Any:
        self.secrets.append(credential.secret)
        return self

    async def read_account(self, ref: Ref) -> Profile:
        if self.refuse:
            self.refuse -= 1
            raise Unauthorized("no")
        return Profile(ref.value, "harbour", "Harbour", "https://x/", {Metric.FOLLOWERS: PRIVATE_FOLLOWERS})

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[Any]]:
        at = clock.now() - timedelta(days=1)
        yield [
            factories.reading("public-one", at, PRIVATE_VIEWS),
            factories.reading("private-one", at, 5, title="Not for the public", state=PostState.PRIVATE),
        ]

    async def read_insights(self, external_id: str, *, posts: Sequence[str]) -> Sequence[Insight]:
        return [Insight("reach", REACH, "days_28"), Insight("saved", 7, "lifetime", post_id="public-one")]

    async def read_stories(self, external_id: str) -> Sequence[Story]:
        now = clock.now()
        return [Story("s1", "https://x/s1", now, now + timedelta(hours=20), "photo", {"replies": STORY_REPLIES}, {})]


class Grants:
    """The provider of the grant; refreshes once more."""

    name, label, scopes, feeds = "google", "Google", ("read",), ("youtube",)

    async def refresh(self, tokens: Tokens) -> Tokens:
        return Tokens("fresh", None, clock.now() + timedelta(hours=1))


GRANTS: Any = {"google": Grants()}


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


async def test_nobody_else_learns_of_them(place: Site, tmp_path: Path, urls: Urls) -> None:
    owner, ours = await place.person("owner@x.io")
    watcher, theirs = await place.person("watcher@x.io")
    public = factories.FakeSource(
        "public",
        account=Profile("UC1", "harbour", "Harbour", "https://x/", {Metric.FOLLOWERS: 1000, Metric.VIEWS: 2000}),
        posts=[[factories.reading("public-one", clock.now() - timedelta(days=1), 500)]],
        reread=[],
    )
    platform = factories.fake_platform(public)
    vault = Vault(file=tmp_path / "keys")
    account, key = await _connect(place, vault, platform, ours)
    async with place.database.transaction(theirs) as session:
        await factories.follow(session, theirs, platform, "@harbour")
    collector = Collector(place.database, {"youtube": platform}, factories.DEFAULTS)
    assert await collector.collect(account)

    heard: list[str] = []
    bus = Bus(urls.app)
    await bus.start()
    listening = asyncio.create_task(_listen(bus, theirs, heard))
    await _say(place, theirs, heard)
    heard.clear()
    own = OwnSource(refuse=1)  # the first answer is "expired": one refresh, then it reads
    reader = OwnReader(
        place.database,
        {"youtube": replace(platform, connected=(own,))},
        GRANTS,
        vault,
        hours=6,
    )
    assert await reader.read(ours, key)
    await _say(place, theirs, heard)
    listening.cancel()
    await bus.stop()
    assert own.secrets == ["first", "fresh"]
    assert set(heard) == {"ping"}, "announcements come in their order: nothing came before this one"

    mine = await place.signed_in(owner, ours)
    page = (await mine.get(f"/accounts/{account}")).text
    assert "31.3M" in page and "Not for the public" in page, "its owner sees what it read"
    other = await place.signed_in(watcher, theirs)
    _, plain = await place.key(theirs, *(scope.value for scope in Scope))
    program = place.program(plain)
    seen = ""
    for path in ("/", "/creators", "/accounts", f"/accounts/{account}", "/posts", "/collection", "/connections"):
        answer = await other.get(path)
        assert answer.status_code == 200
        seen += answer.text
    for path in ("accounts", f"accounts/{account}", "posts", f"metrics?account_id={account}", "stats", "connections"):
        answer = await program.get(f"/api/v1/{path}")
        assert answer.status_code == 200, answer.text
        seen += answer.text
    assert "Harbour" in seen and "1,000" in seen, "the public numbers are there"
    assert [secret for secret in SECRETS if secret in seen] == []
    async with place.database.transaction(theirs) as session:
        for table in ("insight", "story", "connection", "connection_reading"):
            assert await session.scalar(text(f"select count(*) from {table}")) == 0
        assert await session.scalar(text("select count(*) from account_snapshot where workspace_id is not null")) == 0


async def test_what_the_public_finds_later_is_one_post(place: Site, tmp_path: Path) -> None:
    """The owner's reading came first: the post becomes the public one, and its private numbers stay private."""
    _owner, ours = await place.person("owner@x.io")
    reading = factories.reading("public-one", clock.now() - timedelta(days=1), 500)
    public = factories.FakeSource(
        "public", account=Profile("UC1", "harbour", "Harbour", "https://x/", {Metric.FOLLOWERS: 1000}),
        posts=[[reading]], reread=[],
    )  # fmt: skip
    platform = factories.fake_platform(public)
    vault = Vault(file=tmp_path / "keys")
    account, key = await _connect(place, vault, platform, ours)
    reader = OwnReader(
        place.database,
        {"youtube": replace(platform, connected=(OwnSource(),))},
        GRANTS,
        vault,
        hours=6,
    )
    assert await reader.read(ours, key)
    async with place.database.transaction() as session:
        assert await session.scalar(text("select count(*) from post")) == 0, "nobody else knows of it yet"
    assert await Collector(place.database, {"youtube": platform}, factories.DEFAULTS).collect(account)
    async with place.database.transaction(ours) as session:
        rows = (await session.execute(text("select external_id, workspace_id from post order by 1"))).all()
        views = (await session.scalars(text("select views from post_snapshot order by views"))).all()
    assert [(row.external_id, row.workspace_id is None) for row in rows] == [
        ("private-one", False),
        ("public-one", True),
    ]
    assert views == [5, 500, PRIVATE_VIEWS]


async def _connect(place: Site, vault: Vault, platform: Platform, room: UUID) -> tuple[UUID, UUID]:
    async with place.database.transaction(room) as session:
        account = await creators.follow_own(
            session, room, platform, external_id="UC1", handle="harbour", name="", defaults=factories.DEFAULTS
        )
        key = await service.keep(
            session, vault, SYSTEM, workspace=room, provider="google", kind="oauth",
            subject=Subject("me", "Harbour", "youtube", "UC1", "harbour"), secret=service.Secret("first", "r"),
            tokens=Tokens("first", "r", clock.now() + timedelta(hours=1)),
        )  # fmt: skip
        (await session.get_one(Connection, key)).account_id = account
    return account, key


async def _say(place: Site, workspace: UUID, heard: list[str]) -> None:
    """Announce something to the workspace until it is heard (the first time, the bus may not listen yet)."""
    async with asyncio.timeout(10):
        while "ping" not in heard:
            async with place.database.transaction() as session:
                await announce(session, [f"w:{workspace}:ping"])
            await asyncio.sleep(0.05)


async def _listen(bus: Bus, workspace: UUID, heard: list[str]) -> None:
    async with bus.subscribe(f"w:{workspace}:") as following:
        while True:
            heard.append(await following())
