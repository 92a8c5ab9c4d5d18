"""Who there is: users, workspaces, memberships, sessions, keys, invitations, the audit log, the limits."""

from alembic import op

from db.migrations.security import APP, BACKUP, CURRENT, OWNER, definer_function, instance_table, workspace_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table app_user (
    id uuid primary key,
    email text not null constraint uq_app_user_email unique check (email = lower(email)),
    name text not null,
    password_hash text not null,
    locale varchar(8) not null,
    timezone text,
    theme varchar(8) not null check (theme in ('system', 'light', 'dark')),
    is_superuser boolean not null,
    is_active boolean not null,
    created_at timestamptz not null,
    password_changed_at timestamptz not null
);
create table workspace (
    id uuid primary key,
    name text not null,
    timezone text not null,
    nightly_enabled boolean not null,
    nightly_hour smallint not null check (nightly_hour between 0 and 23),
    cadence_hours double precision check (cadence_hours > 0),
    max_posts integer check (max_posts > 0),
    created_at timestamptz not null
);
create table membership (
    workspace_id uuid not null references workspace on delete cascade,
    user_id uuid not null references app_user on delete cascade,
    role varchar(16) not null check (role in ('owner', 'admin', 'editor', 'viewer')),
    created_at timestamptz not null,
    primary key (workspace_id, user_id)
);
create index ix_membership_user_id on membership (user_id);
create table invitation (
    id uuid primary key,
    workspace_id uuid not null references workspace on delete cascade,
    email text not null,
    role varchar(16) not null check (role in ('owner', 'admin', 'editor', 'viewer')),
    token_hash bytea not null constraint uq_invitation_token_hash unique,
    created_by uuid references app_user on delete set null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz
);
create index ix_invitation_workspace_id on invitation (workspace_id);
create table api_key (
    id uuid primary key,
    workspace_id uuid not null references workspace on delete cascade,
    name text not null,
    prefix varchar(24) not null,
    key_hash bytea not null constraint uq_api_key_key_hash unique,
    scopes text[] not null,
    requests_per_minute integer check (requests_per_minute > 0),
    created_by uuid references app_user on delete set null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index ix_api_key_workspace_id on api_key (workspace_id);
create table user_session (
    id uuid primary key,
    user_id uuid not null references app_user on delete cascade,
    workspace_id uuid references workspace on delete set null,
    kind varchar(16) not null check (kind in ('web', 'api')),
    token_hash bytea constraint uq_user_session_token_hash unique,
    previous_hash bytea constraint uq_user_session_previous_hash unique,
    previous_until timestamptz,
    rotate boolean not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    address text not null,
    user_agent text not null,
    revoked_at timestamptz
);
create index ix_user_session_user_id on user_session (user_id);
create table refresh_token (
    token_hash bytea primary key,
    session_id uuid not null references user_session on delete cascade,
    created_at timestamptz not null,
    used_at timestamptz
);
create index ix_refresh_token_session_id on refresh_token (session_id);
create table setup_token (
    token_hash bytea primary key,
    created_at timestamptz not null,
    used_at timestamptz
);
create table login_throttle (
    key text primary key,
    failures integer not null,
    last_at timestamptz not null
);
create unlogged table rate_limit (
    key text primary key,
    hits integer not null,
    ends_at timestamptz not null
);
create table audit_entry (
    id uuid primary key,
    workspace_id uuid,
    seq bigint not null,
    at timestamptz not null,
    actor_kind varchar(16) not null,
    actor_id uuid,
    address text not null,
    action varchar(64) not null,
    object_kind varchar(32),
    object_id uuid,
    details jsonb not null,
    previous bytea not null,
    hash bytea not null
);
create unique index uq_audit_entry_chain on audit_entry (workspace_id, seq) nulls not distinct;
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)

    op.execute(f"grant usage on schema public to {APP}, {BACKUP}")
    for table in ("app_user", "user_session", "refresh_token", "setup_token", "login_throttle", "rate_limit"):
        instance_table(table)
    for table in ("membership", "invitation", "api_key"):
        workspace_table(table)

    instance_table("workspace", "select, insert, update")
    _rows("workspace", f"id = {CURRENT}")
    # Deeds on the instance have no workspace, and are seen only by a transaction that has none either.
    instance_table("audit_entry", "select, insert")
    _rows("audit_entry", f"workspace_id is not distinct from {CURRENT}")

    definer_function(
        "memberships_of(who uuid)",
        "table (workspace_id uuid, name text, timezone text, role varchar)",
        "select w.id, w.name, w.timezone, m.role from membership m join workspace w on w.id = m.workspace_id "
        "where m.user_id = who order by m.created_at, w.id",
    )
    definer_function(
        "key_by_hash(hash bytea)",
        "table (id uuid, workspace_id uuid, timezone text, scopes text[], requests_per_minute integer, "
        "last_used_at timestamptz)",
        "select k.id, k.workspace_id, w.timezone, k.scopes, k.requests_per_minute, k.last_used_at "
        "from api_key k join workspace w on w.id = k.workspace_id where k.key_hash = hash "
        "and k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())",
    )
    definer_function(
        "invitation_by_hash(hash bytea)",
        "table (id uuid, workspace_id uuid, workspace_name text, email text, role varchar)",
        "select i.id, i.workspace_id, w.name, i.email, i.role "
        "from invitation i join workspace w on w.id = i.workspace_id where i.token_hash = hash "
        "and i.accepted_at is null and i.revoked_at is null and i.expires_at > clock_timestamp()",
    )


def _rows(table: str, mine: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy mine on {table} to {APP} using ({mine}) with check ({mine})")
    op.execute(f"create policy definer on {table} to {OWNER} using (true) with check (true)")


def downgrade() -> None:
    for function in ("memberships_of(uuid)", "key_by_hash(bytea)", "invitation_by_hash(bytea)"):
        op.execute(f"drop function {function}")
    op.execute(
        "drop table audit_entry, rate_limit, login_throttle, setup_token, refresh_token, user_session, "
        "api_key, invitation, membership, workspace, app_user"
    )
