"""Drills: parts of a running Sightline are killed, frozen or cut off, and it has to come back by itself.

A few rounds of each run with the other tests; `make drills` runs them in full (`--drills`), the long ones too.
Every drill draws its moments from `--drill-seed`, which is printed, so that a failure can be looked at again.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import SHAPE
from tests.faults.house import House, house

ACCOUNTS = 8
_REPORT = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("drills")
    group.addoption("--drills", action="store_true", help="drills in full, not a few rounds of the short ones")
    group.addoption("--drill-count", type=int, help="rounds of each drill that has rounds")
    group.addoption("--drill-seed", type=int, default=1, help="where drills draw their moments from (default: 1)")


def _option(config: pytest.Config, name: str) -> Any:
    # These options are unknown to a run that finds this folder only while it collects; it gets the defaults.
    return config.getoption(f"--{name}", None, skip=False)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REPORT] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("drill") and not _option(config, "drills"):
            item.add_marker(pytest.mark.skip(reason="a long drill: make drills"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[_REPORT]:
        terminalreporter.section("what the drills showed")
        for line in config.stash[_REPORT]:
            terminalreporter.write_line(line)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Puts a sentence into the summary at the end."""
    report = request.config.stash[_REPORT]
    return lambda sentence: report.append(f"{request.node.name} [{SHAPE}]: {sentence}")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Callable[[int, int], range]:
    """How often: `rounds(few, full)`."""
    config = request.config

    def times(few: int, full: int) -> range:
        return range(int(_option(config, "drill-count") or 0) or (full if _option(config, "drills") else few))

    return times


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """This drill's own source of random moments."""
    return random.Random(f"{_option(request.config, 'drill-seed') or 1}:{request.node.name}")


@pytest.fixture(scope="package")
def one_house() -> Iterator[House]:
    if SHAPE == "services" and shutil.which("redis-server") is None:
        pytest.skip("there is no redis-server to start a private one")
    with house() as one:
        one.follow(one.handles[:ACCOUNTS])
        yield one


@pytest.fixture
def home(one_house: House) -> House:
    """The house, up, whole and at rest, with ACCOUNTS accounts to read."""
    one_house.sandbox.faults.clear()
    if one_house.process is None or one_house.process.poll() is not None:
        one_house.start()
    one_house.settled(within=120)
    return one_house
