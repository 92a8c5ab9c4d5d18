"""What TikTok's pages carry -> our values. Pure.

Recorded 2025-12: the profile page (webapp.user-detail) and the video page (webapp.video-detail). Our reading: the
status codes, photo posts, and the list of an account's posts, whose entries have the shape of the video page's.
`statsV2` holds exact counts as strings; `stats` beside it is rounded, and is read only where there is no `statsV2`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.ports.errors import Blocked, Changed, Gone, PlatformError
from app.domain.ports.values import (
    Format,
    Metric,
    Missing,
    PostGone,
    PostReading,
    PostResult,
    PostState,
    PostUnread,
    Profile,
    Ref,
    RefKind,
)
from app.platforms.kit import Node, Number, Numbers
from app.platforms.kit import words as common
from app.platforms.tiktok import words
from app.platforms.tiktok.links import PLATFORM, POST_ID, SEC_UID, post_url, profile_url

LABEL = "TikTok"

# Status codes inside pages and answers: our reading of what open-source clients met.
_NO_ACCOUNT = {10202, 10221, 10225}
_PRIVATE_ACCOUNT = 10222
_PRIVATE_POST = {10216, 10222}
_NO_POST = {10204, 10215, 10217, 10218, 10231}
_PROVE = {10000, 10101, 10102}  # a captcha, or a login
_CHALLENGE = re.compile(
    r"please wait\.\.\.|captcha|verify to continue|_wafchallengeid|id=\"(?:cs|wci)\"|verifycenter|access denied",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of an account's posts. author: the handle that its posts name. older: where the next page begins (epoch
    milliseconds); None after the last one."""

    results: tuple[PostResult, ...]
    author: str | None
    older: int | None


def node(value: object) -> Node:
    return Node(value, LABEL)


def profile(scope: Node) -> Profile:
    """The account of a profile page. Raises Gone, Blocked, Changed."""
    detail = scope["webapp.user-detail"].object()
    found = detail["userInfo"]
    if not found["user"]["secUid"].exists:
        raise _no_account(detail)
    return account(found["user"].object(), found["statsV2"], found["stats"])


def account(user: Node, exact: Node, rounded: Node) -> Profile:
    """The account of a `user` and its counts. Raises Changed."""
    handle = user["uniqueId"].id()
    sec_uid = user["secUid"].id()
    if not SEC_UID.fullmatch(sec_uid):
        raise user["secUid"].changed()
    count = _counter(exact, rounded)
    numbers = Numbers(
        {
            Metric.FOLLOWERS: count("followerCount"),
            Metric.FOLLOWING: count("followingCount"),
            Metric.LIKES: count("heartCount", "heart"),
            Metric.POSTS: count("videoCount"),
        }
    )
    return Profile(
        external_id=sec_uid,
        handle=handle,
        title=user["nickname"].text("") or handle,
        url=profile_url(Ref(PLATFORM, RefKind.HANDLE, handle)),
        metrics=numbers.metrics,
        missing=numbers.missing,
        avatar_url=user["avatarLarger"].url() or user["avatarMedium"].url() or user["avatarThumb"].url(),
        description=user["signature"].text("") or None,
        created_at=user["createTime"].moment() if user["createTime"].value != 0 else None,
    )


def is_private(scope: Node) -> bool:
    """Whether the account of a profile page shows its posts to its friends only."""
    return scope.at("webapp.user-detail.userInfo.user.privateAccount").value is True


def video(post_id: str, scope: Node) -> PostResult:
    """The post of a video page. Raises Blocked, and Changed when the page is none that we know."""
    detail = scope["webapp.video-detail"].object()
    item = detail["itemInfo"]["itemStruct"]
    if item["id"].exists:
        result = _result(item)
        if result is None or result.external_id != post_id:
            raise item["id"].changed()
        return result
    code = detail["statusCode"].whole()
    if code in _PRIVATE_POST:
        return PostGone(post_id, PostState.PRIVATE)
    if code in _NO_POST:
        return PostGone(post_id, PostState.DELETED)
    raise _refusal(code) or item.changed()


def author(scope: Node) -> str:
    """The permanent id of a video page's author. Raises Gone, Blocked, Changed."""
    detail = scope["webapp.video-detail"].object()
    item = detail["itemInfo"]["itemStruct"]
    if not item["id"].exists:
        code = detail["statusCode"].whole()
        if code in _PRIVATE_POST | _NO_POST:
            raise Gone(words.NO_POST)
        raise _refusal(code) or item.changed()
    return item["author"]["secUid"].id()


def posts(answer: Node) -> ListPage:
    """A page of the list of an account's posts. One that cannot be read is unread; Changed when none can.

    A page may be empty although older ones are not.
    """
    answer.object()
    code = answer["statusCode"].whole() or answer["status_code"].whole() or 0
    if code:
        raise Gone(words.PRIVATE) if code == _PRIVATE_ACCOUNT else _refusal(code) or answer["statusCode"].changed()
    more = answer["hasMorePrevious"].flag()  # there on every page, an empty one's too
    items = list(answer["itemList"].items()) if answer["itemList"].exists else []
    results = [result for result in map(_result, items) if result is not None]
    if items and not any(isinstance(result, PostReading) for result in results):
        raise _first_change(items)
    times = [int(r.published_at.timestamp() * 1000) for r in results if isinstance(r, PostReading) and r.published_at]
    named = (handle_of(item, "uniqueId") for item in items if isinstance(item.value, dict))
    return ListPage(
        tuple(results),
        next((handle for handle in named if handle), None),
        # The last one's: pinned posts stand first, whatever their age. Without any, the reader goes back a step of its
        # own.
        (times[-1] if times else 0) if more else None,
    )


def trouble(page: str) -> PlatformError:
    """What it means that a page carries no data: a check for humans, or a page of another make."""
    if not page.strip() or _CHALLENGE.search(page):
        return Blocked(common.BOT_CHECK, platform=LABEL)
    return Changed(common.CHANGED, field="__UNIVERSAL_DATA_FOR_REHYDRATION__", platform=LABEL)


def item(found: Node) -> PostReading:
    """One post, of its own page or of a list. Raises Changed."""
    post_id = found["id"].id()
    if not POST_ID.fullmatch(post_id):
        raise found["id"].changed()
    photo = found["imagePost"].exists
    count = _counter(found["statsV2"], found["stats"])
    comments = count("commentCount")
    if comments[0] == 0 and found["item_control"]["can_comment"].value is False:
        comments = None, Missing.OFF
    numbers = Numbers(
        {
            Metric.VIEWS: count("playCount"),
            Metric.LIKES: count("diggCount"),
            Metric.COMMENTS: comments,
            Metric.SHARES: count("shareCount"),
            Metric.SAVES: count("collectCount"),
        }
    )
    if all(value is None for value in numbers.metrics.values()):
        raise found["stats"].changed()
    film = found["video"]
    return PostReading(
        external_id=post_id,
        url=post_url(handle_of(found, "uniqueId"), post_id, photo=photo),
        title=found["desc"].text(""),
        published_at=found["createTime"].moment(),
        format=Format.PHOTO if photo else Format.VIDEO if film.exists else Format.UNKNOWN,
        metrics=numbers.metrics,
        missing=numbers.missing,
        duration=None if photo or not film.exists else film["duration"].seconds(),
        thumbnail_url=_cover(found, photo),
    )


def handle_of(found: Node, key: str) -> str | None:
    """The handle of a post's author; one that we cannot use is no reason to lose the numbers."""
    try:
        return found["author"][key].id()
    except Changed:
        return None


def _result(found: Node) -> PostResult | None:
    """As `item`; None for an entry without an id, of which nothing can be told."""
    try:
        return item(found)
    except Changed as error:
        post_id = found.value.get("id") if isinstance(found.value, dict) else None
        if isinstance(post_id, str) and POST_ID.fullmatch(post_id):
            return PostUnread(post_id, error.kind, error.message, error.params)
        return None


def _first_change(items: list[Node]) -> Changed:
    try:
        item(items[0])
    except Changed as error:
        return error
    raise AssertionError("one that can be read was there")


def _counter(exact: Node, rounded: Node) -> Callable[..., Number]:
    """Reads counts: from the exact ones, or where there are none at all from the rounded ones."""
    place = exact if exact.exists else rounded

    def count(*names: str) -> Number:
        found = next((place[name] for name in names if place[name].exists), None)
        return found.count() if found is not None else (None, Missing.NOT_GIVEN)

    return count


def _cover(found: Node, photo: bool) -> str | None:
    try:
        if photo:
            first = next(found["imagePost"]["images"].items(), None)
            addresses = first["imageURL"]["urlList"].items() if first else iter(())
            return next((url for url in (address.url() for address in addresses) if url), None)
        film = found["video"]
        return film["cover"].url() or film["originCover"].url()
    except Changed:  # a picture that we cannot use is no reason to lose the numbers
        return None


def _no_account(detail: Node) -> PlatformError:
    code = detail["statusCode"].whole()
    if code in _NO_ACCOUNT:
        return Gone(words.NO_ACCOUNT)
    if code == _PRIVATE_ACCOUNT:
        return Gone(words.PRIVATE)
    return _refusal(code) or detail["userInfo"]["user"]["secUid"].changed()


def _refusal(code: int | None) -> PlatformError | None:
    if code in _PROVE:
        return Blocked(common.BOT_CHECK, platform=LABEL)
    if code in _NO_ACCOUNT:
        return Gone(words.NO_ACCOUNT)
    return Changed(common.CHANGED, field=f"statusCode {code}", platform=LABEL) if code else None
