"""People: contacts and a group's members."""

from typing import Any

from telethon.tl import functions, types

from sandbox.telegram.calls import Context, Refusal, method, updates, wall
from sandbox.telegram.content import User

_MOST = 200  # members in one answer


def _of_phone(context: Context, phone: str) -> User | None:
    plain = phone.lstrip("+")
    return next((u for u in context.content.users.values() if u.phone == plain and not u.hides_phone), None)


@method(functions.contacts.ResolvePhoneRequest)
def resolve_phone(context: Context, request: Any) -> Any:
    user = _of_phone(context, request.phone)
    if user is None:
        raise Refusal(400, "PHONE_NOT_OCCUPIED")
    shown = [context.content.shown_user(context.me.id, user)]
    return types.contacts.ResolvedPeer(peer=types.PeerUser(user.id), chats=[], users=shown)


@method(functions.contacts.ImportContactsRequest)
def import_contacts(context: Context, request: Any) -> Any:
    imported, users = [], []
    for contact in request.contacts:
        user = _of_phone(context, contact.phone)
        if user is not None:  # an unknown phone is no error: it is simply not among the imported
            context.me.contacts.add(user.id)
            imported.append(types.ImportedContact(user_id=user.id, client_id=contact.client_id))
            users.append(context.content.shown_user(context.me.id, user))
    return types.contacts.ImportedContacts(imported=imported, popular_invites=[], retry_contacts=[], users=users)


@method(functions.contacts.DeleteContactsRequest)
def delete_contacts(context: Context, request: Any) -> Any:
    for given in request.id:
        context.me.contacts.discard(context.user(given).id)
    return updates()


@method(functions.channels.GetParticipantsRequest)
def get_participants(context: Context, request: Any) -> Any:
    chat, content = context.chat(request.channel), context.content
    if (chat.broadcast or chat.hidden) and context.me.id not in chat.admins:
        raise Refusal(400, "CHAT_ADMIN_REQUIRED")
    ids = chat.members
    if isinstance(request.filter, types.ChannelParticipantsAdmins):
        ids = sorted(chat.admins)
    elif isinstance(request.filter, types.ChannelParticipantsBots):
        ids = [one for one in ids if content.users[one].bot]
    page = ids[request.offset : request.offset + min(request.limit, _MOST)]
    return types.channels.ChannelParticipants(
        count=len(ids),
        chats=[],
        users=[content.shown_user(context.me.id, content.users[one]) for one in page],
        participants=[types.ChannelParticipant(one, wall()) for one in page],
    )
