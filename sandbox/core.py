"""The sandbox itself: proxy -> TLS -> one ASGI app per host, with a journal and faults between."""

import asyncio
import json
import os
import socket
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import platforms, tls
from sandbox.answers import answer
from sandbox.clock import WorldClock
from sandbox.consent import consent
from sandbox.faults import Fault, Faults, Preset
from sandbox.journal import Hit, Journal
from sandbox.proxy import Proxy
from sandbox.replay import Replay
from sandbox.telegram import Telegram
from sandbox.world import World

TEST_START = datetime(2026, 11, 2, 12, tzinfo=UTC)
_START_SECONDS = 10


class Sandbox:
    """All the platforms on loopback, for unchanged client libraries. One per process is enough.

    directory: where the certificates and the clock file go; a temporary one when None.
    seed, start: the world is a pure function of them, of the edits made to it, and of its clock. With start
    None, a directory that was used before goes on with its own world and clock; a new one starts now.
    rate: world seconds per wall second; 0, the default, stands still until somebody advances it.
    strict: check every request and answer against the vendor's schema (slower).
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        seed: int = 7,
        start: datetime | None = TEST_START,
        rate: float = 0.0,
        strict: bool = True,
    ) -> None:
        if directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="sandbox-")  # goes with this object
            directory = Path(self._temporary.name)
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self._saved = self.directory / "world.json"
        past = json.loads(self._saved.read_text()) if start is None and self._saved.exists() else None
        first = past["start"] if past else (start or datetime.now(UTC)).timestamp()
        self.clock = WorldClock(self.directory / "clock", None if past else first, rate)
        self._rate = rate
        self.world = World(past["seed"] if past else seed, self.clock, first)
        for edit in past["edits"] if past else []:
            self.world.edit(**edit)
        self._save()
        self.faults = Faults()
        self.journal = Journal()
        self.replay = Replay()
        self.apps: Mapping[str, ASGIApp] = platforms.hosts(self.world, strict)
        for app in self.apps.values():
            if isinstance(app, Starlette):
                app.router.default = _unmapped
        self.certificates = tls.issue(self.directory, list(self.apps))
        self._proxy = Proxy(lambda host: self._app(host) is not None, self.journal.refuse)
        self.telegram = Telegram(self.world, self.journal, self.directory)
        self._extra: list[tuple[ASGIApp, int]] = []
        self.extra_urls: list[str] = []
        self.consent_url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self._proxy.port}"

    def env(self) -> dict[str, str]:
        """The environment with which client libraries of a process go to the sandbox."""
        ca = str(self.certificates.ca)
        proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), self.proxy_url)
        trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS"), ca)
        return proxies | trust | {"NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}

    def fault(self, host: str, path: str = "", **behaviour: object) -> Fault:
        """Script a fault; see `Fault` for the behaviours."""
        fault = Fault(host, path, **behaviour)  # type: ignore[arg-type]
        self.faults.add(fault)
        return fault

    def presets(self) -> tuple[Preset, ...]:
        return platforms.presets()

    def switch(self, name: str, on: bool) -> None:
        """Switch a preset on or off; raises KeyError when there is none of that name."""
        preset = next((p for p in self.presets() if p.name == name), None)
        if preset is None:
            raise KeyError(name)
        self.faults.keep(fault for fault in self.faults if fault.preset != name)
        self.world.flags.difference_update(preset.flags)
        if on:
            self.world.flags.update(preset.flags)
            for behaviour in preset.faults:
                self.fault(**behaviour, times=-1, preset=name)  # type: ignore[arg-type]

    def is_on(self, preset: Preset) -> bool:
        scripted = sum(fault.preset == preset.name for fault in self.faults)
        return scripted == len(preset.faults) and self.world.flags.issuperset(preset.flags)

    def edit(self, op: str, **arguments: Any) -> None:
        """Change the world, and remember it for the next start in this directory; see `sandbox.edits`."""
        self.world.edit(op, **arguments)
        self._save()
        self.telegram.edited()

    def _save(self) -> None:
        world = self.world
        fresh = self._saved.with_suffix(".new")
        fresh.write_text(json.dumps({"seed": world.seed, "start": world.start, "edits": world.edits}))
        fresh.replace(self._saved)  # a crash leaves the old file or the new one

    def reset(self) -> None:
        """A fresh world at its first moment, no faults, no replay, an empty journal; ports and CA stay."""
        self.faults.clear()
        self.replay.clear()
        self.journal.clear()
        self.world.reset()
        self.telegram.reset()
        self.clock.set(self.world.start)
        self.clock.rate = self._rate
        self._save()

    def serve(self, app: ASGIApp, port: int) -> None:
        """Also serve `app` over plain HTTP on this loopback port; call before start()."""
        self._extra.append((app, port))

    def start(self, port: int = 0) -> Self:
        """Start in a thread of its own and return when the ports answer; 0 takes any free port."""
        if os.environ.get("ENVIRONMENT") == "production":
            raise SystemExit("The sandbox is not the Internet: it does not start with ENVIRONMENT=production")
        self._thread = threading.Thread(target=self._run, args=(port,), name="sandbox", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("The sandbox did not start in time")
        if self._failure is not None:
            raise self._failure
        return self

    def stop(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_START_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, port: int) -> None:
        try:
            asyncio.run(self._main(port))
        except OSError as error:  # a port that is taken: start() raises it where it can be read
            self._failure = error
            self._ready.set()

    async def _main(self, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        options = {"log_level": "critical", "access_log": False, "lifespan": "off", "ws": "none", "http": "h11"}
        options |= {"timeout_keep_alive": 120, "timeout_graceful_shutdown": 1}
        tls_socket = _listen(0)
        servers = [(uvicorn.Server(uvicorn.Config(self, ssl_certfile=self.certificates.leaf, **options)), tls_socket)]  # type: ignore[arg-type]
        for app, extra_port in self._extra:
            sock = _listen(extra_port)
            self.extra_urls.append(f"http://127.0.0.1:{sock.getsockname()[1]}")
            servers.append((uvicorn.Server(uvicorn.Config(app, **options)), sock))  # type: ignore[arg-type]
        sock = _listen(0)
        self.consent_url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        servers.append((uvicorn.Server(uvicorn.Config(consent(self), **options)), sock))  # type: ignore[arg-type]
        running = [asyncio.create_task(server.serve([sock])) for server, sock in servers]
        await self.telegram.start()
        self._proxy.routes = self.telegram.routes
        await self._proxy.start(tls_socket.getsockname()[1], port)
        # The sockets listen already, so whoever connects before uvicorn accepts only waits in the backlog.
        self._ready.set()
        await self._stop.wait()
        self._proxy.stop()
        self.telegram.stop()
        for server, _ in servers:
            server.should_exit = True
        await asyncio.gather(*running)

    def _app(self, host: str) -> ASGIApp | None:
        if host in self.apps:
            return self.apps[host]
        return next((app for name, app in self.apps.items() if name.startswith("*.") and host.endswith(name[1:])), None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {key.decode("latin1"): value.decode("latin1") for key, value in scope["headers"]}
        host = headers.get("host", "").split(":")[0]
        hit = Hit(host, scope["method"], scope["path"], scope["query_string"].decode(), headers)
        self.journal.hits.append(hit)
        fault = self.faults.fire(host, hit.method, hit.path)
        tunnel: int = scope["client"][1]
        if fault and await self._disturb(fault, hit, tunnel, receive, send):
            return
        app = self.replay.match(hit) or self._app(host)
        if app is None:
            self.journal.unmapped(hit)
            await answer(send, 421)
            return
        receive, send = self._watched(hit, fault, tunnel, receive, send)
        try:
            await app(scope, receive, send)
        except (_Cut, ClientDisconnect):
            return  # uvicorn closes a connection whose answer stays incomplete
        except Exception as error:
            self.journal.errors.append(f"{hit.method} {host}{hit.path}: {type(error).__name__}: {error}")
            raise
        finally:
            if hit.status in (405, 501):
                self.journal.unmapped(hit)

    async def _disturb(self, fault: Fault, hit: Hit, tunnel: int, receive: Receive, send: Send) -> bool:
        """Do what comes before the answer; True when there will be no other answer."""
        if fault.reset:
            self._proxy.abort(tunnel)
            return True
        if fault.hang:
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.status is None:
            return False
        hit.status = fault.status
        await answer(send, fault.status, fault.headers, fault.body.encode())
        return True

    def _watched(
        self, hit: Hit, fault: Fault | None, tunnel: int, receive: Receive, send: Send
    ) -> tuple[Receive, Send]:
        sent = 0

        async def watched_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                hit.body_bytes += len(message.get("body", b""))
                if fault and fault.reset_request_after is not None and hit.body_bytes >= fault.reset_request_after:
                    self._proxy.abort(tunnel)
                    raise _Cut
            return message

        async def watched_send(message: Message) -> None:
            nonlocal sent
            if message["type"] == "http.response.start":
                hit.status = message["status"]
            elif fault and fault.truncate_after is not None:
                body = message.get("body", b"")[: fault.truncate_after - sent]
                sent += len(body)
                await send({"type": "http.response.body", "body": body, "more_body": True})
                if sent >= fault.truncate_after or not message.get("more_body"):
                    raise _Cut
                return
            elif fault and fault.chunk_delay:
                body = message.get("body", b"")
                for start in range(0, len(body), 64):
                    await asyncio.sleep(fault.chunk_delay)
                    await send({"type": "http.response.body", "body": body[start : start + 64], "more_body": True})
                message = {"type": "http.response.body", "more_body": message.get("more_body", False)}
            await send(message)

        return watched_receive, watched_send


class _Cut(Exception):
    """The answer ends here, incomplete."""


def _listen(port: int) -> socket.socket:
    # proto=TCP: without it asyncio does not set TCP_NODELAY, and each request takes 40 ms more.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(512)
    return sock


async def _unmapped(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(send, 501)
