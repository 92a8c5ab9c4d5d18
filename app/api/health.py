"""Whether the process lives, and whether it can do its work. Nobody is asked who they are."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec
import structlog
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from app.api.parts import Probe

log = structlog.get_logger(__name__)

TAGS = ["health"]
VERSION = version("sightline")
SECONDS = 3


class Health(msgspec.Struct, frozen=True):
    """mode: development, production, demo, test. database: embedded or postgresql. queue: postgresql or redis."""

    status: str
    version: str
    mode: str
    database: str
    queue: str
    timestamp: datetime


class Readiness(msgspec.Struct, frozen=True):
    """status: ready or unready. checks: each part's name, and whether it answered in time."""

    status: str
    checks: dict[str, bool]


@get("/health", tags=TAGS, summary="The process lives")
async def live(probe: Probe) -> Health:
    """Touches nothing: a database that is away does not get a living process restarted."""
    return Health("ok", VERSION, probe.mode, probe.database, probe.queue, datetime.now(UTC))


@get(
    "/health/ready",
    tags=TAGS,
    summary="The process can work",
    responses={503: ResponseSpec(Readiness, generate_examples=False, description="A part does not answer.")},
)
async def ready(probe: Probe) -> Response[Readiness]:
    """Asks the database and the queue, each for 3 seconds at most."""
    answers = await asyncio.gather(*(_answers(name, check) for name, check in probe.checks.items()))
    checks = dict(zip(probe.checks, answers, strict=True))
    if all(answers):
        return Response(Readiness("ready", checks), status_code=200)
    return Response(Readiness("unready", checks), status_code=503)


async def _answers(name: str, check: Callable[[], Awaitable[object]]) -> bool:
    try:
        async with asyncio.timeout(SECONDS):
            await check()
    except Exception:  # whatever is wrong with it, it is not ready; the log says what
        log.warning("not ready", part=name, exc_info=True)
        return False
    return True


handlers = [live, ready]
