"""Pinterest: which hosts it has, and the faults of it that a panel offers."""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox import images
from sandbox.faults import Preset
from sandbox.platforms import pinterest_api, pinterest_web
from sandbox.world import World

_SITE, _API = {"host": "www.pinterest.com"}, {"host": "api.pinterest.com"}
_CALLS = _API | {"path": r"^/v5/(?!oauth)"}


def _preset(name: str, english: str, russian: str, *faults: dict[str, object], flags: tuple[str, ...] = ()) -> Preset:
    return Preset(f"pinterest-{name}", "pinterest", {"en": english, "ru": russian}, faults, flags)


PRESETS: tuple[Preset, ...] = (
    _preset("429", "Pinterest pages answer 429", "Страницы Pinterest отвечают 429", _SITE | {"status": 429}),
    _preset(
        "api-429",
        "Pinterest's API answers 429",
        "API Pinterest отвечает 429",
        _CALLS | {"status": 429, "headers": {"x-ratelimit-reset": "3"}, "body": '{"code": 8, "message": "Rate limit"}'},
    ),
    _preset(
        "token-expired",
        "Pinterest's access tokens are over",
        "Токены доступа Pinterest истекли",
        flags=("pinterest.token_expired",),
    ),
    _preset(
        "grant-revoked",
        "Pinterest's users take their consent back",
        "Пользователи Pinterest отзывают согласие",
        flags=("pinterest.grant_revoked",),
    ),
    _preset(
        "layout-change",
        "Pinterest pages have a new layout",
        "У страниц Pinterest новая разметка",
        flags=("pinterest.layout",),
    ),
    _preset(
        "bot-check",
        "Pinterest asks to prove you are not a robot",
        "Pinterest просит доказать, что вы не робот",
        flags=("pinterest.bot_check",),
    ),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    routes = [*pinterest_api.consent(world), *pinterest_web.routes(world)]
    return {
        "www.pinterest.com": Starlette(routes=routes),
        "api.pinterest.com": pinterest_api.build(world),
        pinterest_web.CDN: Starlette(routes=[Route("/{size}/{name}.jpg", _picture)]),
    }


async def _picture(request: Request) -> Response:
    width = min(int(request.path_params["size"].removesuffix("x")), 736)
    return images.respond(request.path_params["name"], width, width)
