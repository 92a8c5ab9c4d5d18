"""TikTok through EnsembleData's API, with the instance's token."""

from collections.abc import AsyncIterator, Mapping, Sequence

from app.domain.ports.errors import N_, QuotaSpent, Unsupported
from app.domain.ports.platform import Means, Reserve
from app.domain.ports.values import PostGone, PostResult, PostState, Profile, Ref, RefKind
from app.platforms.kit import Answer, Http, Node
from app.platforms.tiktok import numbers, parse_ensemble, words
from app.platforms.tiktok.links import SEC_UID, post_url
from app.platforms.tiktok.parse_ensemble import LABEL
from app.platforms.tiktok.short import resolved

BUCKET = "ensemble"
HOST = "ensembledata.com"
_BASE = f"https://{HOST}/apis"
_PAGE = 10  # posts of one unit of depth
_DEPTH = 3  # pages that one request gathers
_IDS = 50


class Ensemble:
    """EnsembleData's API: a Source that reads accounts and posts, for units that are bought.

    One unit is reserved before each call; what the answer says it cost beyond that, after it. The token travels in the
    address, as EnsembleData wants it: addresses never go into messages.
    """

    name = "ensemble"
    label = "EnsembleData"
    version = "1"
    evidence = N_("our reading, unproven")
    account_numbers = numbers.ACCOUNT
    post_numbers = numbers.POST
    unconfigured_reason = words.NO_TOKEN

    def __init__(self, means: Means, *, token: str, reserve: Reserve) -> None:
        self._token = token
        self._reserve = reserve
        self._http = Http(LABEL, means, timeout=60.0)  # it gathers several pages of TikTok for one answer
        self._tiktok = Http("TikTok", means)

    @property
    def configured(self) -> bool:
        return bool(self._token)

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; 1 unit, 2 for a post's author."""
        ref = await resolved(self._tiktok, ref)
        match ref.kind:
            case RefKind.POST:
                answer = await self._ask("/tt/post/info", {"url": post_url(None, ref.value)}, words.NO_POST)
                where, who = "/tt/user/info-from-secuid", {"secUid": parse_ensemble.author(answer)}
            case RefKind.ID:
                where, who = "/tt/user/info-from-secuid", {"secUid": _sec_uid(ref)}
            case _:
                where, who = "/tt/user/info", {"username": ref.value}
        return parse_ensemble.profile(await self._ask(where, who, words.NO_ACCOUNT))

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, up to 30 a batch, about 1 unit per 10."""
        sec_uid, seen = _sec_uid(ref), set[str]()
        cursor: int | None = 0
        while cursor is not None and len(seen) < limit:
            depth = min(_DEPTH, -(-(limit - len(seen)) // _PAGE))
            query = {"secUid": sec_uid, "depth": str(depth), "start_cursor": str(cursor)}
            page = parse_ensemble.posts(await self._ask("/tt/user/posts-from-secuid", query, words.NO_ACCOUNT, depth))
            fresh = [result for result in page.results if result.external_id not in seen][: limit - len(seen)]
            seen |= {result.external_id for result in fresh}
            if fresh:
                yield fresh
            cursor = page.next if fresh and page.next != cursor else None

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 50 a batch and call. A private post is not told from a deleted one: both are DELETED."""
        ids = list(dict.fromkeys(external_ids))
        for start in range(0, len(ids), _IDS):
            batch = ids[start : start + _IDS]
            page = parse_ensemble.posts(await self._ask("/tt/post/multi-info", {"ids": ";".join(batch)}, words.NO_POST))
            found = {result.external_id: result for result in page.results}
            yield [found.get(one) or PostGone(one, PostState.DELETED) for one in batch]

    async def _ask(self, path: str, query: Mapping[str, str], about: str, least: int = 1) -> Node:
        await self._reserve(BUCKET, least)
        answer = await self._http.get(_BASE + path, params={**query, "token": self._token})
        await self._settle(answer, least)
        return parse_ensemble.data(answer, about)

    async def _settle(self, answer: Answer, paid: int) -> None:
        """Count what a call cost beyond what was reserved for it. The answer is here: a lack stops the next call."""
        more = parse_ensemble.units(answer, paid) - paid
        if more > 0:
            try:
                await self._reserve(BUCKET, more)
            except QuotaSpent:
                pass


def _sec_uid(ref: Ref) -> str:
    if not SEC_UID.fullmatch(ref.value):
        raise Unsupported(words.OWN_ONLY)
    return ref.value
