"""Who may read an account: one worker at a time, and none that has lost its lease."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.faults.conftest import ACCOUNTS
from tests.faults.house import House
from tests.faults.meanwhile import spread
from tests.waiting import until

Rounds = Callable[[int, int], range]
Tell = Callable[[str], None]
MANY = 30
LOST = "lease lost; another worker has this account"


def test_a_frozen_worker(home: House, rounds: Rounds, chance: random.Random, tell: Tell) -> None:
    """It stands still for longer than its lease; another does its work; then it wakes, with answers in its hands."""
    held = noticed = 0
    for _ in rounds(1, 10):
        asked = home.sandbox.clock.moment
        home.slow(0.5)
        assert home.collect_all() == ACCOUNTS
        until(lambda: home.running() >= 4, timeout=30, what="the reading to begin")
        time.sleep(chance.uniform(0, 1))  # the drill's moment, not a wait for anything
        heard = home.said().count(LOST)
        frozen = home.signal("worker", signal.SIGSTOP)
        try:
            held += home.running()
            home.time_passes(alive=True)
            with home.another_worker():
                home.settled(within=90)
                assert home.read_since(asked) == ACCOUNTS
                os.kill(frozen, signal.SIGCONT)
                until(lambda: home.said().count(LOST) > heard, timeout=30, what="the notice of a lost lease")  # noqa: B023
                # Whatever else it still held it has dropped, too, when it can take part again.
                home.collect_all()
                home.settled(within=60)
        finally:
            os.kill(frozen, signal.SIGCONT)
        noticed += home.said().count(LOST) - heard
        assert home.misdeeds() == []
    tell(f"{held} runs were frozen and taken over; {noticed} of them woke under a lost lease, and wrote nothing")


@pytest.mark.drill
def test_a_worker_frozen_in_a_transaction(home: House, tell: Tell) -> None:
    """It holds locks on what it was writing. The database ends its session, and the work goes on elsewhere."""
    asked = home.sandbox.clock.moment
    home.sandbox.faults.clear()
    account = home.value("select account_id from collection order by 1 limit 1")
    with psycopg.connect(home.admin_url) as other:
        other.execute("select 1 from account where id = %s for update", (account,))
        home.collect_all()
        until(
            lambda: home.value("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"),
            timeout=30,
            what="the worker to wait for our lock, its own on the work's row",
        )
        frozen = home.signal("worker", signal.SIGSTOP)
    try:
        with home.another_worker():
            took = home.settled(within=180)
            assert home.read_since(asked) == ACCOUNTS
            os.kill(frozen, signal.SIGCONT)
            home.collect_all()
            home.settled(within=60)
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert home.misdeeds() == []
    tell(f"all was read {took:.0f} s after it froze")


def test_two_workers(home: House, rounds: Rounds, tell: Tell) -> None:
    """Each account is read once each time it is due, whoever is asked."""
    home.follow(home.handles[:MANY])
    took = []
    try:
        with home.another_worker():
            home.settled(within=120)
            for _ in rounds(1, 10):
                before = {row["account"]: row["claims"] for row in home.sql(CLAIMS)}
                asked = home.sandbox.clock.moment
                assert home.collect_all() == MANY
                asyncio.run(home.hand_out(times=3))  # each is handed out four times in all, to whoever is free
                took.append(home.settled(within=120))
                assert home.read_since(asked) == MANY
                claims = {row["account"]: row["claims"] - before[row["account"]] for row in home.sql(CLAIMS)}
                assert set(claims.values()) == {1}, claims
                assert home.misdeeds() == []
        busy = home.workers_of_late()
    finally:
        home.unfollow(home.handles[ACCOUNTS:MANY])
    assert busy >= 2, "one of the workers did everything"
    tell(f"{len(took)} times {MANY} accounts, {len(took) * MANY} claims, {busy} workers; read in {spread(took)}")


CLAIMS = "select account, count(*) as claims from witness_claim group by account"
