"""Any link to a public channel is recognised; nothing else is, and never a way into a private chat."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ports.values import Ref, RefKind
from app.platforms.telegram.links import name_of, profile_url, recognise

HOSTS = ["t.me", "T.me", "www.t.me", "telegram.me", "telegram.dog", "t.me:443"]
SCHEMES = ["", "//", "http://", "https://", "HTTPS://"]
PATHS = ["durov", "s/durov", "durov/", "durov/528", "s/durov/528", "s/durov?before=528", "durov/5/528", "@durov",
         "durov?single", "durov/528?comment=7#x"]  # fmt: skip
NOT_OURS = [
    "",
    "durov",
    "@durov",  # of any platform
    "https://t.me",
    "https://t.me/s",
    "https://t.me/s/",
    "https://t.me/+AbCdEfGhIjKlMnOp",
    "https://t.me/joinchat/AAAAAEHbEkejzxUjAUCfYg",
    "https://t.me/c/1006503122/528",
    "https://t.me/addstickers/Animals",
    "https://t.me/proxy?server=1.2.3.4",
    "https://t.me/share/url?url=https://t.me/durov",
    "https://t.me/a",
    "https://t.me/k/#@durov",
    "https://t.me/$invoice",
    "https://t.me/1durov",
    "https://t.me/du__rov",
    "https://t.me/durov_",
    "https://t.me/" + "d" * 33,
    "https://t.me/дуров",
    "https://web.telegram.org/k/#@durov",
    "https://example.com/durov",
    "https://t.me.example.com/durov",
    "tg://resolve",
    "tg://resolve?domain=",
    "tg://resolve?phone=15550100",
    "tg://join?invite=AAAAAEHbEkejzxUjAUCfYg",
    "tg://resolve?domain=+AAAA",
]


@pytest.mark.parametrize(("scheme", "host", "path"), itertools.product(SCHEMES, HOSTS, PATHS))
def test_links_to_a_channel_or_to_a_post_of_it(scheme: str, host: str, path: str) -> None:
    assert recognise(f"{scheme}{host}/{path}") == Ref("telegram", RefKind.HANDLE, "durov")


@pytest.mark.parametrize(
    "text",
    ["tg://resolve?domain=durov", "tg://resolve?domain=durov&post=528", "tg:resolve?domain=durov", "durov.t.me",
     "https://durov.t.me/528", " «https://t.me/durov». ", "(t.me/durov)"],
)  # fmt: skip
def test_other_ways_to_write_it(text: str) -> None:
    assert recognise(text) == Ref("telegram", RefKind.HANDLE, "durov")


@pytest.mark.parametrize("text", NOT_OURS)
def test_nothing_else(text: str) -> None:
    assert recognise(text) is None


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    for pasted in (text, f"https://t.me/{text}", f"tg://resolve?domain={text}"):
        ref = recognise(pasted)
        assert ref is None or recognise(profile_url(ref)) == ref


def test_a_channel_is_asked_for_by_its_name() -> None:
    assert name_of(Ref("telegram", RefKind.HANDLE, "durov")) == "durov"
    assert name_of(Ref("telegram", RefKind.ID, "1006503122", "durov")) == "durov"
    assert name_of(Ref("telegram", RefKind.ID, "1006503122")) is None
    assert profile_url(Ref("telegram", RefKind.ID, "1006503122", "durov")) == "https://t.me/durov"
