"""Posts of accounts: public facts, shared by every workspace that follows the account, and a workspace's own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId


class Post(HasId, Base):
    """A video, short, stream, photo. `state` and `state_since` say when it left the public's sight.

    next_read_at: when it is to be read again; null from its 31st day on, or when it is gone. workspace_id: null for
    what the public sees; set, it was found with that workspace's own connection and only it may see it.
    """

    __table_args__ = (
        Index(
            "uq_post_account_external",
            "account_id",
            "external_id",
            "workspace_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_post_account_published",
            "account_id",
            text("published_at desc nulls last"),
        ),
        Index(
            "ix_post_next_read",
            "account_id",
            "next_read_at",
            postgresql_where=text("next_read_at is not null"),
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"))
    external_id: Mapped[str] = mapped_column(String(128))
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column()
    format: Mapped[str] = mapped_column(String(16))
    duration: Mapped[int | None] = mapped_column(Integer)  # seconds
    state: Mapped[str] = mapped_column(String(16))
    state_since: Mapped[datetime | None] = mapped_column()
    thumbnail_url: Mapped[str | None] = mapped_column(Text)
    image_id: Mapped[UUID | None] = mapped_column(ForeignKey("image.id", ondelete="set null"))
    first_seen_at: Mapped[datetime] = mapped_column()
    last_read_at: Mapped[datetime | None] = mapped_column()
    next_read_at: Mapped[datetime | None] = mapped_column()
    workspace_id: Mapped[UUID | None] = mapped_column()
