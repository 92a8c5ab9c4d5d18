"""Writing: invitations, links, messages."""

from typing import Any

from telethon.tl import functions, types

from sandbox.telegram.calls import Context, Refusal, method, updates, wall
from sandbox.telegram.content import Chat, User

_FORBIDDEN = ("USER_PRIVACY_RESTRICTED", "USER_NOT_MUTUAL_CONTACT")


@method(functions.channels.InviteToChannelRequest)
def invite_to_channel(context: Context, request: Any) -> Any:
    chat, content, me = context.chat(request.channel), context.content, context.me.id
    if me not in chat.admins:
        raise Refusal(400, "CHAT_ADMIN_REQUIRED")
    missing: list[Any] = []
    added: list[User] = []
    for user in [context.user(given) for given in request.users]:
        if content.budget.get(me, 1) <= 0:
            raise Refusal(400, "PEER_FLOOD")
        if user.bot:
            raise Refusal(400, "USER_BOT")
        if user.id in chat.members:
            continue
        _invite(context, chat, user, missing, added)
        if me in content.budget:
            content.budget[me] -= 1
    shown = [content.shown_user(me, user) for user in added]
    changes = updates([types.UpdateChannel(chat.id)], shown, [content.shown_chat(me, chat)])
    return types.messages.InvitedUsers(updates=changes, missing_invitees=missing)


def _invite(context: Context, chat: Chat, user: User, missing: list[Any], added: list[User]) -> None:
    if chat.broadcast and chat.count(context.content.now) >= context.content.most_members:
        raise Refusal(400, "USERS_TOO_MUCH")
    if user.invite.startswith("missing"):
        missing.append(
            types.MissingInvitee(
                user_id=user.id,
                premium_would_allow_invite=user.invite == "missing_premium" or None,
                premium_required_for_pm=user.invite == "missing_pm" or None,
            )
        )
    elif user.invite != "ok":
        raise Refusal(403 if user.invite in _FORBIDDEN else 400, user.invite)
    else:
        chat.members.append(user.id)
        added.append(user)


@method(functions.channels.JoinChannelRequest)
def join_channel(context: Context, request: Any) -> Any:
    chat, me = context.chat(request.channel), context.me.id
    if me not in chat.members:
        chat.members.append(me)
    changes = updates([types.UpdateChannel(chat.id)], [], [context.content.shown_chat(me, chat)])
    return types.messages.ChatInviteJoinResultOk(changes)


@method(functions.messages.SendMessageRequest)
def send_message(context: Context, request: Any) -> Any:
    content, me = context.content, context.me.id
    to_person = isinstance(request.peer, types.InputPeerUser | types.InputPeerSelf)
    target = context.user(request.peer) if to_person else context.chat(request.peer)
    if (me, request.random_id) in content.sent_once:
        raise Refusal(500, "RANDOM_ID_DUPLICATE")
    content.sent_once.add((me, request.random_id))
    content.sent.append((me, target.id, request.message))
    content.states[me] = content.states.setdefault(me, 1) + 1
    state = content.states[me]
    return types.UpdateShortSentMessage(id=len(content.sent), pts=state, pts_count=1, date=wall(), out=True)


@method(functions.messages.ExportChatInviteRequest)
def export_chat_invite(context: Context, request: Any) -> Any:
    chat, me = context.chat(request.peer), context.me.id
    if me not in chat.admins:
        raise Refusal(400, "CHAT_ADMIN_REQUIRED")
    link = f"https://t.me/+sandbox{len(chat.links)}"
    chat.links[link] = request
    return types.ChatInviteExported(
        link=link, admin_id=me, date=wall(), title=request.title, usage_limit=request.usage_limit,
        expire_date=request.expire_date, request_needed=request.request_needed,
    )  # fmt: skip
