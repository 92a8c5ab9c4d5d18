"""Broken copies of good answers: never a crash, never a number that was not there.

Twenty seeded copies of each kind of answer (SIGHTLINE_MUTATIONS says how many), with values nulled, taken away, of
other types, negative or huge; and cut or replaced on the wire.
"""

import copy
import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from app.domain.ports.connections import Insight
from app.domain.ports.errors import PlatformError
from app.domain.ports.values import Metric, Missing, PostReading, PostResult
from app.platforms.kit import Node
from app.platforms.pinterest import parse_api, parse_web
from app.platforms.pinterest.pages import HOST, PublicPages
from sandbox.core import Sandbox
from sandbox.platforms import pinterest_api, pinterest_web
from tests.platforms.pinterest.conftest import channel_of, every, known

SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_WRONG: tuple[Any, ...] = (None, [], {}, "", "text", "-5", "1.5", "9" * 40, -5, 10**30, 1.5, True, [None], {"x": 1})
_GONE = object()


def mutated(value: Any, seed: int, times: int) -> Any:
    """A copy with a few places changed, the same ones for a seed."""
    dice = random.Random(seed)
    broken = copy.deepcopy(value)
    for _ in range(times):
        places = list(_places(broken))
        if not places:
            break
        container, key = dice.choice(places)
        new = dice.choice((*_WRONG, _GONE, _GONE, _GONE))
        if new is _GONE:
            del container[key]
        else:
            container[key] = copy.deepcopy(new)
    return broken


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        found.append((value, key))
        found += _places(child)
    return found


def shown(state: object, script: str = "__PWS_INITIAL_PROPS__") -> str:
    return f'<script id="{script}" type="application/json">{json.dumps(state)}</script>'


def check(
    metrics: Mapping[Metric, int | None], missing: Mapping[Metric, Missing], truth: Mapping[Metric, int | None]
) -> None:
    """Every number is the one of the good answer, or null with a reason."""
    assert set(missing) == {metric for metric, value in metrics.items() if value is None}
    for metric, value in metrics.items():
        assert value is None or value == truth[metric], (metric, value)


def check_pins(results: Sequence[PostResult], truth: Mapping[str, Mapping[Metric, int | None]]) -> None:
    for result in results:
        if isinstance(result, PostReading):
            check(result.metrics, result.missing, truth[result.external_id])


@pytest.mark.parametrize("seed", SEEDS)
def test_pages_of_accounts(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    state = {"initialReduxState": {"users": {channel.id: pinterest_web.user(channel, now)}, "pins": {}}}
    whole = parse_web.profile(parse_web.page(shown(state)), "kettleandpine")
    try:
        profile = parse_web.profile(parse_web.page(shown(mutated(state, seed, 3))), "kettleandpine")
    except PlatformError:
        return
    check(profile.metrics, profile.missing, whole.metrics)


@pytest.mark.parametrize("seed", SEEDS)
def test_pages_of_created_pins(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox, "northloom"), sandbox.world.now
    posts = channel.listed(now)[:5]
    state = {"initialReduxState": {"pins": {post.id: pinterest_web.pin(channel, post, now) for post in posts}}}
    whole = parse_web.created(parse_web.page(shown(state)), channel.id, 10)
    assert len(whole) == 5
    truth = {one.external_id: one.metrics for one in whole if isinstance(one, PostReading)}
    try:
        results = parse_web.created(parse_web.page(shown(mutated(state, seed, 10))), channel.id, 10)
    except PlatformError:
        return
    for result in results:
        if isinstance(result, PostReading):
            values = dict(result.metrics)
            # A kind of reactions that was taken away cannot be told from one that nobody chose.
            likes, most = values.pop(Metric.LIKES), truth[result.external_id][Metric.LIKES]
            assert likes is None or (most is not None and likes <= most)
            reasons = {metric: why for metric, why in result.missing.items() if metric in values}
            check(values, reasons, truth[result.external_id])


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_of_the_account(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    good = pinterest_web.user(channel, now) | {"monthly_views": 5_123, "account_type": "BUSINESS"}
    whole = parse_api.profile(Node(good, "Pinterest"))
    try:
        profile = parse_api.profile(Node(mutated(good, seed, 3), "Pinterest"))
    except PlatformError:
        return
    check(profile.metrics, profile.missing, whole.metrics)


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_of_pins(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox, "northloom"), sandbox.world.now
    good = {"items": [pinterest_api.pin(post, now, True) for post in channel.listed(now)[:5]], "bookmark": "x"}
    whole = parse_api.pins(Node(good, "Pinterest"))
    truth = {one.external_id: one.metrics for one in whole if isinstance(one, PostReading)}
    assert len(truth) == 5
    try:
        results = parse_api.pins(Node(mutated(good, seed, 8), "Pinterest"))
    except PlatformError:
        return
    check_pins(results, truth)


def told(insights: Sequence[Insight], truth: Mapping[str, int]) -> None:
    for one in insights:
        assert (one.value is None) == (one.missing is not None)
        assert one.value in (None, truth[one.metric])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("of", ["account", "pins"])
def test_analytics(of: str, seed: int) -> None:
    names = (*parse_api.ACCOUNT_ANALYTICS, "TOTAL_COMMENTS", "TOTAL_REACTIONS")
    numbers = {name: 100 + place for place, name in enumerate(names)}
    day = {"data_status": "READY", "date": "2026-11-01", "metrics": numbers}
    report = {"daily_metrics": [day], "summary_metrics": numbers, "lifetime_metrics": numbers}
    good: Any = {"all": report} if of == "account" else {"123456789": {"all": report}}
    read = parse_api.account_analytics if of == "account" else parse_api.pin_analytics
    try:
        insights = read(Node(mutated(good, seed, 3), "Pinterest"))
    except PlatformError:
        return
    told(insights, {name.lower(): value for name, value in numbers.items()})


@pytest.mark.parametrize("seed", SEEDS)
async def test_pages_broken_on_the_wire(pages: PublicPages, sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    dice = random.Random(seed)
    state = {"initialReduxState": {"users": {channel.id: pinterest_web.user(channel, now)}, "pins": {}}}
    page = shown(state).encode()
    wreck: Callable[[], bytes] = dice.choice(
        [
            lambda: page[: dice.randrange(len(page) - len("</script>"))],
            lambda: b"",
            lambda: b"{}",
            lambda: b"\x1f\x8b" + page[:40],
            lambda: b"<title>Maintenance</title>",
            lambda: shown([[[state]]]).encode(),
            lambda: b'<script id="__PWS_DATA__">' + b"[" * 100_000 + b"</script>",
        ]
    )
    for path in ("/kettleandpine/", "/kettleandpine/_created/"):
        sandbox.replay.add(HOST, "GET", path, headers={"content-type": "text/html"}, body=wreck())
    for reading in (
        pages.read_account(known(channel)),
        every(pages.list_posts(known(channel), limit=5, known=frozenset())),
    ):
        with pytest.raises(PlatformError) as error:
            await reading
        assert error.value.kind == "changed"
