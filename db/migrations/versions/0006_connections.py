"""What a workspace connects, what is read with it, and the health of sources."""

from alembic import op

from db.migrations.security import CURRENT, definer_function, instance_table, policies, workspace_table

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WORKSPACE = "workspace_id uuid not null constraint fk_{0}_workspace_id_workspace references workspace on delete cascade"
WORK = """
    state varchar(16) not null, due_at timestamptz, attempts integer not null, lease_until timestamptz,
    fence bigint not null, error_kind varchar(24), error text
"""


def upgrade() -> None:
    op.execute(f"""
        create table connection (
            id uuid not null constraint pk_connection primary key, {WORKSPACE.format("connection")},
            provider varchar(16) not null, kind varchar(8) not null, subject_id varchar(128) not null,
            title text not null, handle varchar(200), platform varchar(16), external_id varchar(128),
            account_id uuid constraint fk_connection_account_id_account references account on delete set null,
            scopes text[] not null, state varchar(16) not null, secret text, expires_at timestamptz,
            refresh_expires_at timestamptz, refreshing_until timestamptz, refreshed_at timestamptz,
            connected_at timestamptz not null,
            connected_by uuid constraint fk_connection_connected_by_app_user references app_user on delete set null,
            last_success_at timestamptz, error_kind varchar(24), error text, error_params jsonb, error_at timestamptz)
    """)
    op.execute("create unique index uq_connection_subject on connection (workspace_id, provider, subject_id)")
    op.execute("create index ix_connection_expires on connection (expires_at)")
    workspace_table("connection")

    op.execute(f"""
        create table connect_attempt (
            id uuid not null constraint pk_connect_attempt primary key, {WORKSPACE.format("connect_attempt")},
            user_id uuid not null constraint fk_connect_attempt_user_id_app_user references app_user on delete cascade,
            session_id uuid
                constraint fk_connect_attempt_session_id_user_session references user_session on delete cascade,
            provider varchar(16) not null, state_hash bytea not null, redirect_uri text not null, code text,
            opened_at timestamptz not null, error_params jsonb, {WORK})
    """)
    op.execute("create unique index uq_connect_attempt_state on connect_attempt (state_hash)")
    workspace_table("connect_attempt")

    op.execute(f"""
        create table connection_reading (
            connection_id uuid not null constraint pk_connection_reading primary key
                constraint fk_connection_reading_connection_id_connection references connection on delete cascade,
            {WORKSPACE.format("connection_reading")}, {WORK})
    """)
    op.execute("create index ix_connection_reading_due on connection_reading (due_at)")
    workspace_table("connection_reading")

    op.execute(f"""
        create table insight (
            id uuid not null constraint pk_insight primary key, {WORKSPACE.format("insight")},
            connection_id uuid constraint fk_insight_connection_id_connection references connection on delete set null,
            account_id uuid not null constraint fk_insight_account_id_account references account on delete cascade,
            post_id uuid constraint fk_insight_post_id_post references post on delete cascade,
            metric varchar(64) not null, period varchar(16) not null, day date, value double precision,
            missing varchar(24), source varchar(32) not null, collector varchar(32) not null,
            observed_at timestamptz not null, recorded_at timestamptz not null)
    """)
    op.execute("""
        create unique index uq_insight on insight (workspace_id, account_id, post_id, metric, period, day, observed_at)
        nulls not distinct
    """)
    op.execute("create index ix_insight_newest on insight (account_id, metric, observed_at desc)")
    workspace_table("insight", "select, insert")

    op.execute(f"""
        create table story (
            id uuid not null constraint pk_story primary key, {WORKSPACE.format("story")},
            account_id uuid not null constraint fk_story_account_id_account references account on delete cascade,
            external_id varchar(128) not null, url text not null, format varchar(16) not null,
            published_at timestamptz not null, expires_at timestamptz not null, thumbnail_url text,
            image_id uuid constraint fk_story_image_id_image references image on delete set null,
            metrics jsonb not null, missing jsonb not null, source varchar(32) not null,
            collector varchar(32) not null, first_seen_at timestamptz not null, observed_at timestamptz not null)
    """)
    op.execute("create unique index uq_story on story (workspace_id, account_id, external_id)")
    op.execute("create index ix_story_published on story (workspace_id, published_at desc)")
    workspace_table("story", "select, insert, update")

    # A post found with a workspace's own connection is that workspace's alone, until the public reading finds it, too.
    op.execute("alter table post add column workspace_id uuid")
    op.execute("drop index uq_post_account_external")
    op.execute("""
        create unique index uq_post_account_external on post (account_id, external_id, workspace_id)
        nulls not distinct
    """)
    policies("post", "workspace_id is null or workspace_id = " + CURRENT)
    definer_function(
        "adopt_posts(account uuid, external_ids text[])",
        "void",
        """
        update post p set workspace_id = null
        from (select distinct on (external_id) id from post
              where post.account_id = adopt_posts.account and post.external_id = any(adopt_posts.external_ids) and workspace_id is not null
              order by external_id, first_seen_at) own
        where p.id = own.id
          and not exists (select 1 from post q where q.account_id = p.account_id and q.external_id = p.external_id
                          and q.workspace_id is null)
        """,
        volatility="volatile",
    )

    op.execute("""
        create table source_health (
            platform varchar(16) not null, source varchar(32) not null, failures integer not null,
            open_until timestamptz, error_kind varchar(24), error text, error_params jsonb, failed_at timestamptz,
            succeeded_at timestamptz, constraint pk_source_health primary key (platform, source))
    """)
    instance_table("source_health")

    # The worker looks for work of all workspaces; it gets ids, and enters the workspace to do it.
    definer_function(
        "connection_work(now timestamptz, soon timestamptz)",
        "table (kind text, workspace_id uuid, id uuid)",
        """
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
        """,
    )
    definer_function(
        "sealed_secrets(after uuid, count integer)",
        "table (workspace_id uuid, id uuid, kind text)",
        """
        select s.workspace_id, s.id, s.kind from (
            select c.workspace_id, c.id, 'connection' as kind from connection c where c.secret is not null
            union all
            select a.workspace_id, a.id, 'attempt' from connect_attempt a where a.code is not null
        ) s where s.id > after order by s.id limit count
        """,
    )


def downgrade() -> None:
    op.execute("drop function adopt_posts(uuid, text[])")
    op.execute("delete from post where workspace_id is not null")
    op.execute("drop policy mine on post")
    op.execute("drop policy definer on post")
    op.execute("alter table post no force row level security, disable row level security")
    op.execute("drop index uq_post_account_external")
    op.execute("create unique index uq_post_account_external on post (account_id, external_id)")
    op.execute("alter table post drop column workspace_id")
    op.execute("drop function sealed_secrets(uuid, integer)")
    op.execute("drop function connection_work(timestamptz, timestamptz)")
    for table in (
        "source_health", "story", "insight", "connection_reading", "connect_attempt", "connection",
    ):  # fmt: skip
        op.execute(f"drop table {table}")
