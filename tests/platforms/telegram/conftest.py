"""The platform Telegram over the real clients, through the egress proxy, against the sandbox."""

import pytest

from app.domain.ports.platform import Platform
from app.domain.ports.values import Ref, RefKind
from app.platforms.telegram import platform
from app.platforms.telegram.preview import Preview
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf


@pytest.fixture
def telegram(means: MeansOf) -> Platform:
    return platform(means(telegram_public_pages="True"))


@pytest.fixture
def preview(telegram: Platform) -> Preview:
    return next(source for source in telegram.sources if isinstance(source, Preview))


def channel_of(sandbox: Sandbox, name: str = "gorodpeshkom") -> Channel:
    channel = sandbox.world.channel(name, "telegram")
    assert channel is not None
    return channel


def handle(name: str) -> Ref:
    return Ref("telegram", RefKind.HANDLE, name)


def known(channel: Channel, moment: float) -> Ref:
    """The channel as the domain asks for it once it has been read."""
    return Ref("telegram", RefKind.ID, channel.id, channel.handle(moment))
