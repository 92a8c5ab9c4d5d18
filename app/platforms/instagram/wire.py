"""How instaloader and its `requests` reach Instagram: through our way out, at our pace, bounded in size and time."""

import asyncio
import functools
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.domain.ports.errors import Changed, RetryAfter
from app.domain.ports.platform import Means
from app.lib import clock
from app.platforms.kit import PAUSE, words

LABEL = "Instagram"
TIMEOUT = 20.0  # seconds without a byte
_MAX_BYTES = 8 * 1024 * 1024


def changed(field: str) -> Changed:
    return Changed(words.CHANGED, field=field, platform=LABEL)


def later(message: str, **params: Any) -> RetryAfter:
    return RetryAfter(message, until=clock.now() + PAUSE, platform=LABEL, **params)


@dataclass(frozen=True, slots=True)
class Heard:
    """The last answer that came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """One reading's way to Instagram, for one thread. heard: the last answer. seconds: for the whole reading."""

    def __init__(self, means: Means, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        if not means.proxy:
            raise RuntimeError("a process without a way out reads nothing")
        self.means = means
        self.heard: Heard | None = None
        self._loop = loop
        self._until = time.monotonic() + seconds

    def __enter__(self) -> "Wire":
        _here.wire = self
        return self

    def __exit__(self, *_: object) -> None:
        del _here.wire

    def ask(self, request: Any, send: Any) -> Any:
        """One request, when it is its host's turn. Raises PlatformError for what no library need see."""
        host = urlsplit(request.url).hostname or ""
        if host != "instagram.com" and not host.endswith(".instagram.com"):
            raise changed("redirect")
        turn = self.means.pace.turn(host)
        self._enter(turn)
        try:
            response = send()
            self._read(response)
        finally:
            asyncio.run_coroutine_threadsafe(turn.__aexit__(None, None, None), self._loop)
        return response

    def _enter(self, turn: AbstractAsyncContextManager[None]) -> None:
        waiting = asyncio.run_coroutine_threadsafe(turn.__aenter__(), self._loop)
        try:
            waiting.result(self._left())
        except TimeoutError:
            waiting.cancel()
            raise later(words.SILENT) from None

    def _read(self, response: Any) -> None:
        body = bytearray()
        for chunk in response.iter_content(65_536):
            body += chunk
            if len(body) > _MAX_BYTES:
                response.close()
                raise changed("size")
            self._left()
        response._content = bytes(body)  # what `requests` does itself when nobody streams
        self.heard = Heard(response.status_code, response.headers, response._content)

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise later(words.SILENT)
        return left


_here = threading.local()


def _wire() -> Wire:
    wire: Wire | None = getattr(_here, "wire", None)
    if wire is None:  # outside of a reading nothing may go out, least of all directly
        raise RuntimeError("instaloader was used without a way out")
    return wire


@functools.cache
def library() -> Any:
    """The package instaloader, each of whose sessions goes over the thread's Wire: it makes several by itself."""
    import instaloader
    import requests
    from instaloader import instaloadercontext

    class Adapter(requests.adapters.HTTPAdapter):
        def send(self, request: Any, *arguments: Any, **how: Any) -> Any:
            how["stream"] = True
            return _wire().ask(request, lambda: super(Adapter, self).send(request, *arguments, **how))

    class Session(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            means = _wire().means
            self.trust_env = False
            self.proxies = {"http": means.proxy, "https": means.proxy}
            self.verify = str(means.ca) if means.ca else True
            self.mount("https://", Adapter())
            self.mount("http://", Adapter())

    class Requests:
        def __getattr__(self, name: str) -> Any:
            return Session if name == "Session" else getattr(requests, name)

    instaloadercontext.requests = Requests()  # type: ignore[assignment,attr-defined]
    return instaloader


def current() -> Wire:
    """The way of the reading that this thread is at."""
    return _wire()
