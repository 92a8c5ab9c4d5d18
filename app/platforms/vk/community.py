"""A workspace's own VK communities: statistics with the community's access key, which its managers make themselves.

Evidence: answers of stats.get were recorded in 2013; that a community's key opens it is our reading, unproven.
"""

from collections.abc import Sequence

from app.domain.ports.connections import Credential, Insight, Subject
from app.domain.ports.errors import N_, Changed, Gone, NeedsAction, PlatformError, Unauthorized, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import Metric
from app.platforms.kit import Http, Node
from app.platforms.vk import api_errors, parse, words
from app.platforms.vk.api import call
from app.platforms.vk.api_errors import LABEL
from app.platforms.vk.links import PLATFORM

PROVIDER = "vk"
_DAYS = 30
_POSTS = 30


class CommunityKey:
    """The key of a community as a thing to connect."""

    name = PROVIDER
    label = "VK community"
    feeds: tuple[str, ...] = (PLATFORM,)
    hint = words.KEY_HINT

    def __init__(self, means: Means) -> None:
        self._http = Http(LABEL, means)

    async def check(self, secret: str) -> Subject:
        """As KeyProvider. Raises NeedsAction when it is a person's or an app's token."""
        try:
            group = parse.key_owner(await _ask(self._http, secret, "groups.getById"))
        except Gone:
            raise NeedsAction(words.NO_COMMUNITY) from None
        except Changed as error:
            if error.field == "error 100":  # VK misses the id: this token is no community's
                raise NeedsAction(words.NO_COMMUNITY) from None
            raise
        return Subject(group.external_id, group.title, PLATFORM, group.external_id, group.handle)


class CommunityStatistics:
    """stats.get and stats.getPostReach: a ConnectedSource for private numbers only; the public ones need no key."""

    name = "vk_statistics"
    label = "VK statistics"
    version = "1"
    evidence = N_("recorded 2013; a community's key for it: our reading, unproven")
    provider = PROVIDER
    account_numbers: frozenset[Metric] = frozenset()
    post_numbers: frozenset[Metric] = frozenset()

    def __init__(self, means: Means) -> None:
        self._http = Http(LABEL, means)

    def with_credential(self, credential: Credential) -> "BoundStatistics":
        """As ConnectedSource."""
        return BoundStatistics(self, self._http, credential)


class BoundStatistics:
    """A Source that reads insights of the one community that the key was made for."""

    name = CommunityStatistics.name
    label = CommunityStatistics.label
    version = CommunityStatistics.version
    evidence = CommunityStatistics.evidence
    configured = True
    unconfigured_reason = ""
    account_numbers = CommunityStatistics.account_numbers
    post_numbers = CommunityStatistics.post_numbers

    def __init__(self, source: CommunityStatistics, http: Http, credential: Credential) -> None:
        self._http = http
        self._credential = credential

    async def read_insights(self, external_id: str, *, posts: Sequence[str]) -> Sequence[Insight]:
        """As ReadsInsights: the last 30 days of the community, and what the posts reached, 30 a call."""
        own = self._credential.external_id or self._credential.subject
        if external_id != own or not external_id.startswith("-"):
            raise Unsupported(words.NOT_ITS_OWN)
        insights = parse.statistics(
            await self._ask("stats.get", group_id=external_id[1:], interval="day", intervals_count=str(_DAYS))
        )
        for start in range(0, len(posts), _POSTS):
            ids = ",".join(posts[start : start + _POSTS])
            insights += parse.post_statistics(await self._ask("stats.getPostReach", owner_id=external_id, post_ids=ids))
        return insights

    async def _ask(self, method: str, **arguments: str) -> Node:
        return await _ask(self._http, self._credential.secret, method, **arguments)


async def _ask(http: Http, key: str, method: str, **arguments: str) -> Node:
    if not key.isascii() or not key.isprintable() or not key:
        raise Unauthorized(words.KEY_REFUSED)
    try:
        return await call(http, key, method, arguments)
    except PlatformError as error:
        raise api_errors.of_key(error) from None
