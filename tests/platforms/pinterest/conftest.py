"""The platform Pinterest over its real clients, through the egress proxy, against the sandbox."""

from collections.abc import AsyncIterator, Sequence

import pytest

from app.domain.ports.connections import Credential
from app.domain.ports.platform import Platform
from app.domain.ports.values import PostResult, Ref, RefKind
from app.platforms.pinterest import platform
from app.platforms.pinterest.api import OwnAccount, OwnPins
from app.platforms.pinterest.auth import PinterestOAuth
from app.platforms.pinterest.pages import PublicPages
from sandbox.core import Sandbox
from sandbox.platforms.pinterest_api import APP_ID, APP_SECRET
from sandbox.world import Channel
from tests.platforms.conftest import MeansOf


@pytest.fixture
def pinterest(means: MeansOf) -> Platform:
    return platform(means(pinterest_public_pages="True", pinterest_app_id=APP_ID, pinterest_app_secret=APP_SECRET))


@pytest.fixture
def pages(pinterest: Platform) -> PublicPages:
    return next(source for source in pinterest.sources if isinstance(source, PublicPages))


@pytest.fixture
def api(pinterest: Platform) -> OwnPins:
    return next(source for source in pinterest.connected if isinstance(source, OwnPins))


@pytest.fixture
def auth(pinterest: Platform) -> PinterestOAuth:
    assert isinstance(pinterest.oauth, PinterestOAuth)
    return pinterest.oauth


@pytest.fixture
def own(api: OwnPins, sandbox: Sandbox) -> OwnAccount:
    """kettleandpine, with a grant of its owner."""
    return granted(api, sandbox)


def granted(api: OwnPins, sandbox: Sandbox, name: str = "kettleandpine", *scopes: str) -> OwnAccount:
    channel = channel_of(sandbox, name)
    grant = sandbox.world.grants.give(
        "pinterest",
        subject=channel.id,
        scopes=scopes or PinterestOAuth.scopes,
        moment=sandbox.world.now,
        access_seconds=30 * 86_400.0,
    )
    return api.with_credential(Credential("pinterest", channel.id, grant.access, channel.id, scopes=grant.grant.scopes))


def channel_of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "pinterest")
    assert channel is not None
    return channel


def ref(kind: RefKind, value: str, handle: str | None = None) -> Ref:
    return Ref("pinterest", kind, value, handle)


def known(channel: Channel) -> Ref:
    """The account as the domain asks for it once it has been read."""
    return ref(RefKind.ID, channel.id, channel.creator.handle)


async def every(batches: AsyncIterator[Sequence[PostResult]]) -> list[PostResult]:
    return [result async for batch in batches for result in batch]
