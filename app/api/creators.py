"""Creators: follow somebody by a link, name and tag them, read what they post."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, Reference, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import answers, shapes
from app.api.body import JSON, NO_NUL, decode, media_type, refuse_media_type
from app.api.params import CreatorId, Limit, Offset, Tag, Words, like, sort_parameter
from app.api.parts import Parts
from app.api.repeat import repeatable
from app.api.shapes import Asked, BulkRow, Creator
from app.domain.collection import service as collection
from app.domain.creators import read, service
from app.domain.creators.service import BULK_MOST, TAGS_MOST, Entry
from app.domain.errors import N_, Conflict, Invalid
from app.domain.identity.principal import Principal
from app.domain.ports.paging import Listing, Slice
from app.domain.posts import read as posts
from app.domain.posts.read import PostRow

TAGS = ["creators"]

EXAMPLE = "https://www.youtube.com/@example"
Link = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="The address of a channel or of one of its videos, or an @handle.",
    ),
]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
CreatorTags = Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=TAGS_MOST)]
Sort = Annotated[str, sort_parameter(read.SORTS, "Order; the newest first when not given.")]
PostSort = Annotated[str, sort_parameter(posts.SORTS, "Order; the newest first when not given.")]


class NewCreator(msgspec.Struct, forbid_unknown_fields=True):
    """name: null follows the title of the account. own: the account is one's own, not a watched one."""

    link: Link
    name: Name | None = None
    tags: CreatorTags = []
    own: bool = False


class CreatorChange(msgspec.Struct, forbid_unknown_fields=True):
    """Only what is given changes. note: null takes it away. links: accounts to add."""

    name: Name | UnsetType = UNSET
    tags: CreatorTags | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=5000)] | UnsetType | None = UNSET
    links: Annotated[list[Link], Meta(max_length=20)] | UnsetType = UNSET


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    """A result for each line, in their order, and how many there were of each kind."""

    added: int
    already: int
    restored: int
    invalid: int
    items: list[BulkRow]


@get("/api/v1/creators", tags=TAGS, summary="List creators")
async def listing(
    session: AsyncSession, limit: Limit = 50, offset: Offset = 0, q: Words = "", tag: Tag = "", sort: Sort = "-added"
) -> Listing[Creator]:
    """Each with its accounts and their newest numbers. `q` looks in names, titles and handles."""
    found = await read.listing(session, Slice(limit=limit, offset=offset, sort=sort), q=q, tag=tag)
    return shapes.listed(found, shapes.creator_of)


@post(
    "/api/v1/creators",
    status_code=201,
    tags=TAGS,
    summary="Follow a creator",
    responses={200: ResponseSpec(Creator, generate_examples=False, description="Followed already; nothing changed.")},
)
@repeatable
async def create(
    data: Annotated[NewCreator, like({"link": EXAMPLE, "tags": ["rivals"]})],
    principal: Principal,
    session: AsyncSession,
    api_parts: Parts,
) -> Response[Creator]:
    """The first reading starts at once; the account's `work` tells how it goes. A creator who was removed comes back
    with everything that was read."""
    entry = Entry(link=data.link, name=data.name or "", tags=tuple(data.tags), own=data.own)
    added = await service.follow(
        session, principal.workspace, entry, platforms=api_parts.platforms, defaults=api_parts.defaults
    )
    assert added.creator_id is not None
    creator = shapes.creator_of(await read.one(session, added.creator_id))
    return answers.ok(creator) if added.status == "already" else answers.created(creator, f"/creators/{creator.id}")


@get("/api/v1/creators/{creator_id:uuid}", tags=TAGS, summary="One creator")
async def show(creator_id: CreatorId, session: AsyncSession) -> Creator:
    """With all accounts and their newest numbers."""
    return shapes.creator_of(await read.one(session, creator_id))


@patch("/api/v1/creators/{creator_id:uuid}", status_code=200, tags=TAGS, summary="Change a creator")
@repeatable
async def change(
    creator_id: CreatorId,
    data: Annotated[CreatorChange, like({"name": "Example Films", "note": "Asks for a media kit"})],
    principal: Principal,
    session: AsyncSession,
    api_parts: Parts,
) -> Response[Creator]:
    """Name, tags, note, and accounts to add. 409 when a link names an account that another creator has."""
    await service.edit(
        session,
        creator_id,
        name=None if data.name is UNSET else data.name,
        tags=None if data.tags is UNSET else data.tags,
        note=None if data.note is UNSET else data.note or "",
    )
    for place, link in enumerate([] if data.links is UNSET else data.links):
        await _add(session, principal.workspace, creator_id, place, link, api_parts)
    return answers.ok(shapes.creator_of(await read.one(session, creator_id)))


async def _add(session: AsyncSession, workspace: UUID, creator_id: UUID, place: int, link: str, parts: Parts) -> None:
    try:
        added = await service.follow(
            session,
            workspace,
            Entry(link=link),
            platforms=parts.platforms,
            defaults=parts.defaults,
            creator=creator_id,
        )
    except Invalid as error:
        raise Invalid({f"links.{place}": error.fields["link"]}) from None
    if added.creator_id != creator_id:
        raise Conflict(N_("Another creator has the account of %(link)s."), code="has_creator", link=link)


@delete("/api/v1/creators/{creator_id:uuid}", status_code=204, tags=TAGS, summary="Stop following a creator")
@repeatable
async def remove(creator_id: CreatorId, session: AsyncSession, api_parts: Parts) -> Response[None]:
    """What was read stays; following the same link again brings it back."""
    await service.remove(session, creator_id, api_parts.defaults)
    return answers.removed()


@dataclass
class BulkOperation(Operation):
    """Three ways to send a list; the handler reads the body by its content type."""

    def __post_init__(self) -> None:
        line = Reference(ref="#/components/schemas/NewCreator")
        text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, min_length=1))
        self.request_body = RequestBody(
            required=True,
            description=f"A JSON list, lines of links, or CSV (link, name, tags, own); at most {BULK_MOST} lines.",
            content={
                JSON: OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.ARRAY, items=line, min_items=1, max_items=BULK_MOST),
                    example=[{"link": EXAMPLE, "tags": ["rivals"]}],
                ),
                "text/plain": text,
                "text/csv": text,
            },
        )


@post(
    "/api/v1/creators/bulk",
    status_code=200,
    tags=TAGS,
    summary="Follow many creators",
    operation_class=BulkOperation,
)
@repeatable
async def bulk(
    request: Request[Principal, Any, Any], principal: Principal, session: AsyncSession, api_parts: Parts
) -> Response[BulkResult]:
    """A bad line stops none of the others: each has its own result. Tags in CSV are parted by spaces or "|"."""
    entries = _entries(media_type(request), await request.body())
    rows = await service.follow_many(
        session, principal.workspace, entries, platforms=api_parts.platforms, defaults=api_parts.defaults
    )
    counts = Counter(row.status for row in rows)
    return answers.ok(
        BulkResult(
            added=counts["added"],
            already=counts["already"],
            restored=counts["restored"],
            invalid=counts["invalid"],
            items=[shapes.bulk_row_of(row) for row in rows],
        )
    )


def _entries(kind: str, body: bytes) -> list[Entry]:
    if kind == JSON:
        lines = decode(body, Annotated[list[NewCreator], Meta(min_length=1, max_length=BULK_MOST)])
        return [Entry(link=n.link, name=n.name or "", tags=tuple(n.tags), own=n.own) for n in lines]
    if kind not in ("text/plain", "text/csv"):
        raise refuse_media_type(JSON, "text/plain", "text/csv")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid({"": N_("The text is not in UTF-8.")}) from None
    if "\x00" in text:
        raise Invalid({"": NO_NUL})
    return service.parse_bulk(text)


@post("/api/v1/creators/{creator_id:uuid}/collect", status_code=202, tags=TAGS, summary="Read a creator's accounts now")
@repeatable
async def collect(creator_id: CreatorId, session: AsyncSession) -> Response[Asked]:
    """409 when collection is switched off for all of them."""
    creator = await read.one(session, creator_id)
    enabled = [account.id for account in creator.accounts if account.enabled]
    if not enabled:
        raise Conflict(N_("Collection is switched off here. Switch it on first."), code="switched_off")
    return answers.accepted(len(enabled), await collection.request(session, enabled), creator_id=creator_id)


@get("/api/v1/creators/{creator_id:uuid}/posts", tags=TAGS, summary="A creator's posts")
async def creator_posts(
    creator_id: CreatorId, session: AsyncSession, limit: Limit = 50, offset: Offset = 0, sort: PostSort = "-published"
) -> Listing[PostRow]:
    """Over all accounts of the creator, with their newest numbers."""
    await service.get(session, creator_id)
    wanted = posts.Filter(creator=creator_id)
    return await posts.listing(session, wanted, Slice(limit=limit, offset=offset, sort=sort))


handlers = [listing, create, bulk, show, change, remove, collect, creator_posts]
