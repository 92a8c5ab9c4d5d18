"""The database's commands: make it, bring it up to date, let the first person in."""

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from app import settings as config
from app.lib.embedded_pg import EmbeddedPg, running
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


def prepare(_: argparse.Namespace) -> None:
    """Bring the database up to date and print, as JSON, what the person has to know."""
    settings = config.load()

    async def prepare() -> dict[str, str]:
        from app.lib import dbadmin

        demo = settings.environment == "demo"
        note = settings.var / "demo.json"
        if demo and not note.exists():
            # An interrupted first start left half a history: begin it anew.
            await dbadmin.drop(settings.admin_url, app_url=settings.runtime_url)
        if settings.embedded or settings.database_admin_url:
            await dbadmin.init(settings.admin_url, owner_url=settings.owner_url, app_url=settings.runtime_url)
        if settings.embedded or settings.database_owner_url:
            await dbadmin.upgrade_async(settings.owner_url)
        if demo:
            if not note.exists():
                from app.main import seed_demo

                await seed_demo(settings)
            return dict(json.loads(note.read_text()))
        link = await first_owner(settings)
        return {"setup_url": link} if link else {}

    print(json.dumps(asyncio.run(prepare())))


def database(arguments: argparse.Namespace) -> None:
    from app.lib import dbadmin

    with reachable(config.load()) as settings:
        if arguments.action == "init":
            asyncio.run(dbadmin.init(settings.admin_url, owner_url=settings.owner_url, app_url=settings.runtime_url))
        if arguments.action in ("init", "upgrade"):
            dbadmin.upgrade(settings.owner_url)
        print(f"The tables are at revision {asyncio.run(dbadmin.current(settings.owner_url))}.")
        if arguments.action == "init" and (link := asyncio.run(first_owner(settings))):
            print(f"This link makes the first owner, once:\n  {link}")


def setup(_: argparse.Namespace) -> None:
    with reachable(config.load()) as settings:
        link = asyncio.run(first_owner(settings))
    print(link or "Sightline has been set up already. `sightline user create` makes more people.")


async def first_owner(settings: Settings) -> str | None:
    """Make the first owner from ADMIN_* or, without these, a link that does. None when there is somebody already."""
    from app.domain.identity import users

    async def work(session: "AsyncSession") -> str | None:
        if settings.admin_email and settings.admin_password:
            await users.ensure_admin(
                session,
                email=settings.admin_email,
                name=settings.admin_name,
                password=settings.admin_password.get_secret_value(),
            )
            return None
        if not await users.first_run_needed(session):
            return None
        return f"{settings.public_url}/setup?token={await users.new_setup_token(session)}"

    return await transaction(settings, work)


async def transaction(settings: Settings, work: "Callable[[AsyncSession], Awaitable[T]]") -> T:
    from sqlalchemy.exc import DBAPIError

    from app.lib.db import Database

    database = Database(settings.runtime_url, pool=2, name="sightline-cli")
    try:
        async with database.transaction() as session:
            return await work(session)
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", error))
        raise SystemExit(f"sightline: the database refused ({reason}). Has `sightline db init` been run?") from None
    finally:
        await database.close()


@contextmanager
def reachable(settings: Settings) -> Iterator[Settings]:
    """Settings whose URLs answer: an embedded database is started for the block unless it runs already."""
    if not settings.embedded:
        yield settings
        return
    with running(settings.var / "postgres") as database:
        os.environ |= embedded(database)
        yield config.load()


def embedded(database: EmbeddedPg) -> dict[str, str]:
    return {
        "EMBEDDED_URL": database.app_url,
        "EMBEDDED_OWNER_URL": database.owner_url,
        "EMBEDDED_ADMIN_URL": database.admin_url,
    }
