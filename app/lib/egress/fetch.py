"""GET one URL through the egress proxy: thumbnails, and addresses that users give."""

import asyncio
import http.cookiejar
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

from app.lib.egress.addresses import Refused, clean_url

_REDIRECTS = {301, 302, 303, 307, 308}


class FetchError(Exception):
    """The other side did not give what was asked for. status: the HTTP status, when there was an answer."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        self.reason = reason
        self.status = status
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Fetched:
    """content_type: without parameters, lower case, "" when not given. final_url: after redirects."""

    body: bytes
    content_type: str
    final_url: str


class Fetcher:
    """A client whose every connection goes through the proxy; it keeps no cookies."""

    def __init__(self, proxy_url: str, ca: Path | None) -> None:
        context = ssl.create_default_context(cafile=str(ca)) if ca else httpx.create_ssl_context(trust_env=False)
        self._client = httpx.AsyncClient(
            proxy=proxy_url,
            verify=context,
            trust_env=False,
            follow_redirects=False,
            # The whole answer is counted as it comes: no compression that could unfold to any size.
            headers={"User-Agent": "Sightline", "Accept-Encoding": "identity"},
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8, keepalive_expiry=5),
        )
        self._client.cookies.jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    async def close(self) -> None:
        await self._client.aclose()

    async def fetch(
        self, url: str, *, max_bytes: int, timeout: float, accept: Sequence[str], redirects: int
    ) -> Fetched:
        """As `Egress.fetch`."""
        try:
            async with asyncio.timeout(timeout):
                for _ in range(redirects + 1):
                    url = clean_url(url)
                    async with self._client.stream("GET", url, timeout=timeout) as response:
                        if response.status_code not in _REDIRECTS:
                            return await _read(response, url, max_bytes, accept)
                        url = urljoin(url, response.headers.get("location", ""))
        except TimeoutError:
            raise FetchError("no answer in time") from None
        except httpx.ProxyError as error:
            status, _, reason = str(error).partition(" ")
            if status == "403":
                raise Refused(reason.removeprefix("Refused: ")) from None
            raise FetchError(reason or "the proxy did not answer") from None
        except httpx.TimeoutException:
            raise FetchError("no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(f"the connection failed ({type(error).__name__})") from None
        raise FetchError("too many redirects")


async def _read(response: httpx.Response, url: str, max_bytes: int, accept: Sequence[str]) -> Fetched:
    status, headers = response.status_code, response.headers
    if headers.get("x-egress") == "refused":
        raise Refused(response.reason_phrase.removeprefix("Refused: "))
    if not response.is_success:
        raise FetchError(f"the server answered {status}", status)
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if accept and not content_type.startswith(tuple(accept)):
        raise FetchError(f"the answer is {content_type or 'of no stated type'}, not what was expected", status)
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise FetchError("the answer came compressed although that was not asked for", status)
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise FetchError("the answer is too large", status)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > max_bytes:
            raise FetchError("the answer is too large", status)
    return Fetched(bytes(body), content_type, url)
