"""Recorded answers, served in place of the fakes, to drive real client libraries over recordings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.journal import Hit


@dataclass(frozen=True, slots=True)
class Recorded:
    """One answer. query: the parameters that must be there with these values; others are ignored."""

    host: str
    method: str
    path: str
    query: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: bytes

    def answers(self, hit: Hit) -> bool:
        if (hit.host, hit.method, hit.path) != (self.host, self.method, self.path):
            return False
        given = parse_qs(hit.query, keep_blank_values=True)
        return all(",".join(given.get(name, [])) == value for name, value in self.query.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(slots=True)
class Replay:
    """The recorded answers of one sandbox; the one added last wins."""

    _answers: list[Recorded] = field(default_factory=list)

    def add(
        self,
        host: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        body: bytes,
    ) -> None:
        """Answer `method https://host/path` with `body`. Repeated parameters are compared joined by commas."""
        kept = {
            k: v
            for k, v in (headers or {"content-type": "application/json; charset=UTF-8"}).items()
            if k.lower() not in _HOP
        }
        self._answers.append(Recorded(host, method, path, query or {}, status, kept, body))

    def clear(self) -> None:
        self._answers.clear()

    def match(self, hit: Hit) -> ASGIApp | None:
        return next((recorded for recorded in reversed(self._answers) if recorded.answers(hit)), None)


# Of the recorded connection, not of the answer: the body is stored decoded.
_HOP = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection"})
