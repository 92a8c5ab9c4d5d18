"""A small Internet for the egress proxy: names, addresses, and one server behind all of them."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from app.lib.egress import Egress

PUBLIC = "93.184.216.34"


class World:
    """A small Internet: names with the addresses they resolve to, and one HTTP server behind every address."""

    def __init__(self) -> None:
        self.names: dict[str, list[Sequence[str]]] = {}
        self.looked_up: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.hold: asyncio.Event | None = None
        self.open_now = 0
        self.open_most = 0
        self.tls: ssl.SSLContext | None = None
        self._port = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        answers = self.names.get(host)
        if answers is None:
            raise OSError("unknown name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def connect(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.connected.append((address, port))
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:-2])}
            path = head[0].split(" ")[1]
            self.seen.append((head[0], headers))
            if self.hold is not None:
                await self.hold.wait()
            status, answer, body = self.pages.get(headers["host"] + path, (404, {}, b""))
            answer = {"content-length": str(len(body)), **answer}
            lines = "".join(f"{name}: {value}\r\n" for name, value in answer.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{lines}connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open_now -= 1
            writer.close()

    @asynccontextmanager
    async def egress(self, **options: Any) -> AsyncIterator[Egress]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.tls)
        self._port = server.sockets[0].getsockname()[1]
        proxy = Egress(resolve=self.resolve, connect=self.connect, **options)
        await proxy.start()
        try:
            yield proxy
        finally:
            await proxy.stop()
            server.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else run until the condition holds; fails after 5 s."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - counters have no event
            await asyncio.sleep(0)
