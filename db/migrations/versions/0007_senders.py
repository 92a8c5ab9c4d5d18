"""Attempts to connect a person's own Telegram account."""

from alembic import op

from db.migrations.security import definer_function, workspace_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BEFORE = """
        select 'attempt', a.workspace_id, a.id from connect_attempt a
        where (a.state = 'due') or (a.state = 'running' and a.lease_until < clock_timestamp())
        union all
        select 'refresh', c.workspace_id, c.id from connection c
        where c.state = 'active' and c.kind = 'oauth' and c.expires_at < soon
          and coalesce(c.refreshing_until, '-infinity') < clock_timestamp()
          and (c.error_at is null or c.error_at < now - interval '10 minutes')
        union all
        select 'reading', r.workspace_id, r.connection_id from connection_reading r
        where (r.state = 'due' and r.due_at <= now) or (r.state = 'running' and r.lease_until < clock_timestamp())
"""


def work(body: str) -> None:
    definer_function(
        "connection_work(now timestamptz, soon timestamptz)", "table (kind text, workspace_id uuid, id uuid)", body
    )


def upgrade() -> None:
    op.execute("""
        create table sender_attempt (
            id uuid not null constraint pk_sender_attempt primary key,
            workspace_id uuid not null
                constraint fk_sender_attempt_workspace_id_workspace references workspace on delete cascade,
            user_id uuid not null constraint fk_sender_attempt_user_id_app_user references app_user on delete cascade,
            provider varchar(16) not null, kind varchar(8) not null, step varchar(16) not null, shown text, typed text,
            opened_at timestamptz not null, error_params jsonb,
            state varchar(16) not null, due_at timestamptz, attempts integer not null, lease_until timestamptz,
            fence bigint not null, error_kind varchar(24), error text)
    """)
    workspace_table("sender_attempt")
    work(f"""{BEFORE}
        union all
        select 'sender', s.workspace_id, s.id from sender_attempt s
        where s.state = 'due' or (s.state = 'running' and s.lease_until < clock_timestamp())
    """)


def downgrade() -> None:
    work(BEFORE)
    op.execute("drop table sender_attempt")
