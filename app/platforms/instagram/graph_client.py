"""Calls of Meta's Graph API, and what its errors mean."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.domain.ports.errors import Blocked, Changed, Gone, PlatformError, RetryAfter, Unauthorized, Unsupported
from app.domain.ports.platform import Means
from app.lib import clock
from app.platforms.instagram import words
from app.platforms.kit import PAUSE, Answer, Http, Node
from app.platforms.kit import words as kit_words

HOST = "https://graph.facebook.com"
BEFORE_BUSINESS = (100, 2108006)  # the post is older than the account's turn to a business one
NO_SUCH_BUSINESS = 2207013
_LIMITS = {4, 17, 32, 613, 80001, 80002, 80003, 80004, 80005, 80006, 80008}
_UNWELL = {1, 2}
_DEAD = {102, 190}
_HOUR = timedelta(hours=1)
_LONGEST = timedelta(days=1)


class Refused(Exception):
    """Graph's own error. code, subcode: its numbers; meaning: our error for it. Never shown: it may quote a token."""

    def __init__(self, code: int, subcode: int, said: str, meaning: PlatformError) -> None:
        self.code, self.subcode, self.said, self.meaning = code, subcode, said, meaning
        super().__init__(f"Graph error {code}/{subcode}")


class Graph:
    """The API, of the version in FACEBOOK_GRAPH_API_VERSION."""

    def __init__(self, means: Means, label: str) -> None:
        self.version = means.setting("facebook_graph_api_version", "v24.0")
        self._secret = means.setting("facebook_app_secret")
        self._http = Http(label, means)

    async def ask(self, path: str, token: str, method: str = "GET", **params: Any) -> Node:
        """One call. Raises Refused for Graph's errors, and PlatformError."""
        if self._secret:  # proves that the token is used by the app it was given to
            proof = hmac.new(self._secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            params["appsecret_proof"] = proof
        # In a header, so that the token stands in no address and in nobody's log.
        how: dict[str, Any] = {"params": params, "headers": {"Authorization": f"Bearer {token}"}}
        return self._told(await self._http.request(method, f"{HOST}/{self.version}/{path}", **how))

    async def get(self, path: str, token: str, **params: Any) -> Node:
        """One call. Raises PlatformError."""
        try:
            return await self.ask(path, token, **params)
        except Refused as error:
            raise error.meaning from None

    async def post(self, path: str, **data: Any) -> Node:
        """One call without a token. Raises Refused, and PlatformError."""
        return self._told(await self._http.post(f"{HOST}/{self.version}/{path}", data=data))

    def changed(self, field: str) -> Changed:
        return self._http.changed(field)

    def _told(self, answer: Answer) -> Node:
        try:
            node = answer.node()
        except Changed:
            if answer.status >= 400:
                raise self._http.changed(f"HTTP {answer.status}") from None
            raise
        if "error" in node or answer.status >= 400:
            raise refused(node, answer.headers, self._http.platform)
        return node.object()


def refused(node: Node, headers: Mapping[str, str], label: str) -> Refused:
    """The error in an answer."""
    error = node.value.get("error") if isinstance(node.value, dict) else None
    held = error if isinstance(error, dict) else {}
    code, subcode = (held.get(name) for name in ("code", "error_subcode"))
    code = code if isinstance(code, int) else 0
    subcode = subcode if isinstance(subcode, int) else 0
    said = held.get("message")
    text = said if isinstance(said, str) else ""
    transient = held.get("is_transient") is True
    return Refused(code, subcode, text, _meaning(code, subcode, transient, headers, label))


def _meaning(code: int, subcode: int, transient: bool, headers: Mapping[str, str], label: str) -> PlatformError:
    if code in _DEAD:
        return Unauthorized(words.RECONNECT)
    if code in _LIMITS:
        return RetryAfter(words.TOO_MANY_CALLS, until=clock.now() + _regained(headers))
    if code == 368:
        return Blocked(words.BLOCKED)
    if subcode == NO_SUCH_BUSINESS:
        return Unsupported(words.NOT_BUSINESS)
    if code in (3, 10) or 200 <= code < 300:
        return Unauthorized(words.NO_RIGHT)
    if code in _UNWELL or transient:
        return RetryAfter(kit_words.UNWELL, until=clock.now() + PAUSE, platform=label, status=code)
    if code == 803 or (code == 100 and subcode == 33):
        return Gone(words.NO_ACCOUNT)
    field = f"error {code}/{subcode}" if code else "error"
    return Changed(kit_words.CHANGED, field=field, platform=label)


def _regained(headers: Mapping[str, str]) -> timedelta:
    """How long until calls are taken again: Meta says it in minutes, for some limits; else an hour."""
    for name in ("x-business-use-case-usage", "x-app-usage"):
        try:
            usage = json.loads(headers.get(name, "") or "{}")
        except ValueError:
            continue
        minutes = [int(found) for found in re.findall(r"estimated_time_to_regain_access\D{1,4}(\d{1,6})", str(usage))]
        if any(minutes):
            return min(timedelta(minutes=max(minutes)), _LONGEST)
    return _HOUR
