"""Fetching one address through the egress proxy: redirects, sizes, kinds, certificates."""

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme

from app.lib.egress import FetchError, Refused
from tests.lib.egress_world import PUBLIC, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    "target",
    [
        *(
            "http://127.0.0.1/",
            "http://2130706433/",
            "//[::ffff:127.0.0.1]/",
            "file:///etc/passwd",
            "http://x@example.org/",
        ),
        *("http://inside.example.org/", "https://inside.example.org/", "http://example.org:8000/"),
    ],
)
async def test_a_redirect_is_checked_like_the_first_address(world: World, target: str) -> None:
    world.names |= {"example.org": [[PUBLIC]], "inside.example.org": [["192.168.0.1"]]}
    world.pages["example.org/"] = (302, {"location": target}, b"")
    async with world.egress() as egress:
        with pytest.raises(Refused):
            await egress.fetch("http://example.org/", max_bytes=10, timeout=5)
    assert world.connected == [(PUBLIC, 80)]


async def test_redirects_are_followed_and_counted(world: World) -> None:
    world.names |= {"example.org": [[PUBLIC]], "cdn.example.org": [[PUBLIC]]}
    world.pages["example.org/a"] = (301, {"location": "/b", "set-cookie": "id=1"}, b"")
    world.pages["example.org/b"] = (307, {"location": "//cdn.example.org/c"}, b"")
    world.pages["cdn.example.org/c"] = (200, {"content-type": "Image/PNG; x=y"}, b"png")
    world.pages["example.org/loop"] = (302, {"location": "/loop"}, b"")
    async with world.egress() as egress:
        fetched = await egress.fetch("http://example.org/a", max_bytes=3, timeout=5, accept=("image/",))
        assert (fetched.body, fetched.content_type, fetched.final_url) == (
            b"png",
            "image/png",
            "http://cdn.example.org/c",
        )
        assert not any("cookie" in headers for _, headers in world.seen)
        with pytest.raises(FetchError, match="too many redirects"):
            await egress.fetch("http://example.org/loop", max_bytes=3, timeout=5, redirects=3)
        assert sum("/loop" in line for line, _ in world.seen) == 4


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"content-type": "image/png"}, b"x" * 1001, "too large"),
        ({"content-type": "image/png", "content-length": "999999"}, b"x", "too large"),
        ({"content-type": "text/html"}, b"x", "text/html"),
        ({}, b"x", "no stated type"),
        ({"content-type": "image/png", "content-encoding": "gzip"}, b"x", "compressed"),
        ({"content-type": "image/png", "content-length": "500"}, b"x", "connection failed"),
    ],
)
async def test_bodies_that_are_not_taken(world: World, headers: dict[str, str], body: bytes, reason: str) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.pages["example.org/"] = (200, headers, body)
    async with world.egress() as egress:
        with pytest.raises(FetchError, match=reason):
            await egress.fetch("http://example.org/", max_bytes=1000, timeout=5, accept=("image/",))


async def test_an_endless_body_without_a_length_is_cut(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    body = b"".join(b"1000\r\n" + b"x" * 4096 + b"\r\n" for _ in range(200))
    world.pages["example.org/"] = (200, {"transfer-encoding": "chunked", "content-length": ""}, body)
    async with world.egress() as egress:
        with pytest.raises(FetchError):
            await egress.fetch("http://example.org/", max_bytes=10_000, timeout=5)
        assert egress.stats()["example.org"].received < len(body)


async def test_an_error_status_is_told(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.pages["example.org/"] = (503, {}, b"")
    async with world.egress() as egress:
        with pytest.raises(FetchError) as error:
            await egress.fetch("http://example.org/", max_bytes=10, timeout=5)
    assert error.value.status == 503


async def test_a_slow_answer_ends_in_time(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.hold = asyncio.Event()
    async with world.egress() as egress:
        with pytest.raises(FetchError, match="in time"):
            await egress.fetch("http://example.org/", max_bytes=10, timeout=0.1)
        world.hold.set()


async def test_https_is_verified(world: World, tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    world.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("example.org").configure_cert(world.tls)
    world.names |= {"example.org": [[PUBLIC]], "wrong.example.org": [[PUBLIC]]}
    world.pages["example.org/"] = (200, {}, b"ok")
    for name, ca in (("ours.pem", authority), ("other.pem", other)):
        ca.cert_pem.write_to_path(str(tmp_path / name))
    async with world.egress(ca=tmp_path / "ours.pem") as egress:
        assert (await egress.fetch("https://example.org/", max_bytes=10, timeout=5)).body == b"ok"
        with pytest.raises(FetchError, match="connection failed"):
            await egress.fetch("https://wrong.example.org/", max_bytes=10, timeout=5)
    for trusted in (tmp_path / "other.pem", None):
        async with world.egress(ca=trusted) as egress:
            with pytest.raises(FetchError, match="connection failed"):
                await egress.fetch("https://example.org/", max_bytes=10, timeout=5)
    assert set(world.connected) == {(PUBLIC, 443)}
