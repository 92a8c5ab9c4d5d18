"""Functions that see across workspaces are few, known, and each says why (definer_functions.txt)."""

from pathlib import Path

from sqlalchemy import text

from app.lib.db import Database

LIST = Path(__file__).with_name("definer_functions.txt")


def listed() -> dict[str, str]:
    """Name: reason."""
    lines = [line for line in LIST.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return {name.strip(): reason.strip() for name, _, reason in (line.partition(":") for line in lines)}


async def test_every_definer_function_is_listed_with_its_reason(database: Database) -> None:
    async with database.transaction() as session:
        rows = await session.execute(
            text(
                "select p.proname, coalesce(array_to_string(p.proconfig, ','), '') as settings, "
                "has_function_privilege('public', p.oid, 'execute') as open_to_all, "
                "pg_get_userbyid(p.proowner) as owner from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
                "where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')"
            )
        )
        found = {row.proname: row for row in rows}
    reasons = listed()
    assert sorted(found) == sorted(reasons), "the list and the migrated database differ"
    assert [name for name, reason in reasons.items() if len(reason) < 20] == [], "a reason is a sentence"
    assert [name for name, row in found.items() if "search_path=" not in row.settings] == []
    assert [name for name, row in found.items() if row.open_to_all] == []
    assert {row.owner for row in found.values()} <= {"sightline_owner"}
