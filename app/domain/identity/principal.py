"""Who asks: the answer that every door gives the domain."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from app.domain.audit.service import Actor
from app.domain.identity.models import Role, Scope


class Kind(StrEnum):
    ANONYMOUS = "anonymous"
    SESSION = "session"  # a browser's cookie
    TOKEN = "token"  # noqa: S105 - an API client's access token, for a user
    KEY = "key"  # an API key, for a workspace


@dataclass(frozen=True, slots=True)
class Room:
    """A workspace somebody is a member of."""

    id: UUID
    name: str
    timezone: str
    role: Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, in which workspace, with what rights. Made anew for every request.

    role: null without a workspace; a key's role follows its scopes. scopes: what a key may do, all for people.
    locale: "" when the reader has not chosen. timezone: the reader's own, else the workspace's, else UTC.
    rooms: every workspace of the person, oldest membership first.
    """

    kind: Kind = Kind.ANONYMOUS
    user_id: UUID | None = None
    name: str = ""
    email: str = ""
    is_superuser: bool = False
    workspace_id: UUID | None = None
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset(Scope)
    locale: str = ""
    timezone: str = "UTC"
    theme: str = "system"
    session_id: UUID | None = None
    key_id: UUID | None = None
    requests_per_minute: int | None = None
    address: str = ""
    rooms: tuple[Room, ...] = field(default=())

    @property
    def anonymous(self) -> bool:
        return self.kind is Kind.ANONYMOUS

    @property
    def room(self) -> Room | None:
        """The current workspace, for a person."""
        return next((room for room in self.rooms if room.id == self.workspace_id), None)

    def may(self, role: Role) -> bool:
        """Whether the rights here include those of `role`."""
        return self.role is not None and self.role.includes(role)

    @property
    def workspace(self) -> UUID:
        """The current workspace; for code behind a rule that requires one."""
        if self.workspace_id is None:
            raise LookupError("no workspace: the access table lets this through without one")
        return self.workspace_id

    @property
    def user(self) -> UUID:
        """The person; for code behind a rule that requires one."""
        if self.user_id is None:
            raise LookupError("no user: the access table lets this through without one")
        return self.user_id

    @property
    def actor(self) -> Actor:
        """How the audit log names who asks."""
        if self.kind is Kind.KEY:
            return Actor("key", self.key_id, self.address)
        return Actor("anonymous" if self.anonymous else "user", self.user_id, self.address)
