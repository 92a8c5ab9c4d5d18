"""Connecting a person's own account by steps: a login code to scan, a code by phone, a password (Telegram's senders).

One attempt is one conversation over one connection: whoever begins it keeps the object, and closes it. Secrets and
phone numbers stay out of every representation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from app.domain.ports.connections import Subject
from app.domain.ports.errors import NeedsAction


@dataclass(frozen=True, slots=True)
class ShowCode:
    """Show `url` as a QR code, to be scanned by the phone until `expires_at` (wall clock, UTC); then comes another."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class EnterCode:
    """The person types the code that was sent. way: "app", "sms", "call", "email" or "other".

    length: of the code, when known. again_at: when another may be asked for (wall clock, UTC), if one may.
    """

    way: str
    length: int | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EnterPassword:
    """The person types the account's two-factor password. hint: the person's own, may be empty."""

    hint: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Done. session: the secret to keep (Credential.secret). subject: whose account it is. phone: digits, to be kept
    encrypted and shown masked, if at all."""

    subject: Subject
    session: str = field(repr=False)
    phone: str = field(default="", repr=False)


Step = ShowCode | EnterCode | EnterPassword | SignedIn


class TryAgain(NeedsAction):
    """What was typed is not accepted; the same step waits for it once more."""


class Attempt(Protocol):
    """An attempt to sign in, at its present step. An error other than TryAgain and RetryAfter ends it."""

    @property
    def step(self) -> Step: ...

    async def enter_password(self, password: str) -> Step:
        """Raises TryAgain, PlatformError."""
        ...

    async def close(self) -> None:
        """Give the connection back. A session that was signed in stays good."""
        ...

    async def abandon(self) -> None:
        """As `close`, and a session that was signed in is signed out: nobody will keep it."""
        ...


@runtime_checkable
class QrAttempt(Attempt, Protocol):
    """Begins with ShowCode."""

    async def poll(self, wait: float = 0.0) -> Step:
        """The step now, or the next one if it comes within `wait` seconds; a code that ran out is replaced."""
        ...


@runtime_checkable
class PhoneAttempt(Attempt, Protocol):
    """Begins with EnterCode."""

    async def enter_code(self, code: str) -> Step:
        """Raises TryAgain, PlatformError."""
        ...

    async def send_again(self) -> Step:
        """Have another code sent, by another way where there is one. Raises PlatformError."""
        ...


class SignIn(Protocol):
    """How a person's own account of a platform is connected."""

    name: str  # "telegram", the provider stored with the connection
    label: str
    feeds: tuple[str, ...]

    @property
    def configured(self) -> bool: ...

    @property
    def unconfigured_reason(self) -> str:
        """A msgid: what is missing, and where to put it."""
        ...

    async def start_qr(self, *, known: Sequence[str] = ()) -> QrAttempt:
        """Begin with a code to scan. known: ids of subjects that are connected already, not to be taken again."""
        ...

    async def start_phone(self, phone: str) -> PhoneAttempt:
        """Begin with a code sent to this number (international, with or without +)."""
        ...

    async def check(self, session: str) -> Subject:
        """Whose session it is. Raises Unauthorized when it is over."""
        ...

    async def log_out(self, session: str) -> None:
        """End a session at the platform. One that is over already is no error."""
        ...
