"""How often somebody may: one small interface over PostgreSQL or Redis, atomic in both.

A window begins with the first request under a key and lasts `window` seconds.

While Redis is away nothing is counted and everything may pass: these limits share the server out, they guard
nothing. What is guarded (guessing passwords) counts in PostgreSQL, in app/domain/identity/login.py.
"""

import ipaddress
from datetime import datetime
from typing import Protocol

import msgspec
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from sqlalchemy import Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, Database

log = structlog.get_logger(__name__)

_PATIENCE = 0.5  # seconds


class RateLimit(Base):
    """Requests counted under a key until `ends_at` (wall clock). The table is unlogged: a crash forgets it."""

    __table_args__ = {"prefixes": ["UNLOGGED"]}

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    hits: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime]


class Verdict(msgspec.Struct, frozen=True):
    """Whether this request may pass; remaining requests and whole seconds until the window ends."""

    allowed: bool
    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[bytes, bytes]:
        """The RateLimit-* header fields of an answer."""
        values = {
            b"ratelimit-limit": self.limit,
            b"ratelimit-remaining": self.remaining,
            b"ratelimit-reset": self.reset,
        }
        return {name: str(value).encode() for name, value in values.items()}


def neighbourhood(address: str) -> str:
    """What counts as one address: an IPv6 host owns its whole /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))


class Limits(Protocol):
    async def hit(self, key: str, limit: int, window: int = 60) -> Verdict | None:
        """Count one request under `key` and say whether it is within `limit` for `window` seconds.

        None: it could not be counted, and may pass.
        """


def _verdict(hits: int, limit: int, seconds: float) -> Verdict:
    return Verdict(hits <= limit, limit, max(0, limit - hits), max(1, -int(-seconds // 1)))


class PostgresLimits:
    """Counts in the `rate_limit` table, each in a transaction of its own: a refused request counts too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hit(self, key: str, limit: int, window: int = 60) -> Verdict:
        async with self._database.transaction() as session:
            row = (await session.execute(_HIT, {"key": key, "window": window})).one()
        return _verdict(row.hits, limit, float(row.seconds))


_HIT = text("""
    insert into rate_limit as r (key, hits, ends_at)
    values (:key, 1, clock_timestamp() + make_interval(secs => :window))
    on conflict (key) do update set
        hits = case when r.ends_at <= clock_timestamp() then 1 else r.hits + 1 end,
        ends_at = case when r.ends_at <= clock_timestamp() then excluded.ends_at else r.ends_at end
    returning hits, extract(epoch from ends_at - clock_timestamp()) as seconds
""")


class RedisLimits:
    """Counts in Redis under `limit:<key>`; the script runs as one step there. Close it at the end."""

    _SCRIPT = """
        local hits = redis.call('INCR', KEYS[1])
        if hits == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
        return {hits, redis.call('PTTL', KEYS[1])}
    """

    def __init__(self, url: str) -> None:
        # Every request of the API waits for the answer: a Redis that is away must not make it wait long.
        self._redis = Redis.from_url(
            url, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE, retry=Retry(NoBackoff(), 1)
        )
        self._hit = self._redis.register_script(self._SCRIPT)
        self._away = False

    async def hit(self, key: str, limit: int, window: int = 60) -> Verdict | None:
        try:
            hits, milliseconds = await self._hit(keys=[f"limit:{key}"], args=[window * 1000])
        except (RedisError, OSError) as error:
            if not self._away:
                log.warning("Redis is away: requests are not counted", error=repr(error))
            self._away = True
            return None
        self._away = False
        return _verdict(int(hits), limit, int(milliseconds) / 1000)

    async def aclose(self) -> None:
        await self._redis.aclose()
