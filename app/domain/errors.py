"""Business errors: each carries its HTTP status and a message for the reader. Pages and JSON each render them once.

`message` is an English msgid with named placeholders, marked with `N_`; `params` fill it after translation.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from app.domain.ports.errors import N_

__all__ = ["N_", "Conflict", "DomainError", "FieldError", "Forbidden", "Invalid", "NotFound", "TooMany", "Unauthorized"]

FieldError = str | tuple[str, Mapping[str, Any]]


class DomainError(Exception):
    """Something the reader asked for that we will not or cannot do. `code` is stable and for machines."""

    status: ClassVar[int] = 400
    code: str = "refused"

    def __init__(self, message: str, /, *, code: str | None = None, **params: Any) -> None:
        self.message = message
        self.params = params
        if code:
            self.code = code
        super().__init__(message % params if params else message)


class Invalid(DomainError):
    """What was sent does not do. fields: message (or message and its params) per field name; "" is the whole form."""

    status = 422
    code = "invalid"

    def __init__(self, fields: Mapping[str, FieldError]) -> None:
        self.fields = {k: v if isinstance(v, tuple) else (v, {}) for k, v in fields.items()}
        super().__init__(N_("Some fields need another value."))


class Unauthorized(DomainError):
    """We do not know who asks, or the proof does not hold."""

    status = 401
    code = "unauthorized"


class Forbidden(DomainError):
    """We know who asks; they may not."""

    status = 403
    code = "forbidden"


class NotFound(DomainError):
    """There is no such thing here. Also said of what belongs to another workspace."""

    status = 404
    code = "not_found"

    def __init__(self, message: str = N_("There is no such thing here."), /, **params: Any) -> None:
        super().__init__(message, **params)


class Conflict(DomainError):
    """It cannot be done in the state things are in."""

    status = 409
    code = "conflict"


class TooMany(DomainError):
    """Wait `retry_after` seconds."""

    status = 429
    code = "too_many"

    def __init__(self, message: str, /, *, retry_after: int, **params: Any) -> None:
        self.retry_after = retry_after
        super().__init__(message, seconds=retry_after, **params)
