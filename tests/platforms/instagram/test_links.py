"""Any Instagram link to an account or a post is recognised; nothing else is."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ports.values import Ref, RefKind
from app.platforms.instagram.links import profile_url, recognise

CODE = "CAnqPB-Jzcj"
HOSTS = [
    "instagram.com",
    "www.instagram.com",
    "m.instagram.com",
    "instagr.am",
    "WWW.Instagram.COM",
    "instagram.com:443",
]
SCHEMES = ["", "//", "http://", "https://", "HTTPS://"]


def ref(kind: str, value: str) -> Ref:
    return Ref("instagram", RefKind(kind), value)


PATHS = [
    ("/kettle.and_pine", ref("handle", "kettle.and_pine")),
    ("/kettleandpine/", ref("handle", "kettleandpine")),
    ("/KettleAndPine", ref("handle", "kettleandpine")),
    ("/kettleandpine?igsh=MTIz&utm_source=qr", ref("handle", "kettleandpine")),
    ("/kettleandpine/reels/", ref("handle", "kettleandpine")),
    ("/kettleandpine/tagged/?hl=en", ref("handle", "kettleandpine")),
    ("/@kettleandpine", ref("handle", "kettleandpine")),
    ("/_u/kettleandpine", ref("handle", "kettleandpine")),
    ("/stories/kettleandpine/3141592653589793/", ref("handle", "kettleandpine")),
    ("/stories/kettleandpine", ref("handle", "kettleandpine")),
    (f"/p/{CODE}/", ref("post", CODE)),
    (f"/p/{CODE}/?img_index=2", ref("post", CODE)),
    (f"/reel/{CODE}/?igsh=abc", ref("post", CODE)),
    (f"/reels/{CODE}", ref("post", CODE)),
    (f"/tv/{CODE}", ref("post", CODE)),
    (f"/kettleandpine/p/{CODE}/", ref("post", CODE)),
    (f"/kettleandpine/reel/{CODE}/", ref("post", CODE)),
    (f"/p/{CODE}{'x' * 28}/", ref("post", CODE)),
    ("/p/aye83DjauH/", ref("post", "aye83DjauH")),
    ("/", None),
    ("", None),
    ("/p/", None),
    ("/reels/", None),
    ("/reels/audio/123456/", None),
    ("/stories/highlights/17895485401104052/", None),
    ("/stories/", None),
    ("/explore/tags/coffee/", None),
    ("/explore/", None),
    ("/accounts/login/", None),
    ("/direct/inbox/", None),
    ("/about/", None),
    ("/share/reel/BAxyz", None),
    ("/a..b", None),
    ("/.name", None),
    ("/" + "a" * 31, None),
    ("/na%20me", None),
    ("/%FF", None),
    ("/имя", None),
    ("/kettleandpine/something", None),
    ("/robots.txt", None),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_addresses(path: str, expected: Ref | None) -> None:
    for scheme, host in itertools.product(SCHEMES, HOSTS):
        assert recognise(scheme + host + path) == expected, scheme + host


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "kettleandpine", "@kettleandpine", "https://example.org/kettleandpine", "https://instagram.com"),
        *("https://notinstagram.com/name", "https://instagram.com.evil.org/name", "https://instagram.com@evil.org/n"),
        *("https://evil@instagram.com/name", "https://instagram.com:8080/name", "ftp://instagram.com/name"),
        *("https://l.instagram.com/?u=x", "https://help.instagram.com/name", "https://www.tiktok.com/@name"),
        *("https://instagram.com\\@evil.org/n", "see https://instagram.com/name please", "x" * 3000),
    ],
)
def test_what_is_no_account(text: str) -> None:
    assert recognise(text) is None


@pytest.mark.parametrize(
    "text", [" <https://www.instagram.com/name>. ", "“instagram.com/name/”,", "\ufeffinstagr.am/name\u200e\n"]
)
def test_what_comes_along_when_people_copy(text: str) -> None:
    assert recognise(text) == ref("handle", "name")


@given(st.text())
def test_any_text_is_recognised_or_not(text: str) -> None:
    for pasted in (text, f"instagram.com/{text}", f"https://www.instagram.com/p/{text}"):
        found = recognise(pasted)
        assert found is None or found.value


@given(st.from_regex(r"[a-z0-9_]{1,15}(\.[a-z0-9_]{1,14})?", fullmatch=True))
def test_an_address_we_show_is_recognised_as_what_it_shows(name: str) -> None:
    shown = ref("handle", name)
    assert recognise(profile_url(shown)) in (shown, None)  # None: a page of Instagram's own
    assert recognise(profile_url(Ref("instagram", RefKind.ID, "123", name))) in (shown, None)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", min_size=11, max_size=11))
def test_codes_keep_every_character(code: str) -> None:
    assert recognise(profile_url(ref("post", code))) == ref("post", code)
