"""Numbers over time. Append-only snapshots, and two derived forms kept by the transaction that writes them.

Snapshots are partitioned by month of `observed_at` and keyed (thing, observed_at, source, workspace):
writing one twice leaves one. `workspace_id` null means public and shared; set, it was read with that
workspace's own credential and only it may see it. `missing` gives the reason for each null metric.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.lib.db import Base, Json


class Observed:
    """When and how a row of numbers came to be: its birth certificate."""

    observed_at: Mapped[datetime] = mapped_column()
    recorded_at: Mapped[datetime] = mapped_column()
    source: Mapped[str] = mapped_column(String(32))
    collector: Mapped[str] = mapped_column(String(32))
    run_id: Mapped[UUID | None] = mapped_column()
    workspace_id: Mapped[UUID | None] = mapped_column()
    missing: Mapped[dict[str, Any] | None] = mapped_column(Json)


class AccountNumbers:
    followers: Mapped[int | None] = mapped_column(BigInteger)
    following: Mapped[int | None] = mapped_column(BigInteger)
    posts: Mapped[int | None] = mapped_column(BigInteger)
    views: Mapped[int | None] = mapped_column(BigInteger)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    monthly_views: Mapped[int | None] = mapped_column(BigInteger)  # a gauge of the last 30 days, never summed


class PostNumbers:
    views: Mapped[int | None] = mapped_column(BigInteger)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    shares: Mapped[int | None] = mapped_column(BigInteger)
    saves: Mapped[int | None] = mapped_column(BigInteger)


def _key(name: str, thing: str) -> Index:
    return Index(
        name,
        thing,
        "observed_at",
        "source",
        "workspace_id",
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


class AccountSnapshot(AccountNumbers, Observed, Base):
    __mapper_args__ = {"primary_key": ["account_id", "observed_at", "source", "workspace_id"]}

    account_id: Mapped[UUID] = mapped_column()

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            _key("uq_account_snapshot", "account_id"),
            {"postgresql_partition_by": "range (observed_at)"},
        )


class PostSnapshot(PostNumbers, Observed, Base):
    __mapper_args__ = {"primary_key": ["post_id", "observed_at", "source", "workspace_id"]}

    post_id: Mapped[UUID] = mapped_column()

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            _key("uq_post_snapshot", "post_id"),
            {"postgresql_partition_by": "range (observed_at)"},
        )


class AccountLatest(AccountNumbers, Observed, Base):
    """The newest snapshot of each account, so that a list of accounts costs one row each."""

    __mapper_args__ = {"primary_key": ["account_id", "workspace_id"]}
    __table_args__ = (
        Index(
            "uq_account_latest",
            "account_id",
            "workspace_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"))


class PostLatest(PostNumbers, Observed, Base):
    """The newest snapshot of each post, so that a table of posts can be sorted and filtered without history."""

    __mapper_args__ = {"primary_key": ["post_id", "workspace_id"]}
    __table_args__ = (
        Index(
            "uq_post_latest",
            "post_id",
            "workspace_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    post_id: Mapped[UUID] = mapped_column(ForeignKey("post.id", ondelete="cascade"))


class AccountRollup(AccountNumbers, Base):
    """An account's half hour (UTC): the last value of each counter in it, and what its posts gained in it.

    bucket: start of the half hour. gained_*: sum over posts of the differences to each post's previous
    reading; a post first read counts whole only when the account was already followed when it came out.
    """

    __mapper_args__ = {"primary_key": ["account_id", "bucket", "workspace_id"]}
    __table_args__ = (
        Index(
            "uq_account_rollup",
            "account_id",
            "bucket",
            "workspace_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"))
    bucket: Mapped[datetime] = mapped_column()
    workspace_id: Mapped[UUID | None] = mapped_column()
    observed_at: Mapped[datetime | None] = mapped_column()
    gained_views: Mapped[int | None] = mapped_column(BigInteger)
    gained_likes: Mapped[int | None] = mapped_column(BigInteger)
    gained_comments: Mapped[int | None] = mapped_column(BigInteger)
    gained_shares: Mapped[int | None] = mapped_column(BigInteger)
    gained_saves: Mapped[int | None] = mapped_column(BigInteger)
    readings: Mapped[int] = mapped_column(Integer, default=0)
