"""Writes that a client may send twice: which answer was given to which key."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base


class IdempotencyKey(Base):
    """One write of a workspace under a key of the client's choosing, and its answer.

    request_hash: SHA-256 of the body. status, body, location: the answer, null until the write's transaction ends.
    Times are the wall clock's.
    """

    __table_args__ = (Index("ix_idempotency_key_created_at", "created_at"),)

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    method: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(Text)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    location: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column()
