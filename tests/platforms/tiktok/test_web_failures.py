"""What goes wrong with TikTok's pages, and what the source of public pages makes of it."""

import socket
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.ports.errors import Blocked, Changed, Gone, PlatformError, RetryAfter
from app.domain.ports.values import (
    PostReading,
    PostResult,
    PostUnread,
    RefKind,
)
from app.lib import clock
from app.lib.egress import Egress
from app.platforms.tiktok.ytdlp import PublicPages
from sandbox.core import Sandbox
from tests.platforms.tiktok.web import SITE, channel_of, every, own, posts, ref, without_a_list


@pytest.mark.parametrize(
    ("preset", "kind"),
    [
        ("tiktok-429", RetryAfter),
        ("tiktok-reset", RetryAfter),
        ("tiktok-bot-check", Blocked),
        ("tiktok-layout-change", Changed),
    ],
)
async def test_every_failure_says_what_happens_next(
    web: PublicPages, sandbox: Sandbox, preset: str, kind: type[PlatformError]
) -> None:
    channel = channel_of(sandbox)
    who, post = own(sandbox, channel), channel.listed(sandbox.world.now)[0].id
    sandbox.switch(preset, True)
    for reading in (web.read_account(who), posts(web, who), every(web.read_posts(who, [post]))):
        with pytest.raises(PlatformError) as error:
            await reading
        assert type(error.value) is kind
        assert "%(" not in str(error.value)
    sandbox.switch(preset, False)
    assert len(await posts(web, who, 5)) == 5


async def test_a_check_for_humans_is_neither_solved_nor_got_around(web: PublicPages, sandbox: Sandbox) -> None:
    sandbox.switch("tiktok-bot-check", True)
    with pytest.raises(Blocked):
        await web.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    (hit,) = sandbox.journal.hits
    assert "cookie" not in hit.headers
    known = {"host", "user-agent", "accept", "accept-language", "accept-encoding", "connection", "sec-fetch-mode"}
    assert set(hit.headers) <= known  # no header with an invented name


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Blocked), (403, Blocked), (404, Gone), (418, Changed), (500, RetryAfter)]
)
async def test_statuses(web: PublicPages, sandbox: Sandbox, status: int, kind: type[PlatformError]) -> None:
    sandbox.fault(SITE, times=-1, status=status)
    with pytest.raises(PlatformError) as error:
        await web.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert type(error.value) is kind


async def test_the_pause_that_is_asked_for(web: PublicPages, sandbox: Sandbox) -> None:
    sandbox.fault(SITE, times=-1, status=429, headers={"retry-after": "77"})
    with pytest.raises(RetryAfter) as error:
        await web.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert error.value.until - clock.now() == timedelta(seconds=77)


async def test_a_page_for_signed_in_people_only(web: PublicPages, sandbox: Sandbox) -> None:
    sandbox.fault(SITE, "^/@", times=1, status=302, headers={"location": "https://www.tiktok.com/login?next=x"})
    sandbox.fault(SITE, "^/login", times=-1, status=200, body="<html></html>")
    with pytest.raises(Blocked):
        await web.read_account(ref(RefKind.HANDLE, "kettleandpine"))


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ('{"statusCode": 10221, "userInfo": {}}', Gone),
        ('{"statusCode": 10222, "userInfo": {}}', Gone),
        ('{"statusCode": 10000}', Blocked),
        ('{"statusCode": 99999}', Changed),
        ('{"statusCode": 0, "userInfo": {"user": {"uniqueId": "x"}}}', Changed),
    ],
)
async def test_what_a_profile_page_says_instead(
    web: PublicPages, sandbox: Sandbox, detail: str, kind: type[PlatformError]
) -> None:
    data = f'{{"__DEFAULT_SCOPE__": {{"webapp.user-detail": {detail}}}}}'
    body = f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{data}</script>'.encode()
    sandbox.replay.add(SITE, "GET", "/@kettleandpine", headers={"content-type": "text/html"}, body=body)
    with pytest.raises(PlatformError) as error:
        await web.read_account(ref(RefKind.HANDLE, "kettleandpine"))
    assert type(error.value) is kind


async def test_an_odd_page_is_that_posts_own(web: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    first, *others = (post.id for post in channel.listed(sandbox.world.now)[:4])
    body = (
        b'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__">{"__DEFAULT_SCOPE__": {"webapp.video-detail": []}}</script>'
    )
    sandbox.replay.add(SITE, "GET", f"/@_/video/{first}", headers={"content-type": "text/html"}, body=body)
    without_a_list(sandbox)
    results = await every(web.read_posts(own(sandbox, channel), [first, *others]))
    assert isinstance(results[0], PostUnread) and results[0].kind == "changed"
    assert all(isinstance(result, PostReading) for result in results[1:])


async def test_what_was_read_before_a_failure_is_kept(web: PublicPages, sandbox: Sandbox) -> None:
    channel = channel_of(sandbox)
    sandbox.fault(SITE, "item_list", times=-1, skip=2, status=429)
    kept: list[PostResult] = []

    async def keep() -> None:
        async for batch in web.list_posts(own(sandbox, channel), limit=100, known=frozenset()):
            kept.extend(batch)

    with pytest.raises(RetryAfter):
        await keep()
    assert len(kept) == 30 and all(isinstance(result, PostReading) for result in kept)


async def test_a_silent_site_is_given_up(web: PublicPages, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.platforms.kit.ytdlp.TIMEOUT", 0.3)
    sandbox.fault(SITE, times=-1, hang=True)
    with pytest.raises(RetryAfter):
        await web.read_account(ref(RefKind.HANDLE, "kettleandpine"))


def left_behind(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_it_goes_through_the_proxy_and_leaves_nothing_behind(
    web: PublicPages, sandbox: Sandbox, egress: Egress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    targets: set[Any] = set()
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        if threading.current_thread().name.startswith("tiktok-pages"):
            targets.add(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    await posts(web, own(sandbox, channel_of(sandbox)), 5)
    assert egress.stats()[SITE].requests
    assert {port for _, port in targets} == {int(egress.proxy_url.rpartition(":")[2])}
    assert left_behind(tmp_path) == []
