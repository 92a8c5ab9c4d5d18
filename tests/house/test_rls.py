"""No workspace sees another's rows: every table with a workspace_id, asked as the application's role."""

from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.lib.db import Database
from tests.conftest import Urls
from tests.people import person, room_of

# Rows without a workspace are everybody's in these; in all others they do not exist, or are the instance's own.
ASIDE = {
    "user_session": "belongs to a person, who sees it in every workspace; asked by user_id",
}


async def _tables(connection: "asyncpg.Connection") -> dict[str, dict[str, bool]]:
    rows = await connection.fetch("""
        select c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped
        where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname not like 'saq\\_%'
    """)
    return {r["relname"]: {"on": r[1], "forced": r[2], "part": r[3]} for r in rows}


async def test_every_table_with_a_workspace_has_row_level_security(urls: Urls) -> None:
    connection = await asyncpg.connect(urls.owner)
    try:
        tables = await _tables(connection)
        reachable = {
            r[0]
            for r in await connection.fetch(
                "select distinct table_name from information_schema.role_table_grants "
                "where grantee in ('sightline_app', 'PUBLIC') and table_schema = 'public'"
            )
        }
    finally:
        await connection.close()
    assert {"membership", "api_key", "invitation", "audit_entry"} <= set(tables)
    # A partition has no policy of its own: it must be out of reach except through its parent.
    open_partitions = {name for name, its in tables.items() if its["part"] and name in reachable and not its["forced"]}
    open_tables = {name for name, its in tables.items() if not its["part"] and not (its["on"] and its["forced"])}
    assert open_partitions == set()
    assert open_tables - set(ASIDE) == set()


async def test_two_workspaces_do_not_see_one_another(database: Database, urls: Urls) -> None:
    """A row is put into each table for one workspace (as the owner, constraints aside) and looked for from another."""
    mine = await room_of(database, await person(database, "a@x.io"))
    other = await room_of(database, await person(database, "b@x.io"))
    admin = await asyncpg.connect(urls.admin, database=make_url(urls.app).database)
    application = await asyncpg.connect(urls.app)
    try:
        await admin.execute("select ensure_month(current_date)")
        await admin.execute("set session_replication_role = replica")  # no foreign keys: each table stands alone
        tables = [name for name, its in (await _tables(admin)).items() if not its["part"] and name not in ASIDE]
        seen: dict[str, tuple[int, int, int]] = {}
        for table in tables:
            await _put(admin, table, mine)
            counts = []
            for workspace in (mine, other, None):
                async with application.transaction():
                    setting = str(workspace) if workspace else ""
                    await application.execute("select set_config('app.workspace', $1, true)", setting)
                    counts.append(
                        await application.fetchval(f'select count(*) from "{table}" where workspace_id = $1', mine)
                    )
            seen[table] = (min(counts[0], 1), counts[1], counts[2])
        assert seen == dict.fromkeys(tables, (1, 0, 0))
    finally:
        await application.close()
        await admin.close()


async def test_a_row_cannot_be_written_into_another_workspace(database: Database, urls: Urls) -> None:
    mine = await room_of(database, await person(database, "a@x.io"))
    other = await room_of(database, await person(database, "b@x.io"))
    application = await asyncpg.connect(urls.app)
    try:
        await application.execute("select set_config('app.workspace', $1, false)", str(mine))
        for statement in (
            "insert into membership values ($1, $2, 'owner', now())",
            "insert into invitation values ($2, $1, 'x@x.io', 'owner', 'x', null, now(), now(), null, null)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute(statement, other, uuid4())
        renamed = await application.execute("update workspace set name = 'theirs' where id = $1", other)
        demoted = await application.execute("update membership set role = 'viewer' where workspace_id = $1", other)
        assert (renamed, demoted) == ("UPDATE 0", "UPDATE 0")
    finally:
        await application.close()


async def _put(admin: "asyncpg.Connection", table: str, workspace: object) -> None:
    """A row with made-up values in every column that must have one."""
    columns = await admin.fetch(
        "select a.attname, format_type(a.atttypid, null) as type "
        "from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relname = $1 and a.attnum > 0 "
        "and not a.attisdropped and a.attnotnull and a.attgenerated = '' and a.attidentity = '' "
        "and a.attname <> 'workspace_id'",
        table,
    )
    checks = await admin.fetch(
        "select conname from pg_constraint where contype = 'c' and conrelid = $1::text::regclass", f'"{table}"'
    )
    made = {
        "uuid": "gen_random_uuid()",
        "boolean": "true",
        "jsonb": "'{}'",
        "bytea": "'x'",
        "text[]": "'{}'",
        "date": "now()::date",
        "timestamp with time zone": "now()",
        "text": "'x'",
        "character varying": "'x'",
        "character": "'x'",
    }
    async with admin.transaction():
        for check in checks:  # values are made up; the test's own database forgets the rule
            await admin.execute(f'alter table "{table}" drop constraint if exists "{check["conname"]}"')
        names = ", ".join(["workspace_id", *(f'"{c["attname"]}"' for c in columns)])
        values = ", ".join(["$1", *(made.get(c["type"], "1") for c in columns)])
        await admin.execute(f'insert into "{table}" ({names}) values ({values}) on conflict do nothing', workspace)
