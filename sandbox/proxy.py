"""A CONNECT proxy that knows only the sandbox's hosts and leads them to one TLS server, or to a server of their own."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Mapping

_HEAD_SECONDS = 30
_CHUNK = 65536


class Proxy:
    """Tunnels `CONNECT known-host:443` to the TLS port, or to the host's own; answers 403 to everything else."""

    def __init__(self, known: Callable[[str], bool], refuse: Callable[[str], None]) -> None:
        self.routes: Mapping[str, int] = {}  # hosts that do not speak TLS, each with its server's port
        self._known = known
        self._refuse = refuse
        self._clients: dict[int, asyncio.StreamWriter] = {}  # the tunnel's port at the TLS server -> its client
        self._server: asyncio.Server | None = None
        self._tls_port = 0
        self.port = 0

    async def start(self, tls_port: int, port: int) -> None:
        self._tls_port = tls_port
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for client in list(self._clients.values()):
            client.transport.abort()

    def abort(self, tunnel: int) -> None:
        """Break the client's TCP connection of this tunnel with RST."""
        client = self._clients.pop(tunnel, None)
        if client is not None and not client.is_closing():
            sock = client.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
            method, target, _ = head.split(b"\r\n", 1)[0].decode("latin1").split(" ", 2)
            host, _, port = target.lower().rpartition(":")
            if method != "CONNECT" or port != "443" or not (host in self.routes or self._known(host)):
                self._refuse(f"{method} {target}")
                writer.write(b"HTTP/1.1 403 Forbidden by sandbox\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                writer.close()
                return
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.routes.get(host, self._tls_port))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError, OSError):
            writer.close()
            return
        tunnel = up_writer.get_extra_info("sockname")[1]
        self._clients[tunnel] = writer
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))
        finally:
            self._clients.pop(tunnel, None)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
