"""Dzen's public pages: read as they come, and with a browser where only a browser gets them."""

import json
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from app.domain.ports.errors import N_, Blocked, Changed, Gone, PlatformError
from app.domain.ports.platform import Means
from app.domain.ports.values import Metric, PostGone, PostResult, PostState, PostUnread, Profile, Ref, RefKind
from app.platforms.dzen import parse, words
from app.platforms.dzen.links import HOST, post_url, profile_url
from app.platforms.dzen.parse import Feed
from app.platforms.kit import Http, Node
from app.platforms.kit import words as said
from app.platforms.kit.browser import Browser, wants_a_human
from app.platforms.kit.robots import Robots

_REDIRECTS = {301, 302, 303, 307, 308}
_LONGEST_WALK = 5  # further parts of a feed in which known publications are looked for


class Pages:
    """Channels as anybody sees them: a Source that reads accounts and posts.

    robots.txt is honoured; where it keeps us from the further parts of a feed, the newest posts are those on the
    channel's page. A page without its data in it is opened in the process's browser.
    """

    name = "pages"
    label = "Dzen pages"
    version = "1"
    evidence = N_("where yt-dlp finds a page's data (2026); subscribers, likes and comments: our reading, unproven")
    account_numbers = frozenset({Metric.FOLLOWERS})
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS})
    unconfigured_reason = words.PAGES_OFF

    def __init__(self, means: Means) -> None:
        self._enabled = means.switched_on("dzen_public_pages")
        self._http = Http(words.PLATFORM, means, headers={"Accept-Language": "ru"})
        self._robots = Robots(self._http)
        self._browser = Browser(words.PLATFORM, means)
        self._plain_does = True  # whether pages came with their data the last time

    @property
    def configured(self) -> bool:
        return self._enabled

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount. One page; a publication's link costs another."""
        if ref.kind is RefKind.POST:
            ref = parse.channel_of_post(await self._page(post_url(ref.value), words.NO_POST))
        data = await self._page(profile_url(ref), words.NO_CHANNEL)
        profile = parse.profile(data, ref)
        if ref.kind is RefKind.ID and profile.external_id != ref.value:
            raise Gone(words.OTHER_CHANNEL)
        return profile

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, a part of the feed a batch."""
        seen: set[str] = set()
        async for feed in self._feed(ref):
            fresh = [post for post in feed.posts if post.external_id not in seen][: limit - len(seen)]
            seen |= {post.external_id for post in fresh}
            if fresh:
                yield fresh
            if not fresh or len(seen) >= limit:
                return

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts: from the feed as far as it reaches, the others each from its own page."""
        left = list(dict.fromkeys(external_ids))
        walked = 0
        async for feed in self._feed(ref):
            found = {post.external_id: post for post in feed.posts}
            batch = [found[one] for one in left if one in found]
            left = [one for one in left if one not in found]
            if batch:
                yield batch
            walked += 1
            if not left or not batch or walked > _LONGEST_WALK:
                break
        for one in left:
            yield [await self._single(one)]

    async def _feed(self, ref: Ref) -> AsyncIterator[Feed]:
        """The feed part by part. Ends where robots.txt asks us to."""
        feed = parse.feed(await self._page(profile_url(ref), words.NO_CHANNEL))
        asked: set[str] = set()
        while True:
            yield feed
            if feed.more is None or feed.more in asked or not _ours(feed.more):
                return
            asked.add(feed.more)
            try:
                await self._robots.respect(feed.more)
            except Blocked:
                return
            answer = await self._http.get(feed.more, follow=True)
            if answer.status != 200:
                raise _refused(self._http, answer.status) or self._http.changed(f"HTTP {answer.status}")
            feed = parse.more(answer.node().object())

    async def _single(self, path: str) -> PostResult:
        try:
            return parse.single(await self._page(post_url(path), words.NO_POST), path)
        except Gone:
            return PostGone(path, PostState.DELETED)
        except Changed as error:
            return PostUnread(path, error.kind, error.message, error.params)

    async def _page(self, url: str, absent: str) -> Node:
        """The data of a page. Raises Gone in the words of `absent`."""
        await self._robots.respect(url)
        if self._plain_does:
            answer = await self._http.get(url, follow=True)
            if answer.status in (404, 410):
                raise Gone(absent)
            data = parse.embedded(answer.text) if answer.status == 200 else None
            if data is not None:
                return data
            # Before the browser is asked for the same: a check for robots is a check for robots.
            if wants_a_human(f"{answer.headers.get('location', '')}\n{answer.url}\n{answer.text}"):
                raise Blocked(said.BOT_CHECK, platform=words.PLATFORM)
            if answer.status != 200 and answer.status not in _REDIRECTS:
                raise _refused(self._http, answer.status) or self._http.changed(f"HTTP {answer.status}")
        shown = await self._browser.show(url, "JSON.stringify(window._params)")
        if shown.status in (404, 410):
            raise Gone(absent)
        if shown.status >= 400:
            raise _refused(self._http, shown.status) or self._http.changed(f"HTTP {shown.status}")
        data = parse.data_of(_decoded(shown.value)) or parse.embedded(shown.html)
        if data is None:
            self._plain_does = True
            raise self._http.changed("_params")
        self._plain_does = False
        return data


def _refused(http: Http, status: int) -> PlatformError | None:
    return Blocked(said.REFUSED, platform=http.platform) if status in (401, 403) else None


def _decoded(text: str | None) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _ours(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == HOST or host.endswith(f".{HOST}")
