"""VK's API with the instance's service token."""

from collections.abc import AsyncIterator, Mapping, Sequence

from app.domain.ports.errors import N_, Gone
from app.domain.ports.platform import Means
from app.domain.ports.values import PostGone, PostResult, Profile, Ref, RefKind
from app.platforms.kit import Http, Node
from app.platforms.vk import api_errors, parse, words
from app.platforms.vk.api_errors import LABEL
from app.platforms.vk.links import OWNER_ID, WALL_POST, owner_of

HOST = "api.vk.com"
API_VERSION = "5.199"
_PAGE = 100
_GROUP = "members_count,description,status,country,screen_name"
_USER = "followers_count,screen_name,domain,photo_200,status"


class VkApi:
    """The API for communities and people: a Source that reads accounts and posts.

    The token travels in the body, never in an address.
    """

    name = "vk_api"
    label = "VK API"
    version = "1"
    evidence = N_("recorded 2013 to 2022; how API 5.199 wraps its answers: the vendor's documentation")
    unconfigured_reason = words.NO_TOKEN
    account_numbers = parse.ACCOUNT_NUMBERS
    post_numbers = parse.POST_NUMBERS

    def __init__(self, means: Means) -> None:
        self._token = means.setting("vk_access_token")
        self._http = Http(LABEL, means)

    @property
    def configured(self) -> bool:
        return bool(self._token)

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; one call, two for a name."""
        owner = await self._owner(ref)
        if owner.startswith("-"):
            return parse.community(await self._call("groups.getById", group_id=owner[1:], fields=_GROUP))
        return parse.person(await self._call("users.get", user_ids=owner, fields=_USER))

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, 100 a batch and call: the owner's own posts. A pinned one stands where its date puts it."""
        owner = await self._owner(ref)
        seen: set[str] = set()
        pinned: list[parse.Entry] = []
        offset = 0
        while len(seen) < limit:
            size = min(_PAGE, limit - len(seen) + (1 if offset == 0 else 0))
            page = await self._call("wall.get", owner_id=owner, count=str(size), offset=str(offset), filter="owner")
            entries = parse.wall(page, owner)
            offset += size
            total = page["count"].whole()
            last = not entries or (len(entries) < size if total is None else offset >= total)
            pinned += [entry for entry in entries if entry.pinned]
            ordered = _in_order([entry for entry in entries if not entry.pinned], pinned, last=last)
            batch = [result for result in ordered if result.external_id not in seen][: limit - len(seen)]
            seen |= {result.external_id for result in batch}
            if batch:
                yield batch
            if last or not batch:
                return

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 100 a batch and call. A post that VK does not show is not told from a deleted one: DELETED.

        When it shows none, the wall itself is asked whether it is closed, before anything is said to be deleted.
        """
        owner = await self._owner(ref)
        ids = list(dict.fromkeys(external_ids))
        for start in range(0, len(ids), _PAGE):
            batch = ids[start : start + _PAGE]
            named = ",".join(f"{owner}_{one}" for one in batch)
            results = parse.posts(await self._call("wall.getById", posts=named), owner, batch)
            if all(isinstance(result, PostGone) for result in results):
                await self._call("wall.get", owner_id=owner, count="1")  # raises Gone when it is closed
            yield results

    async def _owner(self, ref: Ref) -> str:
        if ref.kind is RefKind.POST:
            found = WALL_POST.fullmatch(ref.value)
            if found is None:
                raise Gone(words.NO_ACCOUNT)
            return found[1]
        if ref.kind is RefKind.ID:
            if not OWNER_ID.fullmatch(ref.value):
                raise Gone(words.NO_ACCOUNT)
            return ref.value
        return owner_of(ref.value) or parse.owner(await self._call("utils.resolveScreenName", screen_name=ref.value))

    async def _call(self, method: str, **arguments: str) -> Node:
        return await call(self._http, self._token, method, arguments)


async def call(http: Http, token: str, method: str, arguments: Mapping[str, str]) -> Node:
    """One method's `response`. Raises PlatformError."""
    data = {**arguments, "access_token": token, "v": API_VERSION}
    return api_errors.response(await http.post(f"https://{HOST}/method/{method}", data=data))


def _in_order(entries: list[parse.Entry], pinned: list[parse.Entry], *, last: bool) -> list[PostResult]:
    """The page's posts with the pinned ones that belong before its end, which leave `pinned`; all of them on the last
    page."""
    results: list[PostResult] = []
    for entry in entries:
        while pinned and entry.at is not None and (pinned[0].at is None or pinned[0].at > entry.at):
            results.append(pinned.pop(0).result)
        results.append(entry.result)
    if last:
        results += [entry.result for entry in pinned]
        pinned.clear()
    return results
