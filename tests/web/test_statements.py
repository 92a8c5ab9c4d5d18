"""How many SQL statements a page costs: these many, whatever the number of rows."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.collection.run import Collector
from app.domain.identity.models import Role
from app.domain.ports.values import Format, Metric, Profile
from app.lib import clock
from app.lib.db import enter_workspace
from tests import factories
from tests.conftest import Urls
from tests.played import Place, played

# Of each, 3 say who asks and enter the workspace; another asks for the number beside "Accounts".
COST = {
    "/": 12,
    "/creators": 8,
    "/creators/{id}": 6,
    "/accounts": 6,
    "/accounts/{id}": 13,
    "/posts": 6,
    "/posts/{id}": 6,
    "/collection": 9,
    "/collection/{id}": 5,
    "/settings": 5,
    "/settings/sessions": 5,
    "/settings/workspace": 5,
    "/settings/members": 6,
    "/settings/keys": 6,
    "/settings/audit": 7,
}


@pytest.fixture
async def place(urls: Urls, tmp_path: Path) -> AsyncIterator[Place]:
    async with played(urls, tmp_path) as made:
        yield made


async def fill(place: Place, accounts: range, posts: int) -> UUID:
    """Follow accounts and read each through the ordinary collector: three days, `posts` posts. One of their ids."""
    account = None
    for number in accounts:
        async with place.site.database.transaction() as session:
            await enter_workspace(session, place.workspace)
            added = await factories.follow(session, place.workspace, factories.fake_platform(), f"@account{number}")
        account = added.account_id
        assert account is not None
        for _ in range(3):
            await read(place, number, account, posts)
            place.sandbox.clock.advance(86_400)
    assert account is not None
    return account


async def people(place: Place) -> None:
    """More members, keys and sign-ins."""
    for number in range(5):
        await place.site.person(f"member{number}@example.com", workspace=place.workspace, role=Role.VIEWER)
        await place.site.key(place.workspace, "read")
        await place.site.signed_in(place.owner, place.workspace)


async def read(place: Place, number: int, account: UUID, posts: int) -> None:
    now = clock.now()
    numbers = {Metric.FOLLOWERS: 1000 + number, Metric.VIEWS: 100_000 + number, Metric.POSTS: posts}
    profile = Profile(
        external_id=f"UC{number:022}", handle=f"account{number}", title=f"Account {number}",
        url=f"https://www.youtube.com/@account{number}", metrics=numbers,
    )  # fmt: skip
    formats = (Format.LONG, Format.SHORT, Format.LIVE, Format.UNKNOWN)
    readings = [
        factories.reading(f"video-{number}-{n}", now - timedelta(days=n + 1), views=n * 10 + 1, format=formats[n % 4])
        for n in range(posts)
    ]
    source = factories.FakeSource("data_api", account=profile, posts=[readings], reread=[readings])
    collector = Collector(place.site.database, {"youtube": factories.fake_platform(source)}, factories.DEFAULTS)
    assert await collector.collect(account)


async def cost(place: Place, path: str, **headers: str) -> int:
    await place.page(path)  # so that what is kept in the process is there
    said: list[str] = []
    stop = place.site.database.on_statement(said.append)
    try:
        answer = await place.get(path, headers=headers)
    finally:
        stop()
    assert answer.status_code == 200, answer.text
    return len(said)


async def pages(place: Place, account: UUID) -> dict[str, str]:
    """Every page that shows rows, by the name it has in COST."""
    post = next(iter((await place.posts_of(account)).values()))
    async with place.site.database.transaction() as session:
        await enter_workspace(session, place.workspace)
        run, creator = (
            await session.execute(
                text(
                    "select r.id, t.creator_id from collection_run r join tracked_account t using (account_id)"
                    " where r.account_id = :account limit 1"
                ),
                {"account": account},
            )
        ).one()
    own = {
        "/accounts/{id}": f"/accounts/{account}",
        "/creators/{id}": f"/creators/{creator}",
        "/posts/{id}": f"/posts/{post}",
        "/collection/{id}": f"/collection/{run}",
    }
    return {name: own.get(name, name) for name in COST}


async def test_a_page_costs_the_same_however_many_rows_there_are(place: Place) -> None:
    account = await fill(place, range(3), posts=7)
    few = {name: await cost(place, path) for name, path in (await pages(place, account)).items()}
    account = await fill(place, range(3, 12), posts=20)
    await people(place)
    many = {name: await cost(place, path) for name, path in (await pages(place, account)).items()}
    assert many == few
    assert few == COST


async def test_regions_that_are_fetched_again_cost_no_more(place: Place) -> None:
    account = await fill(place, range(1), posts=3)
    live = {"HX-Request": "true", "X-Blocks": "head,kpis,chart,posts,log"}
    # The navigation is not among them, nor its number.
    assert await cost(place, f"/accounts/{account}", **live) == COST["/accounts/{id}"] - 1
