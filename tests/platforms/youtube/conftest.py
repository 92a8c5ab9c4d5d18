"""The platform YouTube over the real client libraries, through the egress proxy, against the sandbox."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from app.domain.ports.errors import QuotaSpent
from app.domain.ports.platform import Platform
from app.lib import clock
from app.lib.egress import Egress
from app.platforms.youtube import YoutubeConfig, platform, process_env
from app.platforms.youtube.data_api import DataApi
from app.platforms.youtube.ytdlp import WebPages
from sandbox import testing
from sandbox.core import Sandbox

KEY = "AIzaSyTestKeyOfTheSandbox-0123456789abc"


@pytest.fixture(scope="session", autouse=True)
def authorities() -> Iterator[None]:
    """What a process that reads YouTube through the sandbox sets at its start."""
    before = dict(os.environ)
    os.environ.update(process_env(testing.shared().certificates.ca))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(name="sandbox")
def fixture_sandbox() -> Iterator[Sandbox]:
    sandbox = testing.reset()
    clock.follow(sandbox.directory / "clock")
    yield sandbox
    clock.follow(None)
    testing.assert_clean()


@dataclass
class Ledger:
    """Counts what is reserved; refuses when more than `left` units were asked for."""

    left: int = 10_000
    spent: dict[str, int] = field(default_factory=dict)

    async def reserve(self, bucket: str, units: int) -> None:
        if self.left < units:
            raise QuotaSpent("no units left", until=clock.now())
        self.left -= units
        self.spent[bucket] = self.spent.get(bucket, 0) + units


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def egress(sandbox: Sandbox) -> AsyncIterator[Egress]:
    egress = Egress(sandbox.proxy_url, sandbox.certificates.ca)
    await egress.start()
    yield egress
    await egress.stop()


@pytest.fixture
def youtube(sandbox: Sandbox, egress: Egress, ledger: Ledger) -> Platform:
    config = YoutubeConfig(api_key=KEY, quota_user="instance-1", detail_concurrency=4)
    return platform(config, reserve=ledger.reserve, egress_proxy=egress.proxy_url, ca=sandbox.certificates.ca)


@pytest.fixture
def api(youtube: Platform) -> DataApi:
    return next(source for source in youtube.sources if isinstance(source, DataApi))


@pytest.fixture
def web(youtube: Platform) -> WebPages:
    return next(source for source in youtube.sources if isinstance(source, WebPages))
