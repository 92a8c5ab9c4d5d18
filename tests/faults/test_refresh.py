"""kill -9 of a process between a provider's answer and its commit: a good token or "reconnect", never a silent loop."""

import asyncio
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.audit.service import SYSTEM
from app.domain.connections import read, service
from app.domain.connections.models import Connection
from app.domain.ports.connections import Subject, Tokens
from app.domain.ports.errors import Unauthorized
from app.lib import clock
from app.lib.crypto import Vault
from app.lib.db import Database
from tests import factories
from tests.conftest import Urls

# The process asks for a refresh; the provider notes that it has answered; then the answer is held back for ever.
PROCESS = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from app.domain import tables
from app.domain.connections import service
from app.lib.crypto import Vault
from app.lib.db import Database

class Provider:
    name, label = "google", "Google"
    async def refresh(self, tokens):
        Path(sys.argv[3]).write_text(tokens.refresh)
        await asyncio.Event().wait()

async def work():
    database = Database(sys.argv[1], pool=2)
    vault = Vault(file=Path(sys.argv[2]))
    await service.credential(database, vault, {"google": Provider()}, UUID(sys.argv[4]), UUID(sys.argv[5]))

asyncio.run(work())
"""


class Provider:
    """What is left of the grant after that answer: all of it, or, where refresh tokens rotate, nothing."""

    name, label = "google", "Google"

    def __init__(self, rotates: bool) -> None:
        self.rotates = rotates
        self.asked = 0

    async def refresh(self, tokens: Tokens) -> Tokens:
        self.asked += 1
        assert tokens.refresh == "refresh-0"
        if self.rotates:
            raise Unauthorized("invalid_grant")
        return Tokens("fresh", None, clock.now() + timedelta(hours=1))


@pytest.mark.parametrize("rotates", [False, True])
async def test_killed_between_the_answer_and_its_commit(
    urls: Urls, database: Database, tmp_path: Path, rotates: bool
) -> None:
    async with database.transaction() as session:
        room = await factories.workspace(session)
        vault = Vault(file=tmp_path / "keys")
        key = await service.keep(
            session, vault, SYSTEM, workspace=room, provider="google", kind="oauth", subject=Subject("me", "Me", ""),
            secret=service.Secret("old", "refresh-0"), tokens=Tokens("old", "refresh-0", clock.now()),
        )  # fmt: skip
    answered = tmp_path / "answered"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROCESS, urls.app, str(tmp_path / "keys"), str(answered), str(room), str(key)),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    deadline = time.monotonic() + 30
    while not answered.exists():
        assert time.monotonic() < deadline and process.returncode is None, "the provider was never asked"
        await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with database.transaction(room) as session:  # the time that the dead process had for it runs out
        row = await session.get_one(Connection, key)
        assert row.refreshing_until is not None
        row.refreshing_until = clock.now() - timedelta(seconds=1)

    provider = Provider(rotates)
    for _ in range(3):
        try:
            found = await service.credential(database, vault, {"google": provider}, room, key)  # type: ignore[dict-item]
            assert not rotates and found.secret == "fresh"
        except Unauthorized:
            assert rotates
    assert provider.asked == 1, "once, and not again and again"
    async with database.transaction(room) as session:
        shown = await read.connection(session, key)
    assert shown is not None and shown.state == ("reconnect" if rotates else "active")
