"""Where the world's people are besides YouTube: the same natures, other audiences, each place's own kinds of posts."""

from dataclasses import replace

from sandbox.population import CREATORS, Creator, Series

LINKS = {
    "youtube": "https://www.youtube.com/@{}",
    "tiktok": "https://www.tiktok.com/@{}",
    "instagram": "https://www.instagram.com/{}/",
    "telegram": "https://t.me/{}",
    "vk": "https://vk.com/{}",
    "dzen": "https://dzen.ru/{}",
    "wibes": "https://wibes.ru/@{}",
    "pinterest": "https://www.pinterest.com/{}/",
}

_BASE = {creator.key: creator for creator in CREATORS}


def _every(form: str, days: float, hour: int = 18, seconds: tuple[int, int] = (0, 0)) -> Series:
    return Series(form, days, hour, seconds)


def _clips(days: float, hour: int = 18) -> Series:
    return _every("video", days, hour, (11, 94))


def _at(
    key: str, platform: str, handle: str, followers: int, typical: int, *series: Series, **nature: object
) -> Creator:
    plain: dict[str, object] = {"renames": None, "terminated": None, "stalls": None, "custom": None, "user": None}
    there = {"platform": platform, "handle": handle, "subscribers": followers, "typical": typical, "series": series}
    return replace(_BASE[key], key=f"{platform}:{key}", **(plain | there | nature))  # type: ignore[arg-type]


PRESENCES: tuple[Creator, ...] = (
    _at("kettle", "tiktok", "kettleandpine", 783_427, 96_000, _clips(1.5)),
    _at("terrarium", "tiktok", "tinyterrarium", 3_412_008, 640_000, _clips(1)),
    _at("fast", "tiktok", "fastlanefacts", 205_611, 31_000, _clips(0.8), deletes=0.1),
    _at("kuhnya", "tiktok", "kuhnya.bez.speshki", 118_940, 22_000, _clips(2), _every("photo", 6)),
    _at("kettle", "instagram", "kettleandpine", 264_310, 38_000, _every("photo", 2), _clips(3)),
    _at("loom", "instagram", "north.loom", 91_275, 14_500, _every("photo", 1.5), _every("album", 5), _clips(6)),
    _at("draft", "instagram", "seconddraft.studio", 40_118, 7_300, _every("album", 3), _clips(4), hides_likes=0.3),
    _at("balkon", "instagram", "balkonlab", 22_604, 5_100, _clips(3), _every("photo", 6)),
    _at(
        "gorod",
        "telegram",
        "gorodpeshkom",
        57_830,
        21_000,
        _every("photo", 1),
        _every("text", 2),
        _every("video", 5, 18, (30, 300)),
    ),
    _at("kuhnya", "telegram", "kuhnya_bez_speshki", 134_260, 44_000, _every("photo", 1), _every("text", 1.5)),
    _at("orbit", "telegram", "orbitnotes", 18_940_000, 4_200_000, _every("photo", 2), _every("text", 3)),
    _at("chai", "telegram", "severny_chai", 8_215, 3_300, _every("text", 1.2), stalls=8),
    _at("dvor", "vk", "dvor_masterskaya", 241_377, 58_000, _every("photo", 1.5), _every("video", 4, 18, (60, 900))),
    _at("gorod", "vk", "gorodpeshkom", 66_902, 17_000, _every("photo", 1), _every("text", 3)),
    _at("balkon", "vk", "balkonlab", 30_115, 9_400, _every("video", 2, 18, (60, 600)), silent=0.1),
    _at("kuhnya", "vk", "id48120366", 12_480, 4_100, _every("photo", 2)),
    _at("dvor", "dzen", "dvor_masterskaya", 89_412, 36_000, _every("text", 2), _every("video", 3, 18, (120, 900))),
    _at("kuhnya", "dzen", "kuhnya_bez_speshki", 176_003, 61_000, _every("text", 1.5), _clips(3)),
    _at("gorod", "dzen", "gorodpeshkom", 20_871, 8_800, _every("text", 3)),
    _at("chai", "wibes", "severnychai", 6_120, 11_000, _clips(2)),
    _at("kuhnya", "wibes", "kuhnya", 41_300, 24_000, _clips(1.5)),
    _at("gorod", "wibes", "gorodpeshkom", 15_240, 12_600, _clips(3)),
    _at("kettle", "pinterest", "kettleandpine", 73_411, 52_000, _every("photo", 1)),
    _at("loom", "pinterest", "northloom", 129_870, 88_000, _every("photo", 0.8), _clips(6)),
    _at("draft", "pinterest", "seconddraft", 15_006, 12_400, _every("photo", 2)),
)
