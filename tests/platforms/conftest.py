"""What every platform's tests stand on: the sandbox, the way out, and Means to give to `platform`."""

import inspect
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from app.domain.ports.errors import QuotaSpent
from app.domain.ports.platform import Means, Reserve
from app.lib import clock
from app.lib.egress import Egress, HostLimit, Pace
from app.platforms import all_platforms
from app.platforms.youtube import process_env
from sandbox import testing
from sandbox.core import Sandbox

MeansOf = Callable[..., Means]


@pytest.fixture(scope="session", autouse=True)
def authorities() -> Iterator[None]:
    """What a process that reads platforms through the sandbox sets at its start."""
    before = dict(os.environ)
    os.environ.update(process_env(testing.shared().certificates.ca))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session", autouse=True)
def ports_fit() -> None:
    """An adapter with a call of another shape than the port's would only fail when somebody reads with it."""
    for platform in all_platforms(no_means()).values():
        for source in platform.sources:
            if not (hasattr(source, "account_numbers") and hasattr(source, "post_numbers")):
                pytest.exit(
                    f"{platform.name}: {source.name} does not say what it gives: account_numbers, post_numbers "
                    "(frozensets of Metric) beside evidence (an N_), for the Sources page; connected sources, too",
                    returncode=3,
                )
            for name in ("list_posts", "read_posts"):
                call = getattr(source, name, None)
                if call is not None and next(iter(inspect.signature(call).parameters)) != "ref":
                    pytest.exit(
                        f"{platform.name}: {source.name}.{name} does not fit its port (app/domain/ports/platform.py): "
                        "list_posts(ref, *, limit, known), read_posts(ref, external_ids); a ref has .value and .handle",
                        returncode=3,
                    )


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
    allowed: Mapping[str, int] = field(default_factory=dict)

    def of(self, platform: str, allowed: Mapping[str, int]) -> Reserve:
        self.allowed = allowed
        return self.reserve

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
def means(sandbox: Sandbox, egress: Egress, ledger: Ledger) -> MeansOf:
    """Means with these settings: `means(vk_access_token="...")`. No pause between requests."""

    def of(**settings: str) -> Means:
        pace = Pace(default=HostLimit(concurrency=8))
        return Means(egress.proxy_url, sandbox.certificates.ca, pace, settings, ledger.of)

    return of


def no_means(**settings: str) -> Means:
    """Means without a way out: links are recognised, nothing is read."""
    return Means("", None, Pace(), settings)
