"""Instagram: which hosts it has, and the faults of it that a panel offers."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from sandbox.faults import Preset
from sandbox.platforms import instagram_web, meta_graph, meta_login
from sandbox.world import World

_SITE = {"host": "www.instagram.com"}
_GRAPH = {"host": "graph.facebook.com"}


def _preset(name: str, english: str, russian: str, *faults: dict[str, object], flags: tuple[str, ...] = ()) -> Preset:
    return Preset(f"instagram-{name}", "instagram", {"en": english, "ru": russian}, faults, flags)


def _flagged(name: str, english: str, russian: str) -> Preset:
    return _preset(name, english, russian, flags=(f"instagram.{name.replace('-', '_')}",))


PRESETS: tuple[Preset, ...] = (
    _flagged("please-wait", "Instagram says: please wait a few minutes", "Instagram просит подождать несколько минут"),
    _preset("429", "Instagram answers 429", "Instagram отвечает 429", _SITE | {"status": 429}),
    _preset("503", "Instagram answers 503", "Instagram отвечает 503", _SITE | {"status": 503}),
    _flagged(
        "login-page",
        "Instagram shows its login page in place of profiles",
        "Instagram вместо профилей показывает страницу входа",
    ),
    _flagged("login-redirect", "Instagram redirects to its login page", "Instagram перенаправляет на страницу входа"),
    _preset("layout-change", "Instagram has a new layout", "У Instagram новая разметка", flags=("instagram.layout",)),
    _flagged(
        "checkpoint", "Instagram wants the service account confirmed", "Instagram требует подтвердить служебный аккаунт"
    ),
    _flagged("two-factor", "Instagram wants a login code", "Instagram требует код для входа"),
    _flagged("session-ended", "Instagram ends the session", "Instagram завершает сеанс"),
    _preset(
        "truncated", "Instagram's answers break off", "Ответы Instagram обрываются", _SITE | {"truncate_after": 300}
    ),
    _preset("reset", "Instagram drops connections", "Instagram рвёт соединения", _SITE | {"reset": True}),
    _preset("token-expired", "Meta's tokens have expired", "Токены Meta истекли", flags=("meta.token_expired",)),
    _preset(
        "too-many-calls",
        "Meta's limit of calls is used up",
        "Лимит вызовов Meta исчерпан",
        flags=("meta.too_many_calls",),
    ),
    _preset(
        "just-converted",
        "The accounts became business ones yesterday",
        "Аккаунты стали бизнес-аккаунтами вчера",
        flags=("meta.just_converted",),
    ),
    _preset("graph-503", "Meta answers 503", "Meta отвечает 503", _GRAPH | {"status": 503}),
    _preset("silent", "Instagram never answers", "Instagram не отвечает вовсе", _SITE | {"hang": True}),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    web = instagram_web.build(world)
    return {
        **dict.fromkeys(("www.instagram.com", "instagram.com"), web),
        "scontent.cdninstagram.com": instagram_web.build_images(world),
        "graph.facebook.com": meta_graph.build(world),
        "www.facebook.com": meta_login.build(world),
    }
