"""What a workspace connected: grants, keys and sessions, each with its sealed secret; and attempts to connect."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId, Json
from app.lib.work import WorkMixin


class Connection(HasId, Base):
    """A credential of the workspace's. (provider, subject_id) is the identity that granted it.

    kind: "oauth", "key", "session". state: "active"; "reconnect": the provider no longer takes it, a person must
    connect anew; "revoked": given back, the secret is gone. platform, external_id: the account it opens, if one.
    secret: sealed JSON, a `Secret`. expires_at: of the access token; refresh_expires_at: of the whole grant, where the
    provider says. refreshing_until: a refresh is under way until then, unless its process died.
    """

    __table_args__ = (
        Index("uq_connection_subject", "workspace_id", "provider", "subject_id", unique=True),
        Index("ix_connection_expires", "expires_at"),
    )

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
    provider: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(Text)
    handle: Mapped[str | None] = mapped_column(String(200))
    platform: Mapped[str | None] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(128))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="set null"))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    state: Mapped[str] = mapped_column(String(16), default="active")
    secret: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column()
    refresh_expires_at: Mapped[datetime | None] = mapped_column()
    refreshing_until: Mapped[datetime | None] = mapped_column()
    refreshed_at: Mapped[datetime | None] = mapped_column()
    connected_at: Mapped[datetime] = mapped_column()
    connected_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id", ondelete="set null"))
    last_success_at: Mapped[datetime | None] = mapped_column()
    error_kind: Mapped[str | None] = mapped_column(String(24))
    error: Mapped[str | None] = mapped_column(Text)
    error_params: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error_at: Mapped[datetime | None] = mapped_column()

    @property
    def identity(self) -> str:
        """What its secret is sealed for."""
        return f"connection:{self.id}"


class ConnectAttempt(WorkMixin, HasId, Base):
    """Somebody on the way to a provider's consent page and back. One use, ten minutes, one browser session.

    state: "open" until the browser comes back with a code, then work: due, running, done; "failed" (error says why).
    code: sealed. verifier (PKCE) is derived from the state's text, which only the browser and the provider hold.
    """

    __table_args__ = (Index("uq_connect_attempt_state", "state_hash", unique=True),)

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="cascade"))
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_session.id", ondelete="cascade"))
    provider: Mapped[str] = mapped_column(String(16))
    state_hash: Mapped[bytes] = mapped_column(LargeBinary)
    redirect_uri: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column()
    error_params: Mapped[dict[str, Any] | None] = mapped_column(Json)

    @property
    def identity(self) -> str:
        """What its code is sealed for."""
        return f"attempt:{self.id}"


class SenderAttempt(WorkMixin, HasId, Base):
    """Somebody connecting their own account step by step; a worker holds the conversation.

    kind: "qr", "phone". step: starting, qr, code, password, done, failed. shown: sealed: what the step shows (the
    link of the code, the hint). typed: sealed: what the person typed and the worker has not taken yet.
    """

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="cascade"))
    provider: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(8))
    step: Mapped[str] = mapped_column(String(16), default="starting")
    shown: Mapped[str | None] = mapped_column(Text)
    typed: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column()
    error_params: Mapped[dict[str, Any] | None] = mapped_column(Json)

    @property
    def identity(self) -> str:
        """What its texts are sealed for."""
        return f"sender:{self.id}"


class ConnectionReading(WorkMixin, Base):
    """That what a connection opens is to be read, and when. One row per connection that opens an account."""

    __table_args__ = (Index("ix_connection_reading_due", "due_at"),)
    work_key = "connection_id"

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id", ondelete="cascade"), primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="cascade"))
