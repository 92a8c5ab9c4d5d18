"""Making the database: roles, the database itself, migrations. Runs with the owner's or an admin's connection.

Roles: `sightline_owner` owns the tables, `sightline_app` is the runtime (row-level security binds it),
`sightline_backup` may read everything (BYPASSRLS, for pg_dump). Their names are fixed, their passwords
come from the URLs.
"""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

MIGRATIONS = Path(__file__).resolve().parents[2] / "db" / "migrations"
ROLES = {"owner": "sightline_owner", "app": "sightline_app", "backup": "sightline_backup"}


def _quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def init(admin_url: str, *, owner_url: str, app_url: str) -> None:
    """Make the three roles (with the URLs' passwords) and the database, where they are missing. Safe to repeat."""
    owner, app = make_url(owner_url), make_url(app_url)
    for url, role in ((owner, "owner"), (app, "app")):
        if url.username != ROLES[role]:
            raise SystemExit(f"the {role} URL must use the role {ROLES[role]}, not {url.username}")
    database = app.database or "sightline"
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        await connection.execute("select pg_advisory_lock(4200001)")
        for role, password in ((ROLES["owner"], owner.password), (ROLES["app"], app.password), (ROLES["backup"], None)):
            exists = await connection.fetchval("select 1 from pg_roles where rolname = $1", role)
            if not exists:
                await connection.execute(f"create role {role} login")
            if password:
                await connection.execute(f"alter role {role} password {_quote(str(password))}")
        await connection.execute(f"alter role {ROLES['backup']} bypassrls")
        # An administrator who is not a superuser may only hand a database to a role it belongs to.
        if not await connection.fetchval("select rolsuper from pg_roles where rolname = current_user"):
            await connection.execute(f"grant {ROLES['owner']} to current_user")
        if not await connection.fetchval("select 1 from pg_database where datname = $1", database):
            await connection.execute(
                f'create database "{database}" owner {ROLES["owner"]} template template0 encoding utf8'
            )
        await connection.execute(f'revoke all on database "{database}" from public')
        await connection.execute(f'grant connect on database "{database}" to {ROLES["app"]}, {ROLES["backup"]}')
    finally:
        await connection.close()


async def drop(admin_url: str, *, app_url: str) -> None:
    """Remove the database that `app_url` names, with all that is in it. The roles stay."""
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        await connection.execute(f'drop database if exists "{make_url(app_url).database}" with (force)')
    finally:
        await connection.close()


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring the tables to `revision`. Waits at most 5 s for a lock, so that it never holds up a running site."""
    asyncio.run(upgrade_async(owner_url, revision))


async def upgrade_async(owner_url: str, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_async_engine(
        make_url(owner_url).set(drivername="postgresql+asyncpg"),
        connect_args={"server_settings": {"lock_timeout": "5s", "statement_timeout": "10min"}},
    )

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("select pg_advisory_lock(4200002)")
            await connection.commit()
            await connection.run_sync(run)
            await connection.commit()
    finally:
        await engine.dispose()


async def current(owner_url: str) -> str:
    """The revision the tables are at; "none" before the first migration."""
    connection = await asyncpg.connect(owner_url, timeout=10)
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return "none"
        return str(await connection.fetchval("select version_num from alembic_version") or "none")
    finally:
        await connection.close()
