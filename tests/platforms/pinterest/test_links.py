"""Which account a pasted text names."""

import pytest

from app.domain.ports.values import Ref, RefKind
from app.platforms.pinterest.links import profile_url, recognise

HANDLE, POST = RefKind.HANDLE, RefKind.POST


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("https://www.pinterest.com/kettleandpine/", HANDLE, "kettleandpine"),
        ("pinterest.com/KettleAndPine", HANDLE, "kettleandpine"),
        ("https://ru.pinterest.com/kettleandpine/_created/", HANDLE, "kettleandpine"),
        ("https://www.pinterest.co.uk/kettleandpine/", HANDLE, "kettleandpine"),
        ("https://www.pinterest.com.au/kettleandpine/", HANDLE, "kettleandpine"),
        ("https://www.pinterest.de/kettleandpine/soup/", HANDLE, "kettleandpine"),
        ("https://www.pinterest.com/pin/664281013778109217/", POST, "664281013778109217"),
        ("https://www.pinterest.com/pin/soup-of-the-day--664281013778109217/", POST, "664281013778109217"),
        ("https://br.pinterest.com/pin/664281013778109217?utm=1", POST, "664281013778109217"),
    ],
)
def test_names(text: str, kind: RefKind, value: str) -> None:
    found = recognise(text)
    assert found == Ref("pinterest", kind, value)
    assert recognise(profile_url(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@kettleandpine",
        "https://www.pinterest.com/",
        "https://www.pinterest.com/search/pins/?q=soup",
        "https://www.pinterest.com/ideas/soup/9/",
        "https://www.pinterest.com/pin/",
        "https://www.pinterest.com/pin/abc/",
        "https://www.pinterest.com/a b/",
        "https://www.pinterest.com/%ff/",
        "https://pin.it/abc123",
        "https://notpinterest.com/name",
        "https://pinterest.com.example.org/name",
        "https://example.org/pinterest.com/name",
        "https://vk.com/kettleandpine",
    ],
)
def test_others_are_not_ours(text: str) -> None:
    assert recognise(text) is None


def test_addresses_for_people() -> None:
    assert profile_url(Ref("pinterest", RefKind.ID, "12345")) == "https://www.pinterest.com/"
    assert profile_url(Ref("pinterest", RefKind.ID, "12345", "loom")) == "https://www.pinterest.com/loom/"
