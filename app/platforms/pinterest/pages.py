"""Pinterest's public pages, as anybody sees them."""

from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote

from app.domain.ports.errors import N_, Blocked, Changed, Gone, Unsupported
from app.domain.ports.platform import Means
from app.domain.ports.values import PostGone, PostResult, PostState, PostUnread, Profile, Ref, RefKind
from app.platforms.kit import Http
from app.platforms.kit import words as common
from app.platforms.kit.robots import Robots
from app.platforms.pinterest import parse_web, words
from app.platforms.pinterest.links import pin_url
from app.platforms.pinterest.parse_web import LABEL, Page

HOST = "www.pinterest.com"
_BATCH = 6


class PublicPages:
    """Pages of accounts and pins: a Source that reads accounts and posts. robots.txt is honoured.

    Of an account the pins are listed that its page of created pins shows at once, some 25.
    """

    name = "public_pages"
    label = "Pinterest pages"
    version = "1"
    evidence = N_("our reading, unproven")
    unconfigured_reason = words.PAGES_OFF
    account_numbers = parse_web.ACCOUNT_NUMBERS
    post_numbers = parse_web.POST_NUMBERS

    def __init__(self, means: Means) -> None:
        self._means = means
        self._http = Http(LABEL, means, headers={"Accept": "text/html", "Accept-Language": "en"})
        self._robots = Robots(self._http)

    @property
    def configured(self) -> bool:
        return self._means.switched_on("pinterest_public_pages")

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; one page, two for a pin's author. By a bare id nobody can be found: Unsupported."""
        if ref.kind is RefKind.POST:
            name = parse_web.author(await self._page(pin_url(ref.value), words.NO_PIN), ref.value)
        else:
            name = _name(ref)
        found = parse_web.profile(await self._page(_address(name), words.NO_ACCOUNT), name)
        if ref.kind is RefKind.ID and found.external_id != ref.value:
            raise Gone(words.CHANGED_HANDS)
        return found

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, one batch and page."""
        name = _name(ref)
        carried = await self._page(f"{_address(name)}_created/", words.NO_ACCOUNT)
        found = parse_web.profile(carried, name)
        if ref.kind is RefKind.ID and found.external_id != ref.value:
            raise Gone(words.CHANGED_HANDS)
        results = parse_web.created(carried, found.external_id, limit)
        if results:
            yield results

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 6 a batch: one page each."""
        ids = list(dict.fromkeys(external_ids))
        read = False
        for start in range(0, len(ids), _BATCH):
            batch = [await self._post(one) for one in ids[start : start + _BATCH]]
            odd = [result for result in batch if isinstance(result, PostUnread)]
            read = read or len(odd) < len(batch)
            if not read:  # one odd pin is that pin's; when all are, Pinterest has changed
                raise self._http.changed(str(odd[0].params.get("field", "pin")))
            yield batch

    async def _post(self, pin_id: str) -> PostResult:
        try:
            carried = await self._page(pin_url(pin_id), words.NO_PIN)
            pin = carried.pins.get(pin_id)
            if pin is None:
                raise self._http.changed("initialReduxState.pins")
            return parse_web.post(pin)
        except Gone:
            return PostGone(pin_id, PostState.DELETED)
        except Changed as error:
            return PostUnread(pin_id, error.kind, error.message, error.params)

    async def _page(self, url: str, about: str) -> Page:
        """What a page carries. about: what to say when it is not there."""
        await self._robots.respect(url)
        answer = await self._http.get(url, follow=True)
        if answer.status in (404, 410) or "show_error=true" in answer.url:  # where it leads those who ask for nobody
            raise Gone(about)
        if answer.status in (401, 403):
            raise Blocked(common.REFUSED, platform=LABEL)
        if answer.status != 200:
            raise self._http.changed(f"HTTP {answer.status}")
        return parse_web.page(answer.text)


def _address(name: str) -> str:
    return f"https://{HOST}/{quote(name, safe='')}/"


def _name(ref: Ref) -> str:
    name = ref.handle if ref.kind is RefKind.ID else ref.value
    if not name:
        raise Unsupported(words.NO_NAME)
    return name
