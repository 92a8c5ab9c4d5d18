"""What can go wrong at a platform, each error saying what happens next.

An adapter raises one of these; it never returns an empty list or a zero in place of an error.
`message` is an English msgid with named placeholders, marked with `N_`; `params` fill it. The page
translates it when somebody reads it, so a run stored today is readable in either language.
"""

from datetime import datetime
from typing import Any, ClassVar


def N_(message: str) -> str:
    """Mark a message for translation without translating it yet."""
    return message


class PlatformError(Exception):
    """Base of everything an adapter may raise."""

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, /, **params: Any) -> None:
        self.message = message
        self.params = params
        super().__init__(message % params if params else message)


class RetryAfter(PlatformError):
    """The source asked for a pause, or is failing for now: try again at `until`."""

    kind = "retry_after"

    def __init__(self, message: str, /, *, until: datetime, **params: Any) -> None:
        self.until = until
        super().__init__(message, **params)


class QuotaSpent(RetryAfter):
    """Our own quota for this source is used up until `until` (it resets then)."""

    kind = "quota"


class NeedsAction(PlatformError):
    """A person must do something first (a revoked key, an API switched off, a missing browser)."""

    kind = "needs_action"


class Unauthorized(PlatformError):
    """The credential is not accepted: expired, revoked, or without the right. Another one, or a fresh one, may be."""

    kind = "unauthorized"


class Blocked(PlatformError):
    """The source wants proof of a human. We stop and say so; nothing here works around it."""

    kind = "blocked"


class Gone(PlatformError):
    """The thing does not exist for the public any more: deleted, private, terminated, or never was."""

    kind = "gone"


class Changed(PlatformError):
    """The answer no longer has the shape we know; `field` names the first place that differs."""

    kind = "changed"

    def __init__(self, message: str, /, *, field: str, **params: Any) -> None:
        self.field = field
        super().__init__(message, field=field, **params)


class Unsupported(PlatformError):
    """This source cannot answer this question at all; another one may."""

    kind = "unsupported"
