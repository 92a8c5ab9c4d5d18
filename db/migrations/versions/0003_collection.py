"""Collection: work rows, runs, cron slots, the quota ledger, and the queue's own tables."""

from alembic import op

from db.migrations.security import APP, definer_function, instance_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create table collection (
            account_id uuid not null constraint pk_collection primary key
                constraint fk_collection_account_id_account references account on delete cascade,
            state varchar(16) not null, due_at timestamptz, attempts integer not null, lease_until timestamptz,
            fence bigint not null, error_kind varchar(24), error text,
            next_full_at timestamptz, trigger varchar(16) not null, cadence_hours double precision not null,
            max_posts integer not null)
    """)
    op.execute("create index ix_collection_due on collection (due_at) where state = 'due'")
    op.execute("create index ix_collection_lease on collection (lease_until) where state = 'running'")
    instance_table("collection")

    op.execute("""
        create table collection_run (
            id uuid not null constraint pk_collection_run primary key,
            account_id uuid not null
                constraint fk_collection_run_account_id_account references account on delete cascade,
            trigger varchar(16) not null, scope varchar(16) not null, status varchar(16) not null,
            step varchar(16) not null, fence integer not null, started_at timestamptz not null,
            finished_at timestamptz, took_ms integer, source varchar(32), collector varchar(32),
            tried jsonb not null, posts_planned integer, posts_read integer not null, posts_new integer not null,
            posts_gone integer not null, posts_unread integer not null, quota_units integer not null,
            error_kind varchar(24), error text, error_params jsonb, retry_at timestamptz)
    """)
    op.execute("create index ix_collection_run_account on collection_run (account_id, started_at desc)")
    op.execute("create index ix_collection_run_started on collection_run (started_at desc)")
    op.execute("create index ix_collection_run_open on collection_run (account_id) where status = 'running'")
    instance_table("collection_run", "select, insert, update")

    op.execute("""
        create table cron_slot (
            name varchar(64) not null, slot varchar(128) not null, taken_at timestamptz not null,
            constraint pk_cron_slot primary key (name, slot))
    """)
    instance_table("cron_slot", "select, insert, delete")

    op.execute("""
        create table quota_day (
            platform varchar(16) not null, bucket varchar(32) not null, day date not null,
            used integer not null, allowed integer not null,
            constraint pk_quota_day primary key (platform, bucket, day))
    """)
    instance_table("quota_day", "select, insert, update")

    # How often an account is read: the fastest wish among the workspaces that have it switched on.
    definer_function(
        "collection_plan(account uuid, default_hours double precision, default_posts integer)",
        "table (enabled boolean, hours double precision, posts integer)",
        """
        select count(*) > 0, min(coalesce(t.cadence_hours, w.cadence_hours, default_hours)),
               max(coalesce(w.max_posts, default_posts))
        from tracked_account t join workspace w on w.id = t.workspace_id
        where t.account_id = account and t.enabled and t.deleted_at is null
        """,
    )
    # Workspaces whose local time has reached their nightly hour: id and local date, nothing else.
    definer_function(
        "nightly_workspaces(moment timestamptz)",
        "table (id uuid, local_date date)",
        """
        select w.id, (moment at time zone w.timezone)::date from workspace w
        where w.nightly_enabled and extract(hour from moment at time zone w.timezone) = w.nightly_hour
        """,
    )

    # SAQ makes these itself when it may; the runtime role may not, so they are made here as its
    # migrations 1-3 leave them (saq 0.26.4, saq/queue/postgres_migrations.py) and marked as done.
    op.execute("""
        create table saq_jobs (
            key text primary key, lock_key serial not null, job bytea not null, queue text not null,
            status text not null, priority smallint not null default 0, group_key text,
            scheduled bigint not null default extract(epoch from now()), expire_at bigint)
    """)
    op.execute("create index saq_jobs_status_queue_group_key_idx on saq_jobs (status, queue, group_key)")
    op.execute("""
        create index saq_jobs_status_queue_priority_scheduled_idx on saq_jobs (status, queue, priority, scheduled)
    """)
    op.execute(
        "create table saq_stats (worker_id text primary key, stats jsonb, expire_at bigint, metadata jsonb, queue_key text)"
    )
    op.execute("create index saq_stats_expire_at_idx on saq_stats (expire_at)")
    op.execute("create index saq_stats_queue_key_idx on saq_stats (queue_key)")
    op.execute("create table saq_versions (version int)")
    op.execute("insert into saq_versions values (3)")
    for table in ("saq_jobs", "saq_stats", "saq_versions"):
        instance_table(table)
    op.execute(f"grant usage on sequence saq_jobs_lock_key_seq to {APP}")


def downgrade() -> None:
    for signature in (
        "collection_plan(uuid, double precision, integer)",
        "nightly_workspaces(timestamptz)",
    ):
        op.execute(f"drop function {signature}")
    for table in (
        "saq_versions",
        "saq_stats",
        "saq_jobs",
        "quota_day",
        "cron_slot",
        "collection_run",
        "collection",
    ):
        op.execute(f"drop table {table}")
