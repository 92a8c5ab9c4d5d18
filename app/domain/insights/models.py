"""Private numbers and stories: read with a workspace's own connection, and that workspace's alone."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId, Json


class Insight(HasId, Base):
    """One private number of an account, or of a post. Append-only; the newest of a (metric, period, day) counts.

    metric: the platform's word ("reach"). period: day, days_28, lifetime. missing: why value is null.
    """

    __table_args__ = (
        Index(
            "uq_insight", "workspace_id", "account_id", "post_id", "metric", "period", "day", "observed_at",
            unique=True, postgresql_nulls_not_distinct=True,
        ),
        Index("ix_insight_newest", "account_id", "metric", text("observed_at desc")),
    )  # fmt: skip

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id", ondelete="set null"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"))
    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id", ondelete="cascade"))
    metric: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(16))
    day: Mapped[date | None] = mapped_column(Date)
    value: Mapped[float | None] = mapped_column(Float)
    missing: Mapped[str | None] = mapped_column(String(24))
    source: Mapped[str] = mapped_column(String(32))
    collector: Mapped[str] = mapped_column(String(32))
    observed_at: Mapped[datetime] = mapped_column()
    recorded_at: Mapped[datetime] = mapped_column()


class Story(HasId, Base):
    """A story as it was last seen; once it has expired nobody can read it again.

    metrics: value by name, null where missing says why. observed_at: of these numbers.
    """

    __table_args__ = (
        Index("uq_story", "workspace_id", "account_id", "external_id", unique=True),
        Index("ix_story_published", "workspace_id", text("published_at desc")),
    )

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"))
    external_id: Mapped[str] = mapped_column(String(128))
    url: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(16))
    published_at: Mapped[datetime] = mapped_column()
    expires_at: Mapped[datetime] = mapped_column()
    thumbnail_url: Mapped[str | None] = mapped_column(Text)
    image_id: Mapped[UUID | None] = mapped_column(ForeignKey("image.id", ondelete="set null"))
    metrics: Mapped[dict[str, Any]] = mapped_column(Json)
    missing: Mapped[dict[str, Any]] = mapped_column(Json)
    source: Mapped[str] = mapped_column(String(32))
    collector: Mapped[str] = mapped_column(String(32))
    first_seen_at: Mapped[datetime] = mapped_column()
    observed_at: Mapped[datetime] = mapped_column()
