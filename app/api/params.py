"""The parameters that lists have in common."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar.openapi.spec import Example, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import BodyKwarg, PathParameter, QueryParameter

from app.api.parts import Parts
from app.domain.errors import N_, Invalid
from app.domain.ports.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many rows to answer with.")]
Offset = Annotated[int, QueryParameter(ge=0, le=1_000_000, description="How many rows to leave out before the first.")]
Words = Annotated[str, QueryParameter(max_length=200, description="Only what contains this text, in any case.")]
Tag = Annotated[str, QueryParameter(max_length=40, description="Only creators with this tag.")]
PlatformName = Annotated[str, QueryParameter(max_length=16, description="Only this platform, such as youtube.")]
OfAccount = Annotated[UUID | None, QueryParameter(description="Only this account.")]
OfCreator = Annotated[UUID | None, QueryParameter(description="Only this creator's accounts.")]
CreatorId = Annotated[UUID, PathParameter(description="A creator of the workspace.")]
AccountId = Annotated[UUID, PathParameter(description="An account that the workspace follows.")]
PostId = Annotated[UUID, PathParameter(description="A post of an account that the workspace follows.")]
RunId = Annotated[UUID, PathParameter(description="A run of an account that the workspace follows.")]


def like(*bodies: Mapping[str, Any]) -> BodyKwarg:
    """A JSON body, with examples of it for the document."""
    return BodyKwarg(examples=[Example(value=dict(body)) for body in bodies])


def moment_parameter(words: str) -> Any:
    """A query parameter that is a day or a moment; `moment` reads it."""
    either = [
        Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE),
        Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
    ]
    return QueryParameter(
        max_length=40,
        description=f"{words}: a day (2026-03-10) in the workspace's time zone, or a moment (2026-03-10T08:00:00Z).",
        schema_extra={"one_of": either},
    )


def moment(name: str, value: str | None, zone: str, *, last: bool = False) -> datetime | None:
    """The moment (UTC) that a parameter names; null when it is not given. Raises Invalid.

    zone: IANA name of the zone that days, and moments without an offset, are in.
    last: the parameter ends a window: a day then means its end.
    """
    if value is None:
        return None
    try:
        try:
            day = msgspec.convert(value, date)
        except msgspec.ValidationError:
            found = msgspec.convert(value, datetime)
        else:
            found = datetime.combine(day + timedelta(days=last), time())
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        message = N_("Write a day (2026-03-10) or a moment (2026-03-10T08:00:00Z).")
        raise Invalid({name: message}) from None


def sort_parameter(sorts: Iterable[str], words: str) -> Any:
    """A query parameter that names a column, with "-" in front for descending."""
    columns = list(sorts)
    return QueryParameter(
        pattern=f"^-?({'|'.join(columns)})$",
        description=f'{words} "-" in front turns the order round; what has no value comes last either way.',
        schema_extra={"enum": [sign + column for column in columns for sign in ("", "-")]},
    )


def known_platform(parts: Parts, name: str) -> str:
    """`name`, when it is a platform of ours or empty. Raises Invalid."""
    if name and name not in parts.platforms:
        known: Mapping[str, str] = {"known": ", ".join(sorted(parts.platforms))}
        raise Invalid({"platform": (N_("There is no such platform here. There is: %(known)s."), known)})
    return name
