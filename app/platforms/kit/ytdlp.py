"""yt-dlp as a reader of one platform's pages: in threads of its own, through the way out, failures in words."""

import asyncio
import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from app.domain.ports.errors import Blocked, Changed, Gone, PlatformError, RetryAfter
from app.domain.ports.platform import Means
from app.lib import clock
from app.platforms.kit import words
from app.platforms.kit.http import PAUSE, pause

T = TypeVar("T")

TIMEOUT = 20  # seconds without a byte
_WHOLE_READING = 90.0
_USES = 200  # of one YoutubeDL, which gathers cookies and messages as it goes


class Refused(Exception):
    """yt-dlp gives up on a page for a reason of the page's own, in its words; the adapter says what that means."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


class YtDlp:
    """Calls of yt-dlp's extractors. Made once per adapter.

    platform: its label, for the words. concurrency: how many calls run at a time in this process. A process that
    trusts `means.ca` needs SSL_CERT_FILE and YTDLP_NO_PLUGINS in its environment from its start.
    """

    def __init__(
        self, platform: str, means: Means, *, concurrency: int, options: Mapping[str, Any] | None = None
    ) -> None:
        self.platform = platform
        self._means = means
        self._options = dict(options or {})
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix=f"{platform.lower()}-pages")
        self._gate = asyncio.Semaphore(concurrency)  # waiting for a thread is no part of a reading's time
        self._local = threading.local()
        self._making = threading.Lock()

    async def run(self, host: str, read: Callable[..., T], *arguments: object) -> T:
        """`read(ydl, *arguments)` in a thread, as one turn at the host. Raises Refused and PlatformError."""
        if not self._means.proxy:  # yt-dlp would take it for a wish to go out directly
            raise RuntimeError("a process without a way out reads nothing")
        loop = asyncio.get_running_loop()
        try:
            async with self._means.pace.turn(host), self._gate, asyncio.timeout(_WHOLE_READING):
                return await loop.run_in_executor(self._threads, functools.partial(self._translated, read, *arguments))
        except TimeoutError:
            raise self._later(words.SILENT) from None

    # In threads, from here on.

    def _translated(self, read: Callable[..., T], *arguments: object) -> T:
        from yt_dlp.utils import ExtractorError, YoutubeDLError

        try:
            return read(self._ydl(), *arguments)
        except (PlatformError, Refused):
            raise
        except ExtractorError as error:
            raise self._of_connection(error) or Refused(error.orig_msg) from None
        except (OSError, YoutubeDLError) as error:
            raise self._of_connection(error) or Refused(str(error)) from None
        except Exception as error:
            # A page of another shape trips yt-dlp's readers in any of Python's ways.
            raise Changed(words.CHANGED, field=type(error).__name__, platform=self.platform) from error

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
                "proxy": self._means.proxy,
                "compat_opts": {"no-certifi"} if self._means.ca else set(),
                "cachedir": False,
                "socket_timeout": TIMEOUT,
                "extractor_retries": 0,
                "noplaylist": True,
                "geo_bypass": False,  # or it would say that we are in another country
                "js_runtimes": {},
                **self._options,
            }
        )

    def _of_connection(self, error: BaseException) -> PlatformError | None:
        """What went wrong on the way; None when an answer came and something else is wrong with it."""
        from yt_dlp.networking.exceptions import HTTPError, RequestError
        from yt_dlp.utils import ExtractorError

        if isinstance(error, ExtractorError):
            inner = error.cause or error.exc_info[1]
            return None if inner is None or inner is error else self._of_connection(inner)
        if isinstance(error, HTTPError):
            return self._of_status(error.status, error.response.headers.get("Retry-After"))
        return self._later(words.UNREACHABLE) if isinstance(error, RequestError | OSError) else None

    def _of_status(self, status: int, retry_after: str | None) -> PlatformError:
        if status == 429:
            return self._later(words.TOO_FAST, pause(retry_after))
        if status >= 500:
            return self._later(words.UNWELL, pause(retry_after), status=status)
        if status in (404, 410):
            return Gone(words.NOT_THERE, platform=self.platform)
        if status in (401, 403):
            return Blocked(words.REFUSED, platform=self.platform)
        return Changed(words.CHANGED, field=f"HTTP {status}", platform=self.platform)

    def _later(self, message: str, until: timedelta = PAUSE, **params: Any) -> PlatformError:
        return RetryAfter(message, until=clock.now() + until, platform=self.platform, **params)


class _Silent:
    """yt-dlp's words are for its own users; what matters of them comes as an error."""

    def debug(self, message: str) -> None: ...

    info = warning = error = debug
