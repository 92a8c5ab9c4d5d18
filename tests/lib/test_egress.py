"""The egress proxy: who may use it, what may leave, to which address, how much of it."""

import asyncio
import base64

import httpx
import pytest

from app.lib.egress import Egress, FetchError, HostLimit, Refused
from tests.lib.egress_world import PUBLIC, World, until


@pytest.fixture
def world() -> World:
    return World()


async def ask(egress: Egress, head: str, *, credentials: bool = True) -> tuple[int, str]:
    """What the proxy answers to a raw request head: status and reason phrase."""
    url = httpx.URL(egress.proxy_url)
    reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
    token = base64.b64encode(url.userinfo).decode()
    auth = f"Proxy-Authorization: Basic {token}\r\n" if credentials else ""
    writer.write(f"{head}\r\n{auth}\r\n".encode("latin-1"))
    try:
        status = (await reader.readline()).decode().strip().split(" ", 2)
        return int(status[1]), status[2]
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("CONNECT example.org:443 HTTP/1.1", 407),
        ("GET http://example.org/ HTTP/1.1", 407),
        ("CONNECT 127.0.0.1:443 HTTP/1.1", 407),
    ],
)
async def test_nothing_without_credentials(world: World, head: str, status: int) -> None:
    world.names["example.org"] = [[PUBLIC]]
    async with world.egress() as egress:
        assert (await ask(egress, head, credentials=False))[0] == status
        assert (await ask(egress, f"{head}\r\nProxy-Authorization: Basic eDp5", credentials=False))[0] == status
    assert world.looked_up == [] and world.connected == []


@pytest.mark.parametrize("upstream", ["", "http://127.0.0.1:9"])
@pytest.mark.parametrize(
    "head",
    [
        "CONNECT 127.0.0.1:443 HTTP/1.1",
        "CONNECT 2130706433:443 HTTP/1.1",
        "CONNECT 0x7f000001:443 HTTP/1.1",
        "CONNECT 0177.0.0.1:443 HTTP/1.1",
        "CONNECT [::ffff:127.0.0.1]:443 HTTP/1.1",
        "CONNECT [::1]:443 HTTP/1.1",
        "CONNECT example.org:22 HTTP/1.1",
        "CONNECT example.org:80 HTTP/1.1",
        "CONNECT example.org@127.0.0.1:443 HTTP/1.1",
        "GET http://example.org@127.0.0.1/ HTTP/1.1",
        "GET http://example.org:8080/ HTTP/1.1",
        "GET http://169.254.169.254/latest/meta-data HTTP/1.1",
        "GET ftp://example.org/ HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: example.org",
    ],
)
async def test_refused_before_any_lookup(world: World, head: str, upstream: str) -> None:
    world.names["example.org"] = [[PUBLIC]]
    async with world.egress(upstream=upstream) as egress:
        status, reason = await ask(egress, head)
        assert status == 403 and reason.startswith("Refused: ")
    assert world.looked_up == [] and world.connected == []


@pytest.mark.parametrize(
    "head", ["nonsense", "GET http://example.org/ SPDY/3", "GET http://example.org/ HTTP/1.1\r\na b"]
)
async def test_what_is_no_http_is_answered_400(world: World, head: str) -> None:
    async with world.egress() as egress:
        assert (await ask(egress, head))[0] == 400


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::1"]
)
async def test_names_that_lead_inside_are_refused(world: World, address: str) -> None:
    world.names["inside.example.org"] = [[address]]
    async with world.egress() as egress:
        assert await ask(egress, "CONNECT inside.example.org:443 HTTP/1.1") == (403, "Refused: not a public address")
        with pytest.raises(Refused, match="not a public address"):
            await egress.fetch("http://inside.example.org/", max_bytes=10, timeout=5)
        assert egress.stats()["inside.example.org"].refused == 2
    assert world.connected == []


async def test_special_addresses_beside_public_ones_are_left_aside(world: World) -> None:
    world.names["example.org"] = [["64:ff9b::5db8:d822", PUBLIC]]
    world.pages["example.org/"] = (200, {}, b"ok")
    async with world.egress() as egress:
        assert (await egress.fetch("http://example.org/", max_bytes=10, timeout=5)).body == b"ok"
    assert world.connected == [(PUBLIC, 80)]


async def test_rebinding_the_checked_address_is_the_one_connected_to(world: World) -> None:
    world.names["rebind.example.org"] = [[PUBLIC], ["127.0.0.1"]]
    world.pages["rebind.example.org/"] = (200, {}, b"public")
    async with world.egress() as egress:
        first = await egress.fetch("http://rebind.example.org/", max_bytes=100, timeout=5)
        assert first.body == b"public"
        assert world.looked_up == ["rebind.example.org"] and world.connected == [(PUBLIC, 80)]
        with pytest.raises(Refused):
            await egress.fetch("http://rebind.example.org/", max_bytes=100, timeout=5)
    assert world.connected == [(PUBLIC, 80)]


async def test_unknown_name_is_a_failure_not_a_refusal(world: World) -> None:
    async with world.egress() as egress:
        assert await ask(egress, "CONNECT nowhere.example.org:443 HTTP/1.1") == (
            502,
            "No answer: the name is not known",
        )
        with pytest.raises(FetchError, match="the name is not known"):
            await egress.fetch("https://nowhere.example.org/", max_bytes=10, timeout=5)


async def test_plain_requests_lose_what_is_for_the_proxy(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.pages["example.org/a?b=1"] = (200, {}, b"ok")
    async with world.egress() as egress, httpx.AsyncClient(proxy=egress.proxy_url, trust_env=False) as client:
        response = await client.get("http://example.org/a?b=1", headers={"X-Mine": "1", "Host": "127.0.0.1"})
    assert response.text == "ok"
    line, headers = world.seen[0]
    assert line == "GET /a?b=1 HTTP/1.1" and headers["host"] == "example.org" and headers["x-mine"] == "1"
    assert not [name for name in headers if name.startswith("proxy-")] and headers["connection"] == "close"


async def test_counts_what_went_through(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.pages["example.org/"] = (200, {}, b"x" * 5000)
    async with world.egress() as egress:
        await egress.fetch("http://example.org/", max_bytes=5000, timeout=5)
        stats = egress.stats()["example.org"]
        assert stats.requests == 1 and stats.received > 5000 and stats.refused == stats.failed == 0


async def test_connections_to_one_host_are_limited(world: World) -> None:
    world.names |= {"slow.example.org": [[PUBLIC]], "other.example.org": [[PUBLIC]]}
    world.pages |= {f"{name}.example.org/": (200, {}, b"ok") for name in ("slow", "other")}
    world.hold = asyncio.Event()
    limits = {"slow.example.org": HostLimit(concurrency=2)}
    async with world.egress(limits=limits) as egress:
        tasks = [
            asyncio.create_task(egress.fetch("http://slow.example.org/", max_bytes=10, timeout=10)) for _ in range(6)
        ]
        await until(lambda: world.open_now == 2 and egress.stats()["slow.example.org"].waiting == 4)
        assert egress.stats()["slow.example.org"].active == 2
        other = asyncio.create_task(egress.fetch("http://other.example.org/", max_bytes=10, timeout=10))
        await until(lambda: world.open_now == 3)
        world.hold.set()
        assert [fetched.body for fetched in await asyncio.gather(*tasks, other)] == [b"ok"] * 7
        assert world.open_most == 3 and egress.stats()["slow.example.org"].active == 0


async def test_a_host_whose_connections_stay_taken_answers_503(world: World) -> None:
    world.names["slow.example.org"] = [[PUBLIC]]
    world.hold = asyncio.Event()
    async with world.egress(per_host_concurrency=1, patience=0.05) as egress:
        first = asyncio.create_task(egress.fetch("http://slow.example.org/", max_bytes=10, timeout=10))
        await until(lambda: world.open_now == 1)
        status, reason = await ask(egress, "CONNECT slow.example.org:443 HTTP/1.1")
        assert (status, reason) == (503, "Busy: too many connections to this host")
        world.hold.set()
        with pytest.raises(FetchError, match="404"):
            await first


async def test_starts_at_one_host_keep_their_distance(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.pages["example.org/"] = (200, {}, b"ok")
    async with world.egress(min_delay=0.05) as egress:
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(egress.fetch("http://example.org/", max_bytes=10, timeout=5) for _ in range(4)))
        assert asyncio.get_running_loop().time() - start >= 0.15


async def test_a_silent_tunnel_is_closed(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.hold = asyncio.Event()
    async with world.egress(idle_timeout=0.1) as egress:
        with pytest.raises(FetchError):
            await egress.fetch("http://example.org/", max_bytes=10, timeout=5)
        assert egress.stats()["example.org"].active == 0
        world.hold.set()


async def test_stop_breaks_open_tunnels(world: World) -> None:
    world.names["example.org"] = [[PUBLIC]]
    world.hold = asyncio.Event()
    async with world.egress() as egress:
        url = httpx.URL(egress.proxy_url)
        reader, writer = await asyncio.open_connection("127.0.0.1", url.port)
        token = base64.b64encode(url.userinfo).decode()
        writer.write(f"CONNECT example.org:443 HTTP/1.1\r\nProxy-Authorization: Basic {token}\r\n\r\n".encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        await egress.stop()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        world.hold.set()


async def test_an_upstream_gets_names_and_nothing_is_looked_up(world: World) -> None:
    async with world.egress(upstream="http://127.0.0.1:3128") as egress:
        asking = asyncio.create_task(ask(egress, "CONNECT Www.Example.org:443 HTTP/1.1"))
        async with asyncio.timeout(5):
            assert (await asking)[0] == 502  # the world's page server answers 404 to a CONNECT
    assert world.looked_up == [] and world.connected == [("127.0.0.1", 3128)]
    assert world.seen[0][0] == "CONNECT www.example.org:443 HTTP/1.1"
    assert "proxy-authorization" not in world.seen[0][1]
