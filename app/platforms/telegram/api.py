"""Telegram's API (MTProto, through Telethon) with a workspace's own account."""

import functools
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from app.domain.ports.connections import Credential
from app.domain.ports.errors import N_, Gone, NeedsAction, PlatformError
from app.domain.ports.platform import Means
from app.domain.ports.values import Metric, PostResult, Profile, Ref, RefKind
from app.platforms.telegram import words
from app.platforms.telegram.links import name_of

T = TypeVar("T")

PROVIDER = "telegram"
_PAGE = 100  # messages in one answer
_ALBUM = 10  # messages of one post at most
_KNOWN = 5_000

Peer = tuple[int, int]  # a channel's id, and the access hash that one account was given for it


class Api:
    """Exact numbers of public channels, with comments and forwards: a ConnectedSource.

    What is read so belongs to the workspace whose account it is. A wait that Telegram asks for is raised as RetryAfter,
    never slept through. One connection per account at a time in this process; that no other process uses the same
    session is for the caller to see to.
    """

    name = "api"
    label = "Telegram API"
    version = "1"
    evidence = N_("Telegram's published schema, as Telethon has it")
    account_numbers = frozenset({Metric.FOLLOWERS})
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS, Metric.SHARES})
    provider = PROVIDER
    unconfigured_reason = words.NO_APPLICATION

    def __init__(self, means: Means) -> None:
        self._means = means
        # Looking a name up is what Telegram limits most; what was found stays good for the account that asked.
        self._peers: OrderedDict[tuple[str, str], Peer] = OrderedDict()

    @property
    def configured(self) -> bool:
        return bool(self._means.setting("telegram_api_id") and self._means.setting("telegram_api_hash"))

    def with_credential(self, credential: Credential) -> "ConnectedApi":
        """The source for an account's session."""
        return ConnectedApi(self, credential)

    @functools.cached_property
    def sessions(self) -> Any:
        """The sessions this process has open."""
        from app.platforms.telegram.mtproto import Sessions

        return Sessions(self._means)

    async def peer(self, client: Any, subject: str, name: str) -> Peer:
        """A channel by its public name. Raises Gone, Unsupported."""
        known = self._peers.get((subject, name.casefold()))
        if known is not None:
            return known
        from app.platforms.telegram import parse_api
        from app.platforms.telegram.mtproto import functions

        found = parse_api.channel(await client(functions.contacts.ResolveUsernameRequest(name)))
        self._peers[subject, name.casefold()] = found.id, found.access_hash
        while len(self._peers) > _KNOWN:
            self._peers.popitem(last=False)
        return found.id, found.access_hash

    def forget(self, subject: str, name: str) -> bool:
        """The name may lead elsewhere now. False when it was not known anyway."""
        return self._peers.pop((subject, name.casefold()), None) is not None


class ConnectedApi:
    """The API with one account: a Source that reads accounts and posts."""

    name, label, version, evidence = Api.name, Api.label, Api.version, Api.evidence
    account_numbers, post_numbers = Api.account_numbers, Api.post_numbers
    unconfigured_reason = Api.unconfigured_reason

    def __init__(self, api: Api, credential: Credential) -> None:
        self._api = api
        self._credential = credential

    @property
    def configured(self) -> bool:
        return self._api.configured

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; asks by public name, two calls the first time, one later."""

        async def read(client: Any, number: int, access: int, name: str) -> Profile:
            from app.platforms.telegram import parse_api
            from app.platforms.telegram.mtproto import functions, types

            given = types.InputChannel(number, access)
            return parse_api.profile(await client(functions.channels.GetFullChannelRequest(given)), number, name)

        return await self._with_channel(ref, read)

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts. All is read before the first batch is given: a session is not held while others wait."""
        posts: list[PostResult] = []
        failed: PlatformError | None = None

        async def read(client: Any, number: int, access: int, name: str) -> None:
            nonlocal failed
            from app.platforms.telegram import parse_api
            from app.platforms.telegram.mtproto import translated

            messages: list[Any] = []
            while len(posts) <= limit:
                before = min((message.id for message in messages), default=0)
                wanted = min(_PAGE, limit + _ALBUM - len(posts))
                try:
                    page = parse_api.messages(await client(_history(number, access, before, wanted)))
                except Exception as error:
                    if not messages:
                        raise
                    failed = translated(error)  # what was read before comes first
                    self._api.sessions.met(self._credential.subject, failed)
                    return
                messages += page
                posts[:] = parse_api.history(messages, name)
                if len(page) < wanted:
                    return

        await self._with_channel(ref, read)
        for start in range(0, min(limit, len(posts)), _PAGE):
            yield posts[start : min(start + _PAGE, limit)]
        if failed is not None:
            raise failed

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 100 a batch and call."""
        ids = [int(one) for one in dict.fromkeys(external_ids)]
        for start in range(0, len(ids), _PAGE):
            batch = ids[start : start + _PAGE]

            async def read(
                client: Any, number: int, access: int, name: str, some: list[int] = batch
            ) -> list[PostResult]:
                from app.platforms.telegram import parse_api
                from app.platforms.telegram.mtproto import functions, types

                given = types.InputChannel(number, access)
                wanted = [types.InputMessageID(one) for one in some]
                return parse_api.by_id(await client(functions.channels.GetMessagesRequest(given, wanted)), some, name)

            yield await self._with_channel(ref, read)

    async def _with_channel(self, ref: Ref, read: Callable[[Any, int, int, str], Awaitable[T]]) -> T:
        """Do this with the channel, over the account's one connection."""
        name = name_of(ref)
        if name is None:
            raise NeedsAction(words.NO_NAME)
        subject = self._credential.subject
        try:
            return await self._once(ref, name, read)
        except Gone:
            # A name that was looked up long ago may have been given to another channel since.
            if not self._api.forget(subject, name):
                raise
            return await self._once(ref, name, read)

    async def _once(self, ref: Ref, name: str, read: Callable[[Any, int, int, str], Awaitable[T]]) -> T:
        subject = self._credential.subject
        async with self._api.sessions.opened(subject, self._credential.secret) as client:
            number, access = await self._api.peer(client, subject, name)
            if ref.kind is RefKind.ID and ref.value.isdigit() and ref.value != str(number):
                raise Gone(words.OTHER_CHANNEL)
            return await read(client, number, access, name)


def _history(number: int, access: int, before: int, limit: int) -> Any:
    from app.platforms.telegram.mtproto import functions, types

    return functions.messages.GetHistoryRequest(
        peer=types.InputPeerChannel(number, access), offset_id=before, offset_date=None, add_offset=0, limit=limit,
        max_id=0, min_id=0, hash=0,
    )  # fmt: skip
