"""The sandbox's Telegram under the unchanged Telethon: connecting, signing in, reading."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from telethon import errors, functions, types
from telethon.network import ConnectionTcpAbridged, ConnectionTcpFull, ConnectionTcpIntermediate

from sandbox.core import TEST_START, Sandbox
from sandbox.platforms import telegram_pages
from sandbox.telegram.content import FAR, GROUP, HIDDEN, OFFICE, PASSWORD, STUDIO
from sandbox.world import Channel
from tests.sandbox.telegram_client import client, signed_in


def channel_of(sandbox: Sandbox) -> Channel:
    channel = sandbox.world.channel("gorodpeshkom", "telegram")
    assert channel is not None
    return channel


async def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about in 5 s")


@pytest.mark.parametrize("base", [ConnectionTcpFull, ConnectionTcpAbridged, ConnectionTcpIntermediate])
async def test_transports(sandbox: Sandbox, base: Any) -> None:
    here = await signed_in(sandbox, base=base)
    assert (await here.get_me()).phone == STUDIO
    await here.disconnect()
    assert sandbox.telegram.handshakes in (1, 2)  # a slow machine may let the first one lapse


async def test_a_session_outlives_a_restart(sandbox: Sandbox, tmp_path: Any) -> None:
    with Sandbox(tmp_path, start=TEST_START) as first:
        here = await signed_in(first)
        session = here.session.save()
        await here.disconnect()
    with Sandbox(tmp_path, start=None) as second:
        again = client(second, session)
        await again.connect()
        assert (await again.get_me()).phone == STUDIO
        await again.disconnect()
        assert second.telegram.handshakes == 0 and second.telegram.public_key.read_text().startswith("-----BEGIN RSA")
        assert not second.journal.findings()


async def test_wrong_code_and_password(sandbox: Sandbox) -> None:
    here = client(sandbox)
    await here.connect()
    with pytest.raises(errors.PhoneNumberUnoccupiedError):
        await here.send_code_request("+12025550199")
    await here.send_code_request(f"+{OFFICE}")
    with pytest.raises(errors.PhoneCodeInvalidError):
        await here.sign_in(f"+{OFFICE}", "00000")
    with pytest.raises(errors.SessionPasswordNeededError):
        await here.sign_in(f"+{OFFICE}", "12345")
    with pytest.raises(errors.PasswordHashInvalidError):
        await here.sign_in(password="wrong")
    assert (await here.sign_in(password=PASSWORD)).phone == OFFICE
    await here.disconnect()


async def test_a_phone_that_lives_elsewhere(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox, FAR)
    assert here.session.dc_id == 3 and (await here.get_me()).phone == FAR
    await here.disconnect()


@pytest.mark.parametrize(("phone", "password", "center"), [(STUDIO, "", 2), (OFFICE, PASSWORD, 2), (FAR, "", 3)])
async def test_a_scanned_login_code(sandbox: Sandbox, phone: str, password: str, center: int) -> None:
    here = client(sandbox)
    await here.connect()
    code = await here.qr_login()
    waiting = asyncio.ensure_future(code.wait(10))
    await asyncio.sleep(0.05)
    sandbox.edit("scan_login", link=code.url, person=phone)
    if password:
        with pytest.raises(errors.SessionPasswordNeededError):
            await waiting
        await here.sign_in(password=password)
    else:
        assert (await waiting).phone == phone
    assert (await here.get_me()).phone == phone and here.session.dc_id == center
    await here.disconnect()


async def test_a_login_code_accepted_by_another_client(sandbox: Sandbox) -> None:
    phone = await signed_in(sandbox)
    here = client(sandbox)
    await here.connect()
    code = await here.qr_login()
    waiting = asyncio.ensure_future(code.wait(10))
    await asyncio.sleep(0.05)
    await phone(functions.auth.AcceptLoginTokenRequest(code.token))
    assert (await waiting).phone == STUDIO
    await here.disconnect()
    await phone.disconnect()


async def test_a_login_code_runs_out(sandbox: Sandbox) -> None:
    sandbox.telegram.code_seconds = 0.5
    here = client(sandbox)
    await here.connect()
    code = await here.qr_login()
    first = code.token
    with pytest.raises(asyncio.TimeoutError):
        await code.wait()
    await code.recreate()
    assert code.token != first
    await here.disconnect()


def test_scanning_needs_a_code(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="login code"):
        sandbox.edit("scan_login", link="https://t.me/durov", person=STUDIO)


async def test_a_channel_is_the_worlds(sandbox: Sandbox) -> None:
    channel, now = channel_of(sandbox), sandbox.world.now
    here = await signed_in(sandbox)
    full = await here(functions.channels.GetFullChannelRequest("gorodpeshkom"))
    assert full.full_chat.id == int(channel.id)
    assert full.full_chat.participants_count == channel.subscribers(now)
    messages = [message async for message in here.iter_messages("gorodpeshkom", limit=130)]
    posts = channel.listed(now)[:130]
    assert [str(message.id) for message in messages] == [post.id for post in posts]
    for message, post in zip(messages, posts, strict=True):
        assert (message.views, message.forwards) == (post.views(now), post.shares(now))
        assert message.replies is None if post.comments_off else message.replies.replies == post.comments(now)
        assert sum(part.count for part in message.reactions.results) == post.likes(now)
        assert bool(message.photo) == (post.format == "photo") and bool(message.video) == (post.format == "video")
        assert message.date.timestamp() == int(post.at) and message.text.startswith(post.title)
    sandbox.clock.advance(86_400)
    (newest,) = await here.get_messages("gorodpeshkom", limit=1)
    assert newest.id > messages[0].id
    (gone,) = await here.get_messages("gorodpeshkom", ids=[1])
    assert gone is None
    sandbox.edit("terminate", channel=f"telegram:{channel.id}")
    with pytest.raises(errors.ChannelPrivateError):
        await here.get_messages("gorodpeshkom", limit=1)
    with pytest.raises(ValueError, match="No user"):
        await here.get_entity("nobody_is_here")
    await here.disconnect()


def test_the_page_and_the_api_show_the_same_reactions(sandbox: Sandbox) -> None:
    for number in (0, 1, 7, 100, 4_321, 1_234_567):
        assert sum(part for _, part in telegram_pages.reactions(number)) == number


async def test_members_and_authors_of_groups(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    named = [user async for user in here.iter_participants(GROUP, limit=1000)]
    assert len(named) == 940 and sum(bool(user.username) and not user.bot for user in named) == 720
    with pytest.raises(errors.ChatAdminRequiredError):
        await here.get_participants(HIDDEN)
    authors = set()
    async for message in here.iter_messages(HIDDEN, limit=1000):
        if isinstance(message.sender, types.User) and message.sender.username:
            authors.add(message.sender.username)
    assert 20 < len(authors) <= 40
    await here.disconnect()


@pytest.mark.parametrize("error", ["SESSION_REVOKED", "AUTH_KEY_UNREGISTERED", "USER_DEACTIVATED_BAN"])
async def test_sessions_that_were_ended(sandbox: Sandbox, error: str) -> None:
    here = await signed_in(sandbox)
    me = await here.get_me()
    sandbox.telegram.revoke(me.id, error)
    with pytest.raises(errors.UnauthorizedError) as raised:
        await here(functions.updates.GetStateRequest())
    assert type(raised.value).__name__.removesuffix("Error").upper() == error.replace("_", "")
    assert await here.get_me() is None
    await here.disconnect()


async def test_grants_taken_back_end_sessions(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    sandbox.edit("revoke_grants", provider="telegram")
    with pytest.raises(errors.SessionRevokedError):
        await here(functions.updates.GetStateRequest())
    await here.disconnect()
    again = await signed_in(sandbox)
    assert await again(functions.updates.GetStateRequest())
    await again.disconnect()


async def test_a_forgotten_key_is_404(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    session = here.session.save()
    await here.disconnect()
    sandbox.telegram.keys.clear()
    again = client(sandbox, session)
    with pytest.raises(errors.AuthKeyNotFound):
        await again.connect()
    await again.disconnect()


async def test_a_session_used_from_two_addresses_dies(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    there = client(sandbox, here.session.save(), local_addr="127.0.0.2")
    with pytest.raises(errors.AuthKeyDuplicatedError):
        await there.connect()
    with pytest.raises(errors.AuthKeyDuplicatedError):
        await here(functions.help.GetConfigRequest())
    await there.disconnect()
    await here.disconnect()


async def test_a_reset_signs_everybody_out(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox, auto_reconnect=False)
    sandbox.reset()
    await wait_until(lambda: not here.is_connected() and not sandbox.telegram.connections)
    assert not sandbox.telegram.keys and not sandbox.telegram.calls
    await here.disconnect()


async def test_unwritten_methods_are_findings(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    with pytest.raises(errors.BadRequestError):
        await here(functions.help.GetAppUpdateRequest("x"))
    assert sandbox.journal.findings() == ["error in a fake: telegram: nobody wrote help.getAppUpdate"]
    sandbox.journal.clear()
    await here.disconnect()
