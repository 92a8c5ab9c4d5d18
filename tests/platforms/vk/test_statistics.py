"""A community's private numbers with its own key."""

import json

import pytest

from app.domain.ports.connections import ReadsInsights
from app.domain.ports.errors import Blocked, NeedsAction, PlatformError, Unauthorized, Unsupported
from app.domain.ports.platform import Platform
from app.domain.ports.values import Missing
from app.platforms.vk.api import HOST
from app.platforms.vk.community import BoundStatistics, CommunityKey, CommunityStatistics
from sandbox.core import Sandbox
from sandbox.platforms.vk import KEY, reach
from tests.platforms.vk.conftest import TOKEN, channel_of, credential


def key(vk: Platform) -> CommunityKey:
    return next(one for one in vk.keys if isinstance(one, CommunityKey))


async def test_whose_key_it_is(vk: Platform, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    subject = await key(vk).check(KEY + channel.id[1:])
    assert (subject.id, subject.external_id, subject.platform) == (channel.id, channel.id, "vk")
    assert subject.title == channel.title and subject.handle == "dvor_masterskaya"
    assert key(vk).name == next(iter(vk.connected)).provider == "vk"


async def test_a_token_that_is_no_communitys(vk: Platform) -> None:
    with pytest.raises(NeedsAction):
        await key(vk).check(TOKEN)


@pytest.mark.parametrize("secret", ["", "ключ", "a\nb"])
async def test_what_can_be_no_key_is_not_sent(vk: Platform, sandbox: Sandbox, secret: str) -> None:
    with pytest.raises(Unauthorized):
        await key(vk).check(secret)
    assert not sandbox.journal.hits


async def test_a_revoked_key(vk: Platform, own: BoundStatistics, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    sandbox.edit("revoke_key", key=KEY + channel.id[1:])
    for reading in (key(vk).check(KEY + channel.id[1:]), own.read_insights(channel.id, posts=[])):
        with pytest.raises(Unauthorized, match="connect it again"):
            await reading


async def test_days(own: BoundStatistics, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    assert isinstance(own, ReadsInsights)
    told = await own.read_insights(channel.id, posts=[])
    days = sorted({one.day for one in told if one.day})
    assert len(days) == 30 and days[-1] == "2026-11-02"
    people = {one.day: one.value for one in told if one.metric == "reach"}
    midnight = sandbox.world.now - sandbox.world.now % 86_400
    assert people["2026-11-01"] == reach(channel, midnight - 86_400)[0]
    assert all((one.value is None) == (one.missing is not None) for one in told)
    # VK names no copies on a day that had none: that is no zero.
    assert {one.missing for one in told if one.metric == "copies"} == {Missing.NOT_GIVEN}


async def test_what_posts_reached(own: BoundStatistics, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    ids = [post.id for post in channel.listed(now)[:40]]
    told = await own.read_insights(channel.id, posts=ids)
    reached = {one.post_id: one.value for one in told if one.metric == "reach_total"}
    assert reached == {post.id: int(post.views(now) * 0.8) for post in channel.listed(now)[:40]}
    assert sum(hit.path == "/method/stats.getPostReach" for hit in sandbox.journal.hits) == 2


async def test_only_its_own(own: BoundStatistics, vk: Platform, sandbox: Sandbox) -> None:
    with pytest.raises(Unsupported):
        await own.read_insights(channel_of(sandbox, "gorodpeshkom").id, posts=[])
    assert not sandbox.journal.hits
    # A key that VK gives for another community may not read ours.
    other = credential(channel_of(sandbox, "gorodpeshkom"))
    source = next(one for one in vk.connected if isinstance(one, CommunityStatistics))
    ours = channel_of(sandbox).id
    bound = source.with_credential(type(other)("vk", ours, other.secret, ours))
    with pytest.raises(NeedsAction):
        await bound.read_insights(ours, posts=[])


async def test_a_captcha_is_no_matter_of_the_key(own: BoundStatistics, sandbox: Sandbox) -> None:
    sandbox.switch("vk-captcha", True)
    with pytest.raises(Blocked):
        await own.read_insights(channel_of(sandbox).id, posts=[])


@pytest.mark.parametrize("body", [{"response": {}}, {"response": [{"visitors": 5}]}, {"response": [None]}, {}])
async def test_answers_of_another_shape(own: BoundStatistics, sandbox: Sandbox, body: object) -> None:
    sandbox.replay.add(HOST, "POST", "/method/stats.get", body=json.dumps(body).encode())
    with pytest.raises(PlatformError) as error:
        await own.read_insights(channel_of(sandbox).id, posts=[])
    assert error.value.kind == "changed"
