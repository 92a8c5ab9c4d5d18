"""A whole answer, in one call."""

from collections.abc import Mapping

from starlette.types import Send


async def answer(send: Send, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
    """Send one whole answer."""
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
