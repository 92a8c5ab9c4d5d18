"""Creators: people or brands, each with accounts on several platforms. A workspace's own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, String, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId


class Creator(HasId, Base):
    """named: a person chose the name; otherwise it follows the title of the first account."""

    __table_args__ = (Index("ix_creator_workspace", "workspace_id", "added_at"),)

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
    name: Mapped[str] = mapped_column(String(200))
    named: Mapped[bool] = mapped_column(Boolean, default=False)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    note: Mapped[str | None] = mapped_column(Text)
    added_at: Mapped[datetime] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()
