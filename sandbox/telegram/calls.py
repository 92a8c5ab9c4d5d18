"""The table of methods, and what each is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telethon.tl import types

if TYPE_CHECKING:
    from sandbox.telegram.connection import Session
    from sandbox.telegram.content import Chat, Content, User
    from sandbox.telegram.service import Key, Telegram

Method = Callable[["Context", Any], Any]
METHODS: dict[type, Method] = {}


class Refusal(Exception):
    """The error that Telegram answers a call with: its code and its name."""

    def __init__(self, code: int, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Context:
    """One call: at which server, by which session, with which key."""

    telegram: "Telegram"
    session: "Session"
    key: "Key"
    center: int

    @property
    def content(self) -> "Content":
        return self.telegram.content

    @property
    def me(self) -> "User":
        return self.content.users[self.key.user_id]

    def user(self, given: Any) -> "User":
        """The person that an input peer names; its access hash must be this account's own."""
        if isinstance(given, types.InputUserSelf | types.InputPeerSelf):
            return self.me
        number = getattr(given, "user_id", None)
        found = self.content.users.get(number) if isinstance(number, int) else None
        if found is None or given.access_hash != self.content.access_hash(self.me.id, "u", found.id):
            raise Refusal(400, "USER_ID_INVALID")
        return found

    def chat(self, given: Any) -> "Chat":
        """The channel or group that an input peer names, as `user`."""
        number = getattr(given, "channel_id", None)
        found = self.content.chats.get(number) if isinstance(number, int) else None
        if found is None or given.access_hash != self.content.access_hash(self.me.id, "c", found.id):
            raise Refusal(400, "CHANNEL_INVALID")
        return found


def method(*requests: type) -> Callable[[Method], Method]:
    """Answer these requests with the decorated function."""

    def register(function: Method) -> Method:
        METHODS.update(dict.fromkeys(requests, function))
        return function

    return register


def name_of(request: Any) -> str:
    """As Telegram writes it: channels.getFullChannel."""
    kind = type(request)
    space = kind.__module__.rsplit(".", 1)[-1]
    name = kind.__name__.removesuffix("Request")
    name = name[0].lower() + name[1:]
    return name if space == "functions" else f"{space}.{name}"


def wall() -> datetime:
    """The protocol's time, which is the wall clock's: clients compare it with their own."""
    return datetime.now(UTC)


def updates(changes: Any = (), users: Any = (), chats: Any = ()) -> Any:
    """What changed by a call."""
    return types.Updates(updates=list(changes), users=list(users), chats=list(chats), date=wall(), seq=0)
