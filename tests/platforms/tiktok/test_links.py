"""Any TikTok link is recognised; nothing else is."""

import itertools
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ports.values import Ref, RefKind
from app.platforms.tiktok.links import profile_url, recognise

SEC_UID = "MS4wLjABAAAA" + "aB3_-" * 12 + "cdef"
POST = "7571863205253778710"


def ref(kind: str, value: str) -> Ref:
    return Ref("tiktok", RefKind(kind), value)


HOSTS = ["tiktok.com", "www.tiktok.com", "m.tiktok.com", "WWW.TikTok.COM", "www.tiktok.com:443"]
SCHEMES = ["", "//", "http://", "https://", "HTTPS://"]
PATHS = [
    ("/@illojuan", ref("handle", "illojuan")),
    ("/@illojuan/", ref("handle", "illojuan")),
    ("/@illojuan?lang=en&is_from_webapp=1", ref("handle", "illojuan")),
    ("/%40kuhnya.bez.speshki", ref("handle", "kuhnya.bez.speshki")),
    ("/@a_b.c-d", ref("handle", "a_b.c-d")),
    ("/@Кухня", ref("handle", "Кухня")),
    ("/@%D0%9A%D1%83%D1%85%D0%BD%D1%8F#x", ref("handle", "Кухня")),
    ("/@illojuan/live", ref("handle", "illojuan")),
    ("/@illojuan/playlist/name-7300000000000000000", ref("handle", "illojuan")),
    (f"/@{SEC_UID}", ref("id", SEC_UID)),
    (f"/@illojuan/video/{POST}", ref("post", POST)),
    (f"/@illojuan/video/{POST}?is_copy_url=1&_r=1", ref("post", POST)),
    (f"/@illojuan/photo/{POST}", ref("post", POST)),
    (f"/@/video/{POST}", ref("post", POST)),
    (f"/@Кухня/video/{POST}", ref("post", POST)),
    (f"/v/{POST}.html?u_code=x", ref("post", POST)),
    (f"/embed/{POST}", ref("post", POST)),
    (f"/embed/v2/{POST}?lang=ru", ref("post", POST)),
    ("/embed/@illojuan", ref("handle", "illojuan")),
    (f"/share/video/{POST}", ref("post", POST)),
    (f"/player/v1/{POST}", ref("post", POST)),
    ("/t/ZTRC5xgJp/", ref("post", "t/ZTRC5xgJp")),
    ("/", None),
    ("", None),
    ("/@", None),
    ("/@._.", None),
    ("/@name/video/", None),
    ("/@name/video/abc", None),
    ("/tag/cats", None),
    ("/music/original-sound-7571863209596881686", None),
    ("/discover/cats", None),
    ("/foryou", None),
    ("/login?redirect_url=https://www.tiktok.com/@name", None),
    ("/t/", None),
    ("/@one%20two", None),
    ("/@%FF", None),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_addresses(path: str, expected: Ref | None) -> None:
    for scheme, host in itertools.product(SCHEMES, HOSTS):
        assert recognise(f"{scheme}{host}{path}") == expected, (scheme, host)
        assert recognise(f" «{scheme}{host}{path}»\n") == expected


@pytest.mark.parametrize("host", ["vm.tiktok.com", "vt.tiktok.com"])
def test_short_links(host: str) -> None:
    where = host[:2]
    for text in (f"https://{host}/ZMabcDEF1/", f"{host}/ZMabcDEF1", f"http://{host.upper()}/ZMabcDEF1?k=1"):
        found = recognise(text)
        assert found == ref("post", f"{where}/ZMabcDEF1")
        assert found is not None and recognise(profile_url(found)) == found
    assert recognise(f"https://{host}/") is None and recognise(f"https://{host}/a-b!c") is None


def test_other_hosts_of_tiktok() -> None:
    assert recognise(f"https://www.tiktokv.com/share/video/{POST}/") == ref("post", POST)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "@illojuan", "illojuan", POST, SEC_UID, "tiktok", "tiktok.com.evil.org/@name"),
        *("https://evil.org/https://www.tiktok.com/@name", "https://tiktok.org/@name", "https://www.youtube.com/@name"),
        *("https://nottiktok.com/@name", "https://tiktok.com@evil.org/@name", "https://tiktok.com:8080/@name"),
        *("ftp://tiktok.com/@name", "javascript:alert(1)", "https://", "https://www.tiktok.com\\@evil.org/@name"),
        *("see https://tiktok.com/@name please", "https://www.tiktok.com/@" + "x" * 3000),
    ],
)
def test_what_is_no_account(text: str) -> None:
    assert recognise(text) is None


@given(st.text())
def test_any_text_is_recognised_or_not(text: str) -> None:
    for pasted in (text, f"https://tiktok.com/{text}", f"tiktok.com/@{text}", f"vm.tiktok.com/{text}"):
        found = recognise(pasted)
        assert found is None or (found.value and found.value == unicodedata.normalize("NFC", found.value))


LETTERS = st.characters(categories=("Ll", "Lu", "Lo", "Nd"))


@given(st.text(LETTERS, min_size=1, max_size=24))
def test_an_address_we_show_is_recognised_as_what_it_shows(name: str) -> None:
    shown = ref("handle", unicodedata.normalize("NFC", name)[:24])
    assert recognise(profile_url(shown)) == shown
    assert recognise(f"tiktok.com/@{quote(shown.value)}/video/{POST}") == ref("post", POST)


def test_an_id_is_shown_by_its_handle_where_it_is_known() -> None:
    assert profile_url(Ref("tiktok", RefKind.ID, SEC_UID, "illojuan")) == "https://www.tiktok.com/@illojuan"
    assert recognise(profile_url(ref("id", SEC_UID))) == ref("id", SEC_UID)
    assert recognise(profile_url(ref("post", POST))) == ref("post", POST)
