"""VK's API over HTTP, through the egress proxy, against the sandbox."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.ports.errors import Blocked, Changed, Gone, NeedsAction, PlatformError, QuotaSpent, RetryAfter
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import (
    ACCOUNT_METRICS,
    POST_METRICS,
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostState,
    PostUnread,
    RefKind,
)
from app.lib import clock
from app.platforms.vk import platform
from app.platforms.vk.api import HOST, VkApi
from sandbox.core import Sandbox
from tests.platforms.conftest import no_means
from tests.platforms.vk.conftest import TOKEN, channel_of, every, known, posts, ref


def test_what_it_shows(vk: Platform, api: VkApi) -> None:
    assert set(vk.account_metrics) <= set(ACCOUNT_METRICS) and set(vk.post_metrics) <= set(POST_METRICS)
    assert vk.post_metrics[Metric.SHARES] == "Reposts"
    assert isinstance(api, ReadsAccount) and isinstance(api, ListsPosts) and isinstance(api, ReadsPosts)
    assert api.configured and api.evidence


async def test_without_a_token_it_says_where_to_put_one() -> None:
    source = platform(no_means()).sources[0]
    assert not source.configured and "VK_ACCESS_TOKEN" in source.unconfigured_reason
    with pytest.raises(RuntimeError, match="way out"):
        await platform(no_means(vk_access_token="t")).sources[0].read_account(ref(RefKind.ID, "-1"))  # type: ignore[attr-defined]


async def test_a_community_by_all_its_names(api: VkApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    whole = await api.read_account(ref(RefKind.HANDLE, "dvor_masterskaya"))
    assert whole.external_id == channel.id and whole.external_id.startswith("-")
    assert whole.metrics == {Metric.FOLLOWERS: channel.subscribers(now)} and not whole.missing
    assert (whole.handle, whole.title) == ("dvor_masterskaya", channel.title)
    assert whole.url == "https://vk.com/dvor_masterskaya" and whole.avatar_url and whole.description
    post = channel.listed(now)[0]
    for who in (
        ref(RefKind.ID, channel.id, "an_old_name"),
        ref(RefKind.HANDLE, f"club{channel.id[1:]}"),
        ref(RefKind.POST, f"{channel.id}_{post.id}"),
    ):
        assert await api.read_account(who) == whole


async def test_a_person(api: VkApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox, "id48120366"), sandbox.world.now
    profile = await api.read_account(ref(RefKind.ID, "48120366"))
    assert profile.metrics == {Metric.FOLLOWERS: channel.subscribers(now)}
    assert (profile.external_id, profile.handle, profile.title) == ("48120366", "id48120366", channel.title)
    assert len(await posts(api, channel, 30)) == 30


async def test_posts_in_order_with_their_numbers(api: VkApi, sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    batches = [batch async for batch in api.list_posts(known(channel), limit=150, known=frozenset())]
    assert [len(batch) for batch in batches] == [100, 50]
    read = [result for batch in batches for result in batch]
    expected = channel.listed(now)[:150]
    assert [result.external_id for result in read] == [post.id for post in expected]
    for result, post in zip(read, expected, strict=True):
        assert isinstance(result, PostReading)
        assert result.metrics == {
            Metric.VIEWS: post.views(now),
            Metric.LIKES: post.likes(now),
            Metric.COMMENTS: post.comments(now),
            Metric.SHARES: post.shares(now),
        }
        assert not result.missing and result.title == post.title
        assert result.published_at == datetime.fromtimestamp(int(post.at), UTC)
        assert result.format is (Format.PHOTO if post.format == "photo" else Format.VIDEO)
        assert result.duration == (post.duration or None) and result.thumbnail_url
        assert result.url == f"https://vk.com/wall{channel.id}_{post.id}"
    everything = await posts(api, channel, 10_000)
    assert len(everything) == len(channel.listed(now))


async def test_texts_are_texts(api: VkApi, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox, "gorodpeshkom")
    formats = {post.id: post.format for post in channel.listed(sandbox.world.now)}
    for result in await posts(api, channel, 30):
        assert isinstance(result, PostReading)
        assert result.format is (Format.TEXT if formats[result.external_id] == "text" else Format.PHOTO)


@pytest.mark.parametrize(("at", "limit"), [(0, 5), (4, 5), (5, 5), (40, 20), (40, 60), (130, 150)])
async def test_a_pinned_post_stands_where_its_date_puts_it(api: VkApi, sandbox: Sandbox, at: int, limit: int) -> None:
    channel = channel_of(sandbox)
    listed = [post.id for post in channel.listed(sandbox.world.now)]
    sandbox.edit("raise_flag", flag=f"vk.pinned.{channel.id}_{listed[at]}")
    assert [result.external_id for result in await posts(api, channel, limit)] == listed[:limit]


async def test_posts_by_id(api: VkApi, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    ids = [post.id for post in channel.listed(sandbox.world.now)[:130]]
    channel.listed(sandbox.world.now)[1].gone_at = sandbox.world.now
    batches = [batch async for batch in api.read_posts(known(channel), ids)]
    assert [len(batch) for batch in batches] == [100, 30]
    results = [result for batch in batches for result in batch]
    assert [result.external_id for result in results] == ids
    assert results[1] == PostGone(ids[1], PostState.DELETED)
    assert all(isinstance(result, PostReading) for result in results[2:])
    assert sum(hit.path == "/method/wall.getById" for hit in sandbox.journal.hits) == 2
    channel.forget()


async def test_the_token_is_in_no_address(api: VkApi, sandbox: Sandbox) -> None:
    await posts(api, channel_of(sandbox))
    assert sandbox.journal.hits and not any(TOKEN in hit.query for hit in sandbox.journal.hits)


@pytest.mark.parametrize("name", ["nobody_has_this", "id999", "club999"])
async def test_who_is_not_there_is_gone(api: VkApi, sandbox: Sandbox, name: str) -> None:
    with pytest.raises(Gone):
        await api.read_account(ref(RefKind.HANDLE, name))


@pytest.mark.parametrize("name", ["dvor_masterskaya", "id48120366"])
async def test_who_was_closed_is_gone(api: VkApi, sandbox: Sandbox, name: str) -> None:
    sandbox.edit("terminate", channel=f"vk:{name}")
    with pytest.raises(Gone):
        await api.read_account(known(channel_of(sandbox, name)))
    with pytest.raises(Gone):
        await posts(api, channel_of(sandbox, name))


@pytest.mark.parametrize("name", ["dvor_masterskaya", "id48120366"])
async def test_a_private_wall_says_so_and_its_numbers_stay(api: VkApi, sandbox: Sandbox, name: str) -> None:
    channel = channel_of(sandbox, name)
    sandbox.edit("raise_flag", flag=f"vk.private.{channel.id}")
    with pytest.raises(Gone, match="private"):
        await posts(api, channel)
    assert (await api.read_account(known(channel))).metrics[Metric.FOLLOWERS]


@pytest.mark.parametrize("how", ["private", "terminated"])
async def test_posts_of_a_closed_wall_are_not_taken_for_deleted(api: VkApi, sandbox: Sandbox, how: str) -> None:
    channel = channel_of(sandbox)
    ids = [post.id for post in channel.listed(sandbox.world.now)[:3]]
    if how == "private":
        sandbox.edit("raise_flag", flag=f"vk.private.{channel.id}")
    else:
        sandbox.edit("terminate", channel="vk:dvor_masterskaya")
    with pytest.raises(Gone):
        await every(api.read_posts(known(channel), ids))


async def test_a_post_alone_that_was_deleted(api: VkApi, sandbox: Sandbox) -> None:
    assert await every(api.read_posts(known(channel_of(sandbox)), ["5"])) == [PostGone("5", PostState.DELETED)]


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("preset", "kind"),
    [
        ("vk-too-fast", RetryAfter),
        ("vk-day-spent", QuotaSpent),
        ("vk-captcha", Blocked),
        ("vk-token-revoked", NeedsAction),
        ("vk-layout-change", Changed),
    ],
)
async def test_presets(api: VkApi, sandbox: Sandbox, preset: str, kind: type[PlatformError]) -> None:
    sandbox.switch(preset, True)
    with pytest.raises(PlatformError) as error:
        await posts(api, channel_of(sandbox))
    assert type(error.value) is kind
    assert TOKEN not in str(error.value) and TOKEN not in repr(error.value.params)
    sandbox.switch(preset, False)
    assert await posts(api, channel_of(sandbox), 1)


async def test_a_moment_and_a_day(api: VkApi, sandbox: Sandbox) -> None:
    sandbox.switch("vk-too-fast", True)
    with pytest.raises(RetryAfter) as soon:
        await posts(api, channel_of(sandbox))
    assert 0 < (soon.value.until - clock.now()).total_seconds() < 60
    sandbox.switch("vk-too-fast", False)
    sandbox.switch("vk-day-spent", True)
    with pytest.raises(QuotaSpent) as late:
        await posts(api, channel_of(sandbox))
    # 2026-11-02 12:00 UTC is 15:00 in Moscow.
    assert late.value.until == datetime(2026, 11, 2, 21, tzinfo=UTC)


async def test_a_revoked_token(api: VkApi, sandbox: Sandbox) -> None:
    sandbox.edit("revoke_key", key=TOKEN)
    with pytest.raises(NeedsAction, match="VK_ACCESS_TOKEN"):
        await api.read_account(known(channel_of(sandbox)))


async def test_an_answer_of_execute(api: VkApi, sandbox: Sandbox) -> None:
    sandbox.edit("raise_flag", flag="vk.execute")
    with pytest.raises(Gone):
        await posts(api, channel_of(sandbox))


CODES: dict[int, type[PlatformError]] = {
    1: RetryAfter, 2: NeedsAction, 3: Changed, 4: NeedsAction, 5: NeedsAction, 6: RetryAfter, 7: NeedsAction,
    8: Changed, 9: Blocked, 10: RetryAfter, 14: Blocked, 15: Gone, 17: NeedsAction, 18: Gone, 27: NeedsAction,
    29: QuotaSpent, 30: Gone, 100: Changed, 113: Gone, 125: Gone, 203: Gone, 913: Changed,
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
async def test_codes(api: VkApi, sandbox: Sandbox, code: int) -> None:
    named = [{"key": "access_token", "value": TOKEN}]
    answer = {"error": {"error_code": code, "error_msg": f"said of {TOKEN}", "request_params": named}}
    sandbox.replay.add(HOST, "POST", "/method/groups.getById", body=json.dumps(answer).encode())
    with pytest.raises(PlatformError) as error:
        await api.read_account(ref(RefKind.ID, "-1"))
    assert error.value.kind == CODES[code].kind
    assert TOKEN not in str(error.value) and TOKEN not in repr(error.value.params)


@pytest.mark.parametrize("behaviour", [{"reset": True}, {"truncate_after": 50}, {"status": 429}, {"status": 502}])
async def test_a_bad_line(api: VkApi, sandbox: Sandbox, behaviour: dict[str, Any]) -> None:
    sandbox.fault(HOST, times=-1, **behaviour)
    with pytest.raises(RetryAfter):
        await api.read_account(ref(RefKind.ID, "-1"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"<html>", "JSON"),
        (b"[]", "answer"),
        (b"{}", "response"),
        (b'{"response": null}', "response"),
        (b'{"error": {}}', "error.error_code"),
        (b'{"error": []}', "error"),
        (b'\xef\xbb\xbf{"response": {"groups": [{"id": "x"}]}}', "response.groups[].id"),
        (b'{"response": [{"id": 5, "members_count": 1, "name": []}]}', "response[].name"),
    ],
)
async def test_answers_of_another_shape(api: VkApi, sandbox: Sandbox, body: bytes, field: str) -> None:
    sandbox.replay.add(HOST, "POST", "/method/groups.getById", body=body)
    with pytest.raises(Changed) as error:
        await api.read_account(ref(RefKind.ID, "-1"))
    assert error.value.field == field


async def wall(api: VkApi, sandbox: Sandbox, *items: object) -> list[object]:
    body = json.dumps({"response": {"count": len(items), "items": items}}).encode()
    sandbox.replay.add(HOST, "POST", "/method/wall.get", body=body)
    return list(await every(api.list_posts(ref(RefKind.ID, "-1"), limit=10, known=frozenset())))


NUMBERS = {"owner_id": -1, "likes": {"count": 0}, "comments": {"count": 1}, "reposts": {"count": 2}}


async def test_views_of_before_vk_counted_them(api: VkApi, sandbox: Sandbox) -> None:
    old, new = await wall(
        api, sandbox, {"id": 1, "date": 1171758699, **NUMBERS}, {"id": 2, "date": 1771758699, **NUMBERS}
    )
    assert isinstance(old, PostReading) and isinstance(new, PostReading)
    assert old.metrics[Metric.VIEWS] is None and old.missing == {Metric.VIEWS: Missing.NOT_PUBLISHED}
    assert new.missing == {Metric.VIEWS: Missing.NOT_GIVEN} and new.metrics[Metric.LIKES] == 0


async def test_an_odd_post_is_that_posts_own(api: VkApi, sandbox: Sandbox) -> None:
    odd, fine = await wall(
        api,
        sandbox,
        {"id": 2, "date": "soon", **NUMBERS},
        {"id": 1, "owner_id": -1, "date": 1771758699, "likes": {"count": 3}},
    )
    assert isinstance(odd, PostUnread) and isinstance(fine, PostReading)
    assert fine.metrics[Metric.LIKES] == 3 and fine.missing[Metric.SHARES] is Missing.UNREADABLE


@pytest.mark.parametrize(
    ("post", "form"),
    [
        ({"text": "words"}, Format.TEXT),
        ({"attachments": [{"type": "link", "link": {}}]}, Format.TEXT),
        ({"attachments": [{"type": "photos_list", "photos_list": None}]}, Format.PHOTO),
        ({"attachments": [{"type": "video", "video": {"type": "short_video"}}]}, Format.SHORT),
        ({"attachments": [{"type": "photo", "photo": {}}, {"type": "video", "video": {}}]}, Format.VIDEO),
        ({"attachments": [{"type": "audio", "audio": {}}]}, Format.UNKNOWN),
        ({"copy_history": [{"text": "theirs", "attachments": [{"type": "photo", "photo": {}}]}]}, Format.PHOTO),
        ({"attachments": {"type": "photo"}}, Format.UNKNOWN),
        ({}, Format.UNKNOWN),
    ],
)
async def test_formats(api: VkApi, sandbox: Sandbox, post: dict[str, object], form: Format) -> None:
    (result,) = await wall(api, sandbox, {"id": 1, "date": 1771758699, **NUMBERS, **post})
    assert isinstance(result, PostReading) and result.format is form


async def test_a_post_that_was_not_asked_for_makes_nobodys_post_gone(api: VkApi, sandbox: Sandbox) -> None:
    body = json.dumps({"response": {"items": [{"id": 9, "date": 1771758699, **NUMBERS}]}}).encode()
    sandbox.replay.add(HOST, "POST", "/method/wall.getById", body=body)
    with pytest.raises(Changed):
        await every(api.read_posts(ref(RefKind.ID, "-1"), ["8"]))


async def test_an_application_is_no_account(api: VkApi, sandbox: Sandbox) -> None:
    body = b'{"response": {"type": "vk_app", "object_id": 7}}'
    sandbox.replay.add(HOST, "POST", "/method/utils.resolveScreenName", body=body)
    with pytest.raises(Gone, match="application"):
        await api.read_account(ref(RefKind.HANDLE, "some_game"))
