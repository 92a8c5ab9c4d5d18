"""Writes that may be sent twice: their keys and answers."""

from alembic import op

from db.migrations.security import definer_function, workspace_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table idempotency_key (
            workspace_id uuid not null
                constraint fk_idempotency_key_workspace_id_workspace references workspace on delete cascade,
            key varchar(200) not null, method varchar(8) not null, path text not null, request_hash bytea not null,
            status smallint, body bytea, location text, created_at timestamptz not null,
            constraint pk_idempotency_key primary key (workspace_id, key))
    """)
    op.execute("create index ix_idempotency_key_created_at on idempotency_key (created_at)")
    workspace_table("idempotency_key")
    definer_function(
        "forget_idempotency_keys(hours integer)",
        "void",
        "delete from idempotency_key where created_at < clock_timestamp() - make_interval(hours => hours)",
        volatility="volatile",
    )


def downgrade() -> None:
    op.execute("drop function forget_idempotency_keys(integer)")
    op.execute("drop table idempotency_key")
