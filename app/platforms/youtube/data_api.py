"""The YouTube Data API v3, through Google's own client."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import structlog

from app.domain.ports.errors import N_, PlatformError, Unsupported
from app.domain.ports.platform import Reserve
from app.domain.ports.values import (
    Format,
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
from app.platforms.youtube import api_errors, parse_api, words
from app.platforms.youtube.google_client import Answered, Connection, GoogleApi
from app.platforms.youtube.parse_api import Listed

log = structlog.get_logger(__name__)

GENERAL, SEARCH, UPLOAD, BATCH_STATS = "general", "search", "upload", "batch_stats"

ACCOUNT_NUMBERS = frozenset({Metric.FOLLOWERS, Metric.VIEWS, Metric.POSTS})
POST_NUMBERS = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS})
CHANNEL_PARTS = "snippet,statistics,contentDetails"
_PAGE = 50  # the most that one call takes or gives
_VIDEO_PARTS = "snippet,statistics,contentDetails,liveStreamingDetails,status"


class ReadsVideos:
    """What reads a channel's posts over the Data API, whoever it is that asks: a ListsPosts and ReadsPosts.

    Long and short videos of up to 180 s are told apart by the channel's own playlists, whose ids are the channel's with
    UUSH (Shorts) or UULF (long videos) in place of UC: our reading, unproven; YouTube documents neither. What is in
    neither stays of unknown format.
    """

    def _connection(self) -> AbstractContextManager["Calls"]:
        raise NotImplementedError

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


class DataApi(ReadsVideos):
    """YouTube Data API v3 with the instance's key: a Source that reads accounts and posts.

    Every call costs one unit of the general bucket, reserved before it. Subscriber counts come rounded down to
    three figures.
    """

    name = "data_api"
    label = "YouTube Data API v3"
    version = "1"
    evidence = N_("recorded 2019-11 to 2022-11; Shorts playlists: our reading, unproven")
    account_numbers = ACCOUNT_NUMBERS
    post_numbers = POST_NUMBERS
    unconfigured_reason = words.NO_KEY

    def __init__(self, key: str | None, *, quota_user: str, reserve: Reserve, proxy: str, ca: Path | None) -> None:
        self._key = key
        self._common = {"quotaUser": quota_user} if quota_user else {}
        self._reserve = reserve
        self._api = GoogleApi("youtube", "v3", proxy=proxy, ca=ca, key=key)

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
            return parse_api.channel(await call("channels", part=CHANNEL_PARTS, **who))

    @contextmanager
    def _connection(self) -> Iterator["Calls"]:
        with self._api.connection() as connection:
            yield Calls(connection, self._reserve, self._common, api_errors.failure)


# What an error answer means: of its status, its JSON and its Retry-After header.
Failure = Callable[[int, object, str | None], PlatformError]


class Calls:
    """Calls of one reading, one after another over one connection, each reserved before it is made."""

    def __init__(self, connection: Connection, reserve: Reserve, common: Mapping[str, Any], failure: Failure) -> None:
        self._connection = connection
        self._reserve = reserve
        self._common = common
        self._failure = failure

    async def __call__(self, resource: str, **parameters: Any) -> object:
        """The answer of a `list` call. Raises PlatformError."""
        try:
            return await self._ask(resource, parameters)
        except Answered as error:
            raise self._failure(error.status, error.answer, error.retry_after) from None

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
        except Answered as error:
            if api_errors.is_missing_playlist(error.status, error.answer):
                return None
            raise self._failure(error.status, error.answer, error.retry_after) from None
        return parse_api.playlist_page(answer)

    async def _ask(self, resource: str, parameters: dict[str, Any]) -> object:
        await self._reserve(GENERAL, 1)
        return await self._connection.ask(resource, "list", {**parameters, **self._common})


class _Formats:
    """Tells long from short among the videos that only the channel's own playlists can tell apart."""

    def __init__(self, call: Calls, channel_id: str) -> None:
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

    def __init__(self, call: Calls, prefix: str, channel_id: str) -> None:
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
