"""What is Dzen's among what people paste."""

import pytest

from app.domain.ports.values import Ref, RefKind
from app.platforms.dzen.links import profile_url, recognise

HEX = "606fd806cc13cb3c58c05cf5"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("https://dzen.ru/kuhnya_bez_speshki", RefKind.HANDLE, "kuhnya_bez_speshki"),
        ("dzen.ru/kuhnya_bez_speshki?tab=articles", RefKind.HANDLE, "kuhnya_bez_speshki"),
        ("https://www.dzen.ru/Name.1/", RefKind.HANDLE, "Name.1"),
        ("https://zen.yandex.ru/media/name", RefKind.HANDLE, "name"),
        ("https://zen.yandex.ru/media/name/some-article-60c7c443da18892ebfe85ed7", RefKind.HANDLE, "name"),
        (f"https://dzen.ru/id/{HEX}", RefKind.ID, HEX),
        (f"https://dzen.ru/id/{HEX.upper()}?share_to=link", RefKind.ID, HEX),
        (f"dzen.ru/media/id/{HEX}/title-60c7c443da18892ebfe85ed7", RefKind.ID, HEX),
        ("https://dzen.ru/a/ZxY_1-abcdefgh", RefKind.POST, "a/ZxY_1-abcdefgh"),
        (f"https://dzen.ru/video/watch/{HEX}?f=video", RefKind.POST, f"video/watch/{HEX}"),
        (f" «https://dzen.ru/shorts/{HEX}» ", RefKind.POST, f"video/watch/{HEX}"),
    ],
)
def test_recognised(text: str, kind: RefKind, value: str) -> None:
    ref = recognise(text)
    assert ref == Ref("dzen", kind, value)
    assert recognise(profile_url(ref)) == ref


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@name",
        "name",
        "https://dzen.ru",
        "https://dzen.ru/",
        "https://dzen.ru/news",
        "https://dzen.ru/video",
        "https://dzen.ru/id/12",
        "https://dzen.ru/video/watch/",
        "https://dzen.ru/a/../../etc",
        "https://dzen.ru/search?query=x",
        "https://dzen.ru.example.com/name",
        "https://example.com/dzen.ru/name",
        "https://dzen.ru/name\nHost: x",
        "https://dzen.ru/%2e%2e",
        "http://[",
    ],
)
def test_not_ours(text: str) -> None:
    assert recognise(text) is None
