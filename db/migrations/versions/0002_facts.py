"""Accounts, posts, snapshots: the shared facts, partitioned by month."""

from alembic import op

from db.migrations.security import (
    definer_function,
    facts_table,
    instance_table,
    workspace_table,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OBSERVED = """
    observed_at timestamptz not null, recorded_at timestamptz not null, source varchar(32) not null,
    collector varchar(32) not null, run_id uuid, workspace_id uuid, missing jsonb
"""
ACCOUNT_NUMBERS = "followers bigint, following bigint, posts bigint, views bigint, likes bigint"
POST_NUMBERS = "views bigint, likes bigint, comments bigint, shares bigint, saves bigint"


def upgrade() -> None:
    op.execute("""
        create table image (
            id uuid not null constraint pk_image primary key,
            source_key varchar(64) not null constraint uq_image_source_key unique, source_url text not null,
            content bytea not null, content_type varchar(32) not null,
            width integer not null, height integer not null, fetched_at timestamptz not null)
    """)
    op.execute("alter table image alter column content set storage external")  # WebP does not compress further
    instance_table("image")

    op.execute("""
        create table account (
            id uuid not null constraint pk_account primary key,
            platform varchar(16) not null, external_id varchar(128), lookup varchar(300) not null,
            handle varchar(200), title text not null, url text not null, description text, country varchar(8),
            created_at timestamptz, avatar_url text,
            image_id uuid constraint fk_account_image_id_image references image on delete set null,
            state varchar(16) not null, state_since timestamptz,
            merged_into uuid constraint fk_account_merged_into_account references account,
            first_seen_at timestamptz not null)
    """)
    op.execute("create unique index uq_account_external on account (platform, external_id)")
    op.execute("create unique index uq_account_lookup on account (platform, lookup) where external_id is null")
    op.execute("create index ix_account_handle on account (platform, lower(handle))")
    instance_table("account", "select, insert, update")

    op.execute("""
        create table account_handle (
            id uuid not null constraint pk_account_handle primary key,
            account_id uuid not null
                constraint fk_account_handle_account_id_account references account on delete cascade,
            handle varchar(200) not null, seen_from timestamptz not null, seen_to timestamptz)
    """)
    op.execute("create index ix_account_handle_account on account_handle (account_id, seen_from)")
    instance_table("account_handle", "select, insert, update")

    op.execute("""
        create table creator (
            id uuid not null constraint pk_creator primary key,
            workspace_id uuid not null
                constraint fk_creator_workspace_id_workspace references workspace on delete cascade,
            name varchar(200) not null, named boolean not null, tags text[] not null, note text,
            added_at timestamptz not null, deleted_at timestamptz)
    """)
    op.execute("create index ix_creator_workspace on creator (workspace_id, added_at)")
    workspace_table("creator")

    op.execute("""
        create table tracked_account (
            id uuid not null constraint pk_tracked_account primary key,
            workspace_id uuid not null
                constraint fk_tracked_account_workspace_id_workspace references workspace on delete cascade,
            account_id uuid not null constraint fk_tracked_account_account_id_account references account,
            creator_id uuid not null constraint fk_tracked_account_creator_id_creator references creator,
            own boolean not null, enabled boolean not null, cadence_hours double precision,
            added_at timestamptz not null, deleted_at timestamptz)
    """)
    op.execute("create unique index uq_tracked_account on tracked_account (workspace_id, account_id)")
    op.execute("create index ix_tracked_account_account on tracked_account (account_id)")
    op.execute("create index ix_tracked_account_creator on tracked_account (creator_id)")
    workspace_table("tracked_account")

    op.execute("""
        create table post (
            id uuid not null constraint pk_post primary key,
            account_id uuid not null constraint fk_post_account_id_account references account on delete cascade,
            external_id varchar(128) not null, url text not null, title text not null,
            published_at timestamptz, format varchar(16) not null, duration integer,
            state varchar(16) not null, state_since timestamptz, thumbnail_url text,
            image_id uuid constraint fk_post_image_id_image references image on delete set null,
            first_seen_at timestamptz not null, last_read_at timestamptz, next_read_at timestamptz)
    """)
    op.execute("create unique index uq_post_account_external on post (account_id, external_id)")
    op.execute("create index ix_post_account_published on post (account_id, published_at desc nulls last)")
    op.execute("create index ix_post_next_read on post (account_id, next_read_at) where next_read_at is not null")
    instance_table("post", "select, insert, update")

    for thing, numbers in (("account", ACCOUNT_NUMBERS), ("post", POST_NUMBERS)):
        op.execute(f"""
            create table {thing}_snapshot ({thing}_id uuid not null, {OBSERVED}, {numbers})
            partition by range (observed_at)
        """)
        op.execute(f"""
            create unique index uq_{thing}_snapshot on {thing}_snapshot ({thing}_id, observed_at, source, workspace_id)
            nulls not distinct
        """)
        facts_table(f"{thing}_snapshot", "select, insert")
        op.execute(f"""
            create table {thing}_latest (
                {thing}_id uuid not null
                    constraint fk_{thing}_latest_{thing}_id_{thing} references {thing} on delete cascade,
                {OBSERVED}, {numbers})
        """)
        op.execute(
            f"create unique index uq_{thing}_latest on {thing}_latest ({thing}_id, workspace_id) nulls not distinct"
        )
        # updated in place all day long: leave room on the page
        op.execute(f"alter table {thing}_latest set (fillfactor = 70)")
        facts_table(f"{thing}_latest")

    op.execute(f"""
        create table account_rollup (
            account_id uuid not null
                constraint fk_account_rollup_account_id_account references account on delete cascade,
            bucket timestamptz not null, workspace_id uuid, observed_at timestamptz, {ACCOUNT_NUMBERS},
            gained_views bigint, gained_likes bigint, gained_comments bigint, gained_shares bigint,
            gained_saves bigint, readings integer not null)
    """)
    op.execute("""
        create unique index uq_account_rollup on account_rollup (account_id, bucket, workspace_id) nulls not distinct
    """)
    facts_table("account_rollup")

    # The runtime role may not create tables; this makes the month's partitions and nothing else.
    definer_function(
        "ensure_month(day date)",
        "void",
        """
        declare
            first date := date_trunc('month', day)::date;
            suffix text := to_char(first, '"_y"YYYY"m"MM');
            parent text;
        begin
            perform pg_advisory_xact_lock(4200003);
            foreach parent in array array['account_snapshot', 'post_snapshot'] loop
                if to_regclass(parent || suffix) is null then
                    execute format(
                        'create table %I partition of %I for values from (%L) to (%L)', parent || suffix, parent,
                        (first::timestamp at time zone 'UTC'),
                        ((first + interval '1 month')::timestamp at time zone 'UTC'));
                end if;
            end loop;
        end
        """,
        language="plpgsql",
        volatility="volatile",
    )
    # Who is to hear of an account: ids of workspaces, for announcements only.
    definer_function(
        "watchers_of(account uuid)",
        "setof uuid",
        "select workspace_id from tracked_account where account_id = account and deleted_at is null",
    )
    # One account, found twice under two names: every workspace's tracking moves to the one that stays.
    definer_function(
        "merge_account(gone uuid, kept uuid)",
        "void",
        """
        begin
            update tracked_account t set account_id = kept
            where t.account_id = gone
              and not exists (select 1 from tracked_account o
                              where o.account_id = kept and o.workspace_id = t.workspace_id);
            update tracked_account o set deleted_at = null, enabled = o.enabled or t.enabled
            from tracked_account t
            where o.account_id = kept and t.account_id = gone and t.workspace_id = o.workspace_id
              and t.deleted_at is null;
            update creator c set deleted_at = clock_timestamp()
            from tracked_account t
            where t.account_id = gone and c.id = t.creator_id and c.deleted_at is null
              and not exists (select 1 from tracked_account o
                              where o.creator_id = c.id and o.account_id <> gone and o.deleted_at is null);
            delete from tracked_account where account_id = gone;
        end
        """,
        language="plpgsql",
        volatility="volatile",
    )


def downgrade() -> None:
    for signature in (
        "ensure_month(date)",
        "watchers_of(uuid)",
        "merge_account(uuid, uuid)",
    ):
        op.execute(f"drop function {signature}")
    for table in (
        "account_rollup", "post_latest", "account_latest", "post_snapshot", "account_snapshot", "post",
        "tracked_account", "creator", "account_handle", "account", "image",
    ):  # fmt: skip
        op.execute(f"drop table {table}")
