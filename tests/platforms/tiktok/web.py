"""What the tests of TikTok's pages share."""

from collections.abc import AsyncIterator, Sequence

from app.domain.ports.values import PostResult, Ref, RefKind
from app.platforms.tiktok.ytdlp import PublicPages
from sandbox.core import Sandbox
from sandbox.world import Channel

SITE = "www.tiktok.com"


def ref(kind: RefKind, value: str, handle: str | None = None) -> Ref:
    return Ref("tiktok", kind, value, handle)


def channel_of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "tiktok")
    assert channel is not None
    return channel


def own(sandbox: Sandbox, channel: Channel) -> Ref:
    """As the collection asks: by the permanent id, with the handle."""
    return ref(RefKind.ID, channel.id, channel.handle(sandbox.world.now))


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]


async def posts(web: PublicPages, who: Ref, limit: int = 20) -> list[PostResult]:
    return await every(web.list_posts(who, limit=limit, known=frozenset()))


def without_a_list(sandbox: Sandbox) -> None:
    """The list shows nothing: posts are read on their own pages."""
    body = b'{"statusCode": 0, "itemList": [], "hasMorePrevious": false}'
    sandbox.replay.add(SITE, "GET", "/api/creator/item_list/", body=body)
