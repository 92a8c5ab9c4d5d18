"""People, channels and groups as Telegram's API shows them; public channels and their posts are the world's."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from telethon.tl import types

from sandbox.platforms import telegram_pages
from sandbox.posts import Post
from sandbox.world import Channel, World

CODE = "12345"  # that every phone gets
PASSWORD = "sandbox password"
# Phones of the range that is never given to anybody; the second has a password, the third lives in another center.
STUDIO, OFFICE, FAR = "12025550100", "12025550101", "12025550102"
CLUB, GROUP, HIDDEN = "sandbox_club", "sandbox_talk", "sandbox_whisper"
_FIRST_PERSON, _FIRST_CHAT = 100_000, 1_500_000_000
_CROWD, _BOTS = 900, 40
_EMOJI_ID = 5368324170671202286


@dataclass(slots=True)
class User:
    """password: of two-factor sign-in. center: where the account lives. contacts: ids.

    invite: what comes of inviting this person: ok | missing | missing_premium | missing_pm | an error's name.
    """

    id: int
    first: str = ""
    username: str = ""
    phone: str = ""
    bot: bool = False
    password: str = ""
    center: int = 2
    invite: str = "ok"
    hides_phone: bool = False
    contacts: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Message:
    """format: photo, video or text. replies, reactions: None where switched off. reactions: by kind."""

    id: int
    text: str
    at: datetime
    author: int = 0
    views: int | None = None
    forwards: int | None = None
    replies: int | None = None
    reactions: tuple[tuple[str, int], ...] | None = None
    format: str = "text"
    duration: int = 0


@dataclass(slots=True)
class Chat:
    """A channel (broadcast) or group of Telegram's own. more_members: those without an object of their own."""

    id: int
    title: str
    username: str = ""
    broadcast: bool = True
    about: str = ""
    members: list[int] = field(default_factory=list)
    admins: set[int] = field(default_factory=set)
    hidden: bool = False  # members are shown to admins only
    more_members: int = 0
    linked: int = 0  # the group in which the channel's posts are discussed
    links: dict[str, Any] = field(default_factory=dict)
    written: list[Message] = field(default_factory=list)
    of_world: Channel | None = None

    def present(self, moment: float) -> bool:
        return self.of_world is None or not self.of_world.terminated(moment)

    def name(self, moment: float) -> str:
        return self.username if self.of_world is None else self.of_world.handle(moment)

    def called(self) -> str:
        return self.title if self.of_world is None else self.of_world.title

    def count(self, moment: float) -> int:
        if self.of_world is not None:
            return self.of_world.subscribers(moment)
        return len(self.members) + self.more_members

    def messages(self, moment: float) -> list[Message]:
        """Newest first."""
        if self.of_world is None:
            return sorted(self.written, key=lambda message: -message.id)
        return [_of_world(post, moment) for post in self.of_world.listed(moment)]


class Content:
    """Everything Telegram knows besides who is signed in.

    budget: invitations a person has left before PEER_FLOOD. most_members: above that a channel is joined by link only.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.states: dict[int, int] = {}
        self.sent: list[tuple[int, int, str]] = []
        self.sent_once: set[tuple[int, int]] = set()
        self.budget: dict[int, int] = {}
        self.most_members = 200
        self._populate(random.Random(world.seed))

    @property
    def now(self) -> float:
        return self.world.now

    def person(self, name: str) -> User:
        """By phone or username. Raises LookupError."""
        plain = name.lstrip("+@").lower()
        for user in self.users.values():
            if plain in (user.phone, user.username.lower()):
                return user
        raise LookupError(name)

    def chat(self, name: str) -> Chat | None:
        """By public name; None when nobody has it, or its channel is gone."""
        for chat in self.chats.values():
            shown = chat.name(self.now)
            if shown and shown.lower() == name.lower() and chat.present(self.now):
                return chat
        return None

    def access_hash(self, viewer: int, kind: str, peer: int) -> int:
        """Belongs to one viewer, as at the real service: one that another account was given opens nothing."""
        raw = hashlib.blake2b(f"{self.world.seed}:{viewer}:{kind}:{peer}".encode(), digest_size=8).digest()
        return int.from_bytes(raw, "little", signed=True)

    def add_user(self, **nature: Any) -> User:
        user = User(_FIRST_PERSON + len(self.users), **nature)
        self.users[user.id] = user
        return user

    def add_chat(self, title: str, **nature: Any) -> Chat:
        chat = Chat(nature.pop("id", _FIRST_CHAT + len(self.chats)), title, **nature)
        self.chats[chat.id] = chat
        return chat

    def _populate(self, dice: random.Random) -> None:
        studio = self.add_user(first="Studio phone", username="sandbox_studio", phone=STUDIO)
        office = self.add_user(first="Office phone", username="sandbox_office", phone=OFFICE, password=PASSWORD)
        self.add_user(first="Far phone", phone=FAR, center=3)
        crowd = [
            self.add_user(first=f"Person {n}", username=f"person{n}" if n % 5 else "", phone=f"1777000{n:04}")
            for n in range(_CROWD)
        ]
        bots = [self.add_user(first=f"Bot {n}", username=f"sandbox{n}_bot", bot=True) for n in range(_BOTS)]
        for channel in self.world.on("telegram"):
            talk = self.add_chat(f"{channel.creator.title}: comments", broadcast=False)
            self.add_chat(channel.creator.title, id=int(channel.id), linked=talk.id, of_world=channel,
                          about=f"{channel.creator.title}. A channel of the sandbox.")  # fmt: skip
        members = [user.id for user in crowd + bots]
        talk = self.add_chat("Sandbox talk", username=GROUP, broadcast=False, members=members)
        whisper = self.add_chat("Sandbox whisper", username=HIDDEN, broadcast=False, hidden=True)
        self.add_chat("Sandbox club", username=CLUB, admins={studio.id, office.id}, members=[studio.id])
        for group, count, people in ((talk, 300, crowd[:200]), (whisper, 120, crowd[:50])):
            start = datetime.fromtimestamp(self.world.start, UTC) - timedelta(hours=count)
            group.written += [
                Message(n, f"Message {n}", start + timedelta(hours=n), author=dice.choice(people).id)
                for n in range(1, count + 1)
            ]

    # -- as the API writes them

    def shown_user(self, viewer: int, user: User) -> Any:
        me, contact = viewer == user.id, user.id in self.users[viewer].contacts
        return types.User(
            id=user.id, is_self=me or None, contact=contact or None, access_hash=self.access_hash(viewer, "u", user.id),
            first_name=user.first or f"User {user.id}", username=user.username or None,
            phone=user.phone if me or contact else None, bot=user.bot or None, bot_info_version=1 if user.bot else None,
        )  # fmt: skip

    def shown_chat(self, viewer: int, chat: Chat) -> Any:
        admin = viewer in chat.admins
        rights = types.ChatAdminRights(invite_users=True, post_messages=True, add_admins=True) if admin else None
        return types.Channel(
            id=chat.id, title=chat.called(), photo=types.ChatPhotoEmpty(), date=datetime(2024, 1, 1, tzinfo=UTC),
            access_hash=self.access_hash(viewer, "c", chat.id), username=chat.name(self.now) or None,
            broadcast=chat.broadcast or None, megagroup=(not chat.broadcast) or None,
            left=(viewer not in chat.members and not admin) or None, admin_rights=rights,
            participants_count=chat.count(self.now),
        )  # fmt: skip

    def shown_message(self, chat: Chat, message: Message) -> Any:
        replies = reactions = None
        if message.reactions is not None:
            reactions = types.MessageReactions(results=_results(message.reactions))
        if message.replies is not None:
            discussed = {"comments": True, "channel_id": chat.linked} if chat.broadcast and chat.linked else {}
            replies = types.MessageReplies(message.replies, 0, **discussed)
        return types.Message(
            id=message.id, peer_id=types.PeerChannel(chat.id), date=message.at, message=message.text,
            post=chat.broadcast or None, from_id=types.PeerUser(message.author) if message.author else None,
            views=message.views, forwards=message.forwards, replies=replies, media=_media(chat, message),
            reactions=reactions,
        )  # fmt: skip


def _of_world(post: Post, moment: float) -> Message:
    return Message(
        id=int(post.id),
        text=f"{post.title}\n\n#sandbox",
        at=datetime.fromtimestamp(int(post.at), UTC),
        views=post.views(moment),
        forwards=post.shares(moment),
        replies=None if post.comments_off else post.comments(moment),
        reactions=None if post.likes_hidden else tuple(telegram_pages.reactions(post.likes(moment))),
        format=post.format,
        duration=post.duration,
    )


def _results(parts: Sequence[tuple[str, int]]) -> list[Any]:
    kinds = {"stars": types.ReactionPaid(), "custom": types.ReactionCustomEmoji(_EMOJI_ID)}
    return [types.ReactionCount(kinds.get(kind) or types.ReactionEmoji(kind), number) for kind, number in parts]


def _media(chat: Chat, message: Message) -> Any:
    common = {"id": chat.id * 1000 + message.id % 1000, "access_hash": 1, "file_reference": b"", "date": message.at}
    if message.format == "photo":
        sizes = [types.PhotoSize("x", 800, 450, 50_000)]
        return types.MessageMediaPhoto(photo=types.Photo(**common, sizes=sizes, dc_id=2))
    if message.format == "video":
        shape = types.DocumentAttributeVideo(duration=float(message.duration), w=1280, h=720, supports_streaming=True)
        document = types.Document(**common, mime_type="video/mp4", size=1_000_000, dc_id=2, attributes=[shape])
        return types.MessageMediaDocument(video=True, document=document)
    return None
