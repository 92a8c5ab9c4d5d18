"""Accounts on platforms (public facts, one row however many follow it) and who tracks them (each workspace's own)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Float, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId


class Account(HasId, Base):
    """A channel, profile or group.

    external_id: the platform's permanent id; null until the first reading resolves `lookup`, what was
    pasted ("handle:nordkitchen"). state: "new", "ok", "gone", "merged" (then `merged_into` is the one).
    """

    __table_args__ = (
        Index("uq_account_external", "platform", "external_id", unique=True),
        Index(
            "uq_account_lookup",
            "platform",
            "lookup",
            unique=True,
            postgresql_where=text("external_id is null"),
        ),
        Index("ix_account_handle", "platform", text("lower(handle)")),
    )

    platform: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(128))
    lookup: Mapped[str] = mapped_column(String(300))
    handle: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime | None] = mapped_column()  # on the platform
    avatar_url: Mapped[str | None] = mapped_column(Text)
    image_id: Mapped[UUID | None] = mapped_column(ForeignKey("image.id", ondelete="set null"))
    state: Mapped[str] = mapped_column(String(16), default="new")
    state_since: Mapped[datetime | None] = mapped_column()
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    first_seen_at: Mapped[datetime] = mapped_column()


class AccountHandle(HasId, Base):
    """A handle that an account had, from the reading that first showed it to the one that showed another."""

    __table_args__ = (Index("ix_account_handle_account", "account_id", "seen_from"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="cascade"))
    handle: Mapped[str] = mapped_column(String(200))
    seen_from: Mapped[datetime] = mapped_column()
    seen_to: Mapped[datetime | None] = mapped_column()


class TrackedAccount(HasId, Base):
    """That a workspace follows an account, and how. Nobody else learns of it."""

    __table_args__ = (
        Index("uq_tracked_account", "workspace_id", "account_id", unique=True),
        Index("ix_tracked_account_account", "account_id"),
        Index("ix_tracked_account_creator", "creator_id"),
    )

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    creator_id: Mapped[UUID] = mapped_column(ForeignKey("creator.id"))
    own: Mapped[bool] = mapped_column(Boolean, default=False)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    cadence_hours: Mapped[float | None] = mapped_column(Float)  # null: the workspace's default
    added_at: Mapped[datetime] = mapped_column()
    deleted_at: Mapped[datetime | None] = mapped_column()
