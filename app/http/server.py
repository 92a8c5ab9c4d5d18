"""Running under uvicorn, and stopping: open event streams are told before the server waits for its connections."""

import asyncio
import socket

import uvicorn
from litestar import Litestar

from app.settings import Settings

DRAIN_SECONDS = 30


class Server(uvicorn.Server):
    """closing: set as soon as the server begins to stop; streams end at it."""

    def __init__(self, app: Litestar, settings: Settings, closing: asyncio.Event) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                proxy_headers=False,  # app/http/door.py decides whom to believe
                server_header=False,
                access_log=False,
                log_config=None,
                lifespan="on",
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)
