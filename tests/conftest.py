"""What every test stands on: a real PostgreSQL, in the shape that SHAPE names, and a fresh database per test.

SHAPE=embedded (the default) starts the wheel's PostgreSQL, one a test process; SHAPE=services uses the
servers of TEST_ADMIN_URL and TEST_REDIS_URL. A migrated template is copied for each test.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.lib import clock, dbadmin
from app.lib.db import Database
from app.lib.embedded_pg import EmbeddedPg

SHAPE = os.environ.get("SHAPE", "embedded")
ADMIN_URL = os.environ.get("TEST_ADMIN_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


@dataclass(frozen=True)
class Urls:
    """One database's addresses, by role. admin: may create databases (not this one's)."""

    admin: str
    owner: str
    app: str

    def named(self, database: str) -> "Urls":
        def into(url: str) -> str:
            return make_url(url).set(database=database).render_as_string(hide_password=False)

        return Urls(self.admin, into(self.owner), into(self.app))


@pytest.fixture(scope="session")
def server() -> Iterator[Urls]:
    """A PostgreSQL for this test process."""
    if SHAPE == "services":
        base = make_url(ADMIN_URL)

        def url(role: str) -> str:
            renamed = base.set(username=role, password="test-password-of-the-role", database="sightline")
            return renamed.render_as_string(hide_password=False)

        yield Urls(ADMIN_URL, url("sightline_owner"), url("sightline_app"))
        return
    root = Path(tempfile.mkdtemp(prefix="sl-pg-"))
    try:
        with EmbeddedPg(root, durable=False) as pg:
            yield Urls(pg.admin_url, pg.owner_url, pg.app_url)
    finally:
        shutil.rmtree(root, ignore_errors=True)


async def _drop(admin: str, name: str) -> None:
    connection = await asyncpg.connect(admin)
    try:
        await connection.execute(f'drop database if exists "{name}" with (force)')
    finally:
        await connection.close()


@pytest.fixture(scope="session")
async def template(server: Urls) -> AsyncIterator[str]:
    """A migrated, empty database to copy."""
    name = f"sl_template_{uuid4().hex[:12]}"
    urls = server.named(name)
    await dbadmin.init(urls.admin, owner_url=urls.owner, app_url=urls.app)
    await dbadmin.upgrade_async(urls.owner)
    yield name
    await _drop(server.admin, name)


@pytest.fixture
async def urls(server: Urls, template: str) -> AsyncIterator[Urls]:
    """A database of this test's own."""
    name = f"sl_test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(server.admin)
    try:
        await connection.execute(f'create database "{name}" template "{template}" owner sightline_owner')
    finally:
        await connection.close()
    yield server.named(name)
    await _drop(server.admin, name)


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    """The application's way in, with the runtime role."""
    database = Database(urls.app, pool=4)
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def _wall_clock() -> Iterator[None]:
    """A test that follows a sandbox's clock leaves the wall clock behind."""
    yield
    clock.follow(None)
