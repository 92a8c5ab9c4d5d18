"""One's own Pinterest account, through the API v5 with its owner's grant."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, timedelta

from app.domain.ports.connections import Credential, Insight
from app.domain.ports.errors import N_, Gone, Unauthorized, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import PostGone, PostResult, PostState, Profile, Ref, RefKind
from app.lib import clock
from app.platforms.kit import Http, Node
from app.platforms.pinterest import parse_api, words
from app.platforms.pinterest.parse_web import LABEL

HOST = "api.pinterest.com"
BASE = f"https://{HOST}/v5"
PROVIDER = "pinterest"
_PAGE = 100
_PINS = 100  # whose analytics one call tells
_BATCH = 10
_DAYS = 30
_LIFE = 89  # the most days that analytics look back, without today


class OwnPins:
    """Pinterest API v5: a ConnectedSource for grants of the provider "pinterest"."""

    name = "api_v5"
    label = "Pinterest API v5"
    version = "1"
    evidence = N_("the vendor's documented examples of 2025-12")
    provider = PROVIDER
    account_numbers = parse_api.ACCOUNT_NUMBERS
    post_numbers = parse_api.POST_NUMBERS

    def __init__(self, means: Means) -> None:
        self.http = Http(LABEL, means)

    def with_credential(self, credential: Credential) -> "OwnAccount":
        """The source for this grant."""
        return OwnAccount(self, credential)


class OwnAccount:
    """A Source that reads the account of one grant, and no other."""

    configured = True
    unconfigured_reason = words.NO_APP

    def __init__(self, source: OwnPins, credential: Credential) -> None:
        self.name, self.label = source.name, source.label
        self.version, self.evidence = source.version, source.evidence
        self.account_numbers, self.post_numbers = source.account_numbers, source.post_numbers
        self._http = source.http
        self._credential = credential

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount, of the grant's own account only."""
        found = parse_api.profile(await self.user())
        if ref.value not in (found.external_id, found.handle):
            raise Unsupported(words.NOT_ITS_OWN)
        return found

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, up to 100 a batch and call, in Pinterest's order."""
        self._check(ref.value if ref.kind is RefKind.ID else "")
        seen: set[str] = set()
        query = {"page_size": str(min(limit, _PAGE)), "pin_metrics": "true"}
        while len(seen) < limit:
            answer = await self._ask("/pins", query, words.NO_ACCOUNT)
            fresh = [one for one in parse_api.pins(answer) if one.external_id not in seen][: limit - len(seen)]
            seen |= {one.external_id for one in fresh}
            if fresh:
                yield fresh
            if not fresh or not answer["bookmark"].exists:
                return
            query["bookmark"] = answer["bookmark"].text()

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 10 a batch: one call each."""
        self._check(ref.value if ref.kind is RefKind.ID else "")
        ids = list(dict.fromkeys(external_ids))
        for start in range(0, len(ids), _BATCH):
            yield [await self._pin(one) for one in ids[start : start + _BATCH]]

    async def read_insights(self, external_id: str, *, posts: Sequence[str]) -> Sequence[Insight]:
        """As ReadsInsights: the last 30 days of the account, and the last 90 of the pins, 100 a call.

        Pinterest refuses analytics to personal accounts: theirs are null, not published.
        """
        self._check(external_id)
        today = clock.now().astimezone(UTC).date()
        asked = {
            "start_date": (today - timedelta(days=_DAYS)).isoformat(),
            "end_date": today.isoformat(),
            "metric_types": ",".join(parse_api.ACCOUNT_ANALYTICS),
        }
        try:
            told = parse_api.account_analytics(await self._ask("/user_account/analytics", asked, words.NO_ACCOUNT))
        except Unauthorized as error:
            if error.message != words.NO_SCOPE or not parse_api.personal(await self.user()):
                raise
            return parse_api.no_analytics()
        for start in range(0, len(posts), _PINS):
            of_pins = {
                "pin_ids": ",".join(posts[start : start + _PINS]),
                "start_date": (today - timedelta(days=_LIFE)).isoformat(),
                "end_date": today.isoformat(),
                "metric_types": ",".join((*parse_api.PIN_ANALYTICS, "TOTAL_COMMENTS", "TOTAL_REACTIONS")),
            }
            told += parse_api.pin_analytics(await self._ask("/pins/analytics", of_pins, words.NO_PIN))
        return told

    async def user(self) -> Node:
        """The user_account answer. Raises PlatformError."""
        return await self._ask("/user_account", {}, words.NO_ACCOUNT)

    def _check(self, external_id: str) -> None:
        """Raises Unsupported when another account than the grant's is meant."""
        if not external_id or external_id != (self._credential.external_id or self._credential.subject):
            raise Unsupported(words.NOT_ITS_OWN)

    async def _pin(self, pin_id: str) -> PostResult:
        try:
            return parse_api.pin(await self._ask(f"/pins/{pin_id}", {"pin_metrics": "true"}, words.NO_PIN))
        except Gone:
            return PostGone(pin_id, PostState.DELETED)

    async def _ask(self, path: str, query: dict[str, str], about: str) -> Node:
        headers = {"Authorization": f"Bearer {self._credential.secret}"}
        return parse_api.data(await self._http.get(BASE + path, params=query, headers=headers), about)
