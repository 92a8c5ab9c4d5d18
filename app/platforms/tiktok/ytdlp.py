"""TikTok's public pages, through yt-dlp: no key, no cookies, no browser.

yt-dlp can solve the riddle that TikTok puts before clients it doubts, hide behind random header names and imitate a
browser's handshake. None of it is used: a check for humans is Blocked.
"""

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import timedelta
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from app.domain.ports.errors import N_, Blocked, Changed, Gone, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import (
    Metric,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    PostUnread,
    Profile,
    Ref,
    RefKind,
)
from app.lib import clock
from app.platforms.kit import Http, Node
from app.platforms.kit import words as common
from app.platforms.kit.ytdlp import Refused, YtDlp
from app.platforms.tiktok import numbers, parse_web, words
from app.platforms.tiktok.links import PLATFORM, SEC_UID, post_url, profile_url
from app.platforms.tiktok.parse_web import LABEL
from app.platforms.tiktok.short import resolved

HOST = "www.tiktok.com"
_CONCURRENCY = 4
_STEP = timedelta(days=7)  # a page looks back about so far, as yt-dlp's authors found
_EMPTY_PAGES = 26  # half a year without a post ends the search for older ones
_FEW_PAGES, _MOST_PAGES = 4, 40  # of the list, that are looked through for posts that are to be read again
_BATCH = 5


class PublicPages:
    """Profile pages, the list behind them and video pages as anybody sees them: reads accounts and posts.

    Counts of accounts are exact. Counts of posts are as TikTok gives them: those of a list look exact, those of a
    video's own page rounded above 10,000. Where TikTok wants proof of a human this stops with Blocked.
    """

    name = "ytdlp"
    label = "TikTok pages (yt-dlp)"
    version = f"1+{version('yt-dlp')}"
    evidence = N_("pages recorded 2025-12; list of posts, photo posts and status codes: our reading, unproven")
    account_numbers = numbers.ACCOUNT
    post_numbers = numbers.POST
    unconfigured_reason = words.PAGES_OFF

    def __init__(self, means: Means, *, enabled: bool) -> None:
        self._enabled = enabled
        self._http = Http(LABEL, means)
        self._pages = YtDlp(LABEL, means, concurrency=_CONCURRENCY)

    @property
    def configured(self) -> bool:
        return self._enabled

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; takes every kind of Ref.

        By a permanent id alone there is no page: the handle is the one given beside it, or the one that the account's
        newest posts name.
        """
        ref = await resolved(self._http, ref)
        if ref.kind is RefKind.POST:
            ref = Ref(PLATFORM, RefKind.ID, parse_web.author(await self._scope(post_url(None, ref.value))))
        if ref.kind is RefKind.HANDLE:
            return await self._profile(ref.value)
        return await self._by_id(_sec_uid(ref), ref.handle)

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, up to 15 a batch and request, with all their numbers."""
        sec_uid, left = _sec_uid(ref), limit
        async with contextlib.aclosing(self._walk(sec_uid)) as pages:
            async for results in pages:
                yield results[:left]
                left -= len(results)
                if left <= 0:
                    return
        if left == limit:
            await self._check_empty(ref)

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts. Posts that the first pages of the account's list show are read there, 15 a request and with
        exact counts; the others on their own pages, 5 a batch and one request each."""
        left = dict.fromkeys(external_ids)
        if SEC_UID.fullmatch(ref.value) and left:
            async for results in self._among(ref.value, left):
                yield results
        ids = list(left)
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            read = await asyncio.gather(*map(self._post, batch), return_exceptions=True)
            results = [result for result in read if not isinstance(result, BaseException)]
            failed = next((result for result in read if isinstance(result, BaseException)), None)
            odd = [result for result in results if isinstance(result, PostUnread)]
            if odd and not any(isinstance(result, PostReading) for result in results):
                failed = failed or Changed(odd[0].message, **odd[0].params)  # type: ignore[arg-type]
                results = [result for result in results if not isinstance(result, PostUnread)]
            if results:
                yield results
            if failed is not None:
                raise failed

    async def _walk(self, sec_uid: str) -> AsyncGenerator[list[PostResult], None]:
        """An account's posts, newest first, a page of the list at a time; each post once."""
        cursor, empty, seen = _tomorrow(), 0, set[str]()
        while empty < _EMPTY_PAGES:
            page = await self._list(sec_uid, cursor)
            fresh = [result for result in page.results if result.external_id not in seen]
            seen |= {result.external_id for result in fresh}
            if fresh:
                yield fresh
            empty = 0 if fresh else empty + 1
            if page.older is None:
                return
            cursor = page.older if 0 < page.older < cursor else cursor - int(_STEP.total_seconds() * 1000)

    async def _among(self, sec_uid: str, wanted: dict[str, None]) -> AsyncIterator[list[PostResult]]:
        """Those of the wanted that the list shows, which are wanted no longer."""
        most = min(_MOST_PAGES, max(_FEW_PAGES, len(wanted) // 2))
        try:
            async with contextlib.aclosing(self._walk(sec_uid)) as pages:
                async for results in pages:
                    found = [r for r in results if isinstance(r, PostReading) and r.external_id in wanted]
                    for result in found:
                        del wanted[result.external_id]
                    if found:
                        yield list(found)
                    most -= 1
                    if not wanted or most == 0:
                        return
        except (Changed, Gone):
            return  # their own pages tell

    async def _post(self, post_id: str) -> PostResult:
        try:
            return parse_web.video(post_id, await self._scope(post_url(None, post_id)))
        except Gone:
            return PostGone(post_id, PostState.DELETED)
        except Changed as error:  # one odd page; when all of a batch are, TikTok's pages have changed
            return PostUnread(post_id, error.kind, error.message, error.params)

    async def _profile(self, handle: str) -> Profile:
        return parse_web.profile(await self._scope(profile_url(Ref(PLATFORM, RefKind.HANDLE, handle))))

    async def _by_id(self, sec_uid: str, handle: str | None) -> Profile:
        if handle is not None:
            try:
                found = await self._profile(handle)
            except Gone:
                pass  # renamed, or not there any more: its posts tell
            else:
                if found.external_id == sec_uid:
                    return found
        renamed = (await self._list(sec_uid, _tomorrow())).author
        if renamed is None or renamed == handle:
            raise Gone(words.NO_ACCOUNT)
        found = await self._profile(renamed)
        if found.external_id != sec_uid:
            raise parse_web.node(None).changed("webapp.user-detail.userInfo.user.secUid")
        return found

    async def _check_empty(self, ref: Ref) -> None:
        """An account that has posts and lists none hides them, or the list has changed."""
        if ref.handle is None:
            return
        scope = await self._scope(profile_url(Ref(PLATFORM, RefKind.HANDLE, ref.handle)))
        if parse_web.is_private(scope):
            raise Gone(words.PRIVATE)
        if parse_web.profile(scope).metrics[Metric.POSTS]:
            raise parse_web.node(None).changed("itemList")

    async def _scope(self, url: str) -> Node:
        return parse_web.node(await self._run(_scope, url))

    async def _list(self, sec_uid: str, cursor: int) -> parse_web.ListPage:
        return parse_web.posts(parse_web.node(await self._run(_list, sec_uid, cursor)))

    async def _run(self, read: Any, *arguments: object) -> Any:
        try:
            return await self._pages.run(HOST, read, *arguments)
        except Refused as error:
            raise parse_web.trouble(error.said) from None


def _tomorrow() -> int:
    """Before everything that has been posted: where a list begins, in epoch milliseconds."""
    return int((clock.now() + timedelta(days=1)).timestamp() * 1000)


def _sec_uid(ref: Ref) -> str:
    if not SEC_UID.fullmatch(ref.value):
        raise Unsupported(words.OWN_ONLY)
    return ref.value


# In threads, from here on.


def _scope(ydl: Any, url: str) -> object:
    """The data that a page carries. Raises Blocked and Changed when it carries none."""
    reader = _reader()(ydl)
    page, answer = reader._download_webpage_handle(url, url)
    if urlsplit(answer.url).path.startswith("/login"):
        raise Blocked(words.LOGIN)
    scope = reader._get_universal_data(page, url)
    if not scope:
        raise parse_web.trouble(page)
    return scope


def _list(ydl: Any, sec_uid: str, cursor: int) -> object:
    """A page of the list of an account's posts, older than `cursor`."""
    reader = _reader()(ydl)
    query = reader._build_web_query(sec_uid, cursor)
    text, _ = reader._download_webpage_handle(reader._API_BASE_URL, sec_uid, query=query)
    found = reader._parse_json(text, sec_uid, fatal=False)
    if found is None:
        # An empty answer is what clients get that TikTok takes for robots.
        raise Blocked(common.BOT_CHECK, platform=LABEL) if not text.strip() else parse_web.trouble(text)
    return found


@functools.cache
def _reader() -> Any:
    """yt-dlp's reader of TikTok, without what it does to pass for somebody else."""
    from yt_dlp.extractor.tiktok import TikTokUserIE as Reader

    class TikTokUserIE(Reader):  # type: ignore[misc]
        def _request_webpage(self, *arguments: Any, **how: Any) -> Any:
            how.pop("impersonate", None)
            how.pop("require_impersonation", None)
            return super()._request_webpage(*arguments, **how)

    return TikTokUserIE
