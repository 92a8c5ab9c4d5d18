"""Broken copies of what Telegram's API answers: never a crash, never a number that was not there.

Fields of the objects are nulled or given other types, as a later layer of the schema might; and on the wire answers are
cut, or replaced by other objects. SIGHTLINE_MUTATIONS says how many copies of each kind.
"""

import copy
import os
import random
from typing import Any

import pytest
from telethon.tl import TLObject, types

from app.domain.ports.connections import Credential
from app.domain.ports.errors import PlatformError
from app.domain.ports.values import Metric, PostReading
from app.platforms.telegram import mtproto, parse_api
from app.platforms.telegram.api import Api
from sandbox.core import Sandbox
from sandbox.telegram.calls import METHODS, Context
from sandbox.telegram.connection import Session
from sandbox.telegram.content import STUDIO
from sandbox.telegram.service import Key
from tests.platforms.telegram.conftest import channel_of, handle, known

SEEDS = range(int(os.environ.get("SIGHTLINE_MUTATIONS", "20")))
_WRONG: tuple[Any, ...] = (None, None, None, [], {}, "", "text", -5, 10**30, 1.5, True, [None], types.PeerUser(1))


def mutated(thing: Any, seed: int, times: int) -> Any:
    """A copy with a few fields changed, the same ones for a seed."""
    dice, broken = random.Random(seed), copy.deepcopy(thing)
    for _ in range(times):
        owner, name = dice.choice(list(_places(broken)))
        if isinstance(owner, list):
            owner[name] = copy.deepcopy(dice.choice(_WRONG))
        else:
            setattr(owner, name, copy.deepcopy(dice.choice(_WRONG)))
    return broken


def _places(thing: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    if isinstance(thing, TLObject):
        for name, value in vars(thing).items():
            found += [(thing, name), *_places(value)]
    elif isinstance(thing, list):
        for place, value in enumerate(thing):
            found += [(thing, place), *_places(value)]
    return found


def answered(sandbox: Sandbox, request: Any) -> Any:
    """What the sandbox answers to this request, before it goes onto the wire."""
    telegram = sandbox.telegram
    key = Key(b"", 2, user_id=telegram.content.person(STUDIO).id)
    context = Context(telegram, Session(None, key, 1), key, 2)  # type: ignore[arg-type]
    return METHODS[type(request)](context, request)


def given(sandbox: Sandbox) -> Any:
    """The channel, as this account may name it."""
    content, channel = sandbox.telegram.content, channel_of(sandbox)
    number = int(channel.id)
    return types.InputChannel(number, content.access_hash(content.person(STUDIO).id, "c", number))


@pytest.mark.parametrize("seed", SEEDS)
def test_names(sandbox: Sandbox, seed: int) -> None:
    answer = answered(sandbox, mtproto.functions.contacts.ResolveUsernameRequest("gorodpeshkom"))
    try:
        found = parse_api.channel(mutated(answer, seed, 4))
    except PlatformError:
        return
    assert str(found.id) == channel_of(sandbox).id


@pytest.mark.parametrize("seed", SEEDS)
def test_channels(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    answer = mutated(answered(sandbox, mtproto.functions.channels.GetFullChannelRequest(given(sandbox))), seed, 6)
    try:
        profile = parse_api.profile(answer, int(channel.id), "gorodpeshkom")
    except PlatformError:
        return
    assert profile.metrics[Metric.FOLLOWERS] in (None, channel.subscribers(now))
    assert set(profile.missing) == {metric for metric, value in profile.metrics.items() if value is None}
    assert profile.external_id == channel.id and profile.handle in ("gorodpeshkom", "text")


@pytest.mark.parametrize("seed", SEEDS)
def test_posts(sandbox: Sandbox, seed: int) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    peer = given(sandbox)
    request = mtproto.functions.messages.GetHistoryRequest(
        types.InputPeerChannel(peer.channel_id, peer.access_hash), 0, None, 0, 30, 0, 0, 0
    )
    try:
        answer = mutated(answered(sandbox, request), seed, 60)
        results = list(parse_api.history(parse_api.messages(answer), "gorodpeshkom"))
    except PlatformError:
        return
    truth = {post.id: post for post in channel.listed(now)[:30]}
    for result in results:
        if not isinstance(result, PostReading):
            continue
        assert set(result.missing) == {metric for metric, value in result.metrics.items() if value is None}
        post = truth.get(result.external_id)
        if post is not None:
            assert result.metrics[Metric.VIEWS] in (None, post.views(now))
            assert result.metrics[Metric.COMMENTS] in (None, post.comments(now))
            assert result.metrics[Metric.SHARES] in (None, post.shares(now))


_PLAIN = (
    types.Updates([], [], [], None, 0),
    types.PeerUser(1),
    types.contacts.ContactsNotModified(),
    types.messages.ChannelMessages(pts=1, count=0, messages=[], topics=[], chats=[], users=[]),
)


@pytest.mark.parametrize("seed", range(0, len(SEEDS), 5))
async def test_answers_broken_on_the_wire(
    telegram_api: Api, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Other objects than were asked for, and bytes that stop in the middle."""
    dice = random.Random(seed)
    monkeypatch.setattr(mtproto, "_WHOLE", 1.0)
    credential = Credential("telegram", "1", sandbox.telegram.session_of(STUDIO))
    source, channel = telegram_api.with_credential(credential), channel_of(sandbox)
    await source.read_account(handle("gorodpeshkom"))

    def cut(context: Any, request: Any) -> bytes:
        whole = bytes(METHODS[type(request)](context, request))
        return whole[: dice.randrange(4, len(whole)) & ~3]

    other = dice.choice(_PLAIN[1:])
    for request in (mtproto.functions.channels.GetFullChannelRequest, mtproto.functions.messages.GetHistoryRequest):
        real = METHODS[request]
        for broken in (cut, lambda _context, _request: other):
            monkeypatch.setitem(METHODS, request, _through(broken, real) if broken is cut else broken)
            if request is mtproto.functions.channels.GetFullChannelRequest:
                with pytest.raises(PlatformError):
                    await source.read_account(handle("gorodpeshkom"))
            else:
                await _listed(source, known(channel, sandbox.world.now))


def _through(broken: Any, real: Any) -> Any:
    def answer(context: Any, request: Any) -> bytes:
        METHODS[type(request)] = real
        try:
            return bytes(broken(context, request))
        finally:
            METHODS[type(request)] = answer

    return answer


async def _listed(source: Any, ref: Any) -> None:
    try:
        posts = [post async for batch in source.list_posts(ref, limit=5, known=frozenset()) for post in batch]
    except PlatformError:
        return
    assert posts == []  # an empty list is what one of the objects really says
