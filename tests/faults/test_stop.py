"""SIGTERM to the whole while accounts are being read."""

import contextlib
import signal
import time
from collections.abc import Callable

import pytest

from tests.e2e.test_commands import processes
from tests.faults.conftest import ACCOUNTS
from tests.faults.house import API_HOST, House, sign_in
from tests.faults.meanwhile import LiveStream
from tests.waiting import until

Tell = Callable[[str], None]


@pytest.mark.parametrize("platform", ["slow", pytest.param("silent", marks=pytest.mark.drill)])
def test_stop(home: House, tell: Tell, platform: str) -> None:
    """It drains within 30 s, whatever the platform does; the work is given back and goes on at the next start."""
    assert home.process is not None
    with contextlib.ExitStack() as stack:
        cookies = sign_in(home)
        streams = [stack.enter_context(LiveStream(home, cookies)) for _ in range(5)]
        until(lambda: all(stream.openings for stream in streams), timeout=30, what="the streams")
        asked = home.sandbox.clock.moment
        how: dict[str, object] = {"delay": 25.0} if platform == "slow" else {"hang": True}
        fault = home.sandbox.fault(API_HOST, "/videos", times=-1, **how)
        assert home.collect_all() == ACCOUNTS
        until(lambda: fault.hits >= 2, timeout=30, what="the reading to be in the middle")
        stopped = time.monotonic()
        home.process.send_signal(signal.SIGTERM)
        until(lambda: all(s.heard_since(stopped, "bye") for s in streams), timeout=10, what="the streams to be told")
        told = time.monotonic() - stopped
        code = home.process.wait(60)
    took = time.monotonic() - stopped
    assert code == 0
    assert took < 30
    assert processes(home.data) == []
    with home.database():
        left = home.sql(
            "select state, due_at <= %s as due, lease_until from collection where state <> 'off'",
            home.sandbox.clock.moment,
        )
        given_back = [row for row in left if row["due"]]
        assert all(row["state"] == "due" and row["lease_until"] is None for row in left), left
        assert home.running() == 0
        assert given_back, "nothing was cut short: the stop came too late"
    home.sandbox.faults.clear()
    home.start()
    home.settled(within=60)
    assert home.read_since(asked) == ACCOUNTS
    assert home.misdeeds() == []
    tell(
        f"streams were told after {told:.1f} s, all was down after {took:.1f} s, {len(given_back)} accounts given back"
    )
