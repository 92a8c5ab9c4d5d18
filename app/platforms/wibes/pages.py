"""Wibes' public pages, in the process's browser: their scripts make them."""

from collections.abc import AsyncIterator, Sequence

from app.domain.ports.errors import N_, Blocked, Changed, Gone
from app.domain.ports.platform import Means
from app.domain.ports.values import Metric, PostGone, PostResult, PostState, PostUnread, Profile, Ref, RefKind
from app.platforms.kit import Http, Node
from app.platforms.kit import words as said
from app.platforms.kit.browser import Browser
from app.platforms.kit.robots import Robots
from app.platforms.wibes import parse, words
from app.platforms.wibes.links import post_url, profile_url

_LONGEST_WALK = 5  # further parts of a feed in which known videos are looked for


class Pages:
    """Accounts as anybody sees them: a Source that reads accounts and posts. robots.txt is honoured."""

    name = "pages"
    label = "Wibes pages"
    version = "1"
    evidence = N_("our reading, unproven")
    account_numbers = frozenset({Metric.FOLLOWERS})
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES})
    unconfigured_reason = words.PAGES_OFF

    def __init__(self, means: Means) -> None:
        self._enabled = means.switched_on("wibes_public_pages")
        self._http = Http(words.PLATFORM, means, headers={"Accept-Language": "ru"})  # for robots.txt
        self._robots = Robots(self._http)
        self._browser = Browser(words.PLATFORM, means)

    @property
    def configured(self) -> bool:
        return self._enabled

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount. One page; a video's link costs another."""
        if ref.kind is RefKind.POST:
            ref = parse.author(await self._page(post_url(ref.value), words.NO_POST))
        profile = parse.profile(await self._page(profile_url(ref), words.NO_CHANNEL))
        if ref.kind is RefKind.ID and profile.external_id != ref.value:
            raise Gone(words.OTHER_CHANNEL)
        return profile

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, a page a batch."""
        seen: set[str] = set()
        async for posts in self._feed(ref):
            fresh = [post for post in posts if post.external_id not in seen][: limit - len(seen)]
            seen |= {post.external_id for post in fresh}
            if fresh:
                yield fresh
            if not fresh or len(seen) >= limit:
                return

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts: from the account's page as far as it reaches, the others each from its own."""
        left = list(dict.fromkeys(external_ids))
        walked = 0
        async for posts in self._feed(ref):
            found = {post.external_id: post for post in posts}
            batch = [found[one] for one in left if one in found]
            left = [one for one in left if one not in found]
            if batch:
                yield batch
            walked += 1
            if not left or not batch or walked > _LONGEST_WALK:
                break
        for one in left:
            yield [await self._single(one)]

    async def _feed(self, ref: Ref) -> AsyncIterator[tuple[PostResult, ...]]:
        start = 0
        while True:
            url = profile_url(ref) + (f"?from={start}" if start else "")
            data = await self._page(url, words.NO_CHANNEL)
            if ref.kind is RefKind.ID and parse.author(data).value != ref.value:
                raise Gone(words.OTHER_CHANNEL)
            feed = parse.feed(data)
            yield feed.posts
            if feed.next is None or feed.next <= start:
                return
            start = feed.next

    async def _single(self, post_id: str) -> PostResult:
        try:
            return parse.single(await self._page(post_url(post_id), words.NO_POST), post_id)
        except Gone:
            return PostGone(post_id, PostState.DELETED)
        except Changed as error:
            return PostUnread(post_id, error.kind, error.message, error.params)

    async def _page(self, url: str, absent: str) -> Node:
        """The data of a page. Raises Gone in the words of `absent`."""
        await self._robots.respect(url)
        shown = await self._browser.show(url, parse.DATA)
        if shown.status in (404, 410):
            raise Gone(absent)
        if shown.status in (401, 403):
            raise Blocked(said.REFUSED, platform=words.PLATFORM)
        if shown.status >= 400:
            raise self._http.changed(f"HTTP {shown.status}")
        data = parse.data_of(shown.value)
        if data is None:
            raise self._http.changed("page-data")
        return data
