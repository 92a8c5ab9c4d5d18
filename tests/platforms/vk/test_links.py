"""Which account a pasted text names."""

import pytest

from app.domain.ports.values import Ref, RefKind
from app.platforms.vk.links import profile_url, recognise

ID, HANDLE, POST = RefKind.ID, RefKind.HANDLE, RefKind.POST


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("https://vk.com/dvor_masterskaya", HANDLE, "dvor_masterskaya"),
        ("vk.com/Dvor.Masterskaya", HANDLE, "dvor.masterskaya"),
        ("https://m.vk.com/dvor_masterskaya?from=post", HANDLE, "dvor_masterskaya"),
        ("https://vk.ru/dvor_masterskaya", HANDLE, "dvor_masterskaya"),
        ("http://www.vk.com/dvor_masterskaya/", HANDLE, "dvor_masterskaya"),
        ("https://vk.com/@dvor_masterskaya", HANDLE, "dvor_masterskaya"),
        ("«https://vk.com/dvor_masterskaya».", HANDLE, "dvor_masterskaya"),
        ("https://vk.com/club17683660", ID, "-17683660"),
        ("https://vk.com/public17683660", ID, "-17683660"),
        ("https://vk.com/event17683660", ID, "-17683660"),
        ("https://vk.com/id48120366", ID, "48120366"),
        ("https://vk.com/wall-1_2", POST, "-1_2"),
        ("https://m.vk.com/wall48120366_77", POST, "48120366_77"),
        ("https://vk.com/wall-1_2?reply=5&thread=4", POST, "-1_2"),
        ("https://vk.com/feed?w=wall-1_2", POST, "-1_2"),
        ("https://vk.com/dvor_masterskaya?w=wall-1_2%2Fall", POST, "-1_2"),
        ("https://vk.com/wall-1", ID, "-1"),
        ("https://vk.com/video-22_456239017", ID, "-22"),
        ("https://vk.com/clip-22_456239017", ID, "-22"),
        ("https://vk.com/videos?z=video-22_456239017%2Fpl_-22", ID, "-22"),
        ("https://vk.com/photo48120366_5", ID, "48120366"),
        ("https://vk.com/album-22_00", ID, "-22"),
    ],
)
def test_names(text: str, kind: RefKind, value: str) -> None:
    found = recognise(text)
    assert found == Ref("vk", kind, value)
    assert recognise(profile_url(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@dvor_masterskaya",
        "dvor_masterskaya",
        "https://vk.com/",
        "https://vk.com/feed",
        "https://vk.com/im?sel=1",
        "https://vk.com/away.php?to=https%3A%2F%2Fexample.org",
        "https://vk.com/club0",
        "https://vk.com/12345",
        "https://vk.com/wall",
        "https://vk.com/a b",
        "https://vk.com/%ff",
        "https://notvk.com/dvor",
        "https://vk.com.example.org/dvor",
        "https://youtube.com/@dvor",
        "x" * 5000,
    ],
)
def test_others_are_not_ours(text: str) -> None:
    assert recognise(text) is None


def test_addresses_for_people() -> None:
    assert profile_url(Ref("vk", ID, "-22")) == "https://vk.com/club22"
    assert profile_url(Ref("vk", ID, "-22", "dvor")) == "https://vk.com/dvor"
