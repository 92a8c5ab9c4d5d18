"""Numbers through the API: observations in a window, totals per platform, posts and their curves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from app.domain.metrics import log
from app.domain.metrics.log import Window
from app.domain.metrics.service import Provenance, record_account, record_posts
from app.domain.ports.values import Format, PostState
from app.domain.posts import service as posts
from app.lib import clock
from tests import factories
from tests.api.conftest import Api, failing, harbour

T0 = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


async def observe(api: Api, account: str, moments: list[datetime]) -> None:
    """Followers 100, 101, ... of one account at these moments; likes were not given."""
    async with api.site.database.transaction() as session:
        for number, moment in enumerate(moments):
            seen = factories.observation(UUID(account), moment, followers=100 + number, likes=None)
            await record_account(session, seen, Provenance("data_api", "youtube 1", None, moment))


async def test_observations_come_newest_first_with_where_they_came_from(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    await observe(api, account, [T0 + timedelta(hours=n) for n in range(5)])
    answer = await api.get("/metrics", start_date="2026-03-10", end_date="2026-03-10", limit=2, offset=1)
    found = answer.json()
    assert (found["total"], found["limit"], found["offset"]) == (5, 2, 1)
    assert [item["followers"] for item in found["items"]] == [103, 102]
    item = found["items"][0]
    assert item["observed_at"] == "2026-03-10T15:00:00Z"
    assert (item["account_id"], item["platform"], item["source"]) == (account, "youtube", "data_api")
    assert (item["collector"], item["run_id"]) == ("youtube 1", None)
    assert (item["likes"], item["missing"]) == (None, {"likes": "not_given"})


async def test_a_day_is_the_workspaces_and_a_moment_is_a_moment(api: Api) -> None:
    async with api.site.database.transaction(api.workspace) as session:
        await session.execute(text("update workspace set timezone = 'Asia/Tokyo'"))
    account = (await api.follow())["accounts"][0]["id"]
    # midnight of 10 March in Tokyo is 15:00 UTC of the 9th
    midnight = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
    hours = (-1, 0, 12, 24)
    await observe(api, account, [midnight + timedelta(hours=h) for h in hours])

    async def followers(start: str, end: str) -> list[int]:
        found = (await api.get("/metrics", start_date=start, end_date=end)).json()
        return sorted(item["followers"] for item in found["items"])

    assert await followers("2026-03-10", "2026-03-10") == [101, 102]
    assert await followers("2026-03-10", "2026-03-11") == [101, 102, 103]
    assert await followers("2026-03-09T14:00:00Z", "2026-03-09T15:00:00Z") == [100]
    assert await followers("2026-03-10T00:00:00+09:00", "2026-03-10T12:00:01+09:00") == [101, 102]
    assert await followers("2026-03-10T00:00:00", "2026-03-10T00:00:01") == [101]


async def test_what_is_no_day_is_refused_with_its_name(api: Api) -> None:
    for value in (
        *("yesterday", "2026-02-30", "2026-W10-1", "20260310", "", "1", "0000-01-01"),
        *("2026-03-10T25:00:00Z", "9999-12-31", "0001-01-01T00:00:00+14:00"),
    ):
        answer = await api.get("/metrics", end_date=value)
        assert answer.status_code == 422, value
        assert [error["field"] for error in answer.json()["errors"]] == ["end_date"]


async def test_without_dates_it_is_the_last_thirty_days(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    now = clock.now()
    await observe(api, account, [now - timedelta(days=31), now - timedelta(days=29), now])
    found = (await api.get("/metrics")).json()
    assert [item["followers"] for item in found["items"]] == [102, 101]
    assert (await api.get("/metrics", start_date="0001-01-02", end_date="0001-01-03")).json()["total"] == 0
    assert (await api.get("/metrics", end_date="0001-01-02")).status_code == 422


async def test_observations_are_merged_over_accounts_and_narrowed(api: Api, stranger: Api) -> None:
    one = (await api.follow("@one"))["accounts"][0]["id"]
    two = (await api.follow("@two"))["accounts"][0]["id"]
    theirs = (await stranger.follow("@three"))["accounts"][0]["id"]
    await observe(api, one, [T0, T0 + timedelta(hours=2)])
    await observe(api, two, [T0 + timedelta(hours=1), T0 + timedelta(hours=2)])
    await observe(api, theirs, [T0])
    window = {"start_date": "2026-03-01", "end_date": "2026-03-31"}
    pages = [(await api.get("/metrics", **window, limit=1, offset=n)).json() for n in range(5)]
    assert [page["total"] for page in pages] == [4] * 5
    seen = [(item["account_id"], item["observed_at"]) for page in pages for item in page["items"]]
    assert len(set(seen)) == 4
    assert [at for _, at in seen] == sorted((at for _, at in seen), reverse=True)
    assert {item for item, _ in seen} == {one, two}
    narrowed = (await api.get("/metrics", **window, account_id=two)).json()
    assert {item["account_id"] for item in narrowed["items"]} == {two}
    assert (await api.get("/metrics", **window, account_id=theirs)).json()["total"] == 0
    assert (await api.get("/metrics", **window, platform="youtube")).json()["total"] == 4
    assert (await api.get("/metrics", platform="myspace")).status_code == 422


async def test_a_window_costs_its_own_rows_however_long_the_history(api: Api) -> None:
    account = UUID((await api.follow())["accounts"][0]["id"])
    async with api.site.database.transaction() as session:
        for month in range(1, 4):
            await session.execute(text("select ensure_month(:day)"), {"day": T0.date().replace(month=month)})
        await session.execute(
            text("""
                insert into account_snapshot (account_id, observed_at, recorded_at, source, collector, followers)
                select :account, cast(:now as timestamptz) - n * interval '10 minutes', :now, 'data_api', '1', n
                from generate_series(1, 9000) n
            """),
            {"account": account, "now": T0},
        )
    async with api.site.database.transaction(api.workspace) as session:
        day = Window(since=T0 - timedelta(days=1), until=T0)
        found = await log.of_accounts(session, day, limit=10, offset=0)
        touched = await session.scalar(
            text("""
                select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables
                where relname like 'account_snapshot%'
            """)
        )
    assert (found.total, len(found.items)) == (144, 10)
    assert touched < 400


async def test_totals_stand_side_by_side_with_how_many_they_are_of(api: Api) -> None:
    assert (await api.get("/stats")).json() == {"platforms": []}
    account = (await api.follow())["accounts"][0]["id"]
    await api.follow("@unread")
    await api.read(account, harbour())
    (youtube,) = (await api.get("/stats")).json()["platforms"]
    assert youtube == {
        "platform": "youtube",
        "accounts": 2,
        "posts": 3,
        "followers": {"value": 1200, "of": 1},
        "views": {"value": 3400, "of": 3},
        "likes": {"value": 30, "of": 3},
        "comments": {"value": 2, "of": 2},
    }


async def test_posts_are_narrowed_and_a_missing_number_has_its_reason(api: Api, stranger: Api) -> None:
    creator = await api.follow()
    account = creator["accounts"][0]["id"]
    await api.read(account, harbour())
    await stranger.follow("@other")

    async def titles(**params: object) -> list[str]:
        answer = await api.get("/posts", **params)
        assert answer.status_code == 200, answer.text
        return [item["title"] for item in answer.json()["items"]]

    assert await titles() == ["Video 0", "Video 1", "Post video-2"]
    assert await titles(sort="views") == ["Post video-2", "Video 0", "Video 1"]
    assert await titles(q="vIDEO 1") == ["Video 1"]
    assert await titles(account_id=account, limit=1) == ["Video 0"]
    assert await titles(creator_id=creator["id"], offset=2) == ["Post video-2"]
    assert await titles(format=Format.LONG, state=PostState.PUBLIC) == ["Video 0", "Video 1", "Post video-2"]
    assert await titles(format=Format.SHORT) == []
    assert await titles(since=(clock.now() - timedelta(days=2, hours=1)).isoformat()) == ["Video 0", "Video 1"]
    assert await titles(until=(clock.now() - timedelta(days=2, hours=-1)).isoformat()) == ["Video 1", "Post video-2"]
    for wrong in ({"format": "novel"}, {"state": "asleep"}, {"sort": "price"}, {"since": "soon"}, {"q": "x" * 201}):
        assert (await api.get("/posts", **wrong)).status_code == 422, wrong
    assert (await stranger.get("/posts")).json()["total"] == 0

    post = (await api.get("/posts", sort="views")).json()["items"][0]
    shown = (await api.get(f"/posts/{post['id']}")).json()
    assert shown == post
    assert shown["numbers"]["values"]["comments"] == {"value": None, "missing": "off", "kept": None}
    assert (shown["engagement"], shown["erv"]) == (None, None)
    assert (await stranger.get(f"/posts/{post['id']}")).status_code == 404
    assert (await stranger.get(f"/posts/{post['id']}/history")).status_code == 404
    assert (await api.get(f"/posts/{uuid4()}")).status_code == 404


async def test_a_posts_history_is_cut_into_slices(api: Api) -> None:
    account = UUID((await api.follow())["accounts"][0]["id"])
    async with api.site.database.transaction() as session:
        ids, _ = await posts.upsert(session, account, [factories.reading("video", T0)], T0)
        post = ids["video"]
        for n in range(6):
            seen = factories.observation(post, T0 + timedelta(hours=n), views=n * 10, likes=None)
            await record_posts(session, [seen], Provenance("yt_dlp", "1", None, T0))
    found = (await api.get(f"/posts/{post}/history", limit=2, offset=1)).json()
    assert (found["total"], [point["values"]["views"] for point in found["items"]]) == (6, [40, 30])
    assert found["items"][0]["missing"] == {"likes": "not_given"}
    window = {"since": "2026-03-10T13:00:00Z", "until": "2026-03-10T15:00:00Z"}
    found = (await api.get(f"/posts/{post}/history", **window)).json()
    assert (found["total"], [point["values"]["views"] for point in found["items"]]) == (2, [20, 10])


async def test_runs_tell_what_they_did_and_what_went_wrong(api: Api, stranger: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    await api.read(account, harbour())
    started = await api.post("/collection/runs", {})
    assert (started.status_code, started.json()) == (202, {"accounts": 1, "due": 1})
    assert started.headers["location"] == "/api/v1/collection/status"
    await api.read(account, failing())
    runs = (await api.get("/collection/runs")).json()
    assert runs["total"] == 2
    failed, done = runs["items"]
    assert (done["status"], done["trigger"], done["posts_read"], done["error"]) == ("success", "first", 3, None)
    assert (failed["status"], failed["trigger"]) == ("limited", "manual")
    said = {"kind": "retry_after", "message": "It asked for a pause of 90 s.", "params": {"seconds": 90}}
    assert failed["error"] == said
    assert failed["tried"] == [{"source": "data_api", "post": None, "error": said}]
    assert (await api.get(f"/collection/runs/{done['id']}")).json() == done
    assert [r["id"] for r in (await api.get("/collection/runs", status="limited")).json()["items"]] == [failed["id"]]
    assert (await api.get("/collection/runs", account_id=account, platform="youtube")).json()["total"] == 2
    assert (await api.get("/collection/runs", status="tired")).status_code == 422
    assert (await stranger.get("/collection/runs")).json()["total"] == 0
    assert (await stranger.get(f"/collection/runs/{done['id']}")).status_code == 404

    status = (await api.get("/collection/status")).json()
    assert (status["accounts"], status["running"], status["failing"]) == (1, 0, 1)
    assert status["errors"][0]["error"] == said
    assert (await stranger.get("/collection/status", account_id=account)).json()["accounts"] == 0


async def test_some_accounts_are_read_now(api: Api) -> None:
    sea = await api.follow("@sea", tags=["sea"])
    land = await api.follow("@land")
    ids = [creator["accounts"][0]["id"] for creator in (sea, land)]
    for account in ids:
        await api.read(account, failing())
    assert (await api.post("/collection/runs", {"tag": "sea"})).json() == {"accounts": 1, "due": 1}
    assert (await api.post("/collection/runs", {"account_id": ids[1]})).json() == {"accounts": 1, "due": 1}
    by_creator = await api.post("/collection/runs", {"creator_id": land["id"]})
    assert by_creator.headers["location"] == f"/api/v1/collection/status?creator_id={land['id']}"
    assert (await api.get("/collection/status")).json()["waiting"] == 2
    assert (await api.get("/collection/status", creator_id=land["id"])).json()["waiting"] == 1
    assert (await api.post("/collection/runs", {"platform": "youtube"})).json()["accounts"] == 2
    assert (await api.post("/collection/runs", {"platform": "myspace"})).status_code == 422
    assert (await api.post("/collection/runs", {"account_id": str(uuid4())})).status_code == 404
    assert (await api.post("/collection/runs", {"creator_id": str(uuid4())})).status_code == 404
