"""What surrounds every page: who reads it, where they are, what they may do. Filled for each request."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from app.web.i18n import Reader


class ShellUser(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    email: str
    is_superuser: bool = False


class ShellWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str


class Flash(msgspec.Struct, frozen=True, kw_only=True):
    """Said once, after a redirect. kind: "ok", "warn" or "bad". action: a form's address for its button (undo)."""

    text: str
    kind: str = "ok"
    action: str = ""
    action_label: str = ""


class SandboxFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that the sandbox can play: its name, what it does in words, whether it is on."""

    name: str
    label: str
    on: bool = False


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """The reader and their surroundings.

    theme: "light", "dark" or "system" (the `theme` cookie). path: where this page can be got again, with its query.
    now: the world's time. counts: numbers beside navigation entries ("accounts", "collection"); attention:
    those of them that need a person. may_edit, may_admin: decided by role, never by a template. may_play: whether the
    sandbox's day and faults are theirs to change.
    live: the address of the event stream, empty where nothing is live. sandbox: the platforms are played here.
    """

    locale: str
    theme: str
    timezone: str
    now: datetime
    path: str
    csrf: str
    nonce: str = ""
    user: ShellUser | None = None
    workspace: ShellWorkspace | None = None
    workspaces: tuple[ShellWorkspace, ...] = ()
    counts: Mapping[str, int] = {}
    attention: Mapping[str, int] = {}
    may_edit: bool = False
    may_admin: bool = False
    may_play: bool = False
    sandbox: bool = False
    faults: tuple[SandboxFault, ...] = ()
    live: str = ""
    flashes: tuple[Flash, ...] = ()

    @property
    def reader(self) -> Reader:
        return Reader(self.locale, self.timezone, self.now)
