"""The work of reading accounts: one row of work per account, one run per attempt, one row per cron slot."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Float, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId, Json
from app.lib.work import WorkMixin


class Collection(WorkMixin, Base):
    """That an account is to be read, and when. A public account has one, however many workspaces follow it.

    next_full_at: when the profile and the newest posts are due; `due_at` may be earlier, for posts that
    are re-read more often. cadence_hours: the fastest among the workspaces that have it switched on.
    """

    __table_args__ = (
        Index("ix_collection_due", "due_at", postgresql_where=text("state = 'due'")),
        Index(
            "ix_collection_lease",
            "lease_until",
            postgresql_where=text("state = 'running'"),
        ),
    )
    work_key: ClassVar[str] = "account_id"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"), primary_key=True)
    next_full_at: Mapped[datetime | None] = mapped_column()
    trigger: Mapped[str] = mapped_column(String(16), default="schedule")  # why the next run happens
    cadence_hours: Mapped[float] = mapped_column(Float)
    max_posts: Mapped[int] = mapped_column(Integer)


class CollectionRun(HasId, Base):
    """One attempt at reading an account: what was done, by which source, what went wrong, in words.

    status: running, success, partial, error, blocked, limited, skipped. tried: the sources before the one
    that answered, each with the reason it did not: [{source, kind, message, params}].
    error: msgid; error_params fill it. took is finished_at - started_at, on the wall clock, in took_ms.
    """

    __table_args__ = (
        Index("ix_collection_run_account", "account_id", text("started_at desc")),
        Index("ix_collection_run_started", text("started_at desc")),
        Index(
            "ix_collection_run_open",
            "account_id",
            postgresql_where=text("status = 'running'"),
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"))
    trigger: Mapped[str] = mapped_column(String(16))  # first, schedule, manual, nightly, reread
    scope: Mapped[str] = mapped_column(String(16))  # full, posts
    status: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(16))  # profile, posts, done
    fence: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column()
    finished_at: Mapped[datetime | None] = mapped_column()
    took_ms: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str | None] = mapped_column(String(32))
    collector: Mapped[str | None] = mapped_column(String(32))
    tried: Mapped[list[Any]] = mapped_column(Json, default=list)
    posts_planned: Mapped[int | None] = mapped_column(Integer)
    posts_read: Mapped[int] = mapped_column(Integer, default=0)
    posts_new: Mapped[int] = mapped_column(Integer, default=0)
    posts_gone: Mapped[int] = mapped_column(Integer, default=0)
    posts_unread: Mapped[int] = mapped_column(Integer, default=0)
    quota_units: Mapped[int] = mapped_column(Integer, default=0)
    error_kind: Mapped[str | None] = mapped_column(String(24))
    error: Mapped[str | None] = mapped_column(Text)
    error_params: Mapped[dict[str, Any] | None] = mapped_column(Json)
    retry_at: Mapped[datetime | None] = mapped_column()


class SourceHealth(Base):
    """How a source does, for all accounts: failures in a row, and until when it is left alone."""

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    source: Mapped[str] = mapped_column(String(32), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    open_until: Mapped[datetime | None] = mapped_column()
    error_kind: Mapped[str | None] = mapped_column(String(24))
    error: Mapped[str | None] = mapped_column(Text)
    error_params: Mapped[dict[str, Any] | None] = mapped_column(Json)
    failed_at: Mapped[datetime | None] = mapped_column()
    succeeded_at: Mapped[datetime | None] = mapped_column()


class CronSlot(Base):
    """A scheduled moment that was taken: whoever inserts the row does the work, once."""

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    slot: Mapped[str] = mapped_column(String(128), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column()
