"""The process's Chromium: where it may go, what it loads, and that it never outlives the process."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.ports.errors import RetryAfter
from app.platforms.kit import browser
from app.platforms.kit.browser import Browser, wants_a_human
from sandbox.core import Sandbox
from tests.platforms.conftest import MeansOf

ROOT = Path(__file__).parents[3]
HOST = "wibes.ru"
READY = "document.title"


@pytest.fixture
async def shows(means: MeansOf) -> AsyncIterator[Browser]:
    yield Browser("Wibes", means(playwright_timeout="6"))
    await browser.close_all()


def serve(sandbox: Sandbox, path: str, html: str) -> str:
    sandbox.replay.add(HOST, "GET", path, headers={"content-type": "text/html"}, body=html.encode())
    return f"https://{HOST}{path}"


def browsers(mark: str = "--sightline-mark=") -> dict[int, int]:
    """Chromium's processes that bear the mark, with their groups."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "cmdline").read_bytes():
                found[int(folder.name)] = os.getpgid(int(folder.name))
        except OSError:
            continue
    return found


def members(group: int) -> list[int]:
    """Processes of a group that still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(folder.name))
    return found


def parent_of(pid: int) -> int:
    """0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def below(parent: int) -> set[int]:
    """Groups of the browsers that a process has started, itself or through Playwright's driver."""
    parents = {int(folder.name): parent_of(int(folder.name)) for folder in Path("/proc").glob("[0-9]*")}
    groups = set()
    for pid, group in browsers().items():
        above = pid
        while above in parents and above != parent:
            above = parents[above]
        if above == parent and pid == group:
            groups.add(group)
    return groups


def test_what_a_check_for_robots_looks_like() -> None:
    for text in (
        "https://dzen.ru/showcaptcha?retpath=x",
        "<title>Вы не робот?</title>",
        "Подтвердите, что запросы отправляли вы, а не робот",
        "<div class='SmartCaptcha'>",
        "Please verify you are a human",
    ):
        assert wants_a_human(text)
    assert not wants_a_human("<title>Робот-пылесос: обзор</title>")


async def test_it_goes_out_through_our_proxy_only(shows: Browser, sandbox: Sandbox) -> None:
    """Neither to this machine's own services nor to names that the proxy refuses; and no pictures."""
    connected = []

    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = serve(
        sandbox,
        "/@reaches",
        f"<img src='/picture/1'><script>Promise.allSettled([fetch('http://127.0.0.1:{port}/'), fetch('http://localhost:{port}/'),"
        f"fetch('https://127.0.0.1:{port}/')]).then(all => {{ document.title = all.map(one => one.status).join() }})"
        "</script>",
    )
    shown = await shows.show(url, "document.title || null")
    server.close()
    assert shown.status == 200 and connected == []
    assert [hit.path for hit in sandbox.journal.hits] == ["/@reaches"]


async def test_one_browser_shows_many_pages_and_is_replaced(
    shows: Browser, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "PAGES", 3)
    url = serve(sandbox, "/@one", "<title>one</title><script>document.cookie = 'seen=1'</script>")
    used: list[int] = []
    for _ in range(5):
        shown = await shows.show(url, "document.title + document.cookie")
        assert shown.value == "oneseen=1"
        used += below(os.getpid())
    assert len(set(used)) == 2 and used[:3] == [used[0]] * 3
    assert all("cookie" not in hit.headers for hit in sandbox.journal.hits)  # each page is a new visitor's
    await browser.close_all()
    assert not below(os.getpid()) and not any(members(group) for group in set(used))


async def test_a_browser_that_dies_is_started_again(shows: Browser, sandbox: Sandbox) -> None:
    url = serve(sandbox, "/@one", "<title>one</title>")
    await shows.show(url, READY)
    (group,) = below(os.getpid())
    os.killpg(group, signal.SIGKILL)
    try:
        await shows.show(url, READY)
    except RetryAfter:
        pass  # it had not yet noticed
    assert (await shows.show(url, READY)).value == "one"


async def test_a_page_that_hangs_is_given_up(means: MeansOf, sandbox: Sandbox) -> None:
    impatient = Browser("Wibes", means(playwright_timeout="1"))
    sandbox.fault(HOST, hang=True, times=-1)
    began = time.monotonic()
    with pytest.raises(RetryAfter, match="did not answer in time"):
        await impatient.show(f"https://{HOST}/@one", READY)
    assert time.monotonic() - began < 10
    sandbox.faults.clear()
    assert (await impatient.show(serve(sandbox, "/@two", "<title>two</title>"), READY)).value == "two"
    await browser.close_all()


_WORKER = """
import asyncio, os, sys
from pathlib import Path
from app.domain.ports.platform import Means
from app.lib.egress import HostLimit, Pace
from app.platforms.kit.browser import Browser

async def main():
    means = Means(sys.argv[1], Path(sys.argv[2]), Pace(default=HostLimit()), {})
    shown = await Browser("Wibes", means).show(sys.argv[3], "document.title")
    print(shown.value, flush=True)
    await asyncio.sleep({seconds})

asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["leaves", "kill -9", "kill -9, and the driver first"])
async def test_it_ends_with_its_process(means: MeansOf, sandbox: Sandbox, end: str) -> None:
    url = serve(sandbox, "/@one", "<title>one</title>")
    given = means()
    code = _WORKER.replace("{seconds}", "0.1" if end == "leaves" else "600")
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, given.proxy, str(given.ca), url, cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert worker.stdout is not None
    groups: set[int] = set()
    async with asyncio.timeout(30):
        while not groups:
            groups = below(worker.pid)
            await asyncio.sleep(0.02)
        assert await worker.stdout.readline() == b"one\n"
        groups |= below(worker.pid)
        if end != "leaves":
            assert all(members(group) for group in groups)
            if "driver" in end:  # Playwright's own process, which looks after its browsers while it lives
                (driver,) = {parent_of(group) for group in groups}
                assert driver != worker.pid
                os.kill(driver, signal.SIGSTOP)  # so that it cannot
            worker.kill()
        await worker.wait()
        while any(members(group) for group in groups):  # noqa: ASYNC110 - the end of a process cannot tell
            await asyncio.sleep(0.05)
    if "driver" in end:
        os.kill(driver, signal.SIGKILL)
