"""Creators: the list, adding by pasting, one creator."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.collection import service as collection
from app.domain.creators import read, service
from app.domain.creators.read import CreatorRow
from app.domain.creators.service import Added
from app.domain.errors import N_, Invalid
from app.domain.identity.principal import Principal
from app.domain.ports.paging import Listing
from app.web.forms import Parts, errors_of, flash, see_other, text_of
from app.web.params import Query, query_of, slice_of
from app.web.render import page
from app.web.shell import Shell

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]
MAX_FILE = 1_000_000


class CreatorsPage(msgspec.Struct, frozen=True, kw_only=True):
    """The list. link, lines, errors: a form that was refused, as it was sent. results: of the last bulk add.

    empty: nobody is followed at all yet, so the page asks for one link.
    """

    query: Query
    creators: Listing[CreatorRow]
    tags: list[str]
    empty: bool
    link: str = ""
    lines: str = ""
    errors: dict[str, str] = {}
    results: list[Added] = []


class CreatorPage(msgspec.Struct, frozen=True, kw_only=True):
    """One creator. platforms: each platform's accounts and followers, side by side, never summed across."""

    query: Query
    creator: CreatorRow
    name: str = ""
    tags: str = ""
    link: str = ""
    errors: dict[str, str] = {}


async def _list_page(request: Request[Any, Any, Any], session: AsyncSession, **form: Any) -> CreatorsPage:
    query = query_of(request)
    slice_ = slice_of(query, default_sort="-added")
    found = await read.listing(session, slice_, q=query.get("q"), tag=query.get("tag"))
    narrowed = query.get("q") or query.get("tag") or slice_.offset
    return CreatorsPage(
        query=query,
        creators=found,
        tags=await read.tags(session),
        empty=found.total == 0 and not narrowed,
        **form,
    )


@get("/creators", name="creators")
async def index(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell) -> Response[str]:
    return page(request, shell, "creators/index.html", await _list_page(request, session))


@post("/creators", status_code=303)
async def add(
    request: Request[Any, Any, Any],
    data: Form,
    principal: Principal,
    session: AsyncSession,
    shell: Shell,
    parts: Parts,
) -> Response[Any]:
    """Follow what was pasted; the account's page then fills by itself."""
    link = text_of(data, "link")
    entry = service.Entry(
        link=link,
        tags=tuple(text_of(data, "tags").split()),
        own=bool(data.get("own")),
    )
    try:
        added = await service.follow(
            session, principal.workspace, entry, platforms=parts.platforms, defaults=parts.defaults
        )
    except Invalid as error:
        context = await _list_page(request, session, link=link, errors=errors_of(error, shell))
        return page(request, shell, "creators/index.html", context, status_code=422)
    response = see_other(f"/accounts/{added.account_id}")
    if added.status == "already":
        flash(response, parts, N_("You follow this account already. Here it is."))
    return response


@post("/creators/bulk", status_code=200)
async def bulk(
    request: Request[Any, Any, Any],
    data: Form,
    principal: Principal,
    session: AsyncSession,
    shell: Shell,
    parts: Parts,
) -> Response[Any]:
    """Follow many: pasted lines or a CSV file, with a result for each line."""
    lines = text_of(data, "lines")
    try:
        file = data.get("file")
        if isinstance(file, UploadFile) and file.filename:
            lines = await _file_text(file)
        entries = service.parse_bulk(lines)
        results = await service.follow_many(
            session, principal.workspace, entries, platforms=parts.platforms, defaults=parts.defaults
        )
    except Invalid as error:
        context = await _list_page(request, session, lines=lines, errors=errors_of(error, shell))
        return page(request, shell, "creators/index.html", context, status_code=422)
    left = "\n".join(r.line for r in results if r.status == "invalid")
    return page(
        request, shell, "creators/index.html", await _list_page(request, session, lines=left, results=results)
    )  # fmt: skip


async def _file_text(file: UploadFile) -> str:
    content = await file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise Invalid({"lines": (N_("The file is larger than %(most)s KB."), {"most": MAX_FILE // 1000})})
    for encoding in ("utf-8-sig", "cp1251"):  # cp1251: what spreadsheets in Russian save as CSV
        try:
            return content.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise Invalid({"lines": N_("The file is not text. Save it as CSV in UTF-8.")})


@get("/creators/{creator_id:uuid}", name="creator")
async def show(request: Request[Any, Any, Any], creator_id: UUID, session: AsyncSession, shell: Shell) -> Response[str]:
    creator = await read.one(session, creator_id)
    context = CreatorPage(query=query_of(request), creator=creator, name=creator.name, tags=" ".join(creator.tags))
    return page(request, shell, "creators/show.html", context)


@post("/creators/{creator_id:uuid}", status_code=303)
async def change(
    request: Request[Any, Any, Any],
    creator_id: UUID,
    data: Form,
    principal: Principal,
    session: AsyncSession,
    shell: Shell,
    parts: Parts,
) -> Response[Any]:
    """Rename, tag, or add another account (when `link` is sent)."""
    link = text_of(data, "link")
    try:
        if "link" in data:
            added = await service.follow(
                session,
                principal.workspace,
                service.Entry(link=link, own=bool(data.get("own"))),
                platforms=parts.platforms,
                defaults=parts.defaults,
                creator=creator_id,
            )
            return see_other(f"/accounts/{added.account_id}")
        tags = text_of(data, "tags").replace(",", " ").split()
        await service.edit(session, creator_id, name=text_of(data, "name"), tags=tags)
    except Invalid as error:
        creator = await read.one(session, creator_id)
        context = CreatorPage(
            query=query_of(request),
            creator=creator,
            name=text_of(data, "name"),
            tags=text_of(data, "tags"),
            link=link,
            errors=errors_of(error, shell),
        )
        return page(request, shell, "creators/show.html", context, status_code=422)
    return flash(see_other(f"/creators/{creator_id}"), parts, N_("Saved."))


@post("/creators/{creator_id:uuid}/remove", status_code=303)
async def remove(creator_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    await service.remove(session, creator_id, parts.defaults)
    return flash(
        see_other("/creators"),
        parts,
        N_("Removed. What was read stays."),
        action=f"/creators/{creator_id}/restore",
        action_label=N_("Undo"),
    )


@post("/creators/{creator_id:uuid}/restore", status_code=303)
async def restore(creator_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    await service.restore(session, creator_id, parts.defaults)
    return flash(see_other(f"/creators/{creator_id}"), parts, N_("It is back."))


@post("/creators/{creator_id:uuid}/collect", status_code=303)
async def collect(creator_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    creator = await read.one(session, creator_id)
    await collection.request(session, [a.id for a in creator.accounts if a.enabled])
    return see_other(f"/creators/{creator_id}")


handlers = [index, add, bulk, show, change, remove, restore, collect]
