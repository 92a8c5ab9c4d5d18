"""YouTube's public pages, through yt-dlp: no key, no cookies, no browser, no JavaScript runtime."""

import asyncio
import functools
import itertools
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from app.domain.ports.errors import N_, Blocked, Changed, Gone, PlatformError, RetryAfter
from app.domain.ports.values import Metric, PostReading, PostResult, PostUnread, Profile, Ref, RefKind
from app.lib import clock
from app.platforms.youtube import api_errors, parse_web, words
from app.platforms.youtube.links import PLATFORM, VIDEO_ID, profile_url, video_url
from app.platforms.youtube.parse_api import changed

T = TypeVar("T")

_TIMEOUT = 20  # seconds without a byte
_WHOLE_READING = 90.0
_BATCH = 5
_USES = 200  # of one YoutubeDL, which gathers cookies and messages as it goes
_REDIRECTS = 3


def process_env(ca: Path | None) -> dict[str, str]:
    """What a process that reads these pages must have in its environment before it does.

    yt-dlp takes its plugins from the machine unless told not to, and can be given other authorities than the public
    ones only through OpenSSL's own variable.
    """
    return {"YTDLP_NO_PLUGINS": "1"} | ({"SSL_CERT_FILE": str(ca)} if ca else {})


class WebPages:
    """Channel and watch pages as anybody sees them: a Source that reads accounts and posts.

    Subscriber counts are rounded to three figures; a channel's total views and number of videos are not on the pages
    read. At most `concurrency` pages are read at a time in this process. Where YouTube wants proof of a human this
    stops with Blocked. A process that uses it sets `process_env(ca)` at its start.
    """

    name = "ytdlp"
    label = "YouTube pages (yt-dlp)"
    version = f"1+{version('yt-dlp')}"
    account_numbers = frozenset({Metric.FOLLOWERS})
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS})
    evidence = N_("our reading, unproven")
    unconfigured_reason = words.PAGES_OFF

    def __init__(self, *, enabled: bool, concurrency: int, proxy: str, ca: Path | None) -> None:
        self._enabled = enabled
        self._concurrency = concurrency
        self._proxy = proxy
        self._ca = ca
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="youtube-pages")
        self._gate = asyncio.Semaphore(concurrency)  # waiting for a thread is no part of a reading's time
        self._local = threading.local()
        self._making = threading.Lock()

    @property
    def configured(self) -> bool:
        return self._enabled

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; takes every kind of Ref."""
        if ref.kind is RefKind.POST:
            info, said = await self._run(self._watch, ref.value)
            result = parse_web.video(ref.value, info, said, None)
            ref = Ref(PLATFORM, RefKind.ID, parse_web.channel_of_video(result, info))
        return parse_web.profile(await self._run(self._channel, f"{profile_url(ref)}/featured"))

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, about 5 a batch: the tabs of videos, Shorts and streams, merged by the dates on their pages.

        One request per 30 posts of a tab and one per post, a few of which are read ahead for nothing.
        """
        listed = await asyncio.gather(*(self._run(self._listed, ref.value, tab, limit) for tab in parse_web.TABS))
        if not any(listed) and await self._run(self._shows_videos, ref.value):
            raise changed("tabs")  # a channel with videos has tabs for them
        merged = _Merged(
            [_Tab(name, deque(ids)) for name, ids in zip(parse_web.TABS, listed, strict=True) if ids],
            self._video,
            self._concurrency,
        )
        try:
            async for batch in _batches(merged.newest(limit)):
                yield batch
        finally:
            await merged.stop()

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 5 a batch, one request each."""
        ids = list(dict.fromkeys(external_ids))
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            results = await asyncio.gather(*(self._video(one, None) for one in batch), return_exceptions=True)
            good = [result for result in results if not isinstance(result, BaseException)]
            if good:
                yield good
            for result in results:
                if isinstance(result, BaseException):
                    raise result

    async def _video(self, video_id: str, tab: str | None) -> PostResult:
        try:
            info, said = await self._run(self._watch, video_id)
        except Changed as error:  # one odd page; `_batches` sees when all are
            return PostUnread(video_id, error.kind, error.message, error.params)
        return parse_web.video(video_id, info, said, tab)

    async def _run(self, read: Callable[..., T], *arguments: object) -> T:
        """Read in a thread. Raises PlatformError for whatever yt-dlp meets."""
        if not self._proxy:  # yt-dlp would take it for a wish to go out directly
            raise RuntimeError("a process without a way out reads nothing")
        loop = asyncio.get_running_loop()
        try:
            async with self._gate, asyncio.timeout(_WHOLE_READING):
                return await loop.run_in_executor(self._threads, functools.partial(_translated, read, *arguments))
        except TimeoutError as error:
            raise api_errors.unreachable(error) from None

    # In threads, from here on.

    def _ydl(self) -> Any:
        """This thread's YoutubeDL: they are not for several threads at a time."""
        if getattr(self._local, "left", 0) == 0:
            if hasattr(self._local, "ydl"):
                self._local.ydl.close()
            with self._making:
                self._local.ydl = self._new_ydl()
            self._local.left = _USES
        self._local.left -= 1
        return self._local.ydl

    def _new_ydl(self) -> Any:
        import yt_dlp

        return yt_dlp.YoutubeDL(
            {
                "quiet": True,
                "logger": _Silent(),
                "proxy": self._proxy,
                "compat_opts": {"no-certifi"} if self._ca else set(),
                "cachedir": False,
                "socket_timeout": _TIMEOUT,
                "extractor_retries": 0,
                "noplaylist": True,
                "geo_bypass": False,  # or it would say that we are in another country
                "js_runtimes": {},
                "extractor_args": {
                    "youtube": {
                        "player_client": ["web"],  # the watch page holds its answer: one request a video
                        "player_skip": ["js", "configs"],
                        "skip": ["hls", "dash", "translated_subs"],
                    }
                },
            }
        )

    def _channel(self, url: str) -> dict[str, Any]:
        """The info of a channel's page, its entries not yet read."""
        tabs = _channel_reader()(self._ydl())
        for _ in range(_REDIRECTS):
            info: dict[str, Any] = tabs.extract(url)
            if info.get("_type") != "url":
                return info
            url = str(info.get("url"))
        raise changed("redirect")

    def _listed(self, channel_id: str, tab: str, limit: int) -> list[str]:
        """Ids on a tab, newest first; none when the channel has no such tab."""
        from yt_dlp.utils import ExtractorError

        try:
            info = self._channel(f"{profile_url(Ref(PLATFORM, RefKind.ID, channel_id))}/{tab}")
        except ExtractorError as error:
            if f"does not have a {tab} tab" in error.orig_msg:
                return []
            raise
        entries = itertools.islice(info.get("entries") or (), limit)
        ids = [entry["id"] for entry in entries if entry.get("ie_key") == "Youtube"]
        # A tab is there because it has something.
        if not ids or not all(isinstance(one, str) and VIDEO_ID.fullmatch(one) for one in ids):
            raise changed(f"{tab} tab")
        return ids

    def _shows_videos(self, channel_id: str) -> bool:
        """Whether the channel's first page shows any video."""
        info = self._channel(f"{profile_url(Ref(PLATFORM, RefKind.ID, channel_id))}/featured")
        return any(entry.get("ie_key") == "Youtube" for entry in itertools.islice(info.get("entries") or (), 20))

    def _watch(self, video_id: str) -> tuple[dict[str, Any], str | None]:
        """The info of a watch page, and what YouTube says in place of playing it."""
        from yt_dlp.utils import ExtractorError

        reader = _watch_reader()(self._ydl())
        try:
            info = reader.extract(video_url(video_id))
        except ExtractorError as error:
            if _connection_error(error) is not None:
                raise
            if reader.trouble is not None:
                raise reader.trouble from None
            return {}, error.orig_msg
        return {**info, parse_web.PLACES: reader.places}, reader.said


@functools.cache
def _channel_reader() -> Any:
    """yt-dlp's reader of channel pages, that also keeps which numbers have their place on the page."""
    from yt_dlp.extractor.youtube import YoutubeTabIE as Reader

    class YoutubeTabIE(Reader):  # type: ignore[misc]  # the name is the key under which its options are found
        def _extract_metadata_from_tabs(self, item_id: str, data: dict[str, Any]) -> dict[str, Any]:
            info: dict[str, Any] = super()._extract_metadata_from_tabs(item_id, data)
            return {**info, parse_web.PLACES: parse_web.places(data.get("header"))}

    return YoutubeTabIE


@functools.cache
def _watch_reader() -> Any:
    """yt-dlp's reader of watch pages, that goes on where there is nothing to download and keeps the reason."""
    from yt_dlp.extractor.youtube import YoutubeIE as Reader

    class YoutubeIE(Reader):  # type: ignore[misc]  # the name is the key under which its options are found
        said: str | None = None
        trouble: BaseException | None = None  # a connection's, that it only warns of and then has nothing to read
        places: frozenset[str] = frozenset()

        def _download_initial_data(self, *arguments: Any) -> Any:
            page = super()._download_initial_data(*arguments)
            self.places = parse_web.places(page)
            return page

        def report_warning(self, msg: object, *_: object, **__: object) -> None:
            if isinstance(msg, BaseException) and _connection_error(msg) is not None:
                self.trouble = msg

        @staticmethod
        def _is_agegated(player_response: object) -> bool:
            return False  # or it would ask again as a player that is not asked for an age

        def raise_no_formats(self, msg: object, expected: bool = False, video_id: str | None = None) -> None:
            self.said = str(msg)

        def raise_geo_restricted(self, msg: str = "not in your country", *_: object, **__: object) -> None:
            self.said = msg

    return YoutubeIE


class _Silent:
    """yt-dlp's words are for its own users; what matters of them comes as an error."""

    def debug(self, message: str) -> None: ...

    info = warning = error = debug


def _translated(read: Callable[..., T], *arguments: object) -> T:
    from yt_dlp.utils import ExtractorError, YoutubeDLError

    try:
        return read(*arguments)
    except PlatformError:
        raise
    except ExtractorError as error:
        raise _connection_error(error) or parse_web.refused_channel(error.orig_msg) from None
    except (OSError, YoutubeDLError) as error:
        raise _connection_error(error) or parse_web.refused_channel(str(error)) from None
    except Exception as error:
        # A page of another shape trips yt-dlp's readers in any of Python's ways.
        raise changed(type(error).__name__) from error


def _connection_error(error: BaseException) -> PlatformError | None:
    """What went wrong between us and YouTube; None when an answer came and something else is wrong with it."""
    from yt_dlp.networking.exceptions import HTTPError, RequestError
    from yt_dlp.utils import ExtractorError

    if isinstance(error, ExtractorError):
        inner = error.cause or error.exc_info[1]
        return None if inner is None or inner is error else _connection_error(inner)
    if isinstance(error, HTTPError):
        return _of_status(error.status, error.response.headers.get("Retry-After"))
    return api_errors.unreachable(error) if isinstance(error, RequestError | OSError) else None


def _of_status(status: int, retry_after: str | None) -> PlatformError:
    if status == 429:
        return RetryAfter(words.TOO_FAST, until=clock.now() + api_errors.pause(retry_after))
    if status in (404, 410):
        return Gone(words.NO_CHANNEL)
    if status >= 500:
        return RetryAfter(words.UNWELL, until=clock.now() + api_errors.pause(retry_after), status=status)
    return Blocked(words.PAGE_REFUSED) if status in (401, 403) else changed(f"HTTP {status}")


@dataclass
class _Tab:
    """ids: not yet asked for. ahead: being read or read, in the tab's order."""

    name: str
    ids: deque[str]
    ahead: deque[asyncio.Task[PostResult]] = field(default_factory=deque)


class _Merged:
    """The newest of several tabs, each of which is newest first, although only a video's own page has its date."""

    def __init__(self, tabs: list[_Tab], read: Callable[[str, str | None], Any], concurrency: int) -> None:
        self._tabs = tabs
        self._read = read
        self._concurrency = concurrency
        self._last: _Tab | None = None
        self._asked: set[str] = set()

    async def newest(self, limit: int) -> AsyncIterator[PostResult]:
        """Results one by one. Raises Changed when no page so far could be read."""
        for left in range(limit, 0, -1):
            for tab in self._tabs:
                self._look_ahead(tab, left)
            self._tabs = [tab for tab in self._tabs if tab.ahead]
            if not self._tabs:
                return
            heads = [(await tab.ahead[0], tab) for tab in self._tabs]
            result, self._last = max(heads, key=lambda head: _place(head[0]))
            self._last.ahead.popleft()
            yield result

    def _look_ahead(self, tab: _Tab, left: int) -> None:
        """Two of each tab are enough to compare; the one that gives the newest is read as fast as we may."""
        depth = min(left, self._concurrency if tab is self._last or len(self._tabs) == 1 else 2)
        while tab.ids and len(tab.ahead) < depth:
            video_id = tab.ids.popleft()
            if video_id not in self._asked:
                self._asked.add(video_id)
                tab.ahead.append(asyncio.ensure_future(self._read(video_id, tab.name)))

    async def stop(self) -> None:
        """Drop what was read ahead."""
        pending = [task for tab in self._tabs for task in tab.ahead]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


def _place(result: PostResult) -> float:
    """Where a result stands in time; one without a date stands first, so that it holds nothing up."""
    published = result.published_at if isinstance(result, PostReading) else None
    return published.timestamp() if published else float("inf")


async def _batches(results: AsyncIterator[PostResult]) -> AsyncIterator[list[PostResult]]:
    """Batches of 5; what was read before an error comes before the error. Changed when nothing can be read at all."""
    batch: list[PostResult] = []
    read = 0
    failed: PlatformError | None = None
    try:
        async for result in results:
            batch.append(result)
            read += isinstance(result, PostReading)
            if len(batch) == _BATCH:
                _not_all_changed(batch, read)
                yield batch
                batch = []
    except PlatformError as error:
        failed = error
    if failed is None:
        _not_all_changed(batch, read)
    if batch:
        yield batch
    if failed is not None:
        raise failed


def _not_all_changed(batch: Sequence[PostResult], read: int) -> None:
    """One odd page is that page's; when none could be read, YouTube's pages have changed."""
    odd = next((r for r in batch if isinstance(r, PostUnread) and r.kind == Changed.kind), None)
    if odd is not None and read == 0:
        raise changed(str(odd.params.get("field", "page")))
