"""TikTok: which hosts it has, and the faults of it that a panel offers."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from sandbox.faults import Preset
from sandbox.platforms import tiktok_api, tiktok_ensemble, tiktok_web
from sandbox.world import World

_SITE = {"host": "www.tiktok.com"}
_API = {"host": "open.tiktokapis.com", "path": "^/v2/(user|video)/"}
_LIMIT = {
    "status": 429,
    "headers": {"content-type": "application/json"},
    "body": '{"data": {}, "error": {"code": "rate_limit_exceeded", "message": "Too many requests", "log_id": "S"}}',
}


def _preset(name: str, english: str, russian: str, *faults: dict[str, object], flags: tuple[str, ...] = ()) -> Preset:
    return Preset(f"tiktok-{name}", "tiktok", {"en": english, "ru": russian}, faults, flags)


PRESETS: tuple[Preset, ...] = (
    _preset("429", "TikTok pages answer 429", "Страницы TikTok отвечают 429", _SITE | {"status": 429}),
    _preset(
        "bot-check",
        "TikTok asks to prove you are not a robot",
        "TikTok просит доказать, что вы не робот",
        flags=("tiktok.bot_check",),
    ),
    _preset(
        "layout-change", "TikTok pages have a new layout", "У страниц TikTok новая разметка", flags=("tiktok.layout",)
    ),
    _preset("api-429", "TikTok API answers 429", "TikTok API отвечает 429", _API | _LIMIT),
    _preset(
        "api-unwell",
        "TikTok API has an internal error",
        "У TikTok API внутренняя ошибка",
        flags=("tiktok.api_unwell",),
    ),
    _preset(
        "token-expired",
        "TikTok API does not accept any access token",
        "TikTok API не принимает токены доступа",
        _API
        | {
            "status": 401,
            "headers": {"content-type": "application/json"},
            "body": '{"data": {}, "error": {"code": "access_token_invalid", "message": "", "log_id": "S"}}',
        },
    ),
    _preset(
        "units-gone",
        "EnsembleData units are used up",
        "Единицы EnsembleData исчерпаны",
        flags=("ensemble.units_gone",),
    ),
    _preset(
        "bad-token",
        "EnsembleData does not know the token",
        "EnsembleData не знает токена",
        flags=("ensemble.bad_token",),
    ),
    _preset("reset", "TikTok drops connections", "TikTok рвёт соединения", _SITE | {"reset": True}),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    web, short = tiktok_web.build(world, *tiktok_api.consent(world)), tiktok_web.build_short_links(world)
    return {
        "www.tiktok.com": web,
        "vm.tiktok.com": short,
        "vt.tiktok.com": short,
        "open.tiktokapis.com": tiktok_api.build(world),
        "ensembledata.com": tiktok_ensemble.build(world),
        tiktok_web.CDN: tiktok_web.build_pictures(world),
    }
