"""YouTube: which hosts it has, and the faults of it that a panel offers."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from sandbox.faults import Preset
from sandbox.platforms import youtube_analytics, youtube_api, youtube_images, youtube_web
from sandbox.world import World

WEB = ("www.youtube.com", "m.youtube.com", "youtube.com")
API = ("youtube.googleapis.com", "www.googleapis.com")
AVATARS = ("yt3.googleusercontent.com", "yt3.ggpht.com")

_SITE = {"host": "www.youtube.com"}
_API = {"host": "youtube.googleapis.com", "path": "^/youtube/v3/"}
_HTML = {"status": 200, "headers": {"content-type": "text/html"}, "body": "<!doctype html><title>Maintenance</title>"}


def _preset(name: str, english: str, russian: str, *faults: dict[str, object], flags: tuple[str, ...] = ()) -> Preset:
    return Preset(f"youtube-{name}", "youtube", {"en": english, "ru": russian}, faults, flags)


PRESETS: tuple[Preset, ...] = (
    _preset("429", "YouTube pages answer 429", "Страницы YouTube отвечают 429", _SITE | {"status": 429}),
    _preset("503", "YouTube API answers 503", "YouTube API отвечает 503", _API | {"status": 503}),
    _preset(
        "bot-check",
        "YouTube asks to prove you are not a bot",
        "YouTube просит доказать, что вы не бот",
        flags=("youtube.bot_check",),
    ),
    _preset("quota-gone", "YouTube API quota is used up", "Квота YouTube API исчерпана", flags=("youtube.quota_gone",)),
    _preset(
        "key-revoked", "YouTube API key is not valid", "Ключ YouTube API недействителен", flags=("youtube.key_revoked",)
    ),
    _preset(
        "api-disabled", "YouTube API is switched off", "YouTube API отключён в проекте", flags=("youtube.api_disabled",)
    ),
    _preset(
        "layout-change",
        "YouTube pages have a new layout",
        "У страниц YouTube новая разметка",
        flags=("youtube.layout",),
    ),
    _preset(
        "consent", "YouTube shows a cookie page", "YouTube показывает страницу согласия", flags=("youtube.consent",)
    ),
    _preset("api-html", "YouTube API answers with HTML", "YouTube API отвечает HTML-страницей", _API | _HTML),
    _preset(
        "truncated",
        "YouTube's answers break off",
        "Ответы YouTube обрываются",
        _SITE | {"truncate_after": 900},
        _API | {"truncate_after": 200},
    ),
    _preset(
        "reset", "YouTube drops connections", "YouTube рвёт соединения", _SITE | {"reset": True}, _API | {"reset": True}
    ),
    _preset(
        "slow",
        "YouTube answers after 8 seconds",
        "YouTube отвечает через 8 секунд",
        _SITE | {"delay": 8.0},
        _API | {"delay": 8.0},
    ),
    _preset(
        "silent", "YouTube never answers", "YouTube не отвечает вовсе", _SITE | {"hang": True}, _API | {"hang": True}
    ),
)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    web, api, avatars = youtube_web.build(world), youtube_api.build(world, strict), youtube_images.build_avatars(world)
    return {
        **dict.fromkeys(WEB, web),
        "youtu.be": youtube_web.build_short_links(),
        **dict.fromkeys(API, api),
        "youtubeanalytics.googleapis.com": youtube_analytics.build(world, strict),
        "i.ytimg.com": youtube_images.build_thumbnails(world),
        **dict.fromkeys(AVATARS, avatars),
    }
