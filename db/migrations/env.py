"""Alembic's way in: the owner's connection comes from `app.lib.dbadmin`, the tables from the domain."""

from alembic import context

import app.domain.tables as tables

config = context.config


def include_object(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """SAQ's own tables and the monthly partitions are not in our metadata."""
    return not (kind == "table" and name is not None and (name.startswith("saq_") or "_y20" in name))


connection = config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    include_object=include_object,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
