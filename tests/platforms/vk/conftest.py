"""The platform VK over its real client, through the egress proxy, against the sandbox."""

from collections.abc import AsyncIterator, Sequence

import pytest

from app.domain.ports.connections import Credential
from app.domain.ports.platform import Platform
from app.domain.ports.values import PostResult, Ref, RefKind
from app.platforms.vk import platform
from app.platforms.vk.api import VkApi
from app.platforms.vk.community import BoundStatistics, CommunityStatistics
from sandbox.core import Sandbox
from sandbox.platforms.vk import KEY
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf

TOKEN = "vk-service-token-of-the-sandbox"


@pytest.fixture
def vk(means: MeansOf) -> Platform:
    return platform(means(vk_access_token=TOKEN))


@pytest.fixture
def api(vk: Platform) -> VkApi:
    return next(source for source in vk.sources if isinstance(source, VkApi))


@pytest.fixture
def own(vk: Platform, sandbox: Sandbox) -> BoundStatistics:
    """The statistics of dvor_masterskaya with its own key."""
    source = next(source for source in vk.connected if isinstance(source, CommunityStatistics))
    return source.with_credential(credential(channel_of(sandbox)))


def credential(channel: Channel) -> Credential:
    return Credential("vk", channel.id, KEY + channel.id.removeprefix("-"), channel.id)


def channel_of(sandbox: Sandbox, name: str = "dvor_masterskaya") -> Channel:
    channel = sandbox.world.channel(name, "vk")
    assert channel is not None
    return channel


def ref(kind: RefKind, value: str, handle: str | None = None) -> Ref:
    return Ref("vk", kind, value, handle)


def known(channel: Channel) -> Ref:
    return ref(RefKind.ID, channel.id, "a_name_of_the_past")


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]


async def posts(api: VkApi, channel: Channel, limit: int = 20) -> list[PostResult]:
    return await every(api.list_posts(known(channel), limit=limit, known=frozenset()))
