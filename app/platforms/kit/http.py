"""Requests to one platform: through the way out, at its pace, bounded in size and time, failures in words."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from app.domain.ports.errors import Changed, PlatformError, RetryAfter
from app.domain.ports.platform import Means
from app.lib import clock
from app.platforms.kit import words
from app.platforms.kit.node import Node

PAUSE = timedelta(minutes=10)
_LONGEST_PAUSE = timedelta(days=1)
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whatever its status below 500 but 429. url: after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    platform: str

    def node(self) -> Node:
        """The JSON in the body. Raises Changed when it is none. A byte order mark before it is no harm."""
        try:
            return Node(msgspec.json.decode(self.body.removeprefix(b"\xef\xbb\xbf")), self.platform)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Changed(words.CHANGED, field="JSON", platform=self.platform) from None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Http:
    """A platform's requests. Made once per adapter; connections are opened when first needed, in the loop that asks.

    platform: its label, for the words. headers: sent with every request.
    """

    def __init__(
        self,
        platform: str,
        means: Means,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 20.0,
        max_bytes: int = 8 * 1024 * 1024,
    ) -> None:
        self.platform = platform
        self._means = means
        self._headers = {"User-Agent": "Sightline", **(headers or {})}
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._client: httpx.AsyncClient | None = None

    async def get(self, url: str, **how: Any) -> Answer:
        """As `request`."""
        return await self.request("GET", url, **how)

    async def post(self, url: str, **how: Any) -> Answer:
        """As `request`."""
        return await self.request("POST", url, **how)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = False,
    ) -> Answer:
        """One request. follow: up to 3 redirects, on the same host and its subdomains only.

        Raises RetryAfter when the platform cannot be reached, asks for a pause (429) or has a fault (5xx). What every
        other status means is the adapter's to say.
        """
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await self._once(method, url, params=params, data=data, json=json, headers=headers)
                if not follow or answer.status not in _REDIRECTS:
                    return answer
                there = urljoin(url, answer.headers.get("location", ""))
                if not _same_site(url, there):
                    return answer
                method, url, params, data, json = "GET", there, None, None, None
            return answer
        except (TimeoutError, httpx.TimeoutException):
            raise self._later(words.SILENT) from None
        except httpx.RemoteProtocolError:
            raise self._later(words.BROKE_OFF) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            raise self._later(words.UNREACHABLE) from None

    def changed(self, field: str) -> Changed:
        """The error for an answer of another shape; `field` names the first place that differs."""
        return Changed(words.CHANGED, field=field, platform=self.platform)

    def _later(self, message: str, until: timedelta = PAUSE, **params: Any) -> PlatformError:
        return RetryAfter(message, until=clock.now() + until, platform=self.platform, **params)

    async def _once(self, method: str, url: str, *, headers: Mapping[str, str] | None, **what: Any) -> Answer:
        async with (
            self._means.pace.turn(urlsplit(url).hostname or ""),
            asyncio.timeout(self._timeout * 2),  # waiting for the host's turn is no part of it: many may wait
            self._opened().stream(method, url, headers=headers, **what) as response,
        ):
            status, said = response.status_code, response.headers
            if status == 429:
                raise self._later(words.TOO_FAST, pause(said.get("retry-after")))
            if status >= 500:
                raise self._later(words.UNWELL, pause(said.get("retry-after")), status=status)
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._max_bytes:
                    raise self.changed("size")
            return Answer(status, said, bytes(body), url, self.platform)

    def _opened(self) -> httpx.AsyncClient:
        if not self._means.proxy:  # httpx would go out directly
            raise RuntimeError("a process without a way out reads nothing")
        if self._client is None:
            ca = self._means.ca
            self._client = httpx.AsyncClient(
                proxy=self._means.proxy,
                verify=ssl.create_default_context(cafile=str(ca)) if ca else httpx.create_ssl_context(trust_env=False),
                trust_env=False,
                follow_redirects=False,
                timeout=self._timeout,
                headers=self._headers,
                limits=httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=30),
            )
        return self._client


def pause(retry_after: str | None) -> timedelta:
    """How long a Retry-After header asks us to wait; 10 minutes without one that can be read, a day at most."""
    if retry_after is None:
        return PAUSE
    text = retry_after.strip()
    if re.fullmatch(r"\d{1,6}", text):
        asked = timedelta(seconds=int(text))
    else:
        try:
            # A date is on the server's clock, which is the wall clock.
            asked = parsedate_to_datetime(text) - datetime.now(UTC)
        except (ValueError, TypeError):
            return PAUSE
    return min(max(asked, timedelta(seconds=1)), _LONGEST_PAUSE)


def _same_site(here: str, there: str) -> bool:
    old, new = urlsplit(here), urlsplit(there)
    if new.scheme != "https" or not old.hostname or not new.hostname:
        return False
    site = ".".join(old.hostname.split(".")[-2:])
    return new.hostname == site or new.hostname.endswith(f".{site}")
