"""How the API shows what it reads: the domain's read structs, with failures said in English and whole."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from app.domain.accounts.read import AccountRow
from app.domain.collection.read import RunRow, Status
from app.domain.creators.read import CreatorRow
from app.domain.creators.service import Added
from app.domain.ports.paging import Listing

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
U = TypeVar("U")


class Failure(msgspec.Struct, frozen=True):
    """What went wrong. kind: retry_after, quota, needs_action, blocked, gone, changed, unsupported, error.

    params: the values that `message` was made with.
    """

    kind: str
    message: str
    params: dict[str, Any]


class Work(msgspec.Struct, frozen=True):
    """How an account's reading stands. state: due, running, off. cadence_hours: what is really done, the fastest
    among all who follow it. error: of the last attempt, null after a good one."""

    state: str
    due_at: datetime | None
    next_full_at: datetime | None
    cadence_hours: float
    attempts: int
    error: Failure | None


class Account(AccountRow, frozen=True, kw_only=True):
    """An account that the workspace follows, with its newest numbers. cadence_hours: the workspace's own wish."""

    work: Work | None  # type: ignore[assignment]


class Creator(CreatorRow, frozen=True, kw_only=True):
    """A person or brand and the accounts that are followed. Unlike metrics are never added up."""

    accounts: list[Account]  # type: ignore[assignment]


class Attempt(msgspec.Struct, frozen=True):
    """A source that did not answer, or a post that could not be read, and why."""

    source: str
    post: str | None
    error: Failure


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at reading an account.

    status: running, success, partial, error, blocked, limited, skipped. trigger: first, schedule, manual, nightly,
    reread. scope: full, posts. step: profile, posts, done. took_ms: wall clock. tried: what did not answer.
    """

    id: UUID
    account_id: UUID
    platform: str
    account_title: str
    account_handle: str | None
    trigger: str
    scope: str
    status: str
    step: str
    started_at: datetime
    finished_at: datetime | None
    took_ms: int | None
    source: str | None
    collector: str | None
    tried: list[Attempt]
    posts_planned: int | None
    posts_read: int
    posts_new: int
    posts_gone: int
    posts_unread: int
    quota_units: int
    error: Failure | None
    retry_at: datetime | None


class CollectionStatus(Status, frozen=True):
    """How collection stands. errors: the last run of each account that fails."""

    errors: list[Run]  # type: ignore[assignment]


class Asked(msgspec.Struct, frozen=True):
    """What will be done: how many accounts were meant, and how many of them are due now because of it (those being
    read already are left to finish)."""

    accounts: int
    due: int


class BulkRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one line. status: added, already, restored, invalid (then `message` says why)."""

    line: str
    status: str
    platform: str | None
    creator_id: UUID | None
    account_id: UUID | None
    message: str | None


def filled(message: str, params: Mapping[str, Any]) -> str:
    """A stored message with its values; as it was stored when it does not fit them (an older version wrote it)."""
    try:
        return message % params if params else message
    except (KeyError, ValueError, TypeError):
        return message


def failure_of(kind: str | None, message: str | None, params: Mapping[str, Any]) -> Failure | None:
    return None if message is None else Failure(kind or "error", filled(message, params), dict(params))


def as_kind(kind: type[S], row: msgspec.Struct, **changed: Any) -> S:
    """`row` as a `kind`, field by field, with some of them changed."""
    same = {name: getattr(row, name) for name in kind.__struct_fields__ if name not in changed}
    return kind(**same, **changed)


def account_of(row: AccountRow) -> Account:
    work = row.work
    if work is None:
        return as_kind(Account, row, work=None)
    return as_kind(
        Account, row, work=as_kind(Work, work, error=failure_of(work.error_kind, work.error, work.error_params))
    )


def creator_of(row: CreatorRow) -> Creator:
    return as_kind(Creator, row, accounts=[account_of(account) for account in row.accounts])


def run_of(row: RunRow) -> Run:
    tried = [Attempt(t.source, t.post, Failure(t.kind, filled(t.message, t.params), t.params)) for t in row.tried]
    return as_kind(Run, row, tried=tried, error=failure_of(row.error_kind, row.error, row.error_params))


def status_of(row: Status) -> CollectionStatus:
    return as_kind(CollectionStatus, row, errors=[run_of(run) for run in row.errors])


def bulk_row_of(row: Added) -> BulkRow:
    return as_kind(BulkRow, row, message=filled(row.message, row.params) if row.message else None)


def listed(found: Listing[T], shape: Callable[[T], U]) -> Listing[U]:
    """The same slice, each row in another shape."""
    return Listing(total=found.total, items=[shape(row) for row in found.items], limit=found.limit, offset=found.offset)
