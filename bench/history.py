"""A workspace with a long past, made in SQL: as the collector would have left it, in seconds instead of months.

Every account is read at the same beat; a reading gives the account's numbers and those of its posts younger than
31 days. Numbers are functions of age, so snapshots, newest copies and half hours can be made each for itself and
agree (tests/bench holds them against one another).
"""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec

from app.domain.posts.service import READ_UNTIL


class Past(msgspec.Struct, frozen=True):
    """accounts, posts (of all of them), days from the first post to now, snapshots of posts to make (about)."""

    accounts: int
    posts: int
    days: int
    snapshots: int

    @property
    def beat(self) -> timedelta:
        """Between two readings, so that about `snapshots` come of it: young posts have been read less often."""
        until = READ_UNTIL / timedelta(days=1)
        read_for = min(until - until**2 / (2 * self.days), self.days / 2)
        return timedelta(seconds=round(self.posts * read_for * 86400 / self.snapshots))

    def times(self, factor: int) -> "Past":
        """The same beat and the same number of posts a day, for `factor` times as long."""
        days, posts, before = self.days * factor, self.posts * factor, self.beat
        longer = Past(self.accounts, posts, days, self.snapshots * factor)
        return msgspec.structs.replace(longer, snapshots=round(longer.snapshots * (longer.beat / before)))


_WORLD = """
create unlogged table reading_beat as
select '{now}'::timestamptz as now, '{beat} seconds'::interval as beat, {beat}::float8 as step,
       '{until} seconds'::interval as until, '{now}'::timestamptz - interval '{days} days' as start;

insert into account (id, platform, external_id, lookup, handle, title, url, state, first_seen_at)
select uuidv7(), 'youtube', 'UC' || n, 'id:UC' || n, 'channel' || n, 'Channel ' || n,
       'https://www.youtube.com/@channel' || n, 'ok', start
from generate_series(1, {accounts}) n, reading_beat;
insert into account_handle (id, account_id, handle, seen_from) select uuidv7(), id, handle, first_seen_at from account;
insert into creator (id, workspace_id, name, named, tags, added_at)
select uuidv7(), '{workspace}', title, false, '{{watched}}', first_seen_at from account;
insert into tracked_account (id, workspace_id, account_id, creator_id, own, enabled, added_at)
select uuidv7(), '{workspace}', a.id, c.id, false, true, a.first_seen_at
from account a join creator c on c.name = a.title;

insert into post (id, account_id, external_id, url, title, published_at, format, duration, state, first_seen_at,
                  last_read_at, next_read_at)
select uuidv7(), a.id, 'v' || n, 'https://www.youtube.com/watch?v=v' || n, 'Video number ' || n, at,
       case when n % 3 = 0 then 'short' else 'long' end, 30 + n * 7 % 1200, 'public', at,
       now, case when at > now - until then now + beat end
from (select n, start + (now - start) * ((n - 0.5) / {posts}) as at from generate_series(1, {posts}) n, reading_beat) p
join (select id, row_number() over (order by id) as number from account) a on a.number = 1 + n % {accounts},
     reading_beat;

-- Readings are numbered beats since the start; a post's age and numbers are plain arithmetic, for there are millions.
create unlogged table reading_post as
select post_id, account_id, peak, born, floor(born / step)::int + 1 as first,
       floor(least(extract(epoch from now - start), born + extract(epoch from until)) / step)::int as last
from (select id as post_id, account_id, (1000 + abs(hashtext(external_id)) % 900000)::float8 as peak,
             extract(epoch from published_at - start)::float8 as born from post, reading_beat) p, reading_beat;
create function beat_at(number int, start timestamptz, step float8) returns timestamptz language sql immutable
return to_timestamp(extract(epoch from start)::float8 + number * step);
-- what a post has at an age, in seconds: fast at first, slower and slower
create function views_at(age float8, peak float8) returns bigint language sql immutable
return (peak * age / (172800 + age))::bigint;
create view reading as
select post_id, account_id, number, views_at(number * step - born, peak) as views,
       case when number > first then views_at((number - 1) * step - born, peak) else 0 end as before
from reading_post, reading_beat, generate_series(first, last) as number;
"""

_NUMBERS = """
drop index uq_post_snapshot;
insert into post_snapshot (post_id, observed_at, recorded_at, source, collector, views, likes, comments)
select post_id, at, at, 'data_api', '1', views, views / 30, views / 400
from reading join (select number, beat_at(number, start, step) as at
                   from reading_beat, generate_series(0, {beats}) as number) beats using (number);
create unique index uq_post_snapshot on post_snapshot (post_id, observed_at, source, workspace_id) nulls not distinct;
insert into post_latest (post_id, observed_at, recorded_at, source, collector, views, likes, comments)
select p.id, n.observed_at, n.observed_at, 'data_api', '1', views, views / 30, views / 400
from post p, lateral (select * from post_snapshot where post_id = p.id order by observed_at desc limit 1) n;

create unlogged table gained as
select account_id, date_bin('30 minutes', beat_at(number, start, step), '2000-01-01 00:00+00') as bucket,
       sum(views)::bigint as views, sum(likes)::bigint as likes, sum(comments)::bigint as comments,
       sum(readings)::int as readings
from (select account_id, number, sum(views - before) as views, sum(views / 30 - before / 30) as likes,
             sum(views / 400 - before / 400) as comments, count(*) as readings
      from reading group by account_id, number) beats, reading_beat
group by 1, 2;
insert into account_snapshot (account_id, observed_at, recorded_at, source, collector, followers, posts, views)
select a.id, at, at, 'data_api', '1', 5000 + number, {posts} / {accounts}, 100000 + number * 1500
from account a, reading_beat, generate_series(0, {beats}) as number, beat_at(number, start, step) as at;
insert into account_latest
select distinct on (account_id) account_id, observed_at, recorded_at, source, collector, run_id, workspace_id, missing,
       followers, following, posts, views, likes
from account_snapshot order by account_id, observed_at desc;
insert into account_rollup (account_id, bucket, observed_at, followers, posts, views, gained_views, gained_likes,
                            gained_comments, readings)
select distinct on (s.account_id, b) s.account_id, b, s.observed_at, s.followers, s.posts, s.views, g.views, g.likes,
       g.comments, coalesce(g.readings, 0)
from account_snapshot s
cross join lateral date_bin('30 minutes', s.observed_at, '2000-01-01 00:00+00') as b
left join gained g on g.account_id = s.account_id and g.bucket = b
order by s.account_id, b, s.observed_at desc;

insert into collection (account_id, state, due_at, attempts, fence, next_full_at, trigger, cadence_hours, max_posts)
select id, 'due', now + interval '6 hours', 0, 1, now + interval '6 hours', 'schedule', 6, 50
from account, reading_beat;
insert into collection_run (id, account_id, trigger, scope, status, step, fence, started_at, finished_at, took_ms,
                            source, collector, tried, posts_read, posts_new, posts_gone, posts_unread, quota_units)
select uuidv7(), a.id, 'schedule', 'full', 'success', 'done', 1, at, at + interval '3 seconds', 3000, 'data_api', '1',
       '[]', 50, 0, 0, 0, 3
from account a, reading_beat, generate_series(start, now - interval '1 minute', '6 hours') as at;
drop view reading;
drop function views_at, beat_at;
drop table gained, reading_post, reading_beat;
"""


async def make(url: str, past: Past, workspace: UUID, now: datetime) -> int:
    """Fill the empty database at `url` (as its administrator). Returns how many snapshots of posts there are."""
    values = {
        "now": now.isoformat(),
        "beat": past.beat.total_seconds(),
        "until": READ_UNTIL.total_seconds(),
        "beats": timedelta(days=past.days) // past.beat,
        "workspace": workspace,
        **msgspec.structs.asdict(past),
    }
    connection = await asyncpg.connect(url, server_settings={"jit": "off", "work_mem": "256MB"})
    try:
        for day in range(0, past.days + 32, 28):
            await connection.execute("select ensure_month($1)", (now - timedelta(days=day)).date())
        await connection.execute(_WORLD.format(**values))
        await connection.execute("analyze")
        await connection.execute("set maintenance_work_mem = '256MB'")
        await connection.execute(_NUMBERS.format(**values))
        await connection.execute("vacuum (analyze)")
        return int(await connection.fetchval("select count(*) from post_snapshot"))
    finally:
        await connection.close()
