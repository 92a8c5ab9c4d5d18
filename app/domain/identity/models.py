"""Who there is: people, workspaces, who may do what in them, and the ways to prove it.

Tokens of every kind are stored as SHA-256 of the token. Times here are the wall clock's.
"""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId, uuid7


def wall() -> datetime:
    """Now, by the wall clock: sessions and one-time tokens do not follow the sandbox's time."""
    return datetime.now(UTC)


class Role(StrEnum):
    """What a member may do in a workspace; each role includes the ones below it."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"

    @property
    def rank(self) -> int:
        return {"viewer": 1, "editor": 2, "admin": 3, "owner": 4}[self.value]

    def includes(self, other: "Role") -> bool:
        return self.rank >= other.rank


class Scope(StrEnum):
    """What an API key may do. `admin` includes `write`, which includes `read`."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class SessionKind(StrEnum):
    WEB = "web"  # a browser's cookie
    API = "api"  # a family of refresh tokens


def _enum(kind: type[StrEnum]) -> SqlEnum:
    return SqlEnum(
        kind,
        native_enum=False,
        length=16,
        values_callable=lambda members: [m.value for m in members],
    )


class User(HasId, Base):
    """A person. `email` is lower case. Empty locale and null timezone: the browser's and the workspace's."""

    __tablename__ = "app_user"

    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(String(8), default="")
    timezone: Mapped[str | None] = mapped_column(Text, default=None)
    theme: Mapped[str] = mapped_column(String(8), default="system")
    is_superuser: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=wall)
    password_changed_at: Mapped[datetime] = mapped_column(default=wall)


class Workspace(HasId, Base):
    """A team's own room: what they watch, their members, their keys. Seen only from inside (row-level security)."""

    name: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text, default="UTC")
    nightly_enabled: Mapped[bool] = mapped_column(default=True)
    nightly_hour: Mapped[int] = mapped_column(SmallInteger, default=3)  # local to `timezone`
    cadence_hours: Mapped[float | None] = mapped_column(default=None)  # null: the instance's COLLECT_INTERVAL_HOURS
    max_posts: Mapped[int | None] = mapped_column(Integer, default=None)  # null: MAX_POSTS_PER_ACCOUNT
    created_at: Mapped[datetime] = mapped_column(default=wall)


class Membership(Base):
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(_enum(Role))
    created_at: Mapped[datetime] = mapped_column(default=wall)


class Invitation(HasId, Base):
    """A link that makes its bearer a member. One use; the plain token is shown once to who made it."""

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(_enum(Role))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=wall)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class ApiKey(HasId, Base):
    """A key of a workspace. `prefix` is the part that may be shown; requests_per_minute null: the instance's limit."""

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(String(24))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    requests_per_minute: Mapped[int | None] = mapped_column(Integer, default=None)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=wall)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class UserSession(HasId, Base):
    """One sign-in, of a browser (cookie) or an API client (a family of refresh tokens).

    `token_hash` is of the cookie (null for API). After a change of rights made by somebody else `rotate` asks
    for a new cookie at the next page; the previous one then works a few seconds for requests under way.
    """

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspace.id", ondelete="SET NULL"))
    kind: Mapped[SessionKind] = mapped_column(_enum(SessionKind))
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, default=None)
    previous_until: Mapped[datetime | None] = mapped_column(default=None)
    rotate: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=wall)
    last_seen_at: Mapped[datetime] = mapped_column(default=wall)
    address: Mapped[str] = mapped_column(Text, default="")
    user_agent: Mapped[str] = mapped_column(Text, default="")
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class RefreshToken(Base):
    """One refresh token of a session. Used once: a second use means it was copied, and ends the session."""

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("user_session.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=wall)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class SetupToken(Base):
    """The one-time token printed in the terminal that opens /setup."""

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=wall)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class LoginThrottle(Base):
    """Failed sign-ins per key (see `login`). Forgotten a day after the last one."""

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime]


__all__ = [
    "ApiKey",
    "Invitation",
    "LoginThrottle",
    "Membership",
    "RefreshToken",
    "Role",
    "Scope",
    "SessionKind",
    "SetupToken",
    "User",
    "UserSession",
    "Workspace",
    "uuid7",
    "wall",
]
