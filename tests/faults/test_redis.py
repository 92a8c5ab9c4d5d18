"""Redis killed and started again while accounts are being read. It holds the queue and the request limits."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conftest import SHAPE
from tests.faults.conftest import ACCOUNTS
from tests.faults.house import House, sign_in
from tests.faults.meanwhile import Meanwhile, spread
from tests.faults.test_killed import into_the_middle
from tests.waiting import until

pytestmark = pytest.mark.skipif(SHAPE != "services", reason="only the shape with services has a Redis")


def test_redis(
    home: House,
    rounds: Callable[[int, int], range],
    chance: random.Random,
    tell: Callable[[str], None],
) -> None:
    assert home.redis is not None
    cookies = sign_in(home)
    took, statuses, slowest = [], Counter[int](), 0.0

    def read(_: int) -> int:
        return home.api("GET", "/accounts").status_code

    def page(_: int) -> int:
        with home.client(cookies=cookies) as browser:
            return browser.get("/").status_code

    def write(number: int) -> int:
        return home.api("POST", "/collection/runs", json={}).status_code if number % 5 == 0 else read(number)

    def ready(_: int = 0) -> int:
        with home.client() as client:
            return client.get("/health/ready").status_code

    for _ in rounds(1, 10):
        asked = home.sandbox.clock.moment
        into_the_middle(home, chance)
        with Meanwhile(read, 0.02) as api, Meanwhile(page, 0.02) as pages, Meanwhile(write, 0.1) as writer:
            home.redis.kill()
            until(lambda: ready() == 503, timeout=20, what="readiness to say no")
            for people, more in ((api, 20), (pages, 20), (writer, 10)):
                people.wait_for(more)
            home.redis.start()
            until(lambda: ready() == 200, timeout=30, what="readiness to say yes")
        for people in (api, pages, writer):
            statuses += Counter(people.statuses)
            slowest = max(slowest, people.slowest)
        took.append(home.settled(within=120))
        assert home.read_since(asked) == ACCOUNTS
        assert home.misdeeds() == []
    assert set(statuses) <= {200, 202}, statuses
    assert slowest < 5, "nobody waits for a Redis that is away"
    tell(
        f"{len(took)} kills, {statuses.total()} answers all the while, the slowest {slowest:.1f} s; "
        f"all was read {spread(took)} after its return"
    )
