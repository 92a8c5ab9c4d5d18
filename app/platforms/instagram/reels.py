"""One reel (or another video) by its page, through yt-dlp: what is left when Instagram's lists are shut."""

import functools
from collections.abc import AsyncIterator, Sequence
from importlib.metadata import version
from typing import Any

from app.domain.ports.errors import N_, Blocked, Changed, Gone, PlatformError, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import Format, Metric, PostGone, PostResult, PostState, PostUnread, Ref
from app.platforms.instagram import parse_web, words
from app.platforms.instagram.links import post_url
from app.platforms.instagram.wire import LABEL, changed
from app.platforms.kit import Node
from app.platforms.kit.ytdlp import Refused, YtDlp

_HOST = "www.instagram.com"


class ReelPages:
    """Pages of single reels as anybody sees them: a Source that reads posts.

    Three requests a reel. A photo is answered as unread: yt-dlp reads what has a video.
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
        self._ytdlp = YtDlp(LABEL, means, concurrency=2)

    @property
    def configured(self) -> bool:
        return self._means.switched_on("instagram_public_pages")

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, one a batch."""
        for code in dict.fromkeys(external_ids):
            yield [await self._reel(code)]

    async def _reel(self, code: str) -> PostResult:
        try:
            try:
                item = await self._ytdlp.run(_HOST, _product, code)
            except Refused as error:
                raise _refused(error.said) from None
            reading = parse_web.media(Node(item, LABEL))
            if reading.external_id != code:
                raise changed("code")
        except (Changed, Unsupported) as error:
            return PostUnread(code, error.kind, error.message, error.params)
        except Gone:
            return PostGone(code, PostState.DELETED)
        if reading.format is Format.PHOTO:
            return PostUnread(code, Unsupported.kind, words.NOT_A_REEL)
        return reading


def _product(ydl: Any, code: str) -> Any:
    """The post's part of its page; in a thread."""
    reader = _reader()(ydl)
    try:
        reader.extract(post_url(code, reel=True))
    except Exception:
        if reader.product is None:
            if reader.trouble is not None:
                raise reader.trouble from None
            raise
    if reader.product is None:
        raise changed("xig_polaris_media")
    return reader.product


@functools.cache
def _reader() -> Any:
    """yt-dlp's reader of posts, that keeps the numbers as the page gives them."""
    from yt_dlp.extractor.instagram import InstagramIE as Reader

    class InstagramIE(Reader):  # type: ignore[misc]  # the name is the key under which its options are found
        product: Any = None
        trouble: Exception | None = None  # a request's, after which it only says that there is nothing to read

        def _extract_product(self, product_info: Any, *arguments: Any, **how: Any) -> Any:
            self.product = product_info[0] if isinstance(product_info, list) and product_info else product_info
            return super()._extract_product(product_info, *arguments, **how)

        def _request_webpage(self, *arguments: Any, **how: Any) -> Any:
            try:
                return super()._request_webpage(*arguments, **how)
            except Exception as error:
                self.trouble = self.trouble or error
                raise

    return InstagramIE


def _refused(said: str) -> PlatformError:
    """What yt-dlp's words mean; the answer came."""
    if "login page" in said or "rate-limit" in said:
        return Blocked(words.LOGIN_WALL)
    if "LSD token" in said or "empty media response" in said:
        return changed("LSD" if "LSD" in said else "xig_polaris_media")
    return Unsupported(words.NOT_SHOWN)
