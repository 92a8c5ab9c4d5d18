"""The platform Dzen over the real clients, through the egress proxy, against the sandbox."""

from collections.abc import AsyncIterator

import pytest

from app.domain.ports.platform import Platform
from app.domain.ports.values import Ref, RefKind
from app.platforms.dzen import platform
from app.platforms.dzen.pages import Pages
from app.platforms.kit import browser
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf


@pytest.fixture
async def dzen(means: MeansOf) -> AsyncIterator[Platform]:
    yield platform(means(dzen_public_pages="True", playwright_timeout="3"))
    await browser.close_all()


@pytest.fixture
def pages(dzen: Platform) -> Pages:
    return next(source for source in dzen.sources if isinstance(source, Pages))


def channel_of(sandbox: Sandbox, name: str = "dvor_masterskaya") -> Channel:
    channel = sandbox.world.channel(name, "dzen")
    assert channel is not None
    return channel


def handle(name: str) -> Ref:
    return Ref("dzen", RefKind.HANDLE, name)


def known(channel: Channel, moment: float) -> Ref:
    """The channel as the domain asks for it once it has been read."""
    return Ref("dzen", RefKind.ID, channel.id, channel.handle(moment))
