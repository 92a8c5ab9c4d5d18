"""One reel (or another video) by its page, through yt-dlp: what is left when Instagram's lists are shut."""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

from app.domain.ports.errors import N_, Blocked, Changed, Gone, PlatformError, RetryAfter, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import Format, Metric, PostGone, PostResult, PostState, PostUnread, Ref
from app.lib import clock
from app.platforms.instagram import parse_web, words
from app.platforms.instagram.links import post_url
from app.platforms.instagram.wire import LABEL, TIMEOUT, changed, later
from app.platforms.kit import Node, pause
from app.platforms.kit import words as kit_words

_WHOLE_READING = 90.0
_THREADS = 2


class ReelPages:
    """Pages of single reels as anybody sees them: a Source that reads posts.

    Three requests a reel. A photo is answered as unread: yt-dlp reads what has a video. A process that uses it sets
    what YouTube's `process_env` says.
    """

    name = "ytdlp"
    label = "Instagram reels (yt-dlp)"
    version = f"1+{version('yt-dlp')}"
    evidence = N_("our reading, unproven")
    account_numbers: frozenset[Metric] = frozenset()
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS})
    unconfigured_reason = words.PAGES_OFF

    def __init__(self, means: Means) -> None:
        self._means = means
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="instagram-reels")
        self._gate = asyncio.Semaphore(_THREADS)
        self._local = threading.local()

    @property
    def configured(self) -> bool:
        return self._means.switched_on("instagram_public_pages")

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, one a batch."""
        for code in dict.fromkeys(external_ids):
            yield [await self._reel(code)]

    async def _reel(self, code: str) -> PostResult:
        if not self._means.proxy:  # yt-dlp would take it for a wish to go out directly
            raise RuntimeError("a process without a way out reads nothing")
        loop = asyncio.get_running_loop()
        try:
            async with (
                self._gate,
                self._means.pace.turn("www.instagram.com"),
                asyncio.timeout(_WHOLE_READING),
            ):
                item = await loop.run_in_executor(self._threads, functools.partial(self._read, code))
            reading = parse_web.media(Node(item, LABEL))
        except (Changed, Unsupported) as error:
            return PostUnread(code, error.kind, error.message, error.params)
        except Gone:
            return PostGone(code, PostState.DELETED)
        except TimeoutError:
            raise later(kit_words.SILENT) from None
        if reading.external_id != code:
            odd = changed("code")
            return PostUnread(code, odd.kind, odd.message, odd.params)
        if reading.format is Format.PHOTO:
            return PostUnread(code, Unsupported.kind, words.NOT_A_REEL)
        return reading

    # In threads, from here on.

    def _read(self, code: str) -> Any:
        """The post's part of its page. Raises PlatformError for whatever yt-dlp meets."""
        from yt_dlp.utils import ExtractorError, YoutubeDLError

        reader = _reader()(self._ydl())
        try:
            reader.extract(post_url(code, reel=True))
        except PlatformError:
            raise
        except (ExtractorError, YoutubeDLError, OSError) as error:
            if reader.product is None:
                raise _connection(error) or reader.trouble or _refused(str(error)) from None
        except Exception as error:  # a page of another shape trips yt-dlp's readers in any of Python's ways
            if reader.product is None:
                raise changed(type(error).__name__) from None
        if reader.product is None:
            raise changed("xig_polaris_media")
        return reader.product

    def _ydl(self) -> Any:
        """This thread's YoutubeDL: they are not for several threads at a time."""
        if not hasattr(self._local, "ydl"):
            import yt_dlp

            self._local.ydl = yt_dlp.YoutubeDL(
                {
                    "quiet": True,
                    "logger": _Silent(),
                    "proxy": self._means.proxy,
                    "compat_opts": {"no-certifi"} if self._means.ca else set(),
                    "cachedir": False,
                    "socket_timeout": TIMEOUT,
                    "extractor_retries": 0,
                    "noplaylist": True,
                    "geo_bypass": False,
                }
            )
        return self._local.ydl


@functools.cache
def _reader() -> Any:
    """yt-dlp's reader of posts, that keeps the numbers as the page gives them."""
    from yt_dlp.extractor.instagram import InstagramIE as Reader

    class InstagramIE(Reader):  # type: ignore[misc]  # the name is the key under which its options are found
        product: Any = None
        trouble: PlatformError | None = None  # a connection's, that it does not tell

        def _extract_product(self, product_info: Any, *arguments: Any, **how: Any) -> Any:
            self.product = product_info[0] if isinstance(product_info, list) and product_info else product_info
            return super()._extract_product(product_info, *arguments, **how)

        def _request_webpage(self, url_or_request: Any, *arguments: Any, **how: Any) -> Any:
            try:
                return super()._request_webpage(url_or_request, *arguments, **how)
            except Exception as error:
                self.trouble = self.trouble or _connection(error)
                raise

    return InstagramIE


class _Silent:
    """yt-dlp's words are for its own users; what matters of them comes as an error."""

    def debug(self, message: str) -> None: ...

    info = warning = error = debug


def _connection(error: BaseException) -> PlatformError | None:
    """What went wrong between us and Instagram; None when an answer came and something else is wrong with it."""
    from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, RequestError
    from yt_dlp.utils import ExtractorError

    if isinstance(error, ExtractorError):
        inner = error.cause or error.exc_info[1]
        return None if inner is None or inner is error else _connection(inner)
    if isinstance(error, HTTPError):
        after = error.response.headers.get("Retry-After")
        if error.status in (401, 403):
            return Blocked(words.LOGIN_WALL)
        if error.status == 429:
            return RetryAfter(kit_words.TOO_FAST, until=clock.now() + pause(after), platform=LABEL)
        if error.status >= 500:
            until = clock.now() + pause(after)
            return RetryAfter(kit_words.UNWELL, until=until, platform=LABEL, status=error.status)
        return Gone(words.NO_POST) if error.status in (404, 410) else changed(f"HTTP {error.status}")
    if isinstance(error, IncompleteRead):
        return later(kit_words.BROKE_OFF)
    return later(kit_words.UNREACHABLE) if isinstance(error, RequestError | OSError) else None


def _refused(said: str) -> PlatformError:
    """What yt-dlp's words mean; the answer came."""
    if "login page" in said or "rate-limit" in said:
        return Blocked(words.LOGIN_WALL)
    if "registered users" in said or "Restricted Video" in said:
        return Unsupported(words.NOT_SHOWN)
    if "LSD token" in said:
        return changed("LSD")
    return changed("xig_polaris_media") if "empty media response" in said else Unsupported(words.NOT_SHOWN)
