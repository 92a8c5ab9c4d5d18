"""Telethon as we use it: through the way out, one connection per session and process, every failure in our words.

Only what needs Telegram's API imports this: it loads Telethon.

Telethon's own `proxy=` is not used. Without the python-socks package it falls back to PySocks, which talks to the proxy
with a blocking socket inside the event loop; our proxy runs in that very loop and could never answer. `_ThroughEgress`
asks for the tunnel itself. The way out allows port 443 only, which all of Telegram's data centers listen on.
"""

import asyncio
import base64
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from telethon import TelegramClient, errors
from telethon.crypto import rsa
from telethon.network import ConnectionTcpFull
from telethon.sessions import StringSession
from telethon.tl import functions, types

from app.domain.ports.errors import Blocked, Gone, NeedsAction, PlatformError, RetryAfter, Unauthorized
from app.domain.ports.platform import Means
from app.lib import clock
from app.platforms.kit import PAUSE
from app.platforms.kit import words as said
from app.platforms.telegram import words
from app.platforms.telegram.common import changed

PORT = 443
_TIMEOUT = 15  # seconds for a connection
_WHOLE = 60.0  # and for everything that is done over it
_LONGEST_WAIT = timedelta(days=7)


class _ThroughEgress(ConnectionTcpFull):  # type: ignore[misc]
    """A connection to a data center by CONNECT. Its `proxy` is the way out's URL."""

    async def _connect(self, timeout: float | None = None, ssl: Any = None) -> None:
        way = urlsplit(self._proxy)
        target = f"[{self._ip}]:{PORT}" if ":" in self._ip else f"{self._ip}:{PORT}"
        async with asyncio.timeout(timeout or _TIMEOUT):
            self._reader, self._writer = await asyncio.open_connection(way.hostname, way.port)
            self._writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{_credentials(way)}\r\n".encode())
            head = await self._reader.readuntil(b"\r\n\r\n")
        if head.split(b" ", 2)[1] != b"200":
            self._writer.close()
            raise ConnectionError("the way out gives no connection")
        self._codec = self.packet_codec(self)
        self._init_conn()
        await self._writer.drain()


def _credentials(way: Any) -> str:
    if way.username is None:
        return ""
    pair = f"{unquote(way.username)}:{unquote(way.password or '')}".encode()
    return f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}\r\n"


def client(means: Means, session: str = "", *, updates: bool = False, retries: int = 1) -> Any:
    """A client that is not connected. It never sleeps through a wait that Telegram asks for, and never reconnects by
    itself: what was sent over a connection that broke may have been done.

    Raises Unauthorized when `session` is none, and NeedsAction without the instance's application.
    """
    if not means.proxy:  # Telethon would go out directly
        raise RuntimeError("a process without a way out reads nothing")
    number, secret = means.setting("telegram_api_id"), means.setting("telegram_api_hash")
    if not number or not secret:
        raise NeedsAction(words.NO_APPLICATION)
    key = means.setting("sandbox_telegram")
    if key:
        rsa.add_key(Path(key).read_text(), old=False)
    try:
        kept = StringSession(session)
    except (ValueError, struct.error):
        raise Unauthorized(words.SESSION_OVER) from None
    return TelegramClient(
        kept, int(number), secret, connection=_ThroughEgress, proxy=means.proxy, timeout=_TIMEOUT,
        connection_retries=retries, request_retries=1, retry_delay=1, auto_reconnect=False, raise_last_call_error=True,
        flood_sleep_threshold=0, receive_updates=updates, device_model="Sightline", app_version="1", lang_code="en",
    )  # fmt: skip


class Sessions:
    """The sessions this process has open: one connection each, for a second one could kill its key.

    An account that Telegram told to wait is not even connected before its time: asking again makes the wait longer.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, datetime] = {}

    @asynccontextmanager
    async def opened(self, subject: str, session: str) -> AsyncIterator[Any]:
        """A connected client; the block's failures are raised as PlatformError."""
        async with self._locks.setdefault(subject, asyncio.Lock()):
            until = self._waiting.get(subject)
            if until is not None and until > clock.now():
                raise RetryAfter(words.FLOOD, until=until)
            here = client(self._means, session)
            try:
                with in_words():
                    try:
                        async with asyncio.timeout(_WHOLE):
                            await here.connect()
                            yield here
                    finally:
                        await disconnected(here)
            except RetryAfter as error:
                self.met(subject, error)
                raise

    def met(self, subject: str, error: PlatformError) -> None:
        """Remember a wait that Telegram asked this account for."""
        if isinstance(error, RetryAfter) and error.message == words.FLOOD:
            self._waiting[subject] = error.until


async def disconnected(here: Any) -> None:
    """Close a client's connection, whatever state it is in."""
    try:
        async with asyncio.timeout(5):
            await here.disconnect()
    except Exception:
        # It is not used again, and the tunnel ends with its socket.
        return


@contextmanager
def in_words() -> Iterator[None]:
    """Raises what the block raises as PlatformError."""
    try:
        yield
    except PlatformError:
        raise
    except Exception as error:
        raise translated(error) from error


def translated(error: Exception) -> PlatformError:
    """What an exception of Telethon means for us. Never with a phone number or a session in it."""
    match error:
        case PlatformError():
            return error
        # A frozen account's errors are floods to Telethon, but no waiting helps.
        case errors.FrozenMethodInvalidError():
            return NeedsAction(words.FROZEN)
        case errors.PeerFloodError():
            return NeedsAction(words.LIMITED)
        case errors.FloodWaitError() | errors.FloodPremiumWaitError() | errors.SlowModeWaitError():
            wait = min(timedelta(seconds=max(1, int(error.seconds))), _LONGEST_WAIT)
            return RetryAfter(words.FLOOD, until=clock.now() + wait)
        case errors.FloodError():
            return RetryAfter(words.FLOOD, until=clock.now() + timedelta(hours=1))
        case errors.UserDeactivatedError() | errors.UserDeactivatedBanError() | errors.PhoneNumberBannedError():
            return Unauthorized(words.BANNED)
        case errors.UnauthorizedError() | errors.AuthKeyError() | errors.AuthKeyNotFound():
            return Unauthorized(words.SESSION_OVER)
        case errors.ApiIdInvalidError() | errors.ApiIdPublishedFloodError():
            return NeedsAction(words.APPLICATION_REFUSED)
        case errors.UsernameNotOccupiedError() | errors.UsernameInvalidError():
            return Gone(words.NO_CHANNEL)
        case errors.ChannelPrivateError() | errors.ChannelInvalidError() | errors.ChannelPublicGroupNaError():
            return Gone(words.NO_CHANNEL)
        case errors.ForbiddenError():
            return Blocked(said.REFUSED, platform=words.PLATFORM)
        case errors.ServerError() | errors.TimedOutError() | errors.RpcCallFailError():
            return RetryAfter(
                said.UNWELL, until=clock.now() + PAUSE, status=error.message or error.code, platform=words.PLATFORM
            )
        case errors.RPCError():
            return changed(type(error).__name__.removesuffix("Error"))
        case TimeoutError():
            return RetryAfter(said.SILENT, until=clock.now() + PAUSE, platform=words.PLATFORM)
        case asyncio.IncompleteReadError():
            return RetryAfter(said.BROKE_OFF, until=clock.now() + PAUSE, platform=words.PLATFORM)
        case OSError():
            return RetryAfter(said.UNREACHABLE, until=clock.now() + PAUSE, platform=words.PLATFORM)
        case _:  # an answer that its readers trip over
            return changed(type(error).__name__)


__all__ = ["Sessions", "client", "disconnected", "functions", "in_words", "translated", "types"]
