"""The platform Wibes in a real Chromium, through the egress proxy, against the sandbox."""

from collections.abc import AsyncIterator

import pytest

from app.domain.ports.platform import Platform
from app.domain.ports.values import Ref, RefKind
from app.platforms.kit import browser
from app.platforms.wibes import platform
from app.platforms.wibes.pages import Pages
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf


@pytest.fixture
async def wibes(means: MeansOf) -> AsyncIterator[Platform]:
    yield platform(means(wibes_public_pages="True", playwright_timeout="3"))
    await browser.close_all()


@pytest.fixture
def pages(wibes: Platform) -> Pages:
    return next(source for source in wibes.sources if isinstance(source, Pages))


def channel_of(sandbox: Sandbox, name: str = "kuhnya") -> Channel:
    channel = sandbox.world.channel(name, "wibes")
    assert channel is not None
    return channel


def handle(name: str) -> Ref:
    return Ref("wibes", RefKind.HANDLE, name)


def known(channel: Channel, moment: float) -> Ref:
    """The account as the domain asks for it once it has been read."""
    return Ref("wibes", RefKind.ID, channel.id, channel.handle(moment))
