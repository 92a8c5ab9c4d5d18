"""Instagram's public pages through instaloader: as anybody, or with the session of the instance's own account."""

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, TypeVar

from app.domain.ports.errors import N_, Changed, Gone, NeedsAction, PlatformError, RetryAfter
from app.domain.ports.platform import Means
from app.domain.ports.values import Metric, PostGone, PostResult, PostState, PostUnread, Profile, Ref, RefKind
from app.lib import clock
from app.platforms.instagram import parse_web, wire, words
from app.platforms.instagram.page_errors import Refusals, no_profile, no_user, session_trouble
from app.platforms.instagram.wire import LABEL, Wire, changed
from app.platforms.kit import Node

T = TypeVar("T")

_WHOLE_READING = 120.0
_BETWEEN_LOGINS = timedelta(minutes=30)
_BATCH = 6
_MOST_ANONYMOUS = 12  # one page; each of its posts is a request of its own
_INFO = "xdt_api__v1__media__shortcode__web_info"


class PublicPages:
    """Pages as anybody sees them: a Source that reads accounts and posts.

    Instagram shows each post on its own page, so of an account the newest 12 are listed at most. instaloader's own
    reckoning of how often is safe holds, without its waiting: `RetryAfter` says when the next question may come. It
    never asks twice. A refusal that recurs is Blocked.
    """

    name = "instaloader"
    label = "Instagram pages (instaloader)"
    version = f"1+{version('instaloader')}"
    evidence = N_("recorded 2020-07 to 2023-12; pages of today: our reading, unproven")
    account_numbers = frozenset({Metric.FOLLOWERS, Metric.FOLLOWING, Metric.POSTS})
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS})
    unconfigured_reason = words.PAGES_OFF

    def __init__(self, means: Means) -> None:
        self._means = means
        self._refusals = Refusals()
        self._asked: dict[str, list[float]] = {}  # instaloader's notes of what it asked when
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="instagram")  # its sessions are for one thread
        self._one = asyncio.Lock()  # waiting for the thread is no part of a reading's time
        self._page: list[Any] = []  # what the last profile page held
        self._loader: Any = None

    @property
    def configured(self) -> bool:
        return self._means.switched_on("instagram_public_pages")

    async def read_account(self, ref: Ref) -> Profile:
        """As ReadsAccount; takes every kind of Ref."""
        return parse_web.profile(await self._run(self._user, ref))

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, 6 a batch: one request each."""
        codes = await self._run(self._newest, ref, min(limit, _MOST_ANONYMOUS))
        async for batch in self._posts(codes):
            yield batch

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ReadsPosts, 6 a batch: one request each."""
        async for batch in self._posts(list(dict.fromkeys(external_ids))):
            yield batch

    async def _posts(self, codes: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        read = False
        for start in range(0, len(codes), _BATCH):
            batch, failed = await self._run(self._media_of, codes[start : start + _BATCH])
            read = read or _any_read(batch)  # raises when nothing is as we know it
            if batch:
                yield batch
            if failed is not None:
                raise failed

    async def _run(self, read: Callable[..., T], *arguments: Any) -> T:
        """Read in the thread. Raises PlatformError for whatever instaloader meets."""
        loop = asyncio.get_running_loop()
        async with self._one:
            way = Wire(self._means, loop, _WHOLE_READING)
            return await loop.run_in_executor(self._thread, functools.partial(self._translated, way, read, *arguments))

    # In the thread, from here on.

    def _translated(self, way: Wire, read: Callable[..., T], *arguments: Any) -> T:
        with way:
            before = self._refusals.in_a_row
            try:
                result = read(*arguments)
            except Exception as error:
                raise self._failed(error, way) from None
            if self._refusals.in_a_row == before:
                self._refusals.in_a_row = 0
            return result

    def _failed(self, error: Exception, way: Wire) -> PlatformError:
        trouble = self._refusals.meaning(error, way.heard)
        if not isinstance(trouble, Gone):
            self._loader = None  # its tokens may be the reason
        return trouble

    def _context(self) -> Any:
        if self._loader is None:
            self._loader = self._made()
        return self._loader.context

    def _made(self) -> Any:
        instaloader = wire.library()
        asked = self._asked

        class Unhurried(instaloader.RateController):  # type: ignore[misc,name-defined]
            def __init__(self, context: Any) -> None:
                super().__init__(context)
                self._query_timestamps = asked

            def sleep(self, secs: float) -> None:
                if secs > 0:
                    raise Refusals.ours(secs)

            def wait_before_query(self, query_type: str) -> None:
                moment = clock.now().timestamp()  # the world's time, in which readings are planned
                self.sleep(self.query_waittime(query_type, moment))
                self._query_timestamps.setdefault(query_type, []).append(moment)

            def handle_429(self, query_type: str) -> None: ...

        loader = instaloader.Instaloader(
            sleep=False,
            quiet=True,
            max_connection_attempts=1,
            request_timeout=wire.TIMEOUT,
            rate_controller=Unhurried,
            iphone_support=False,
        )
        loader.context.error = lambda *_, **__: None  # its words are for its own users
        get_page_data = loader.context.get_page_data

        def remembered(path: str) -> Any:
            self._page = get_page_data(path)
            return self._page

        loader.context.get_page_data = remembered
        return loader

    def _user(self, ref: Ref) -> Node:
        """The account's part of an answer."""
        if ref.kind is RefKind.POST:
            result = self._media(ref.value)
            if result is None:
                raise Gone(words.NO_POST)
            return self._by_name(parse_web.author(result))
        if ref.kind is not RefKind.ID:
            return self._by_name(ref.value)
        user = self._of_handle(ref.handle, ref.value) if ref.handle else None
        return user if user is not None else self._by_id(ref.value)

    def _of_handle(self, name: str, external_id: str) -> Node | None:
        """The account of this name, unless it is gone or another one by now."""
        try:
            user = self._by_name(name)
        except Gone:
            return None
        return user if parse_web.user_id(user) == external_id else None

    def _by_name(self, name: str) -> Node:
        profiles = wire.library().Profile
        self._page = []
        try:
            return self._node(profiles.from_username(self._context(), name))
        except wire.library().exceptions.ProfileNotExistsException:
            raise no_profile(self._page) from None

    def _by_id(self, external_id: str) -> Node:
        library, context = wire.library(), self._context()
        context.profile_id_cache.clear()  # we ask for what holds now
        try:
            return self._node(library.Profile.from_id(context, int(external_id)))
        except library.exceptions.ProfileNotExistsException:
            raise no_user(wire.current()) from None

    def _node(self, profile: Any) -> Node:
        return Node(profile._node, LABEL)

    def _newest(self, ref: Ref, limit: int) -> list[str]:
        """Shortcodes of the newest posts."""
        entries = self._timeline(ref)
        self._same(ref)
        return [Node(entry, LABEL)["code"].id(40) for _, entry in zip(range(limit), entries, strict=False)]

    def _timeline(self, ref: Ref) -> Iterator[Any]:
        """What the account's list of posts holds, one by one, as Instagram gives it."""
        name = ref.handle
        if not name:
            user = self._user(ref)
            name = parse_web.profile(user).handle
        library = wire.library()
        self._page = []
        try:
            about = {"username": name, "id": ref.value, "pk": ref.value}
            entries: Any = library.Profile(self._context(), about).get_posts()
        except library.exceptions.BadResponseException:
            raise no_profile(self._page) from None
        # The entries themselves: instaloader's Post makes 0 of a number that is missing.
        entries._node_wrapper, entries._is_first = lambda node: node, None
        return iter(entries)

    def _same(self, ref: Ref) -> None:
        """The page that was just read is that of the account meant. Raises Gone."""
        users = [Node(part.get("xig_user_by_username"), LABEL) for part in self._page if isinstance(part, dict)]
        ids = {parse_web.user_id(user) for user in users if user.exists and "pk" in user}
        if ids and ref.kind is RefKind.ID and ref.value not in ids:
            raise Gone(words.CHANGED_HANDS)

    def _media_of(self, codes: Sequence[str]) -> tuple[list[PostResult], PlatformError | None]:
        """The posts that could be read, and what stopped us, if something did."""
        results: list[PostResult] = []
        for code in codes:
            try:
                item = self._media(code)
                reading = None if item is None else parse_web.media(item)
            except Changed as error:
                results.append(PostUnread(code, error.kind, error.message, error.params))
            except Exception as error:
                way = wire.current()
                return results, self._failed(error, way)
            else:
                results.append(reading or PostGone(code, PostState.DELETED))
        return results, None

    def _media(self, code: str) -> Node | None:
        """A post, or None when there is none."""
        library = wire.library()
        try:
            post = library.Post.from_shortcode(self._context(), code)
        except library.exceptions.BadResponseException:
            if _none_given(wire.current()):
                return None
            raise changed(_INFO) from None
        except library.exceptions.PostChangedException:
            raise changed("code") from None
        except (KeyError, TypeError, AttributeError) as error:
            raise changed(f"{_INFO}: {error}"[:80]) from None
        return Node(post._node, LABEL)


class SessionPages(PublicPages):
    """The same pages with the session of INSTAGRAM_USERNAME: a Source that reads accounts and posts, 12 a request.

    It logs in once; whatever Instagram then wants of a person is NeedsAction until the process starts anew, never
    another login by itself. The session is kept in memory only.
    """

    name = "instaloader_session"
    label = "Instagram with the instance's account (instaloader)"
    unconfigured_reason = words.NO_SESSION

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._username = means.setting("instagram_username")
        self._password = means.setting("instagram_password")
        self._refused: NeedsAction | None = None
        self._not_before: datetime | None = None  # the next login after one that did not come through

    @property
    def configured(self) -> bool:
        return super().configured and bool(self._username and self._password)

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """As ListsPosts, 12 a batch and request."""
        entries: Iterator[Any] | None = None
        left, read = limit, False
        while left > 0:
            size = min(left, _MOST_ANONYMOUS)
            entries, batch = await self._run(self._page_of, ref, entries, size)
            read = read or _any_read(batch)  # raises when nothing is as we know it
            if batch:
                yield batch
            left -= len(batch)
            if len(batch) < size:
                return

    def _page_of(self, ref: Ref, entries: Iterator[Any] | None, size: int) -> tuple[Iterator[Any], list[Any]]:
        entries = self._timeline(ref) if entries is None else entries
        batch: list[PostResult] = []
        for _, entry in zip(range(size), entries, strict=False):
            item = Node(entry, LABEL)
            try:
                batch.append(parse_web.media(item))
            except Changed as error:
                code = item["code"].id(40)  # without one nothing can be said of the list
                batch.append(PostUnread(code, error.kind, error.message, error.params))
        return entries, batch

    def _node(self, profile: Any) -> Node:
        profile._obtain_metadata()  # the page shows what a visitor sees; this is the session's own answer
        return super()._node(profile)

    def _same(self, ref: Ref) -> None: ...  # the timeline was asked for after the profile's own answer

    def _made(self) -> Any:
        if self._refused is not None:
            raise self._refused
        if self._not_before is not None and clock.now() < self._not_before:
            raise RetryAfter(words.LOGIN_LATER, until=self._not_before)
        loader = super()._made()
        self._not_before = clock.now() + _BETWEEN_LOGINS
        loader.login(self._username, self._password)
        self._not_before = None
        return loader

    def _failed(self, error: Exception, way: Wire) -> PlatformError:
        trouble = session_trouble(error, way.heard)
        if trouble is not None:
            self._refused = self._refused or trouble
            self._loader = None
            return trouble
        kept, trouble_of_all = self._loader, super()._failed(error, way)
        if kept is not None:
            kept.context._web_api_tokens_cache.clear()
        self._loader = kept  # a new one would log in again
        return trouble_of_all


def _any_read(batch: Sequence[PostResult]) -> bool:
    """Whether anything of a batch is as we know it. One odd post is that post's affair; when all are, it is Changed."""
    odd = [result for result in batch if isinstance(result, PostUnread) and result.kind == Changed.kind]
    if odd and len(odd) == len(batch):
        raise changed(str(odd[0].params.get("field", "post")))
    return bool(batch)


def _none_given(way: Wire) -> bool:
    """Whether Instagram says that there is no such post, and not something else."""
    try:
        info = json.loads(way.heard.body)["data"][_INFO] if way.heard else {}
        return info is None or info["items"] == []
    except (ValueError, KeyError, TypeError):
        return False
