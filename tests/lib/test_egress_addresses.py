"""Which hosts and addresses are public, in all the ways to write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.egress import Refused
from app.lib.egress.addresses import clean_host, clean_url, is_public
from tests.lib.egress_world import PUBLIC


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.0.0.8", "192.88.99.1"),
        *("::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "::7f00:1"),
        *("::ffff:127.0.0.1", "::ffff:93.184.216.34", "2002:7f00:1::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2001::1"),
    ],
)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "100.63.255.255", "2a00:1450:4010:c0f::71", "2606:4700::1111"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.0.1", "127.0.0.1.", "0"),
        *("[::ffff:127.0.0.1]", "[::1]", "[fe80::1%eth0]", "[x]", "", ".", "a..b", "user@example.org", "a b", "a/b"),
        *("example.org:80", "-a.org", "a" * 64 + ".org", "a." * 127 + "org", "примет.рф", "08.8.8.8", "1.0x8"),
    ],
)
def test_hosts_that_are_no_public_name(host: str) -> None:
    with pytest.raises(Refused):
        clean_host(host)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("http://Example.ORG", "http://example.org"),
        ("https://example.org.:443/a?b#c", "https://example.org/a?b#c"),
        ("https://пример.рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        (f"http://{PUBLIC}/x", f"http://{PUBLIC}/x"),
        ("http://[2A00:1450:4010:c0f::71]/", "http://[2a00:1450:4010:c0f::71]/"),
    ],
)
def test_good_urls(url: str, clean: str) -> None:
    assert clean_url(url) == clean


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.org/", "//example.org", "example.org", "gopher://example.org", ""),
        *("http://example.org@127.0.0.1/", "http://a:b@example.org/", "http://@example.org/", "http://127.0.0.1/"),
        *("http://example.org\\@127.0.0.1/", "http://exa mple.org/", "http://example.org:22/", "http://example.org:x/"),
        *("https://example.org:80/", "http://[::ffff:127.0.0.1]/", "http://127.0.0.1/", "http://⑯⑨.254.169.254/"),
        *("http://0x7f000001/", "http://exa\nmple.org/", "http://[::1", "https://" + "a" * 9000, "http:///x"),
    ],
)
def test_bad_urls(url: str) -> None:
    with pytest.raises(Refused):
        clean_url(url)


@given(st.text(max_size=60))
def test_any_text_is_a_clean_url_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://example.org{text}"):
        try:
            clean = clean_url(url)
        except Refused:
            continue
        assert clean_url(clean) == clean
