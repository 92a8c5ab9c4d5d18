"""`python -m bench.hosts FOLDER`: eight slow hosts in a sandbox of their own process, until it is told to stop.

Each answers after LATENCY seconds and remembers how many requests it has had at a time: `GET /most`.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

import sandbox.platforms as fakes
from sandbox.core import Sandbox
from sandbox.faults import Preset
from sandbox.world import World

LATENCY = 0.3
HOSTS = tuple(f"host{n}.example" for n in range(1, 9))
POSTS = 5  # a page
AT = "2026-03-01T10:00:00+00:00"


class Slow:
    """THE list's module for these hosts."""

    PRESETS: tuple[Preset, ...] = ()

    def hosts(self, _world: World, _strict: bool) -> Mapping[str, ASGIApp]:
        return {host: _host() for host in HOSTS}


def _host() -> ASGIApp:
    there = most = 0

    async def api(request: Request) -> Response:
        nonlocal there, most
        there += 1
        most = max(most, there)
        try:
            await asyncio.sleep(LATENCY)
        finally:
            there -= 1
        name, page = request.path_params["name"], int(request.path_params["page"])
        posts = [{"id": f"{name}-{page}-{n}", "views": 1000 * page + n, "at": AT} for n in range(POSTS)]
        return JSONResponse({"name": name, "followers": 4321, "posts": posts})

    async def told(_request: Request) -> Response:
        return JSONResponse({"most": most})

    return Starlette(routes=[Route("/most", told), Route("/{name}/{page:int}", api)])


def main() -> None:
    fakes.PLATFORMS = (Slow(),)  # type: ignore[assignment]
    with Sandbox(Path(sys.argv[1]), strict=False) as world:
        told = {"proxy": world.proxy_url, "ca": str(world.certificates.ca)}
        ready = Path(sys.argv[1]) / "ready.json"
        draft = ready.with_suffix(".new")
        draft.write_text(json.dumps(told))
        draft.replace(ready)
        asyncio.run(asyncio.Event().wait())


if __name__ == "__main__":
    main()
