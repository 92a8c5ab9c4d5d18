import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.lib import clock as shared_clock
from bench import fit_growth
from sandbox import growth
from sandbox.clock import WorldClock
from sandbox.core import TEST_START, Sandbox
from sandbox.growth import DAY, Wave
from sandbox.posts import State
from sandbox.world import Channel, World

START = TEST_START.timestamp()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(7, WorldClock(tmp_path / "clock", START, 0), START)


def of(world: World, key: str) -> Channel:
    return next(channel for channel in world.channels if channel.creator.key == key)


def picture(world: World) -> list[object]:
    moment = world.now
    return [
        (
            (it.id, it.handle(moment), it.subscribers(moment), it.views(moment)),
            [(p.id, p.title, p.at, p.views(moment), p.likes(moment), p.state(moment)) for p in it.known(moment)],
        )
        for it in world.channels
    ]


def test_the_same_seed_and_time_give_the_same_world(world: World, tmp_path: Path) -> None:
    world.clock.advance(40 * DAY)
    ahead = picture(world)
    # Reached by another way: asked at other moments before, and forward and back.
    other = World(7, WorldClock(tmp_path / "other", START, 0), START)
    picture(other)
    other.clock.set(START + 300 * DAY)
    picture(other)
    other.clock.set(START + 40 * DAY)
    assert picture(other) == ahead
    assert picture(World(8, world.clock, START)) != ahead


def test_numbers_never_fall_and_totals_hold(world: World) -> None:
    for channel in world.channels:
        moments = [START + hours * 3_600 for hours in (0, 1, 5, 24, 24 * 30)]
        seen = {post.id: 0 for post in channel.known(START)}
        for moment in moments:
            for post in channel.known(START):
                assert post.views(moment) >= seen[post.id]
                seen[post.id] = post.views(moment)
                assert post.likes(moment) + post.comments(moment) <= post.views(moment)
            assert channel.views(moment) >= sum(post.views(moment) for post in channel.listed(moment))
        totals = [channel.views(moment) for moment in moments]
        assert totals == sorted(totals)


def test_channels_have_a_plausible_number_of_posts_of_their_formats(world: World) -> None:
    sizes = {it.creator.key: len(it.listed(START)) for it in world.channels}
    assert sizes.pop("harbor") == 0
    assert sizes.pop("fast") == 0  # terminated
    assert all(60 <= size <= 400 for size in sizes.values()), sizes
    formats = {post.format for it in world.channels for post in it.listed(START)}
    assert formats == {"long", "short", "live"}


def test_new_posts_appear_as_time_passes(world: World) -> None:
    channel = of(world, "kettle")
    before = {post.id for post in channel.listed(START)}
    after = {post.id for post in channel.listed(START + 30 * DAY)}
    assert before < after
    assert 8 <= len(after - before) <= 18


@pytest.mark.recordings
@pytest.mark.skipif(not fit_growth.RECORDING.exists(), reason="no recordings here (SIGHTLINE_RECORDINGS)")
def test_the_curve_is_the_one_fitted_on_the_recording() -> None:
    fit = fit_growth.measure(fit_growth.RECORDING)
    assert (fit.half_days, fit.power) == (growth.HALF_DAYS, growth.POWER)
    assert [fit.views_sigma, fit.like_rate, fit.like_sigma, fit.comment_rate, fit.comment_sigma] == pytest.approx(
        [growth.VIEWS_SIGMA, growth.LIKE_RATE, growth.LIKE_SIGMA, growth.COMMENT_RATE, growth.COMMENT_SIGMA], rel=0.02
    )
    # The fit is worth its name: each day's growth over the day before comes out within a tenth.
    assert fit.predicted == pytest.approx(fit.observed, rel=0.1)


def test_growth_slows_with_age_and_follows_the_day() -> None:
    assert [round(growth.share(days), 2) for days in (0, 1, 7, 30)] == [0.0, 0.46, 0.83, 0.94]
    waves, peak = (Wave(0.0, 1e9),), 19 * 3_600.0
    hourly = [growth.views(waves, 30 * DAY + hour * 3_600, peak) for hour in range(25)]
    gains = [after - before for before, after in itertools.pairwise(hourly)]
    assert max(range(24), key=gains.__getitem__) in (18, 19)
    assert min(range(24), key=gains.__getitem__) in (6, 7)


def test_each_creator_is_what_it_is_for(world: World) -> None:
    assert of(world, "draft").hides_subscribers
    assert (of(world, "loom").handle(START), of(world, "loom").handle(START + 31 * DAY)) == (
        "northloom",
        "northloomstudio",
    )
    assert of(world, "fast").terminated(START)
    gone = [p for p in of(world, "balkon").known(START) if p.state(START) is State.DELETED]
    assert len(gone) > 20
    later = [p for p in of(world, "balkon").known(START) if p.state(START + 20 * DAY) is State.DELETED]
    assert len(later) > len(gone)
    assert any(p.comments_off for p in of(world, "gorod").listed(START))
    assert any(p.state(START) is State.PRIVATE for p in of(world, "gorod").known(START))
    assert any(p.likes_hidden for p in of(world, "draft").listed(START))
    chai = of(world, "chai")
    assert chai.subscribers(START + 90 * DAY) < chai.subscribers(START + 8 * DAY)
    miles = sorted(p.views(START) for p in of(world, "miles").listed(START))
    assert miles[-1] > 40 * miles[len(miles) // 2]


def test_subscribers_stand_as_written_at_the_first_moment_and_grow(world: World) -> None:
    for channel in world.channels:
        assert channel.subscribers(START) == channel.creator.subscribers
        if channel.creator.stalls is None:
            assert channel.subscribers(START + 90 * DAY) > channel.subscribers(START)


def test_a_stream_is_announced_runs_and_ends(world: World) -> None:
    ferry = of(world, "ferry")
    stream = next(post for post in ferry.known(START + 10 * DAY) if post.format == "live" and post.announced > START)
    assert stream not in ferry.known(stream.announced - 1)
    assert stream.state(stream.announced) is State.UPCOMING
    assert stream.views(stream.started) == 0
    assert stream.state(stream.started) is State.LIVE
    assert stream.watching(stream.started + stream.duration / 2) > 0
    assert stream.state(stream.ended) is State.PUBLIC


def test_edits_change_the_world_until_it_is_reset(world: World) -> None:
    before = picture(world)
    video = of(world, "kettle").listed(START)[0]
    world.edit("hide_subscribers", channel="@kettleandpine")
    world.edit("rename_handle", channel="@kettleandpine", handle="@kettlehouse")
    world.edit("make_private", video=video.id)
    world.edit("delete_posts", channel="orbitnotes", count=2)
    world.edit("terminate", channel="@двор-и-мастерская")
    world.edit("take_off", video=of(world, "miles").listed(START)[0].id, views=1_000_000)
    world.clock.advance(5 * DAY)
    assert world.channel("@KettleHouse") is of(world, "kettle")
    assert world.channel("@kettleandpine") is None
    assert world.state(of(world, "kettle"), video) is State.PRIVATE
    assert of(world, "dvor").listed(world.now) == []
    assert of(world, "miles").listed(START)[0].views(world.now) > 500_000
    world.reset()
    world.clock.set(START)
    assert picture(world) == before


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"op": "nonsense"}, "No operation"),
        ({"op": "terminate"}, "missing"),
        ({"op": "terminate", "channel": "@nobody"}, "No channel"),
        ({"op": "delete", "video": "xxxxxxxxxxx"}, "No video"),
        ({"op": "rename_handle", "channel": "@orbitnotes", "handle": "@quietmiles"}, "taken"),
    ],
)
def test_an_unfit_edit_is_refused_and_not_kept(world: World, wish: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        world.edit(**wish)
    assert world.edits == []


def test_the_application_reads_the_sandboxs_clock(tmp_path: Path) -> None:
    clock = WorldClock(tmp_path / "clock", START, 0)
    shared_clock.follow(clock.path)
    try:
        assert shared_clock.timestamp() == START == clock.now
        clock.advance(DAY)
        assert shared_clock.timestamp() == START + DAY == clock.now
        clock.rate = 3_600
        assert shared_clock.timestamp() == pytest.approx(clock.now, abs=36)
        clock.rate = 0
        clock.set(START)
        assert shared_clock.now() == TEST_START
    finally:
        shared_clock.follow(None)


def test_time_goes_forward_and_not_too_fast(tmp_path: Path) -> None:
    clock = WorldClock(tmp_path / "clock", START, 0)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="rate"):
        clock.rate = -1


def test_a_directory_goes_on_with_its_own_world(tmp_path: Path) -> None:
    first = Sandbox(tmp_path, seed=3, start=datetime(2026, 6, 1, tzinfo=UTC))
    first.edit("hide_subscribers", channel="@orbitnotes")
    first.edit("delete_posts", channel="@quietmiles", count=3)
    first.edit("take_off", video=of(first.world, "loom").listed(first.world.now)[0].id, views=10_000)
    first.clock.advance(10 * DAY)
    second = Sandbox(tmp_path, seed=99, start=None)
    assert second.clock.moment == datetime(2026, 6, 11, tzinfo=UTC)
    assert picture(second.world) == picture(first.world)
    assert of(second.world, "orbit").hides_subscribers
    second.reset()
    assert second.clock.moment == datetime(2026, 6, 1, tzinfo=UTC)
    assert Sandbox(tmp_path, start=None).world.edits == []
