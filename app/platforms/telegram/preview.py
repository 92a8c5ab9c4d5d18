"""Telegram's public preview of channels, t.me/s/NAME: no key, no session."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from app.domain.ports.errors import N_, Blocked, Changed, Gone, NeedsAction, PlatformError, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import (
    Metric,
    Missing,
    PostGone,
    PostResult,
    PostState,
    PostUnread,
    Profile,
    Ref,
    RefKind,
)
from app.platforms.kit import Answer, Http
from app.platforms.kit import words as said
from app.platforms.kit.robots import Robots
from app.platforms.telegram import parse_web, words
from app.platforms.telegram.links import HOST, name_of
from app.platforms.telegram.parse_web import Elsewhere, Page

_REDIRECTS = {301, 302, 303, 307, 308}
_SITE = f"https://{HOST}"


class Preview:
    """Channels as anybody sees them in a browser: a Source that reads accounts and posts.

    Views and reactions are rounded to about three figures; subscribers are exact. Comments and forwards are not shown.
    Where a channel has its preview switched off, only its subscribers can be read.
    """

    name = "preview"
    label = "t.me preview (views and reactions rounded)"
    version = "1"
    evidence = N_("recorded 2026-10 (text posts); photos, videos and single posts: our reading, unproven")
    account_numbers = frozenset({Metric.FOLLOWERS})
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES})
    unconfigured_reason = words.PAGES_OFF

    def __init__(self, means: Means) -> None:
        self._enabled = means.switched_on("telegram_public_pages")
        self._http = Http(words.PLATFORM, means, headers={"Accept-Language": "en"})
        self._robots = Robots(self._http)

    @property
    def configured(self) -> bool:
        return self._enabled

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount. Two requests: the preview has the channel's id, the page before it exact subscribers."""
        name = _named(ref)
        try:
            page = await self._page(name)
        except Elsewhere as elsewhere:
            profile = await self._bare(name, elsewhere)
        else:
            _same(ref, page)
            profile = await self._exact(name, page.profile)
        if ref.kind is RefKind.ID and not profile.external_id.isdigit():
            return replace(profile, external_id=ref.value)  # the page does not tell it this time
        return profile

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, a page of the preview a batch: about 20 posts, one request each."""
        name, before, left = _named(ref), None, limit
        while left > 0:
            page = await self._listed(ref, name, before)
            fresh = [post for post in page.posts if before is None or int(post.external_id) < before][:left]
            if fresh:
                yield fresh
            left -= len(fresh)
            # An empty page, or one that leads back, would be asked for again and again.
            if not fresh or page.older is None or (before is not None and page.older >= before):
                return
            before = page.older

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts: pages of the preview that hold several of them; what they leave out is asked for singly."""
        name = _named(ref)
        left = sorted({int(one) for one in external_ids}, reverse=True)
        while left:
            page = await self._listed(ref, name, left[0] + 1)
            if page.number is None:  # nothing there: whether it is still that channel, the newest posts tell
                await self._listed(ref, name, None)
            found = {int(post.external_id): post for post in page.posts}
            reach = min(found, default=left[0])
            batch = [found.get(one) or await self._single(name, str(one)) for one in left if one >= reach]
            if not batch:  # the page does not begin where it was asked to
                batch = [await self._single(name, str(left[0]))]
            yield batch
            left = left[len(batch) :]

    async def _listed(self, ref: Ref, name: str, before: int | None) -> Page:
        try:
            page = await self._page(name, before)
        except Elsewhere as elsewhere:
            raise _not_a_preview(elsewhere) from None
        _same(ref, page)
        return page

    async def _page(self, name: str, before: int | None = None) -> Page:
        """Raises Elsewhere where there is no preview."""
        answer = await self._get(f"{_SITE}/s/{name}{f'?before={before}' if before else ''}")
        if answer.status in _REDIRECTS:  # to telegram.org
            raise Elsewhere("nobody")
        return parse_web.preview(answer.text, name)

    async def _single(self, name: str, post_id: str) -> PostResult:
        answer = await self._get(f"{_SITE}/{name}/{post_id}?embed=1&mode=tme")
        if answer.status in _REDIRECTS:
            return PostGone(post_id, PostState.DELETED)
        try:
            return parse_web.single(answer.text, name, post_id)
        except PlatformError as error:
            return PostUnread(post_id, error.kind, error.message, error.params)

    async def _exact(self, name: str, profile: Profile) -> Profile:
        """The profile with the exact number of subscribers, where t.me/NAME has one."""
        try:
            value, reason = parse_web.landing((await self._get(f"{_SITE}/{name}")).text).followers
        except (Changed, Elsewhere):
            return profile  # the rounded one is good
        if reason is not None:
            return profile
        missing: dict[Metric, Missing] = {m: why for m, why in profile.missing.items() if m is not Metric.FOLLOWERS}
        return replace(profile, metrics={**profile.metrics, Metric.FOLLOWERS: value}, missing=missing)

    async def _bare(self, name: str, elsewhere: Elsewhere) -> Profile:
        """What t.me/NAME says of a channel without a preview."""
        if elsewhere.kind != "channel":
            raise _not_a_preview(elsewhere)
        try:
            return parse_web.profile_of(parse_web.landing((await self._get(f"{_SITE}/{name}")).text), name)
        except Elsewhere as other:
            raise _not_a_preview(other) from None

    async def _get(self, url: str) -> Answer:
        await self._robots.respect(url)
        answer = await self._http.get(url, follow=True)
        if answer.status == 404:
            raise Gone(words.NO_CHANNEL)
        if answer.status in (401, 403):
            raise Blocked(said.REFUSED, platform=words.PLATFORM)
        if answer.status != 200 and answer.status not in _REDIRECTS:
            raise self._http.changed(f"HTTP {answer.status}")
        return answer


def _named(ref: Ref) -> str:
    name = name_of(ref)
    if name is None:
        raise NeedsAction(words.NO_NAME)
    return name


def _same(ref: Ref, page: Page) -> None:
    """Raises Gone when the name leads to another channel than the one we know."""
    if ref.kind is RefKind.ID and ref.value.isdigit() and page.number is not None and page.number != ref.value:
        raise Gone(words.OTHER_CHANNEL)


def _not_a_preview(elsewhere: Elsewhere) -> PlatformError:
    if elsewhere.kind == "nobody":
        return Gone(words.NO_CHANNEL)
    return Unsupported(words.NO_PREVIEW if elsewhere.kind == "channel" else words.NOT_A_CHANNEL)
