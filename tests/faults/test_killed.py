"""kill -9 of each process while accounts are being read."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence

import httpx
import pytest

from tests.conftest import SHAPE
from tests.faults.conftest import ACCOUNTS
from tests.faults.house import House, alive, sign_in
from tests.faults.meanwhile import LiveStream, Meanwhile, spread
from tests.waiting import until

Rounds = Callable[[int, int], range]
Tell = Callable[[str], None]


def into_the_middle(home: House, chance: random.Random, *, delay: float = 0.5) -> None:
    """Have all accounts read from a slow platform, and return at some moment while that goes on."""
    home.slow(delay)
    assert home.collect_all() == ACCOUNTS
    until(lambda: home.running() >= 2, timeout=30, what="the reading to begin")
    time.sleep(chance.uniform(0, 1.5))  # the drill's moment, not a wait for anything
    assert home.running() > 0, "the kill would come too late"


def test_worker(home: House, rounds: Rounds, chance: random.Random, tell: Tell) -> None:
    took, cut = [], 0
    for _ in rounds(3, 20):
        asked = home.sandbox.clock.moment
        into_the_middle(home, chance)
        home.signal("worker", signal.SIGKILL)
        cut += home.running()
        home.time_passes()
        took.append(home.settled(within=60))
        assert home.read_since(asked) == ACCOUNTS
        assert home.misdeeds() == []
    interrupted = home.value("select count(*) from collection_run where error_kind = 'interrupted'")
    assert interrupted >= cut, "whoever takes the work over closes the run that was left open"
    tell(f"{len(took)} kills cut {cut} runs short; all was read {spread(took)} after the kill")


@pytest.mark.drill
def test_worker_and_no_hand_on_the_clock(home: House, chance: random.Random, tell: Tell) -> None:
    took = []
    for _ in range(2):
        asked = home.sandbox.clock.moment
        into_the_middle(home, chance)
        home.signal("worker", signal.SIGKILL)
        took.append(home.settled(within=100))
        assert home.read_since(asked) == ACCOUNTS
    tell(f"leases ran out by themselves; all was read {spread(took)} after the kill")


def test_web(home: House, rounds: Rounds, tell: Tell) -> None:
    cookies = sign_in(home)
    back, answered = [], []
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(LiveStream(home, cookies)) for _ in range(5)]
        until(lambda: all(stream.openings for stream in streams), timeout=30, what="the streams")
        for _ in rounds(1, 10):
            page, stream = kill_web(home, cookies, streams)
            answered.append(page)
            back.append(stream)
    assert [stream.refused for stream in streams] == [[]] * len(streams)
    tell(f"{len(back)} kills; after the kill a page came in {spread(answered)}, 5 streams in {spread(back)}")


def kill_web(home: House, cookies: httpx.Cookies, streams: Sequence[LiveStream]) -> tuple[float, float]:
    """Returns after how many seconds a page was answered, and all streams were back."""
    killed = time.monotonic()
    home.signal("web", signal.SIGKILL)
    with home.client(cookies=cookies) as browser:
        assert browser.get("/").status_code == 200, "who comes meanwhile waits, and is still signed in"
    page = time.monotonic() - killed
    until(lambda: all(stream.opened_since(killed) for stream in streams), timeout=30, what="the streams again")
    back = time.monotonic()
    home.collect_all()
    home.settled(within=60)
    until(
        lambda: all(stream.heard_since(back, "account") for stream in streams), what="an announcement on every stream"
    )
    return page, back - killed


def test_postgres(home: House, rounds: Rounds, chance: random.Random, tell: Tell) -> None:
    ready, took, statuses, slowest = [], [], Counter[int](), 0.0
    with LiveStream(home, sign_in(home)) as stream:
        until(lambda: stream.openings, what="the stream")
        for _ in rounds(1, 10):
            asked = home.sandbox.clock.moment
            into_the_middle(home, chance)
            away, writer = kill_postgres(home, stream)
            ready.append(away)
            statuses += Counter(writer.statuses)
            slowest = max(slowest, writer.slowest)
            home.time_passes(alive=True)
            took.append(home.settled(within=60))
            assert home.read_since(asked) == ACCOUNTS
            assert home.misdeeds() == []
    assert set(statuses) <= {200, 503}, f"an answer of another kind: {statuses}"
    tell(
        f"{len(took)} kills; ready again {spread(ready)} after the kill, all read {spread(took)} later; "
        f"{statuses[200]} writes acknowledged and kept, {statuses[503]} refused, the slowest answer {slowest:.1f} s"
    )


@pytest.mark.drill
@pytest.mark.skipif(SHAPE != "services", reason="the embedded database is started again at once")
def test_postgres_away_for_a_minute(home: House, chance: random.Random, tell: Tell) -> None:
    """However long it was away, they do not wait long once it is back."""
    into_the_middle(home, chance)
    assert home.postgres.process is not None
    home.postgres.kill()
    home.postgres.process.wait()
    time.sleep(60)  # the time that it is away
    asked = home.sandbox.clock.moment
    home.postgres.start()
    back = time.monotonic()
    with home.client() as client:
        until(lambda: client.get("/health/ready").status_code == 200, timeout=15, what="readiness")
    ready = time.monotonic() - back
    home.collect_all()
    home.settled(within=20)
    read = time.monotonic() - back
    assert home.read_since(asked) == ACCOUNTS
    tell(f"ready {ready:.1f} s after its return, all read after {read:.1f} s")


def kill_postgres(home: House, stream: LiveStream) -> tuple[float, Meanwhile]:
    """With somebody writing all the while. Returns how many seconds it was not ready, and the writer."""
    creator = home.value("select id from creator order by id limit 1")

    def write(number: int) -> int:
        return home.api("PATCH", f"/creators/{creator}", json={"note": str(number)}).status_code

    def is_ready(_: int) -> int:
        with home.client() as client:
            return client.get("/health/ready").status_code

    with Meanwhile(write, 0.02) as writer, Meanwhile(is_ready, 0.05) as readiness:
        until(lambda: len(writer.kept) > 3, timeout=30, what=f"some writing, {writer.statuses}")
        before, killed = len(readiness.statuses), time.monotonic()
        home.kill_postgres()
        until(lambda: 503 in readiness.statuses[before:], timeout=30, what="readiness to say no")
        until(lambda: readiness.statuses[-1] == 200, timeout=60, what="readiness to say yes")
        away = time.monotonic() - killed
        kept = len(writer.kept)
        until(lambda: len(writer.kept) > kept + 3, timeout=30, what="writing to go on")
    there = int(home.value("select note from creator where id = %s", creator))
    assert there >= writer.kept[-1], "the last write that was acknowledged is there, and so all before it"
    # What was announced meanwhile nobody heard: the page is told to come again, and reads everything when it does.
    until(lambda: stream.heard_since(killed, "bye") and stream.opened_since(killed), what="the open page's stream")
    return away, writer


def test_supervisor(home: House, rounds: Rounds, chance: random.Random, tell: Tell) -> None:
    gone, up = [], []
    for _ in rounds(1, 5):
        assert home.process is not None
        asked = home.sandbox.clock.moment
        into_the_middle(home, chance, delay=20)  # nothing that was begun can be finished
        family = home.pids()
        assert set(family) == {"web", "worker"} | ({"postgres"} if SHAPE == "embedded" else set())
        killed = time.monotonic()
        os.kill(home.process.pid, signal.SIGKILL)
        home.process.wait()
        home.slow(0.1)
        home.begin()  # at once, on the same data and port
        until(
            lambda: not any(alive(pid) for pid in family.values()),  # noqa: B023 - called before the next round
            timeout=10,
            what="the end of all processes",
        )
        gone.append(time.monotonic() - killed)
        home.answers()
        up.append(time.monotonic() - killed)
        home.sql("update collection set lease_until = clock_timestamp() where state = 'running'")
        home.settled(within=90)
        assert home.read_since(asked) == ACCOUNTS
        assert home.misdeeds() == []
    tell(f"{len(up)} kills; the last process was gone after {spread(gone)}, the next start answered after {spread(up)}")
