"""Google's APIs through Google's own client library, with the instance's key or with a person's token."""

import asyncio
import functools
import http.client
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from app.platforms.youtube import api_errors
from app.platforms.youtube.parse_api import changed

_TIMEOUT = 20.0  # seconds without a byte
_WHOLE_ANSWER = 60.0
_THREADS = 4


class Answered(Exception):
    """The API answered with an error; the answer is its JSON, or None."""

    def __init__(self, status: int, answer: object, retry_after: str | None) -> None:
        self.status = status
        self.answer = answer
        self.retry_after = retry_after
        super().__init__(status)


class GoogleApi:
    """One API of Google's; name and version are those of its packaged discovery document.

    key: sent with every call; None where every call brings a person's token.
    """

    def __init__(self, name: str, version: str, *, proxy: str, ca: Path | None, key: str | None = None) -> None:
        self._name, self._version = name, version
        self._key = key
        self._proxy = proxy
        self._ca = ca
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"google-{name}")
        self._gate = asyncio.Semaphore(_THREADS)  # waiting for a thread is no part of an answer's time

    @contextmanager
    def connection(self, token: str = "") -> Iterator["Connection"]:
        """Calls over one connection of their own: httplib2 objects are not for several threads at a time."""
        import httplib2
        from httplib2 import socks

        proxy = urlsplit(self._proxy)
        if not proxy.hostname:  # httplib2 would go out directly
            raise RuntimeError("a process without a way out reads nothing")
        info = httplib2.ProxyInfo(
            socks.PROXY_TYPE_HTTP,
            proxy.hostname,
            proxy.port,
            proxy_rdns=True,
            proxy_user=unquote(proxy.username or ""),
            proxy_pass=unquote(proxy.password or ""),
        )
        ca = str(self._ca) if self._ca else None
        http = httplib2.Http(timeout=_TIMEOUT, proxy_info=info, ca_certs=ca)
        http.follow_redirects = False
        try:
            yield Connection(self, http, token)
        finally:
            http.close()

    @functools.cached_property
    def _service(self) -> Any:
        import httplib2
        from googleapiclient.discovery import build

        # Its debug lines hold whole addresses, and so the key.
        logging.getLogger("googleapiclient.discovery").setLevel(logging.INFO)
        idle = httplib2.Http(proxy_info=None)  # never used: each call brings its own
        return build(
            self._name, self._version, developerKey=self._key, http=idle, static_discovery=True, cache_discovery=False
        )


class Connection:
    """Calls of one reading, one after another."""

    def __init__(self, api: GoogleApi, http: Any, token: str) -> None:
        self._api = api
        self._http = http
        self._token = token

    async def ask(self, resource: str, method: str, parameters: dict[str, Any]) -> object:
        """The answer's JSON. Raises Answered for an error answer, PlatformError when there is no whole answer."""
        loop = asyncio.get_running_loop()
        try:
            async with self._api._gate, asyncio.timeout(_WHOLE_ANSWER):
                return await loop.run_in_executor(self._api._threads, self._call, resource, method, parameters)
        except TimeoutError as error:
            raise api_errors.unreachable(error) from None

    def _call(self, resource: str, method: str, parameters: dict[str, Any]) -> object:
        """In a thread. Nothing of the library's errors goes on: they hold the address, and so the key."""
        from googleapiclient.errors import Error, HttpError
        from httplib2 import HttpLib2Error

        request = getattr(getattr(self._api._service, resource)(), method)(**parameters)
        if self._token:
            request.headers["authorization"] = f"Bearer {self._token}"
        try:
            return request.execute(http=self._http, num_retries=0)
        except HttpError as error:
            raise Answered(error.resp.status, _json(error.content), error.resp.get("retry-after")) from None
        except (OSError, http.client.HTTPException, HttpLib2Error, Error) as error:
            raise api_errors.unreachable(error) from None
        except (ValueError, RecursionError):
            raise changed("answer") from None


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
