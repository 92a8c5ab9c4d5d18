"""Instagram through Meta's Graph API with a workspace's own connection: its account, and other business accounts."""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.ports.connections import Credential, Insight, Story
from app.domain.ports.errors import N_, Changed, Gone, Unsupported
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
from app.lib import clock
from app.platforms.instagram import parse_graph, words
from app.platforms.instagram.graph_client import BEFORE_BUSINESS, Graph, Refused
from app.platforms.instagram.links import handle
from app.platforms.instagram.wire import LABEL
from app.platforms.kit import Node

PROVIDER = "meta"
NUMBERS = frozenset({Metric.FOLLOWERS, Metric.FOLLOWING, Metric.POSTS})
_PACIFIC = ZoneInfo("America/Los_Angeles")  # where Meta's days end
_PAGE = 25
_MOST_PAGES = 40
_DAYS = 2  # whose numbers are read again: they come up to 48 hours late

_USER = "id,ig_id,username,name,biography,profile_picture_url,followers_count,follows_count,media_count"
_MEDIA = (
    "id,shortcode,permalink,caption,media_type,media_product_type,timestamp,like_count,comments_count,"
    "is_comment_enabled,thumbnail_url,media_url"
)
_OTHERS_MEDIA = (
    "id,permalink,caption,media_type,media_product_type,timestamp,like_count,comments_count,view_count,media_url"
)
_OPTIONAL = ("ig_id", "view_count", "is_comment_enabled")  # fields that not every version of Graph has
_STORY = "id,media_type,permalink,timestamp,thumbnail_url,media_url"
POST_METRICS = ("reach", "saved", "shares", "views", "total_interactions")
STORY_METRICS = ("reach", "views", "replies", "shares", "total_interactions", "navigation", "follows", "profile_visits")
# With a breakdown by kind of post, and without one.
BY_PRODUCT = ("reach", "views", "likes", "comments", "saves", "shares", "total_interactions")
PLAIN = ("accounts_engaged", "profile_views", "profile_links_taps", "website_clicks")


class GraphApi:
    """The connected account itself: a ConnectedSource of accounts, posts, insights and, when `stories`, stories.

    Impressions ended with 2025-04-21 and are never asked for. Views of a photo are its owner's to see: an insight, and
    no public number.
    """

    name = "graph"
    label = "Instagram Graph API"
    version = "1"
    evidence = N_("recorded 2019-12 to 2023-11; totals with breakdowns: vendor's documentation")
    provider = PROVIDER
    account_numbers = NUMBERS
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS, Metric.SHARES, Metric.SAVES})

    def __init__(self, means: Means) -> None:
        self._graph = Graph(means, LABEL)
        self._stories = means.switched_on("instagram_stories_collection_enabled")
        self._unserved: dict[str, datetime] = {}

    def with_credential(self, credential: Credential) -> "OwnAccount":
        """The account that the credential opens."""
        kind = OwnAccountWithStories if self._stories else OwnAccount
        return kind(self._graph, credential, self._unserved)


class _Bound:
    """A source with its credential."""

    label: str
    version = GraphApi.version
    configured = True
    unconfigured_reason = ""

    def __init__(self, graph: Graph, credential: Credential) -> None:
        self._graph = graph
        self._token = credential.secret
        self._me = credential.subject
        self._external_id = credential.external_id

    def _is_own(self, ref: Ref) -> bool:
        return ref.kind is RefKind.ID and ref.value in (self._external_id, self._me)

    async def _fields(self, path: str, fields: str, **params: Any) -> Node:
        """An object's fields; without those that this version of Graph does not have. Raises Refused, PlatformError."""
        for _ in _OPTIONAL:
            try:
                return await self._graph.ask(path, self._token, fields=fields, **params)
            except Refused as error:
                gone = next((name for name in _OPTIONAL if error.code == 100 and f"({name})" in error.said), None)
                if gone is None:
                    raise
                fields = re.sub(rf"\b{gone},", "", fields)
        return await self._graph.ask(path, self._token, fields=fields, **params)


class OwnAccount(_Bound):
    """As ReadsAccount, ListsPosts, ReadsPosts and ReadsInsights, for the account that the credential opens."""

    name = GraphApi.name
    label = GraphApi.label
    evidence = GraphApi.evidence
    account_numbers = GraphApi.account_numbers
    post_numbers = GraphApi.post_numbers

    def __init__(self, graph: Graph, credential: Credential, unserved: dict[str, datetime]) -> None:
        super().__init__(graph, credential)
        self._unserved = unserved
        self._told: dict[str, list[Insight]] = {}  # by post, as its list gave them

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount. Raises Unsupported for an account that the credential does not open."""
        try:
            profile = parse_graph.profile(await self._fields(self._me, _USER))
        except Refused as error:
            raise error.meaning from None
        if not self._is_own(ref) and ref.value not in (profile.external_id, profile.handle):
            raise Unsupported(words.NOT_OWN)
        # Where Graph leaves the old id out, the one that it gave at the connecting holds.
        return replace(profile, external_id=self._external_id) if self._external_id else profile

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, 25 a batch, with the insights of each."""
        if not self._is_own(ref):
            raise Unsupported(words.NOT_OWN)
        async for page in self._pages():
            batch = page[:limit]
            if batch:
                yield batch
            limit -= len(batch)
            if limit <= 0:
                return

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts: the account's list is gone through until all are found, 1,000 posts back at most."""
        if not self._is_own(ref):
            raise Unsupported(words.NOT_OWN)
        left = dict.fromkeys(external_ids)
        pages = 0
        async for page in self._pages():
            pages += 1
            batch = [result for result in page if result.external_id in left]
            for result in batch:
                del left[result.external_id]
            if batch:
                yield batch
            if not left:
                return
        if pages < _MOST_PAGES:
            yield [PostGone(one, PostState.DELETED) for one in left]
        else:
            yield [PostUnread(one, Unsupported.kind, words.NOT_FOUND_HERE) for one in left]

    async def read_insights(self, external_id: str, *, posts: Sequence[str]) -> Sequence[Insight]:
        """As ReadsInsights: two days of the account, and these posts' lives until now."""
        if external_id not in (self._external_id, self._me):
            raise Unsupported(words.NOT_OWN)
        found: list[Insight] = []
        for ago in range(_DAYS, 0, -1):
            found += await self._day(clock.now() - timedelta(days=ago))
        wanted = set(posts)
        if not wanted <= self._told.keys():
            async for page in self._pages():
                if wanted <= self._told.keys() or not page:
                    break
        for code in dict.fromkeys(posts):
            found += self._told.get(code) or _nothing(POST_METRICS, Missing.NOT_GIVEN, code)
        return found

    async def _pages(self) -> AsyncIterator[list[PostResult]]:
        """The account's posts, newest first."""
        after: str | None = None
        for _ in range(_MOST_PAGES):
            answer, told = await self._media_page({"after": after} if after else {})
            yield [await self._result(item, told) for item in answer["data"].items()]
            after = parse_graph.next_page(answer)
            if after is None:
                return

    async def _media_page(self, more: dict[str, str]) -> tuple[Node, bool]:
        """A page of posts, and whether their insights are with them."""
        path = f"{self._me}/media"
        try:
            try:
                asked = f"{_MEDIA},insights.metric({','.join(POST_METRICS)})"
                return await self._fields(path, asked, limit=_PAGE, **more), True
            except Refused as error:
                if error.code not in (10, 100):
                    raise
            # One post without insights spoils the whole page: ask for the posts, then for the insights of each.
            return await self._fields(path, _MEDIA, limit=_PAGE, **more), False
        except Refused as error:
            raise error.meaning from None

    async def _result(self, item: Node, told: bool) -> PostResult:
        code = parse_graph.shortcode(item)
        try:
            insights, why = _given(item, code) if told else await self._of_post(item["id"].id(), code)
            reading = parse_graph.media(item, insights, untold=why)
        except Changed as error:
            return PostUnread(code, error.kind, error.message, error.params)
        named = {insight.metric for insight in insights}
        missing = _nothing((name for name in POST_METRICS if name not in named), why, code)
        impressions = _nothing(["impressions"], Missing.NOT_PUBLISHED, code)
        self._told[code] = [*insights, *missing, *impressions]
        return reading

    async def _of_post(self, graph_id: str, code: str) -> tuple[list[Insight], Missing]:
        """A post's insights, or why there are none: that is its own affair, never the others'."""
        try:
            answer = await self._graph.ask(f"{graph_id}/insights", self._token, metric=",".join(POST_METRICS))
        except Refused as error:
            why = _why_not(error)
            return [], why
        return _given(Node({"insights": answer.value}, LABEL), code)

    async def _day(self, moment: datetime) -> list[Insight]:
        """The account's numbers of the Pacific day of this moment."""
        start = moment.astimezone(_PACIFIC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = (start + timedelta(hours=36)).replace(hour=0)
        span = {"since": int(start.timestamp()), "until": int(end.timestamp())}
        day = start.date().isoformat()
        found = _nothing(["impressions"], Missing.NOT_PUBLISHED, day=day)
        for names, breakdown in ((BY_PRODUCT, "media_product_type"), (PLAIN, "")):
            how = {**span, "period": "day", "metric_type": "total_value"}
            if breakdown:
                how["breakdown"] = breakdown
            found += await self._numbers(names, day, how)
        return found

    async def _numbers(self, names: Sequence[str], day: str, how: dict[str, Any]) -> list[Insight]:
        served = [name for name in names if self._unserved.get(name, clock.now()) <= clock.now()]
        found = _nothing((name for name in names if name not in served), Missing.NOT_PUBLISHED, day=day)
        if not served:
            return found
        try:
            answer = await self._graph.ask(f"{self._me}/insights", self._token, metric=",".join(served), **how)
        except Refused as error:
            if error.code != 100 and not (error.code == 10 and len(served) == 1):
                raise error.meaning from None
            if len(served) == 1:  # not a number of this account or any more of Graph; asked for again tomorrow
                self._unserved[served[0]] = clock.now() + timedelta(days=1)
                return [*found, *_nothing(served, _why_not(error), day=day)]
            for name in served:
                found += await self._numbers([name], day, how)
            return found
        given = parse_graph.insights(answer["data"], day=day)
        named = {insight.metric for insight in given}
        return [*found, *given, *_nothing((name for name in served if name not in named), Missing.NOT_GIVEN, day=day)]


class OwnAccountWithStories(OwnAccount):
    """As OwnAccount, and ReadsStories."""

    async def read_stories(self, external_id: str) -> Sequence[Story]:
        """As ReadsStories: one call, and one for each story's numbers."""
        if external_id not in (self._external_id, self._me):
            raise Unsupported(words.NOT_OWN)
        answer = await self._graph.get(f"{self._me}/stories", self._token, fields=_STORY, limit=100)
        return [await self._with_numbers(parse_graph.story(item)) for item in answer["data"].items()]

    async def _with_numbers(self, story: Story) -> Story:
        metrics: dict[str, int | None] = dict.fromkeys((*STORY_METRICS, "impressions"))
        missing = dict.fromkeys(STORY_METRICS, Missing.NOT_GIVEN) | {"impressions": Missing.NOT_PUBLISHED}
        try:
            asked = ",".join(STORY_METRICS)
            answer = await self._graph.ask(f"{story.external_id}/insights", self._token, metric=asked)
        except Refused as error:
            missing |= dict.fromkeys(STORY_METRICS, _why_not(error))
            return replace(story, metrics=metrics, missing=missing)
        for insight in parse_graph.insights(answer["data"]):
            if insight.metric in metrics and insight.value is not None and insight.value == int(insight.value):
                metrics[insight.metric] = int(insight.value)
                missing.pop(insight.metric, None)
            elif insight.metric in metrics:
                missing[insight.metric] = insight.missing or Missing.UNREADABLE
        return replace(story, metrics=metrics, missing=missing)


class BusinessDiscovery:
    """Other business and creator accounts, by their names, with a workspace's connection: a ConnectedSource."""

    name = "business_discovery"
    label = "Instagram business discovery"
    version = "1"
    evidence = N_("recorded 2021-08 to 2021-10")
    provider = PROVIDER
    account_numbers = NUMBERS
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS})

    def __init__(self, means: Means) -> None:
        self._graph = Graph(means, LABEL)

    def with_credential(self, credential: Credential) -> "OtherAccounts":
        """Every business account but the credential's own."""
        return OtherAccounts(self._graph, credential)


class OtherAccounts(_Bound):
    """As ReadsAccount and ListsPosts, for business and creator accounts of others."""

    name = BusinessDiscovery.name
    label = BusinessDiscovery.label
    version = BusinessDiscovery.version
    evidence = BusinessDiscovery.evidence
    account_numbers = BusinessDiscovery.account_numbers
    post_numbers = BusinessDiscovery.post_numbers

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; takes a handle. Raises Unsupported for the credential's own account and personal ones."""
        profile = parse_graph.profile(await self._discovered(ref, _USER))
        if ref.kind is RefKind.ID and profile.external_id != ref.value and not profile.external_id.startswith("17841"):
            raise Gone(words.CHANGED_HANDS)
        return profile

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, 25 a batch."""
        after = ""
        while limit > 0:
            size = f".after({after})" if after else ""
            asked = f"id,ig_id,media.limit({min(limit, _PAGE)}){size}{{{_OTHERS_MEDIA}}}"
            user = await self._discovered(ref, asked)
            if ref.kind is RefKind.ID and user["ig_id"].exists and user["ig_id"].id() != ref.value:
                raise Gone(words.CHANGED_HANDS)
            if not user["media"].exists:
                return  # nothing was ever posted
            batch = [_of_other(item) for item in user["media"]["data"].items()]
            if batch:
                yield batch[:limit]
            limit -= len(batch)
            cursor = parse_graph.next_page(user["media"])
            if cursor is None or not batch:
                return
            after = cursor.replace(")", "").replace("(", "")

    async def _discovered(self, ref: Ref, fields: str) -> Node:
        if self._is_own(ref):
            raise Unsupported(words.OWN_DIRECTLY)
        name = handle((ref.value if ref.kind is RefKind.HANDLE else ref.handle) or "")
        if name is None:
            raise Unsupported(words.ONLY_BY_NAME)
        try:
            answer = await self._fields(self._me, f"business_discovery.username({name}){{{fields}}}")
        except Refused as error:
            raise error.meaning from None
        return answer["business_discovery"].object()


def _of_other(item: Node) -> PostResult:
    code = parse_graph.shortcode(item)
    try:
        return parse_graph.media(item)
    except Changed as error:
        return PostUnread(code, error.kind, error.message, error.params)


def _given(item: Node, code: str) -> tuple[list[Insight], Missing]:
    """A post's insights, and why one that is not among them is missing. Odd ones cost the post nothing else."""
    try:
        data = item["insights"]["data"]
        return (parse_graph.insights(data, post=code) if data.exists else []), Missing.NOT_GIVEN
    except Changed:
        return [], Missing.UNREADABLE


def _nothing(names: Iterable[str], why: Missing, post: str | None = None, *, day: str | None = None) -> list[Insight]:
    return [Insight(name, None, "day" if post is None else "lifetime", day, post, why) for name in names]


def _why_not(error: Refused) -> Missing:
    """Why insights are refused. Raises PlatformError when it is not about them."""
    if (error.code, error.subcode) == BEFORE_BUSINESS or error.code == 100:
        return Missing.NOT_PUBLISHED
    if error.code == 10:  # too few people have seen it yet
        return Missing.NOT_YET
    raise error.meaning from None
