"""Our own loopback proxy: CONNECT to port 443 and plain HTTP to port 80 of public hosts, for our own clients only."""

import asyncio
import base64
import hmac
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.lib.egress.addresses import Refused, clean_host, is_public
from app.lib.egress.fetch import Fetched, Fetcher
from app.lib.egress.gates import Busy, Gates, HostLimit, HostStats

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Connect = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]

_HEAD_BYTES = 32 * 1024
_HEAD_SECONDS = 10.0
_CHUNK = 64 * 1024
_HOP_BY_HOP = {
    "connection",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_REASONS = {400: "Bad request", 403: "Refused", 407: "Proxy credentials required", 502: "No answer", 503: "Busy"}


class _Answer(Exception):
    """End this connection with a status of our own."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class _Request:
    """What a client asks for. head: what goes to the host before the client's own bytes; empty for CONNECT."""

    connect: bool
    host: str
    port: int
    head: bytes


class Egress:
    """All traffic to platforms and to addresses that users give leaves through here.

    It looks names up itself, refuses every address that is not public (loopback, private, link-local, shared,
    multicast, reserved, IPv6 with an IPv4 address inside), connects to the very address it has checked, counts per
    host and limits connections per host. `upstream` ("http://127.0.0.1:PORT", the sandbox's proxy) replaces the
    Internet: every request goes there by name and nothing is looked up. `ca`: the PEM file to trust instead of the
    public authorities, for the sandbox.

    `start()` and `stop()` belong to the event loop it then runs in; blocking clients use it from threads. Names are
    looked up in threads of its own, so that blocking clients that fill the loop's pool cannot starve it.
    """

    def __init__(
        self,
        upstream: str = "",
        ca: Path | None = None,
        *,
        per_host_concurrency: int = 16,
        min_delay: float = 0.0,
        limits: Mapping[str, HostLimit] | None = None,
        connect_timeout: float = 10.0,
        idle_timeout: float = 120.0,
        patience: float = 30.0,
        resolve: Resolve | None = None,
        connect: Connect = asyncio.open_connection,
    ) -> None:
        self._upstream = urlsplit(upstream) if upstream else None
        self._ca = ca
        self._gates = Gates(HostLimit(per_host_concurrency, min_delay), limits or {}, patience)
        self._connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._resolve = resolve or self._look_up
        self._connect = connect
        self._user = "egress"
        self._password = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._serving: set[asyncio.Task[None]] = set()
        self._names: ThreadPoolExecutor | None = None
        self._fetcher: Fetcher | None = None

    async def start(self) -> None:
        """Listen on a free loopback port."""
        self._names = ThreadPoolExecutor(4, thread_name_prefix="egress-dns")
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_BYTES, backlog=256)
        self._port = self._server.sockets[0].getsockname()[1]
        self._fetcher = Fetcher(self.proxy_url, self._ca)

    async def stop(self) -> None:
        """Stop listening and break what is open."""
        if self._fetcher is not None:
            await self._fetcher.close()
            self._fetcher = None
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        if self._names is not None:
            self._names.shutdown(wait=False, cancel_futures=True)
            self._names = None

    @property
    def proxy_url(self) -> str:
        """http://USER:PASSWORD@127.0.0.1:PORT; the password keeps other users of this machine out."""
        return f"http://{self._user}:{self._password}@127.0.0.1:{self._port}"

    def env(self) -> dict[str, str]:
        """The environment for a child process whose libraries take their proxy and authorities from there."""
        proxies = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
        env = dict.fromkeys(proxies, self.proxy_url) | {"NO_PROXY": "", "no_proxy": ""}
        if self._ca is not None:
            names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS")
            env |= dict.fromkeys(names, str(self._ca))
        return env

    def stats(self) -> dict[str, HostStats]:
        """A copy of the counters per host name, at most 1000 hosts, the longest unused dropped first."""
        return self._gates.snapshot()

    async def fetch(
        self, url: str, *, max_bytes: int, timeout: float, accept: Sequence[str] = (), redirects: int = 5
    ) -> Fetched:
        """GET a URL through the proxy, each redirect checked as the first address was.

        max_bytes: of the body. timeout: seconds for everything together. accept: allowed beginnings of the content
        type ("image/"), any when empty. Raises Refused for what our rules forbid, FetchError for everything else.
        """
        if self._fetcher is None:
            raise RuntimeError("Egress is not started")
        return await self._fetcher.fetch(url, max_bytes=max_bytes, timeout=timeout, accept=accept, redirects=redirects)

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._names, _getaddrinfo, host, port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        except OSError:
            pass  # the client went away; whatever it was owed has nobody to go to
        except asyncio.CancelledError:
            pass  # stop(): the end of this connection is all that is meant
        finally:
            self._serving.discard(task)
            if task.cancelling():
                writer.transport.abort()
            else:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stats: HostStats | None = None
        try:
            request = await self._read_request(reader)
            stats = self._gates.stats(request.host)
            async with self._gates.slot(request.host):
                up_reader, up_writer = await self._open(request)
                try:
                    if request.connect:
                        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    else:
                        up_writer.write(request.head)
                    await self._pipe(reader, writer, up_reader, up_writer, stats)
                finally:
                    up_writer.close()
        except (_Answer, Busy) as end:
            answer = end if isinstance(end, _Answer) else _Answer(503, "too many connections to this host")
            if stats is not None:
                stats.last_error = answer.reason
                stats.refused += answer.status == 403
                stats.failed += answer.status in (502, 503)
            await _end(writer, answer)

    async def _read_request(self, reader: asyncio.StreamReader) -> _Request:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise _Answer(400, "no request") from None
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        words = first.split(" ")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or not all(_HEADER.fullmatch(n) for n, _ in headers):
            raise _Answer(400, "not an HTTP request")
        given = next((value for name, value in headers if name.lower() == "proxy-authorization"), "")
        if not self._ours(given):
            raise _Answer(407, "proxy credentials required")
        method, target, _ = words
        connect = method == "CONNECT"
        if connect:
            parts = urlsplit(f"//{target}")
            allowed, path = 443, ""
        else:
            parts = urlsplit(target)
            allowed = 80
            path = parts._replace(scheme="", netloc="").geturl() or "/"
            if parts.scheme != "http":
                raise _Answer(403, "only http and https")
        host, port = self._target(parts.netloc, allowed)
        if port != allowed:
            raise self._refuse(host, "only port 80" if allowed == 80 else "only port 443")
        return _Request(connect, host, port, b"" if connect else self._plain_head(method, target, path, host, headers))

    def _plain_head(self, method: str, target: str, path: str, host: str, headers: Sequence[tuple[str, str]]) -> bytes:
        authority = f"[{host}]" if ":" in host else host
        lines = [f"{method} {target if self._upstream else path} HTTP/1.1", f"Host: {authority}"]
        lines += [f"{name}: {value}" for name, value in headers if name.lower() not in _HOP_BY_HOP]
        # One request a connection: a second one, for another host, would otherwise travel unchecked.
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")

    def _ours(self, given: str) -> bool:
        scheme, _, token = given.partition(" ")
        mine = base64.b64encode(f"{self._user}:{self._password}".encode())
        return hmac.compare_digest(token.strip().encode("latin-1"), mine) and scheme.lower() == "basic"

    def _target(self, netloc: str, default: int) -> tuple[str, int]:
        match = re.fullmatch(r"(\[[^\]@]*\]|[^:@\[\]]*)(?::([0-9]{1,5}))?", netloc)
        if match is None:
            raise _Answer(403, "not a host name")
        try:
            return clean_host(match[1]), int(match[2] or default)
        except Refused as refused:
            raise self._refuse(match[1].lower()[:253], refused.reason) from None

    def _refuse(self, host: str, reason: str) -> _Answer:
        stats = self._gates.stats(host)
        stats.refused += 1
        stats.last_error = reason
        return _Answer(403, reason)

    async def _open(self, request: _Request) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(self._connect_timeout):
                if self._upstream is not None:
                    return await self._through_upstream(request)
                return await self._direct(request)
        except TimeoutError:
            raise _Answer(502, "no connection in time") from None
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            raise _Answer(502, "no connection") from None

    async def _direct(self, request: _Request) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            found = await self._resolve(request.host, request.port)
        except (OSError, UnicodeError):
            raise _Answer(502, "the name is not known") from None
        # A network with DNS64 answers special addresses beside the real ones: left aside, not held against the name.
        public = [address for address in dict.fromkeys(found) if is_public(address)]
        if not public:
            raise _Answer(403, "not a public address")
        for address in public[:-1]:
            with suppress(OSError):  # the next address of the same name may answer; the last one's error counts
                return await self._connect(address, request.port)
        return await self._connect(public[-1], request.port)

    async def _through_upstream(self, request: _Request) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self._upstream is not None and self._upstream.hostname and self._upstream.port
        reader, writer = await self._connect(self._upstream.hostname, self._upstream.port)
        if not request.connect:
            return reader, writer
        authority = f"[{request.host}]" if ":" in request.host else request.host
        writer.write(f"CONNECT {authority}:{request.port} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode("ascii"))
        try:
            status = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
        except BaseException:
            writer.close()
            raise
        if status != b"200":
            writer.close()
            raise _Answer(403 if status == b"403" else 502, "the sandbox does not know this host")
        return reader, writer

    async def _pipe(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
        stats: HostStats,
    ) -> None:
        """Carry bytes both ways until either side ends, or nothing moves for the idle time.

        A client that ends its side is gone: neither TLS nor our plain requests go on in one direction.
        """
        loop = asyncio.get_running_loop()
        last = loop.time()

        async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter, sending: bool) -> None:
            nonlocal last
            while data := await source.read(_CHUNK):
                last = loop.time()
                if sending:
                    stats.sent += len(data)
                else:
                    stats.received += len(data)
                sink.write(data)
                await sink.drain()

        async def watch() -> None:
            left = self._idle_timeout
            while left > 0:
                await asyncio.sleep(left)
                left = last + self._idle_timeout - loop.time()

        up = asyncio.create_task(carry(reader, up_writer, True))
        down = asyncio.create_task(carry(up_reader, writer, False))
        idle = asyncio.create_task(watch())
        try:
            await asyncio.wait({up, down, idle}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down, idle):
                task.cancel()
            ends = await asyncio.gather(up, down, idle, return_exceptions=True)
        if isinstance(ends[1], OSError):
            stats.failed += 1
            stats.last_error = "the connection broke"
            writer.transport.abort()


def _getaddrinfo(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def _end(writer: asyncio.StreamWriter, answer: _Answer) -> None:
    """A short answer of our own; the reason is in the status line, which every client library passes on."""
    body = f"{answer.reason}\n".encode()
    head = [
        f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}: {answer.reason}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "X-Egress: refused" if answer.status == 403 else "X-Egress: failed",
        "Connection: close",
    ]
    if answer.status == 407:
        head.append('Proxy-Authenticate: Basic realm="egress"')
    writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)
    await writer.drain()
