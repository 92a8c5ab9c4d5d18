"""Health, for whoever keeps it running."""

import asyncio
from datetime import UTC, datetime
from importlib.metadata import version

from pydantic import SecretStr

from app.api import health
from app.api.parts import Probe
from app.tasks import queue as queues
from tests.conftest import SHAPE
from tests.site import Site


async def test_a_living_process_says_what_it_is_without_asking_the_database(place: Site) -> None:
    statements: list[str] = []
    stop = place.database.on_statement(statements.append)
    answer = await place.client().get("/health")
    stop()
    told = answer.json()
    assert answer.status_code == 200
    assert abs(datetime.fromisoformat(told.pop("timestamp")) - datetime.now(UTC)).total_seconds() < 60
    database, queue = {"embedded": ("embedded", "postgresql"), "services": ("postgresql", "redis")}[SHAPE]
    shape = {"database": database, "queue": queue}
    assert told == {"status": "ok", "version": version("sightline"), "mode": "test", **shape}
    assert statements == []


async def test_ready_means_that_database_and_queue_answer(place: Site) -> None:
    answer = await place.client().get("/health/ready")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "checks": {"database": True, "queue": True}},
    )


async def test_a_part_that_is_away_makes_it_unready(place: Site) -> None:
    nowhere = place.settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1")})
    place.app.state.queue = queues.make(nowhere, nowhere.runtime_url)
    answer = await place.client().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unready", "checks": {"database": True, "queue": False}}
    assert (await place.client().get("/health")).status_code == 200


async def test_a_part_that_never_answers_is_not_waited_for() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    answer = await asyncio.wait_for(health.ready.fn(probe=Probe("test", "", "", {"database": never})), 10)
    assert (answer.status_code, answer.content.checks) == (503, {"database": False})
