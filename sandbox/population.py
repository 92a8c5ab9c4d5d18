"""Who lives in the sandbox: invented channels, each with one thing worth watching."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """Posts of one format every `every_days` days at `hour` local time; `seconds` is the range of durations."""

    format: str  # "long" | "short" | "live"
    every_days: float
    hour: int
    seconds: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Creator:
    """A channel's nature. Days count from the world's first moment; a negative one lies before it.

    subscribers: at the first moment. gain: the part of them won in the year before it. typical: lasting
    views of an ordinary long post. scatter: how unlike its posts are, 1 as the recording's channels.
    stalls: the day from which the audience leaves. renames: (day, new handle). terminated: the day.
    deletes, silent, private: the part of posts that are deleted later, have comments off, go private.
    """

    key: str
    title: str
    handle: str
    language: str
    country: str
    topic: str
    subscribers: int
    typical: int
    series: tuple[Series, ...]
    gain: float = 0.3
    scatter: float = 0.55
    breakouts: float = 0.02
    utc_offset: int = 0
    custom: str | None = None
    user: str | None = None
    hides_subscribers: bool = False
    hides_likes: float = 0.0
    stalls: float | None = None
    renames: tuple[float, str] | None = None
    terminated: float | None = None
    deletes: float = 0.0
    silent: float = 0.0
    private: float = 0.0
    platform: str = "youtube"


def _long(every_days: float, hour: int = 17, minutes: tuple[int, int] = (8, 24)) -> Series:
    return Series("long", every_days, hour, (minutes[0] * 60, minutes[1] * 60))


def _short(every_days: float, hour: int = 12) -> Series:
    return Series("short", every_days, hour, (14, 59))


def _live(every_days: float, hour: int = 19) -> Series:
    return Series("live", every_days, hour, (3_600, 10_800))


CREATORS: tuple[Creator, ...] = (
    Creator(
        "kettle",
        "Kettle & Pine",
        "kettleandpine",
        "en",
        "GB",
        "cooking",
        412_000,
        65_000,
        (_long(5), _short(4)),
        custom="KettleAndPine",
        user="kettleandpine",
        silent=0.08,
    ),
    Creator(
        "orbit",
        "Orbit Notes",
        "orbitnotes",
        "en",
        "US",
        "space",
        1_234_567,
        210_000,
        (_long(4.5, 15), _live(21, 18)),
        utc_offset=-5,
        custom="OrbitNotes",
    ),
    Creator(
        "bolt", "Bolt Bench", "boltbench", "en", "CA", "repair", 86_400, 14_000, (_long(6), _live(30)), utc_offset=-5
    ),
    Creator(
        "miles",
        "Quiet Miles",
        "quietmiles",
        "en",
        "IE",
        "cycling",
        243_000,
        30_000,
        (_short(2.5), _long(9)),
        scatter=0.9,
        breakouts=0.07,
    ),
    Creator(
        "terrarium",
        "Tiny Terrarium",
        "tinyterrarium",
        "en",
        "AU",
        "nature",
        2_140_000,
        520_000,
        (_short(2),),
        utc_offset=10,
    ),
    Creator(
        "ferry",
        "Pixel Ferry",
        "pixelferry",
        "en",
        "US",
        "games",
        531_000,
        48_000,
        (_live(5, 20), _long(6), _short(7)),
        utc_offset=-8,
        gain=0.5,
    ),
    Creator(
        "draft",
        "Second Draft Studio",
        "seconddraft",
        "en",
        "NL",
        "design",
        57_800,
        9_000,
        (_long(8), _short(8)),
        utc_offset=1,
        hides_subscribers=True,
        hides_likes=0.3,
    ),
    Creator(
        "loom",
        "North Loom",
        "northloom",
        "en",
        "NO",
        "crafts",
        154_000,
        21_000,
        (_long(7), _short(6)),
        utc_offset=1,
        renames=(30, "northloomstudio"),
    ),
    Creator("harbor", "Paper Harbor", "paperharbor", "en", "PT", "paper", 1_280, 0, (), gain=0.1),
    Creator(
        "fast",
        "Fast Lane Facts",
        "fastlanefacts",
        "en",
        "US",
        "facts",
        305_000,
        40_000,
        (_long(7), _short(5)),
        terminated=-12,
    ),
    Creator(
        "dvor",
        "Двор и Мастерская",
        "двор-и-мастерская",
        "ru",
        "RU",
        "repair",
        318_000,
        74_000,
        (_long(5, 18), _short(5)),
        utc_offset=3,
        custom="ДворИМастерская",
        deletes=0.06,
    ),
    Creator(
        "kuhnya",
        "Кухня без спешки",
        "кухня.без.спешки",
        "ru",
        "RU",
        "cooking",
        902_000,
        130_000,
        (_long(4, 16), _live(28, 19)),
        utc_offset=3,
    ),
    Creator(
        "gorod",
        "Город пешком",
        "gorodpeshkom",
        "ru",
        "RU",
        "city",
        128_000,
        33_000,
        (_long(6, 12), _short(6)),
        utc_offset=3,
        silent=0.25,
        private=0.04,
    ),
    Creator(
        "balkon",
        "Лаборатория на балконе",
        "balconylab",
        "ru",
        "KZ",
        "science",
        76_300,
        19_000,
        (_long(5, 18), _short(4)),
        utc_offset=5,
        deletes=0.3,
        user="balconylab",
    ),
    Creator(
        "chai",
        "Северный чай",
        "severnychai",
        "ru",
        "RU",
        "tea",
        44_900,
        8_000,
        (_long(6, 9), _short(9)),
        utc_offset=3,
        stalls=8,
    ),
)

SUBJECTS: dict[str, tuple[str, ...]] = {
    "cooking/en": (
        "rye bread",
        "a one-pan dinner",
        "tomato soup",
        "dumplings",
        "roast carrots",
        "apple cake",
        "fresh pasta",
    ),
    "space": (
        "Saturn's rings",
        "a comet's tail",
        "the far side of the Moon",
        "solar storms",
        "Europa's ocean",
        "a dying star",
    ),
    "repair/en": (
        "a stuck vise",
        "an old drill press",
        "a cracked table",
        "a hand plane",
        "a noisy compressor",
        "a bandsaw",
    ),
    "cycling": (
        "the coast road",
        "a foggy pass",
        "an empty canal path",
        "a night ride",
        "gravel in the rain",
        "the last ferry",
    ),
    "nature": (
        "moss",
        "springtails",
        "a fern forest",
        "a jar pond",
        "an orchid ledge",
        "a beetle village",
        "a desert jar",
    ),
    "games": (
        "a fishing village",
        "the lighthouse run",
        "co-op chaos",
        "a no-map challenge",
        "the hidden dock",
        "a new patch",
    ),
    "design": (
        "a quiet logo",
        "a poster grid",
        "a book cover",
        "colour without panic",
        "a type specimen",
        "a packaging mock",
    ),
    "crafts": ("a striped scarf", "a wool rug", "natural dyes", "a rigid heddle", "a tapestry corner", "a felt bowl"),
    "facts": ("bridges", "traffic lights", "tunnels", "ferries", "airports", "tyres", "roundabouts"),
    "repair/ru": (
        "старый верстак",
        "мотоблок",
        "скрипящая калитка",
        "бензопила",
        "бабушкин комод",
        "теплица",
        "ржавые тиски",
    ),
    "cooking/ru": (
        "борщ",
        "пирог с капустой",
        "гречка по-купечески",
        "хлеб на закваске",
        "сырники",
        "солёные огурцы",
        "плов",
    ),
    "city": (
        "Выборг",
        "старые дворы",
        "набережная зимой",
        "доходные дома",
        "трамвайное кольцо",
        "рынок утром",
        "крыши",
    ),
    "science": (
        "кристаллы из соли",
        "лимонная батарейка",
        "самодельный спектроскоп",
        "маятник",
        "магнитная жидкость",
        "радуга",
    ),
    "tea": ("иван-чай", "белый пуэр", "чай с дымком", "чашка и глина", "чайник на костре", "купаж недели"),
}

TITLES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "long": (
            "How we made {}",
            "{}: what nobody tells you",
            "A week with {}",
            "{}, from the beginning",
            "We tried {} again",
        ),
        "short": ("{} in 30 seconds", "Wait for it: {}", "{} #shorts", "One trick for {}"),
        "live": ("Live: {} and your questions", "Evening stream: {}", "{} live"),
    },
    "ru": {
        "long": ("{}: как это сделано", "{} — полный разбор", "Неделя и {}", "{} без секретов", "Пробуем снова: {}"),
        "short": ("{} за 30 секунд", "{} — одна хитрость", "Смотрите до конца: {}"),
        "live": ("Прямой эфир: {}", "{}: отвечаем на вопросы", "Вечерний эфир — {}"),
    },
}
