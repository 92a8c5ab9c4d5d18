"""GET /live: what changed in the workspace, as it changes. Ids only; the page fetches again what it shows.

event: account / data: <id> (an announcement "w:<workspace>:account:<id>"); event: refetch: something may have been
missed; event: bye: this stream ends (the server stops, the sign-in ended or moved), come again.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from uuid import UUID

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from app.domain.identity.principal import Principal
from app.lib.bus import REFETCH, Bus

KEEPALIVE = 15.0
LONGEST = 3600.0  # then the browser comes again, and its sign-in is looked at anew


def handler(bus: Bus, closing: asyncio.Event) -> HTTPRouteHandler:
    """The route. closing: set when the server begins to stop."""

    @get("/live", name="live", include_in_schema=False)
    async def live(principal: Principal) -> Stream:
        return Stream(
            events(bus, closing, principal.workspace, principal.session_id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return live


async def events(bus: Bus, closing: asyncio.Event, workspace: UUID, session: UUID | None) -> AsyncIterator[bytes]:
    """The stream's bytes, until the server stops, the sign-in ends or an hour has passed."""
    ends = time.monotonic() + LONGEST
    async with bus.subscribe(f"w:{workspace}:") as said, bus.subscribe(f"s:{session}:") as ended:
        topic, over, stop = said(), ended(), asyncio.ensure_future(closing.wait())
        try:
            yield b"retry: 1000\n\n"
            while time.monotonic() < ends:
                await asyncio.wait((topic, over, stop), timeout=KEEPALIVE, return_when=asyncio.FIRST_COMPLETED)
                if stop.done() or over.done():  # REFETCH, too: that the sign-in ended may have been missed
                    break
                if topic.done():
                    heard = topic.result()
                    if heard == "":
                        break
                    topic = said()
                    yield _event(heard)
                else:
                    yield b":\n\n"
            yield b"event: bye\ndata:\n\n"
        finally:
            for waiting in (topic, over, stop):
                waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(topic, over, stop, return_exceptions=True)


def _event(topic: str) -> bytes:
    if topic == REFETCH:
        return b"event: refetch\ndata:\n\n"
    noun, _, key = topic.partition(":")
    return f"event: {noun}\ndata: {key}\n\n".encode()
