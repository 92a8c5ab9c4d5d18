"""Following: pasted lines and CSV, tags, removal and its undo, two workspaces over one account."""

import pytest
from sqlalchemy import text

from app.domain.accounts import read as accounts
from app.domain.creators import read, service
from app.domain.creators.service import Entry
from app.domain.errors import Invalid, NotFound
from app.domain.ports.paging import Slice
from app.lib.db import Database
from tests import factories
from tests.factories import DEFAULTS, FakeSource, fake_platform

PLATFORMS = {"youtube": fake_platform(FakeSource("data_api"))}


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("@a\n\n @b \n", [Entry(link="@a"), Entry(link="@b")]),
        (
            "link,name,tags,own\n@a,Anna,x|y,yes\n@b,,,\n",
            [Entry(link="@a", name="Anna", tags=("x", "y"), own=True), Entry(link="@b")],
        ),
        ("Name;URL\nЖанна;@ж\n", [Entry(link="@ж", name="Жанна")]),
        ("@a\tAnna\n@b\n", [Entry(link="@a", name="Anna"), Entry(link="@b")]),
        ('link,name\n@a,"Bee, Sea"\n', [Entry(link="@a", name="Bee, Sea")]),
        ("\ufefflink\n@a\n", [Entry(link="@a")]),
    ],
)
def test_lists_are_read_as_people_write_them(pasted: str, expected: list[Entry]) -> None:
    assert service.parse_bulk(pasted) == expected


@pytest.mark.parametrize("pasted", ["", " \n\n", "@a\n" * (service.BULK_MOST + 1)])
def test_an_empty_or_endless_list_is_refused(pasted: str) -> None:
    with pytest.raises(Invalid) as refused:
        service.parse_bulk(pasted)
    assert "lines" in refused.value.fields


async def test_a_bad_line_stops_none_of_the_others(database: Database) -> None:
    async with database.transaction() as session:
        workspace = await factories.workspace(session)
        entries = service.parse_bulk("@a\nnot a link\n@a\n@b")
        results = await service.follow_many(session, workspace, entries, platforms=PLATFORMS, defaults=DEFAULTS)
    assert [r.status for r in results] == ["added", "invalid", "already", "added"]
    assert results[1].message and results[1].account_id is None
    assert results[2].account_id == results[0].account_id


async def test_removing_and_bringing_back(database: Database) -> None:
    async with database.transaction() as session:
        workspace = await factories.workspace(session)
        added = await factories.follow(session, workspace, PLATFORMS["youtube"], "@a")
    assert added.creator_id and added.account_id

    async def state() -> str | None:
        async with database.transaction() as session:
            found: str | None = await session.scalar(text("select state from collection"))
            return found

    async with database.transaction(workspace) as session:
        await service.remove_account(session, added.account_id, DEFAULTS)
        with pytest.raises(NotFound):
            await accounts.one(session, added.account_id)
        assert (await read.listing(session, Slice())).total == 0, "a creator without accounts goes with the last one"
    assert await state() == "off"
    async with database.transaction(workspace) as session:
        await service.restore_account(session, added.account_id, DEFAULTS)
        assert (await read.listing(session, Slice())).total == 1
    assert await state() == "due"
    async with database.transaction(workspace) as session:
        await service.remove(session, added.creator_id, DEFAULTS)
        again = await factories.follow(session, workspace, PLATFORMS["youtube"], "@a")
    assert (again.status, again.creator_id) == ("restored", added.creator_id)


async def test_one_account_for_two_workspaces_and_neither_sees_the_other(database: Database) -> None:
    rooms = []
    for name in ("One", "Two"):
        async with database.transaction() as session:
            room = await factories.workspace(session, name)
            rooms.append((room, await factories.follow(session, room, PLATFORMS["youtube"], "@a")))
    (first, one), (second, two) = rooms
    assert one.account_id == two.account_id and one.creator_id != two.creator_id
    async with database.transaction() as session:
        assert await session.scalar(text("select count(*) from collection")) == 1
        assert await session.scalar(text("select count(*) from tracked_account")) == 0, "no workspace, no rows"
    async with database.transaction(first) as session:
        assert await accounts.count(session) == 1
        assert two.creator_id is not None
        with pytest.raises(NotFound):
            await service.edit(session, two.creator_id, name="Mine now")
    async with database.transaction(second) as session:
        assert (await read.listing(session, Slice())).items[0].id == two.creator_id


async def test_tags_are_cleaned_and_searched(database: Database) -> None:
    async with database.transaction() as session:
        workspace = await factories.workspace(session)
        added = await factories.follow(session, workspace, PLATFORMS["youtube"], "@a")
        assert added.creator_id
        await service.edit(session, added.creator_id, name="Anna 100%", tags=["#Food", "food", " ", "Москва"])
        row = await read.one(session, added.creator_id)
        assert (row.name, row.tags) == ("Anna 100%", ["food", "москва"])
        assert (await read.listing(session, Slice(), tag="food")).total == 1
        assert (await read.listing(session, Slice(), q="100%")).total == 1
        assert (await read.listing(session, Slice(), q="1%0")).total == 0, "% is a character, not a wildcard"
        with pytest.raises(Invalid):
            await service.edit(session, added.creator_id, tags=[str(n) for n in range(30)])
        with pytest.raises(Invalid):
            await service.edit(session, added.creator_id, name="  ")
