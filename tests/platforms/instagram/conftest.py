"""The platform Instagram over the real client libraries, through the egress proxy, against the sandbox."""

from collections.abc import AsyncIterator, Sequence

import pytest

from app.domain.ports.platform import Platform
from app.domain.ports.values import PostResult, Ref, RefKind
from app.platforms.instagram import platform
from app.platforms.instagram.pages import PublicPages, SessionPages
from app.platforms.instagram.reels import ReelPages
from sandbox.core import Sandbox
from sandbox.platforms.instagram_web import PASSWORD, READER
from sandbox.platforms.meta_login import APP_ID, APP_SECRET
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf


@pytest.fixture
def instagram(means: MeansOf) -> Platform:
    return platform(
        means(
            instagram_public_pages="True",
            instagram_username=READER,
            instagram_password=PASSWORD,
            facebook_app_id=APP_ID,
            facebook_app_secret=APP_SECRET,
            facebook_graph_api_version="v24.0",
            instagram_stories_collection_enabled="True",
        )
    )


@pytest.fixture
def web(instagram: Platform) -> PublicPages:
    return next(source for source in instagram.sources if type(source) is PublicPages)


@pytest.fixture
def session(instagram: Platform) -> SessionPages:
    return next(source for source in instagram.sources if isinstance(source, SessionPages))


@pytest.fixture
def reels(instagram: Platform) -> ReelPages:
    return next(source for source in instagram.sources if isinstance(source, ReelPages))


def channel_of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "instagram")
    assert channel is not None
    return channel


def ref_of(sandbox: Sandbox, name: str = "kettleandpine") -> Ref:
    """As the collector asks: by id, with the handle."""
    return Ref("instagram", RefKind.ID, channel_of(sandbox, name).id, name)


def by_name(name: str = "kettleandpine") -> Ref:
    return Ref("instagram", RefKind.HANDLE, name)


async def collected(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]
