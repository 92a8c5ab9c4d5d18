"""Accounts: all of them, and one with its numbers, charts, posts and log, filling as it is read."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts import read
from app.domain.accounts.read import AccountRow, HandleSpan
from app.domain.collection import read as collection
from app.domain.collection import service as collecting
from app.domain.collection.read import RunRow
from app.domain.creators import service as creators
from app.domain.errors import N_, Invalid, NotFound
from app.domain.insights import read as insights
from app.domain.insights.read import OwnNumber, OwnPost
from app.domain.metrics import read as metrics
from app.domain.metrics.read import Series
from app.domain.ports.paging import Listing, Slice
from app.domain.posts import read as posts
from app.domain.posts.read import FormatRow, PostRow, Rates
from app.lib import clock
from app.web.forms import Parts, errors_of, flash, see_other
from app.web.params import Query, days_of, query_of, slice_of, uuid_of
from app.web.render import page
from app.web.shell import Shell

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]


class AccountsPage(msgspec.Struct, frozen=True, kw_only=True):
    query: Query
    accounts: Listing[AccountRow]


class AccountPage(msgspec.Struct, frozen=True, kw_only=True):
    """One account.

    series, before: the chosen days and as many before them. run: the one that is going on.
    first_run: nothing was read yet, or the first reading goes on: the steps are shown as they arrive.
    elsewhere: the same creator's other accounts. own, own_posts: private
    numbers, of a connected account. errors: of a settings form that was refused.
    """

    query: Query
    days: int
    account: AccountRow
    series: Series
    before: Series
    rates: Rates | None
    formats: list[FormatRow]
    posts: Listing[PostRow]
    runs: list[RunRow]
    run: RunRow | None
    first_run: bool
    handles: list[HandleSpan]
    elsewhere: list[AccountRow]
    own: list[OwnNumber]
    own_posts: list[OwnPost]
    errors: dict[str, str] = {}


@get("/accounts", name="accounts")
async def index(request: Request[Any, Any, Any], session: AsyncSession, shell: Shell) -> Response[str]:
    query = query_of(request)
    wanted = read.Filter(
        q=query.get("q"),
        platform=query.get("platform"),
        status=query.get("status"),
        own={"1": True, "0": False}.get(query.get("own")),
        tag=query.get("tag"),
        creator=uuid_of(query.get("creator")),
    )
    found = await read.listing(session, wanted, slice_of(query, default_sort="-added"))
    return page(request, shell, "accounts/index.html", AccountsPage(query=query, accounts=found))


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, shell: Shell, account_id: UUID, **form: Any
) -> AccountPage:
    query, now = query_of(request), clock.now()
    days = days_of(query)
    account = await read.one(session, account_id)
    first, last = metrics.window(shell.timezone, days=days, now=now)
    wide = await metrics.series(
        session, [account_id], zone=shell.timezone, first=first - timedelta(days=days), last=last, now=now
    )
    whole = wide[account_id]
    since = now - timedelta(days=days)
    wanted = posts.Filter(account=account_id, q=query.get("q"), format=query.get("format"), state=query.get("state"))
    runs = await collection.newest(session, Slice(limit=10), account_id)
    family = await read.of_creators(session, [account.creator_id])
    run = next((r for r in runs if r.status == "running"), None)
    return AccountPage(
        query=query,
        days=days,
        account=account,
        series=whole.part(days),
        before=whole.part(0, days),
        rates=(await posts.rates(session, [account_id], since)).get(account_id),
        formats=await posts.by_format(session, account_id, since),
        posts=await posts.listing(session, wanted, slice_of(query, default_sort="-published")),
        runs=runs,
        run=run,
        first_run=account.numbers.origin is None or (run is not None and run.trigger == "first"),
        handles=await read.handles(session, account_id),
        own=await insights.newest(session, account_id) if account.own else [],
        own_posts=await insights.of_posts(session, account_id) if account.own else [],
        elsewhere=[a for a in family.get(account.creator_id, []) if a.id != account_id],
        **form,
    )


@get("/accounts/{account_id:uuid}", name="account")
async def show(request: Request[Any, Any, Any], account_id: UUID, session: AsyncSession, shell: Shell) -> Response[Any]:
    try:
        context = await _page(request, session, shell, account_id)
    except NotFound:
        kept = await read.merged_into(session, account_id)
        if kept is None or not await read.follows(session, kept):
            raise
        return see_other(f"/accounts/{kept}", status_code=302)
    return page(request, shell, "accounts/show.html", context)


@post("/accounts/{account_id:uuid}/collect", status_code=303)
async def collect(account_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    account = await read.one(session, account_id)
    if not account.enabled:
        return flash(
            see_other(f"/accounts/{account_id}"),
            parts,
            N_("Collection is switched off here. Switch it on first."),
            kind="warn",
        )
    await collecting.request(session, [account_id])
    return see_other(f"/accounts/{account_id}")


@post("/accounts/{account_id:uuid}/toggle", status_code=303)
async def toggle(request: Request[Any, Any, Any], account_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    account = await read.one(session, account_id)
    await creators.change_account(session, account_id, parts.defaults, enabled=not account.enabled)
    return flash(
        see_other(f"/accounts/{account_id}"),
        parts,
        N_("Collection is off. Numbers stop here, nothing is lost.") if account.enabled else N_("Collection is on."),
    )


@post("/accounts/{account_id:uuid}/settings", status_code=303)
async def settings(
    request: Request[Any, Any, Any], account_id: UUID, data: Form, session: AsyncSession, shell: Shell, parts: Parts
) -> Response[Any]:
    """Own or watched, and how often to read it; an empty cadence follows the workspace."""
    try:
        await creators.change_account(
            session,
            account_id,
            parts.defaults,
            own=data.get("own") == "1",
            cadence_hours=_cadence(str(data.get("cadence_hours", ""))),
        )
    except Invalid as error:
        context = await _page(request, session, shell, account_id, errors=errors_of(error, shell))
        return page(request, shell, "accounts/show.html", context, status_code=422)
    return flash(see_other(f"/accounts/{account_id}"), parts, N_("Saved."))


def _cadence(value: str) -> float | None:
    if not value.strip():
        return None
    try:
        return float(value.replace(",", "."))
    except ValueError:
        raise Invalid({"cadence_hours": N_("Write a number of hours, such as 6.")}) from None


@post("/accounts/{account_id:uuid}/remove", status_code=303)
async def remove(account_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    await creators.remove_account(session, account_id, parts.defaults)
    return flash(
        see_other("/accounts"),
        parts,
        N_("Removed. What was read stays."),
        action=f"/accounts/{account_id}/restore",
        action_label=N_("Undo"),
    )


@post("/accounts/{account_id:uuid}/restore", status_code=303)
async def restore(account_id: UUID, session: AsyncSession, parts: Parts) -> Redirect:
    await creators.restore_account(session, account_id, parts.defaults)
    return flash(see_other(f"/accounts/{account_id}"), parts, N_("It is back."))


handlers = [index, show, collect, toggle, settings, remove, restore]
