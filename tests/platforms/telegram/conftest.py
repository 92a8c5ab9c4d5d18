"""The platform Telegram over the real clients, through the egress proxy, against the sandbox."""

import pytest

from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Ref, RefKind
from app.platforms.telegram import platform
from app.platforms.telegram.api import Api
from app.platforms.telegram.preview import Preview
from sandbox.core import Sandbox
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf


@pytest.fixture
def telegram_means(means: MeansOf, sandbox: Sandbox) -> Means:
    return means(
        telegram_public_pages="True",
        telegram_api_id="1",
        telegram_api_hash="sandbox",
        sandbox_telegram=str(sandbox.telegram.public_key),
    )


@pytest.fixture
def telegram(telegram_means: Means) -> Platform:
    return platform(telegram_means)


@pytest.fixture
def preview(telegram: Platform) -> Preview:
    return next(source for source in telegram.sources if isinstance(source, Preview))


@pytest.fixture
def telegram_api(telegram: Platform) -> Api:
    return next(source for source in telegram.connected if isinstance(source, Api))


def channel_of(sandbox: Sandbox, name: str = "gorodpeshkom") -> Channel:
    channel = sandbox.world.channel(name, "telegram")
    assert channel is not None
    return channel


def handle(name: str) -> Ref:
    return Ref("telegram", RefKind.HANDLE, name)


def known(channel: Channel, moment: float) -> Ref:
    """The channel as the domain asks for it once it has been read."""
    return Ref("telegram", RefKind.ID, channel.id, channel.handle(moment))
