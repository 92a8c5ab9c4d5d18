"""Reading: names, channels and their history."""

from collections.abc import Sequence
from typing import Any

from telethon.tl import functions, types

from sandbox.telegram.calls import Context, Refusal, method
from sandbox.telegram.content import Chat, Message

_MOST = 100  # messages in one answer


@method(functions.contacts.ResolveUsernameRequest)
def resolve_username(context: Context, request: Any) -> Any:
    content, name, me = context.content, request.username.lower(), context.me.id
    chat = content.chat(name)
    if chat is not None:
        peer = types.PeerChannel(chat.id)
        return types.contacts.ResolvedPeer(peer=peer, chats=[content.shown_chat(me, chat)], users=[])
    for user in content.users.values():
        if user.username and user.username.lower() == name:
            shown = [content.shown_user(me, user)]
            return types.contacts.ResolvedPeer(peer=types.PeerUser(user.id), chats=[], users=shown)
    raise Refusal(400, "USERNAME_NOT_OCCUPIED")


@method(functions.users.GetUsersRequest)
def get_users(context: Context, request: Any) -> Any:
    return [context.content.shown_user(context.me.id, context.user(given)) for given in request.id]


@method(functions.channels.GetChannelsRequest)
def get_channels(context: Context, request: Any) -> Any:
    return types.messages.Chats([context.content.shown_chat(context.me.id, context.chat(one)) for one in request.id])


@method(functions.channels.GetFullChannelRequest)
def get_full_channel(context: Context, request: Any) -> Any:
    chat, content, me = context.chat(request.channel), context.content, context.me.id
    _still_there(context, chat)
    linked = [content.chats[chat.linked]] if chat.linked else []
    full = types.ChannelFull(
        id=chat.id, about=chat.about, read_inbox_max_id=0, read_outbox_max_id=0, unread_count=0,
        chat_photo=types.PhotoEmpty(0), notify_settings=types.PeerNotifySettings(), bot_info=[], pts=1,
        participants_count=chat.count(content.now), linked_chat_id=chat.linked or None,
        can_view_participants=(not chat.broadcast and not chat.hidden) or None,
        participants_hidden=chat.hidden or None, available_reactions=types.ChatReactionsAll(allow_custom=True),
    )  # fmt: skip
    return types.messages.ChatFull(
        full_chat=full, chats=[content.shown_chat(me, one) for one in [chat, *linked]], users=[]
    )


@method(functions.channels.GetMessagesRequest)
def get_messages(context: Context, request: Any) -> Any:
    chat = context.chat(request.channel)
    _still_there(context, chat)
    known = {message.id: message for message in chat.messages(context.content.now)}
    return _page(context, chat, [known.get(given.id) or given.id for given in request.id])


@method(functions.messages.GetHistoryRequest)
def get_history(context: Context, request: Any) -> Any:
    chat = context.chat(request.peer)
    _still_there(context, chat)
    all_messages = chat.messages(context.content.now)
    before = request.offset_date if request.offset_date and request.offset_date.timestamp() else None
    start = next(
        (
            place
            for place, message in enumerate(all_messages)
            if (not request.offset_id or message.id < request.offset_id) and (before is None or message.at < before)
        ),
        len(all_messages),
    )
    start = max(0, start + request.add_offset)
    shown = [
        message
        for message in all_messages[start : start + min(request.limit, _MOST)]
        if (not request.max_id or message.id < request.max_id) and (not request.min_id or message.id > request.min_id)
    ]
    return _page(context, chat, shown)


def _still_there(context: Context, chat: Chat) -> None:
    if not chat.present(context.content.now):
        raise Refusal(400, "CHANNEL_PRIVATE")


def _page(context: Context, chat: Chat, messages: Sequence[Message | int]) -> Any:
    """A number stands for a message that is not there."""
    content, me = context.content, context.me.id
    shown = [
        types.MessageEmpty(message, types.PeerChannel(chat.id))
        if isinstance(message, int)
        else content.shown_message(chat, message)
        for message in messages
    ]
    authors = sorted({message.author for message in messages if isinstance(message, Message) and message.author})
    return types.messages.ChannelMessages(
        pts=1, count=len(chat.messages(content.now)), messages=shown, topics=[],
        chats=[content.shown_chat(me, chat)],
        users=[content.shown_user(me, content.users[one]) for one in authors],
    )  # fmt: skip
