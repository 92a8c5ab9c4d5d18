"""The YouTube Data API v3, through Google's own client."""

import asyncio
import functools
import http.client
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog

from app.domain.ports.errors import PlatformError, Unsupported
from app.domain.ports.platform import Reserve
from app.domain.ports.values import (
    Format,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    PostUnread,
    Profile,
    Ref,
    RefKind,
)
from app.platforms.youtube import api_errors, parse_api, words
from app.platforms.youtube.parse_api import Listed, changed

log = structlog.get_logger(__name__)

GENERAL, SEARCH, UPLOAD, BATCH_STATS = "general", "search", "upload", "batch_stats"

_PAGE = 50  # the most that one call takes or gives
_TIMEOUT = 20.0  # seconds without a byte
_WHOLE_ANSWER = 60.0
_THREADS = 4
_CHANNEL_PARTS = "snippet,statistics,contentDetails"
_VIDEO_PARTS = "snippet,statistics,contentDetails,liveStreamingDetails,status"


class DataApi:
    """YouTube Data API v3 with the instance's key: a Source that reads accounts and posts.

    Every call costs one unit of the general bucket, reserved before it. Subscriber counts come rounded down to
    three figures. Long and short videos of up to 180 s are told apart by the channel's own playlists, whose ids are
    the channel's with UUSH (Shorts) or UULF (long videos) in place of UC: our reading, unproven; YouTube documents
    neither. What is in neither stays of unknown format.
    """

    name = "data_api"
    label = "YouTube Data API v3"
    version = "1"
    evidence = "recorded 2019-11 to 2022-11; Shorts playlists: our reading, unproven"
    unconfigured_reason = words.NO_KEY

    def __init__(self, key: str | None, *, quota_user: str, reserve: Reserve, proxy: str, ca: Path | None) -> None:
        self._key = key
        self._common = {"quotaUser": quota_user} if quota_user else {}
        self._reserve = reserve
        self._proxy = proxy
        self._ca = ca
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="youtube-api")

    @property
    def configured(self) -> bool:
        return bool(self._key)

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount. A custom name (/c/NAME) is Unsupported: the API does not know them."""
        with self._connection() as call:
            match ref.kind:
                case RefKind.ID:
                    who = {"id": ref.value}
                case RefKind.HANDLE:
                    who = {"forHandle": f"@{ref.value}"}
                case RefKind.USER:
                    who = {"forUsername": ref.value}
                case RefKind.POST:
                    who = {"id": parse_api.channel_of_video(await call("videos", part="snippet", id=ref.value))}
                case _:
                    raise Unsupported(words.NO_CUSTOM_NAMES)
            return parse_api.channel(await call("channels", part=_CHANNEL_PARTS, **who))

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, 50 a batch. A video listed and not given is deleted, or private where the list says so.

        Costs 2 units per 50 posts, and 1 or 2 more per batch with short videos of yet unknown format.
        """
        with self._connection() as call:
            formats = _Formats(call, ref.value)
            token: str | None = None
            while limit > 0:
                page = await call.playlist("UU", ref.value, min(limit, _PAGE), token)
                if page is None:
                    return
                found = await call.videos([entry.video_id for entry in page.entries])
                yield await formats.told([_result(entry, found) for entry in page.entries], known)
                limit -= len(page.entries)
                token = page.next_page
                if token is None or not page.entries:
                    return

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 50 a batch at 1 unit. A private video is not told from a deleted one: both are DELETED."""
        ids = list(dict.fromkeys(external_ids))
        with self._connection() as call:
            for start in range(0, len(ids), _PAGE):
                batch = ids[start : start + _PAGE]
                found = await call.videos(batch)
                yield [found.get(one) or PostGone(one, PostState.DELETED) for one in batch]

    @contextmanager
    def _connection(self) -> Iterator["_Calls"]:
        """Calls over one connection of their own: httplib2 objects are not for several threads at a time."""
        import httplib2
        from httplib2 import socks

        proxy = urlsplit(self._proxy)
        if not proxy.hostname:  # httplib2 would go out directly
            raise RuntimeError("a process without a way out reads nothing")
        info = httplib2.ProxyInfo(
            socks.PROXY_TYPE_HTTP,
            proxy.hostname,
            proxy.port,
            proxy_rdns=True,
            proxy_user=unquote(proxy.username or ""),
            proxy_pass=unquote(proxy.password or ""),
        )
        ca = str(self._ca) if self._ca else None
        http = httplib2.Http(timeout=_TIMEOUT, proxy_info=info, ca_certs=ca)
        http.follow_redirects = False
        try:
            yield _Calls(self, http)
        finally:
            http.close()

    @functools.cached_property
    def _service(self) -> Any:
        import httplib2
        from googleapiclient.discovery import build

        # Its debug lines hold whole addresses, and so the key.
        logging.getLogger("googleapiclient.discovery").setLevel(logging.INFO)
        idle = httplib2.Http(proxy_info=None)  # never used: each call brings its own
        return build("youtube", "v3", developerKey=self._key, http=idle, static_discovery=True, cache_discovery=False)


class _Answered(Exception):
    """The API answered with an error; the answer is its JSON, or None."""

    def __init__(self, status: int, answer: object, retry_after: str | None) -> None:
        self.status = status
        self.answer = answer
        self.retry_after = retry_after
        super().__init__(status)


class _Calls:
    """Calls of one reading, one after another over one connection."""

    def __init__(self, source: DataApi, http: Any) -> None:
        self._source = source
        self._http = http

    async def __call__(self, resource: str, **parameters: Any) -> object:
        """The answer of a `list` call. Raises PlatformError."""
        try:
            return await self._ask(resource, parameters)
        except _Answered as error:
            raise api_errors.failure(error.status, error.answer, error.retry_after) from None

    async def videos(self, ids: Sequence[str]) -> dict[str, PostReading | PostUnread]:
        if not ids:
            return {}
        answer = await self("videos", part=_VIDEO_PARTS, id=",".join(ids), maxResults=_PAGE)
        return parse_api.videos(answer)

    async def playlist(
        self, prefix: str, channel_id: str, count: int, token: str | None
    ) -> parse_api.PlaylistPage | None:
        """A page of one of the channel's own playlists; None when the channel has no such playlist."""
        parameters = {"part": "contentDetails,status", "playlistId": prefix + channel_id[2:], "maxResults": count}
        try:
            answer = await self._ask("playlistItems", parameters | ({"pageToken": token} if token else {}))
        except _Answered as error:
            if api_errors.is_missing_playlist(error.status, error.answer):
                return None
            raise api_errors.failure(error.status, error.answer, error.retry_after) from None
        return parse_api.playlist_page(answer)

    async def _ask(self, resource: str, parameters: dict[str, Any]) -> object:
        await self._source._reserve(GENERAL, 1)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_WHOLE_ANSWER):
                return await loop.run_in_executor(self._source._threads, self._list, resource, parameters)
        except TimeoutError as error:
            raise api_errors.unreachable(error) from None

    def _list(self, resource: str, parameters: dict[str, Any]) -> object:
        """In a thread. Nothing of the library's errors goes on: they hold the address, and so the key."""
        from googleapiclient.errors import Error, HttpError
        from httplib2 import HttpLib2Error

        request = getattr(self._source._service, resource)().list(**parameters, **self._source._common)
        try:
            return request.execute(http=self._http, num_retries=0)
        except HttpError as error:
            raise _Answered(error.resp.status, _json(error.content), error.resp.get("retry-after")) from None
        except (OSError, http.client.HTTPException, HttpLib2Error, Error) as error:
            raise api_errors.unreachable(error) from None
        except (ValueError, RecursionError):
            raise changed("answer") from None


class _Formats:
    """Tells long from short among the videos that only the channel's own playlists can tell apart."""

    def __init__(self, call: _Calls, channel_id: str) -> None:
        self._shorts = _Membership(call, "UUSH", channel_id)
        self._longs = _Membership(call, "UULF", channel_id)

    async def told(self, results: Sequence[PostResult], known: frozenset[str]) -> list[PostResult]:
        """The results, with the format where it could be found out."""
        unsure = {
            result.external_id
            for result in results
            if isinstance(result, PostReading) and result.format is Format.UNKNOWN and result.external_id not in known
        }
        shorts = await self._shorts.of(unsure)
        longs = await self._longs.of(unsure - shorts)
        return [
            parse_api.with_format(result, shorts, longs) if isinstance(result, PostReading) else result
            for result in results
        ]


class _Membership:
    """Which videos are in a playlist that is a part of the uploads, in their order.

    So its first n pages hold all its videos of the uploads' first n pages: it is read no further than they are.
    """

    def __init__(self, call: _Calls, prefix: str, channel_id: str) -> None:
        self._call = call
        self._prefix = prefix
        self._channel_id = channel_id
        self._members: set[str] = set()
        self._token: str | None = None
        self._over = False
        self._pages = 0
        self._batches = 0

    async def of(self, wanted: set[str]) -> set[str]:
        """Those of the wanted that are members. A failure leaves the rest unknown until the next reading."""
        self._batches += 1
        while wanted - self._members and self._pages < self._batches and not self._over:
            self._pages += 1
            try:
                page = await self._call.playlist(self._prefix, self._channel_id, _PAGE, self._token)
            except PlatformError as error:
                log.info("video formats left unknown", playlist=self._prefix, reason=error.kind)
                page = None
            self._members |= {entry.video_id for entry in page.entries} if page else set()
            self._token = page.next_page if page else None
            self._over = self._token is None
        return wanted & self._members


def _result(entry: Listed, found: Mapping[str, PostReading | PostUnread]) -> PostResult:
    gone = PostGone(entry.video_id, PostState.PRIVATE if entry.private else PostState.DELETED)
    return found.get(entry.video_id, gone)


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
