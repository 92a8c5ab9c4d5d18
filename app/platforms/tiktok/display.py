"""One's own TikTok account, through the Display API v2 with its owner's grant."""

from collections.abc import AsyncIterator, Sequence

from app.domain.ports.connections import Credential
from app.domain.ports.errors import N_, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import Metric, PostGone, PostResult, PostState, Profile, Ref, RefKind
from app.platforms.kit import Http, Node
from app.platforms.tiktok import numbers, parse_display, words
from app.platforms.tiktok.parse_display import LABEL

API = "https://open.tiktokapis.com/v2"
_PAGE = 20  # the most that one call takes or gives


class DisplayApi:
    """TikTok Display API v2: a ConnectedSource for grants of the provider "tiktok"."""

    name = "display"
    label = "TikTok Display API v2"
    version = "1"
    evidence = N_("refusals and basic user fields recorded 2024-08 to 2025-09; the rest the vendor's documentation")
    account_numbers = numbers.ACCOUNT
    post_numbers = numbers.POST - {Metric.SAVES}
    provider = "tiktok"

    def __init__(self, means: Means) -> None:
        self.http = Http(LABEL, means)

    def with_credential(self, credential: Credential) -> "OwnAccount":
        """The source for this grant."""
        return OwnAccount(self, credential)


class OwnAccount:
    """A Source that reads the account of one grant, and no other."""

    configured = True
    unconfigured_reason = words.NO_CLIENT

    def __init__(self, source: DisplayApi, credential: Credential) -> None:
        self.name, self.label = source.name, source.label
        self.version, self.evidence = source.version, source.evidence
        self.account_numbers, self.post_numbers = source.account_numbers, source.post_numbers
        self._http = source.http
        self._credential = credential

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount, of the grant's own account only."""
        user = await self.user()
        name = parse_display.handle(user["user"].object())
        if ref.kind is RefKind.HANDLE:
            if name is None or ref.value.casefold() != name.casefold():
                raise Unsupported(words.NOT_ITS_OWN)
        else:
            self._check(ref)
        return parse_display.profile(user, self._credential.external_id or ref.value)

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, 20 a batch and call; public posts only."""
        self._check(ref)
        cursor: int | None = None
        left = limit
        while left > 0:
            asked = {"max_count": min(left, _PAGE)} | ({"cursor": cursor} if cursor is not None else {})
            page = parse_display.videos(await self._ask("POST", "video/list/", asked))
            if page.results:
                yield page.results[:left]
            left -= len(page.results)
            if page.next is None or page.next == cursor or not page.results:
                return
            cursor = page.next

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 20 a batch and call. A private post is not told from a deleted one: both are DELETED."""
        self._check(ref)
        ids = list(dict.fromkeys(external_ids))
        for start in range(0, len(ids), _PAGE):
            batch = ids[start : start + _PAGE]
            answer = await self._ask("POST", "video/query/", {"filters": {"video_ids": batch}})
            found = {result.external_id: result for result in parse_display.videos(answer).results}
            yield [found.get(one) or PostGone(one, PostState.DELETED) for one in batch]

    async def user(self) -> Node:
        """The user/info answer. Raises PlatformError."""
        return await self._ask("GET", "user/info/", None)

    def _check(self, ref: Ref) -> None:
        """Raises Unsupported when the ref names another account than the grant's."""
        own = self._credential.external_id
        if ref.kind is not RefKind.ID or (own and ref.value != own):
            raise Unsupported(words.NOT_ITS_OWN)

    async def _ask(self, method: str, path: str, body: object) -> Node:
        video = path.startswith("video/")
        fields = ",".join(parse_display.VIDEO_FIELDS) if video else parse_display.user_fields(self._credential.scopes)
        answer = await self._http.request(
            method,
            f"{API}/{path}",
            params={"fields": fields},
            json=body,
            headers={"Authorization": f"Bearer {self._credential.secret}"},
        )
        return parse_display.data(answer)
