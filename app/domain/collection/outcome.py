"""What came of a run, and what follows from it: its status, its words, the next attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.domain.collection.models import Collection
from app.domain.ports.errors import N_, Blocked, Gone, NeedsAction, PlatformError, QuotaSpent, RetryAfter, Unsupported
from app.domain.ports.platform import Source

FIRST_RETRY = timedelta(minutes=10)
ONCE_GONE = timedelta(days=7)  # a closed account may come back, but seldom does
CLOSED = N_("The platform no longer shows this account. It is looked for once a week; the last numbers stay.")
INTERRUPTED = N_("The reading was interrupted (the worker stopped). It was started again.")
OUR_MISTAKE = N_("Something went wrong on our side; the log says what. We try again later.")


@dataclass
class Outcome:
    """What a run has come to so far."""

    source: Source | None = None
    tried: list[dict[str, Any]] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    new: int = 0
    gone: int = 0
    unread: int = 0
    error: PlatformError | None = None
    profile: bool = False

    def note(self, source: Source, error: PlatformError) -> None:
        self.error = error
        entry = {
            "source": source.name,
            "kind": error.kind,
            "message": error.message,
            "params": plain(error.params),
        }
        self.tried.append(entry)

    @property
    def status(self) -> str:
        if self.error is None:
            return "partial" if self.unread or self.gone else "success"
        if self.profile or self.read:
            return "partial"
        if isinstance(self.error, Blocked):
            return "blocked"
        return "limited" if isinstance(self.error, RetryAfter) else "error"


def plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, int | float | str | bool | None) else str(v) for k, v in params.items()}


def more_telling(first: PlatformError | None, second: PlatformError) -> PlatformError:
    """Of two sources' failures, the one a person can do more with: an unsupported question says least."""
    if first is None or isinstance(first, Unsupported):
        return second
    if isinstance(first, QuotaSpent) and isinstance(second, RetryAfter):
        return second
    return first


def retry_at(row: Collection, error: PlatformError | None, now: datetime) -> datetime:
    """After a failure: when the platform said, else later and later, but no later than the usual reading."""
    usual = now + timedelta(hours=row.cadence_hours)
    if isinstance(error, RetryAfter):
        return max(error.until, now + timedelta(seconds=30))
    if isinstance(error, Gone):
        return now + max(ONCE_GONE, timedelta(hours=row.cadence_hours))
    if isinstance(error, Blocked | NeedsAction | Unsupported):
        return usual
    return min(usual, now + FIRST_RETRY * float(2 ** min(row.attempts - 1, 6)))
