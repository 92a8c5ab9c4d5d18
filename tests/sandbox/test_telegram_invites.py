"""The sandbox's Telegram under the unchanged Telethon: contacts, invitations, messages, disturbances."""

import asyncio
import time
from typing import Any

import pytest
from telethon import errors, functions, types
from telethon.tl.types import InputPhoneContact

from sandbox.core import Sandbox
from sandbox.telegram.content import CLUB, OFFICE, PASSWORD, Chat
from tests.sandbox.telegram_client import signed_in

INVITE = "channels.inviteToChannel"


def club(sandbox: Sandbox) -> Chat:
    chat = sandbox.telegram.content.chat(CLUB)
    assert chat is not None
    return chat


def invites(sandbox: Sandbox) -> int:
    return [name for _, name, _ in sandbox.telegram.calls].count(INVITE)


async def invite(here: Any, *people: Any) -> Any:
    return await here(functions.channels.InviteToChannelRequest(CLUB, list(people)))


async def invite_phone(here: Any, phone: str) -> Any:
    contact = InputPhoneContact(client_id=7, phone=phone, first_name="x", last_name="")
    found = await here(functions.contacts.ImportContactsRequest([contact]))
    if not found.imported:
        return None
    try:
        return await invite(here, found.users[0])
    finally:
        await here(functions.contacts.DeleteContactsRequest([found.users[0]]))


async def test_by_phone_and_by_name(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    people = sandbox.telegram.content
    invited = await invite_phone(here, "+17770000001")
    assert type(invited) is types.messages.InvitedUsers and invited.missing_invitees == []
    assert people.person("17770000001").id in club(sandbox).members and not people.person("sandbox_studio").contacts
    assert await invite_phone(here, "+19999999999") is None
    await invite(here, await here.get_entity("person2"))
    assert people.person("person2").id in club(sandbox).members
    with pytest.raises(errors.PhoneNotOccupiedError):
        await here(functions.contacts.ResolvePhoneRequest("+19999999999"))
    with pytest.raises(errors.ChatAdminRequiredError):
        await here(functions.channels.InviteToChannelRequest("gorodpeshkom", [await here.get_entity("person3")]))
    await here.disconnect()


async def test_whom_only_a_link_can_reach(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    content = sandbox.telegram.content
    for name, reaction, flags in (
        ("person1", "missing", (None, None)),
        ("person2", "missing_premium", (True, None)),
        ("person3", "missing_pm", (None, True)),
    ):
        content.person(name).invite = reaction
        (one,) = (await invite(here, await here.get_entity(name))).missing_invitees
        assert one.user_id == content.person(name).id
        assert ((one.premium_would_allow_invite or None), (one.premium_required_for_pm or None)) == flags
    link = (await here(functions.messages.ExportChatInviteRequest(CLUB, usage_limit=1, title="consented"))).link
    await here.send_message("person1", f"The link you asked for: {link}")
    me = content.person("sandbox_studio").id
    assert content.sent == [(me, content.person("person1").id, f"The link you asked for: {link}")]
    await here.disconnect()


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (400, "PEER_FLOOD", errors.PeerFloodError),
        (403, "USER_PRIVACY_RESTRICTED", errors.UserPrivacyRestrictedError),
        (403, "USER_NOT_MUTUAL_CONTACT", errors.UserNotMutualContactError),
        (400, "USERS_TOO_MUCH", errors.UsersTooMuchError),
        (403, "CHAT_ADMIN_REQUIRED", errors.ChatAdminRequiredError),
        (400, "USER_KICKED", errors.UserKickedError),
        (403, "USER_CHANNELS_TOO_MUCH", errors.UserChannelsTooMuchError),
        (420, "FROZEN_METHOD_INVALID", errors.FrozenMethodInvalidError),
        (420, "FLOOD_WAIT_77", errors.FloodWaitError),
    ],
)
async def test_errors_by_name(sandbox: Sandbox, code: int, message: str, error: type[Exception]) -> None:
    here = await signed_in(sandbox, flood_sleep_threshold=0)
    person = await here.get_entity("person1")
    sandbox.telegram.disturb(INVITE, code, message)
    with pytest.raises(error):
        await invite(here, person)
    if error is errors.FloodWaitError:  # Telethon remembers: it does not even ask
        with pytest.raises(errors.FloodWaitError):
            await invite(here, person)
        assert invites(sandbox) == 1
    await here.disconnect()


async def test_short_waits_are_slept_through_unless_told_not_to(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    person = await here.get_entity("person1")
    sandbox.telegram.disturb(INVITE, 420, "FLOOD_WAIT_1")
    started = time.monotonic()
    await invite(here, person)
    assert 0.9 < time.monotonic() - started < 4
    await here.disconnect()


async def test_limits(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    content = sandbox.telegram.content
    content.budget[content.person("sandbox_studio").id] = 2
    for name in ("person1", "person2"):
        await invite(here, await here.get_entity(name))
    third = await here.get_entity("person3")
    with pytest.raises(errors.PeerFloodError):
        await invite(here, third)
    content.budget.clear()
    club(sandbox).more_members = 200
    with pytest.raises(errors.UsersTooMuchError):
        await invite(here, third)
    await here.disconnect()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_a_dropped_call_is_made_again(sandbox: Sandbox, kind: str) -> None:
    """Also one that was done already: why writes go without reconnecting."""
    here = await signed_in(sandbox, retry_delay=0.05)
    person = await here.get_entity("person1")
    sandbox.telegram.disturb(INVITE, kind=kind)
    await invite(here, person)
    assert invites(sandbox) == 2 and sandbox.telegram.content.person("person1").id in club(sandbox).members
    await here.disconnect()


async def test_a_dropped_call_without_reconnecting(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox, auto_reconnect=False)
    person = await here.get_entity("person1")
    sandbox.telegram.disturb(INVITE, kind="drop_after")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await invite(here, person)
    assert invites(sandbox) == 1
    await here.disconnect()


async def test_access_belongs_to_one_account(sandbox: Sandbox) -> None:
    studio, office = await signed_in(sandbox), await signed_in(sandbox, OFFICE, PASSWORD)
    person = await studio.get_entity("person1")
    with pytest.raises(errors.UserIdInvalidError):
        await invite(office, types.InputUser(person.id, person.access_hash))
    await studio.disconnect()
    await office.disconnect()


async def test_large_requests_and_many_at_once(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox)
    names = [f"person{n}" for n in range(60) if n % 5]
    people = [await here.get_input_entity(name) for name in names]
    invited = await invite(here, *people)  # the client compresses it
    assert len(invited.updates.users) == len(people) == 48
    answers = await here([functions.help.GetNearestDcRequest() for _ in range(30)])  # one container
    assert len(answers) == 30
    await here.disconnect()


async def test_a_message_whose_answer_was_lost_is_sent_once(sandbox: Sandbox) -> None:
    here = await signed_in(sandbox, retry_delay=0.05, request_retries=1, raise_last_call_error=True)
    sandbox.telegram.disturb("messages.sendMessage", kind="drop_after")
    with pytest.raises(errors.RandomIdDuplicateError):
        await here.send_message("person1", "hi")
    assert len(sandbox.telegram.content.sent) == 1
    await here.disconnect()
