"""Accounts: which ones the workspace follows, how each is read."""

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import answers, shapes
from app.api.creators import EXAMPLE, Link
from app.api.params import (
    AccountId,
    Limit,
    OfCreator,
    Offset,
    PlatformName,
    Tag,
    Words,
    known_platform,
    like,
    sort_parameter,
)
from app.api.parts import Parts
from app.api.repeat import repeatable
from app.api.shapes import Account, Asked
from app.domain.accounts import read
from app.domain.collection import service as collection
from app.domain.creators import service as creators
from app.domain.creators.service import Entry
from app.domain.errors import N_, Conflict, Invalid
from app.domain.identity.principal import Principal
from app.domain.ports.paging import Listing, Slice
from app.domain.ports.platform import Platform

TAGS = ["accounts"]

Cadence = Annotated[
    float, Meta(ge=0.5, le=168, description="Hours between readings; null follows the workspace's default.")
]
Sort = Annotated[str, sort_parameter(read.SORTS, "Order; the last added first when not given.")]
State = Annotated[
    Literal["on", "off", "gone", "failing"] | None,
    QueryParameter(description="Switched on, switched off, gone from the platform, or failing at the last attempt."),
]
Own = Annotated[bool | None, QueryParameter(description="Only one's own (true) or only watched ones (false).")]


class NewAccount(msgspec.Struct, forbid_unknown_fields=True):
    """Which account: `link`, or `platform` and `username`. creator_id: whose it is; null makes a creator for it."""

    link: Link | None = None
    platform: Annotated[str, Meta(max_length=16)] | None = None
    username: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    own: bool = False
    cadence_hours: Cadence | None = None
    creator_id: UUID | None = None


class AccountSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How the workspace follows an account. enabled: whether it is read. own: one's own, not a watched one."""

    enabled: bool
    own: bool
    cadence_hours: Cadence | None


class AccountChange(msgspec.Struct, forbid_unknown_fields=True):
    """Only what is given changes. creator_id: the creator that it goes to."""

    enabled: bool | UnsetType = UNSET
    own: bool | UnsetType = UNSET
    cadence_hours: Cadence | UnsetType | None = UNSET
    creator_id: UUID | UnsetType = UNSET


@get("/api/v1/accounts", tags=TAGS, summary="List accounts")
async def listing(
    session: AsyncSession,
    api_parts: Parts,
    limit: Limit = 50,
    offset: Offset = 0,
    q: Words = "",
    platform: PlatformName = "",
    status: State = None,
    own: Own = None,
    creator_id: OfCreator = None,
    tag: Tag = "",
    sort: Sort = "-added",
) -> Listing[Account]:
    """With their newest numbers. `q` looks in titles, handles and creators' names."""
    wanted = read.Filter(
        q=q, platform=known_platform(api_parts, platform), status=status or "", own=own, creator=creator_id, tag=tag
    )
    found = await read.listing(session, wanted, Slice(limit=limit, offset=offset, sort=sort))
    return shapes.listed(found, shapes.account_of)


@post(
    "/api/v1/accounts",
    status_code=201,
    tags=TAGS,
    summary="Follow an account",
    responses={200: ResponseSpec(Account, generate_examples=False, description="Followed already; nothing changed.")},
)
@repeatable
async def create(
    data: Annotated[NewAccount, like({"link": EXAMPLE}, {"platform": "youtube", "username": "example"})],
    principal: Principal,
    session: AsyncSession,
    api_parts: Parts,
) -> Response[Account]:
    """The first reading starts at once; `work` tells how it goes."""
    platforms, link = _named(data, api_parts)
    try:
        added = await creators.follow(
            session,
            principal.workspace,
            Entry(link=link, own=data.own),
            platforms=platforms,
            defaults=api_parts.defaults,
            creator=data.creator_id,
        )
    except Invalid as error:
        if data.link is None and "link" in error.fields:
            raise Invalid({"username": error.fields["link"]}) from None
        raise
    assert added.account_id is not None
    if added.status != "already" and data.cadence_hours is not None:
        await creators.change_account(
            session, added.account_id, api_parts.defaults, cadence_hours=data.cadence_hours
        )  # fmt: skip
    account = await _one(session, added.account_id)
    return answers.ok(account) if added.status == "already" else answers.created(account, f"/accounts/{account.id}")


def _named(data: NewAccount, parts: Parts) -> tuple[Mapping[str, Platform], str]:
    """Where to look for what: every platform for a link, the named one for a username. Raises Invalid."""
    match data.link, data.platform, data.username:
        case str(link), None, None:
            return parts.platforms, link
        case None, str(platform), str(username) if platform:
            return {platform: parts.platforms[known_platform(parts, platform)]}, "@" + username.removeprefix("@")
    raise Invalid({"": N_("Say which account: a link, or a platform and a username.")})


async def _one(session: AsyncSession, account_id: UUID) -> Account:
    return shapes.account_of(await read.one(session, account_id))


@get("/api/v1/accounts/{account_id:uuid}", tags=TAGS, summary="One account")
async def show(account_id: AccountId, session: AsyncSession) -> Account:
    """With its newest numbers, where they came from, and how its reading stands. 409 `merged` with the id of the
    other account when two turned out to be one."""
    found = await read.merged_into(session, account_id)
    if found is not None and await read.follows(session, found):
        raise Conflict(N_("This account is the same as %(other)s; ask for that one."), code="merged", other=str(found))
    return await _one(session, account_id)


@put("/api/v1/accounts/{account_id:uuid}", status_code=200, tags=TAGS, summary="Set how an account is followed")
@repeatable
async def replace(
    account_id: AccountId,
    data: Annotated[AccountSettings, like({"enabled": True, "own": False, "cadence_hours": 12})],
    session: AsyncSession,
    api_parts: Parts,
) -> Response[Account]:
    """All settings at once. The account is read as often as the most demanding workspace that follows it wants."""
    await creators.change_account(
        session, account_id, api_parts.defaults, enabled=data.enabled, own=data.own, cadence_hours=data.cadence_hours
    )
    return answers.ok(await _one(session, account_id))


@patch("/api/v1/accounts/{account_id:uuid}", status_code=200, tags=TAGS, summary="Change how an account is followed")
@repeatable
async def change(
    account_id: AccountId,
    data: Annotated[AccountChange, like({"cadence_hours": 2})],
    session: AsyncSession,
    api_parts: Parts,
) -> Response[Account]:
    """Some settings, or the creator."""
    await creators.change_account(
        session,
        account_id,
        api_parts.defaults,
        enabled=None if data.enabled is UNSET else data.enabled,
        own=None if data.own is UNSET else data.own,
        cadence_hours=data.cadence_hours,
        creator=None if data.creator_id is UNSET else data.creator_id,
    )
    return answers.ok(await _one(session, account_id))


@delete("/api/v1/accounts/{account_id:uuid}", status_code=204, tags=TAGS, summary="Stop following an account")
@repeatable
async def remove(account_id: AccountId, session: AsyncSession, api_parts: Parts) -> Response[None]:
    """What was read stays. A creator without any other account goes with it."""
    await creators.remove_account(session, account_id, api_parts.defaults)
    return answers.removed()


@post("/api/v1/accounts/{account_id:uuid}/toggle", status_code=200, tags=TAGS, summary="Switch reading on or off")
@repeatable
async def toggle(account_id: AccountId, session: AsyncSession, api_parts: Parts) -> Response[Account]:
    """What was read stays either way."""
    account = await read.one(session, account_id)
    await creators.change_account(session, account_id, api_parts.defaults, enabled=not account.enabled)
    return answers.ok(await _one(session, account_id))


@post("/api/v1/accounts/{account_id:uuid}/collect", status_code=202, tags=TAGS, summary="Read an account now")
@repeatable
async def collect(account_id: AccountId, session: AsyncSession) -> Response[Asked]:
    """409 when its collection is switched off."""
    account = await read.one(session, account_id)
    if not account.enabled:
        raise Conflict(N_("Collection is switched off here. Switch it on first."), code="switched_off")
    return answers.accepted(1, await collection.request(session, [account_id]), account_id=account_id)


handlers = [listing, create, show, replace, change, remove, toggle, collect]
