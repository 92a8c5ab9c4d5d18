"""Any YouTube link or handle is recognised; nothing else is."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ports.values import Ref, RefKind
from app.platforms.youtube.links import profile_url, recognise

CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
VIDEO = "D-lhorsDlUQ"
HOSTS = [
    "youtube.com",
    "www.youtube.com",
    "m.youtube.com",
    "music.youtube.com",
    "WWW.YouTube.COM",
    "www.youtube.com:443",
]
SCHEMES = ["", "//", "http://", "https://", "HTTPS://"]


def ref(kind: str, value: str) -> Ref:
    return Ref("youtube", RefKind(kind), value)


PATHS = [
    (f"/channel/{CHANNEL}", ref("id", CHANNEL)),
    (f"/channel/{CHANNEL}/videos?view=0&sort=dd", ref("id", CHANNEL)),
    ("/@GoogleDevelopers", ref("handle", "GoogleDevelopers")),
    ("/@GoogleDevelopers/", ref("handle", "GoogleDevelopers")),
    ("/@GoogleDevelopers/shorts", ref("handle", "GoogleDevelopers")),
    ("/@GoogleDevelopers?si=AbCdEf&feature=shared", ref("handle", "GoogleDevelopers")),
    ("/%40GoogleDevelopers/about#x", ref("handle", "GoogleDevelopers")),
    ("/@ПростаяНаука", ref("handle", "ПростаяНаука")),
    ("/@%D0%9F%D1%80%D0%BE%D1%81%D1%82%D0%B0%D1%8F/videos", ref("handle", "Простая")),
    ("/@हिन्दी-समाचार", ref("handle", "हिन्दी-समाचार")),
    ("/@a.b-c_d·e", ref("handle", "a.b-c_d·e")),
    ("/c/GoogleDevelopers", ref("custom", "GoogleDevelopers")),
    ("/c/%D0%9D%D0%B0%D1%83%D0%BA%D0%B0/featured", ref("custom", "Наука")),
    ("/user/GoogleDevelopers/videos", ref("user", "GoogleDevelopers")),
    ("/GoogleDevelopers", ref("custom", "GoogleDevelopers")),
    ("/GoogleDevelopers/videos", ref("custom", "GoogleDevelopers")),
    (f"/watch?v={VIDEO}", ref("post", VIDEO)),
    (f"/watch?app=desktop&amp;v={VIDEO}&t=10s", ref("post", VIDEO)),
    (f"/watch?list=PLxyz&v={VIDEO}&index=2&pp=iAQB", ref("post", VIDEO)),
    (f"/watch?v={VIDEO}?si=x", ref("post", VIDEO)),
    (f"/watch/{VIDEO}", ref("post", VIDEO)),
    (f"/?v={VIDEO}", ref("post", VIDEO)),
    (f"/shorts/{VIDEO}?feature=share", ref("post", VIDEO)),
    (f"/live/{VIDEO}", ref("post", VIDEO)),
    (f"/embed/{VIDEO}?autoplay=1", ref("post", VIDEO)),
    (f"/v/{VIDEO}", ref("post", VIDEO)),
    (f"/embed/live_stream?channel={CHANNEL}", ref("id", CHANNEL)),
    ("/", None),
    ("", None),
    ("/watch", None),
    ("/watch?v=short", None),
    ("/watch?v=", None),
    ("/playlist?list=PLOU2XLYxmsIKpaV8h0AGE05so0fAwwfTw", None),
    ("/results?search_query=cats", None),
    ("/feed/subscriptions", None),
    ("/hashtag/cats", None),
    ("/shorts", None),
    ("/channel/UCshort", None),
    ("/channel/", None),
    ("/c/", None),
    ("/user/", None),
    ("/@", None),
    ("/@%FF", None),
    ("/@a b", None),
    ("/@" + "a" * 31, None),
    ("/embed/videoseries?list=PLx", None),
    ("/favicon.ico", None),
    ("/some/other/page", None),
    ("/clip/UgkxAbc", None),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_addresses(path: str, expected: Ref | None) -> None:
    for scheme, host in itertools.product(SCHEMES, HOSTS):
        assert recognise(scheme + host + path) == expected, scheme + host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHANNEL, ref("id", CHANNEL)),
        ("@GoogleDevelopers", ref("handle", "GoogleDevelopers")),
        ("@Простая_наука", ref("handle", "Простая_наука")),
        ("@name/videos", ref("handle", "name")),
        (f"https://youtu.be/{VIDEO}?si=abc", ref("post", VIDEO)),
        (f"youtu.be/{VIDEO}", ref("post", VIDEO)),
        (f"https://www.youtube-nocookie.com/embed/{VIDEO}", ref("post", VIDEO)),
        (f"https://studio.youtube.com/channel/{CHANNEL}/videos", ref("id", CHANNEL)),
        (f"  <https://www.youtube.com/channel/{CHANNEL}>. ", ref("id", CHANNEL)),
        ("“@name”,", ref("handle", "name")),
        ("\ufeff\u200bhttps://youtube.com/@name\u200e\n", ref("handle", "name")),
        ("(https://youtube.com/@name)", ref("handle", "name")),
        # the same letter, composed and decomposed
        ("@и\u0306од", ref("handle", "йод")),
    ],
)
def test_texts(text: str, expected: Ref) -> None:
    assert recognise(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "name", "UCshort", "@", "@@name", "@na me", "@name@mastodon.social", "name@example.org", "@a/b\\c"),
        *("https://youtu.be/", "https://youtu.be/short", "https://example.org/@name", "https://vk.com/name"),
        *("https://www.tiktok.com/@name", "https://notyoutube.com/@name", "https://youtube.com.evil.org/@name"),
        *("https://youtube.com@evil.org/@name", "https://evil@youtube.com/@name", "https://youtube.com:8080/@name"),
        *("ftp://youtube.com/@name", "javascript:alert(1)", "https://", "youtube", "http:///youtube.com/@name"),
        *("https://www.youtube.com\\@evil.org/@name", "@" + "x" * 3000, "see https://youtube.com/@name please"),
    ],
)
def test_what_is_no_channel(text: str) -> None:
    assert recognise(text) is None


@given(st.text())
def test_any_text_is_recognised_or_not(text: str) -> None:
    for pasted in (text, f"@{text}", f"https://youtube.com/{text}", f"youtube.com/@{text}", f"youtu.be/{text}"):
        found = recognise(pasted)
        assert found is None or (found.value and found.value == unicodedata.normalize("NFC", found.value))


LETTERS = st.characters(categories=("Ll", "Lu", "Lo", "Nd"))


@given(st.text(LETTERS, min_size=1, max_size=20))
def test_an_address_we_show_is_recognised_as_what_it_shows(name: str) -> None:
    name = unicodedata.normalize("NFC", name)[:30]
    for kind in (RefKind.HANDLE, RefKind.USER, RefKind.CUSTOM):
        shown = Ref("youtube", kind, name)
        assert recognise(profile_url(shown)) == shown
        assert recognise(f" {profile_url(shown).upper() if name.isascii() else profile_url(shown)} ") in (
            shown,
            Ref("youtube", kind, name.upper()),
        )


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", min_size=22, max_size=22))
def test_ids_keep_every_character(tail: str) -> None:
    for shown in (ref("id", f"UC{tail}"), ref("post", tail[:11])):
        assert recognise(profile_url(shown)) == shown
    assert recognise(f"UC{tail}") == ref("id", f"UC{tail}")
