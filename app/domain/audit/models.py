"""The audit log: who did what, from where. Append-only; each row carries the hash of the one before it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId, Json


class AuditEntry(HasId, Base):
    """One deed. No workspace: a deed on the instance (sign-in, setup). `details` holds ids and fixed words only."""

    __table_args__ = (
        Index(
            "uq_audit_entry_chain",
            "workspace_id",
            "seq",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    workspace_id: Mapped[UUID | None]  # no foreign key: the log outlives what it tells about
    seq: Mapped[int] = mapped_column(BigInteger)  # 1, 2, 3 ... within its chain
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(16))  # user, key, system, anonymous
    actor_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(Text, default="")
    action: Mapped[str] = mapped_column(String(64))
    object_kind: Mapped[str | None] = mapped_column(String(32))
    object_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
