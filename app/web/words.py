"""Sentences made of what the domain reports: what a run did, how a first reading goes on, why a rate is missing."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from app.domain.accounts.read import AccountRow
from app.domain.collection.read import RunRow
from app.domain.metrics.read import Series
from app.domain.ports.errors import N_
from app.domain.posts.read import PostRow
from app.web import formats, i18n
from app.web.i18n import gettext as _
from app.web.i18n import ngettext


class Rate(msgspec.Struct, frozen=True):
    """A share or mean, or null with the reason, as `ui.num` shows it."""

    value: float | None
    missing: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of `ui.arrivals`. state: done, now, todo, failed. took: seconds. max > 0: progress, `value` of it."""

    state: str
    title: str
    detail: str = ""
    took: float | None = None
    value: int = 0
    max: int = 0


def did(run: RunRow) -> str:
    """What a run read, in words: "50 posts, 1 new; 1 is gone"."""
    if run.status == "running" and run.posts_planned is None:
        return _("Reading the profile")
    if not (run.posts_read or run.posts_gone or run.posts_unread):
        if run.status == "running":
            return _("Reading the posts")
        if run.source and run.error:
            return _("The profile only")
        return _("The profile; there was no post to read") if run.source else _("Nothing")
    text = ngettext("%(num)s post", "%(num)s posts", run.posts_read, num=formats.number(run.posts_read))
    if run.status == "running" and run.posts_planned:
        text = _("%(n)s of %(of)s posts", n=formats.number(run.posts_read), of=formats.number(run.posts_planned))
    if run.posts_new:
        text += _(", %(n)s new", n=formats.number(run.posts_new))
    if run.posts_gone:
        text += "; " + ngettext("%(num)s is gone", "%(num)s are gone", run.posts_gone, num=run.posts_gone)
    if run.posts_unread:
        text += "; " + ngettext("%(num)s was not read", "%(num)s were not read", run.posts_unread, num=run.posts_unread)
    return text


_ROLES = {"owner": N_("owner"), "admin": N_("admin"), "editor": N_("editor"), "viewer": N_("viewer")}


def role(name: str) -> str:
    """A member's role."""
    return _(_ROLES.get(name, name))


_DEEDS = {
    "workspace.created": N_("made the workspace"),
    "workspace.changed": N_("changed the workspace's settings"),
    "member.invited": N_("invited a member"),
    "member.joined": N_("joined the workspace"),
    "member.left": N_("left the workspace"),
    "member.removed": N_("removed a member"),
    "member.role_changed": N_("changed a member's role"),
    "invitation.revoked": N_("took an invitation back"),
    "key.created": N_("made an API key"),
    "key.revoked": N_("revoked an API key"),
    "user.created": N_("made a user"),
    "login.failed": N_("a sign-in failed"),
    "password.changed": N_("changed the password"),
    "password.reset": N_("reset a password"),
    "session.revoked": N_("ended a session"),
    "session.revoked_others": N_("ended all other sessions"),
}


def deed(action: str) -> str:
    """What somebody did, of the audit log; an action without words stays as it is written."""
    return _(_DEEDS.get(action, action))


_TRIGGERS = {
    "first": N_("first reading"),
    "schedule": N_("by schedule"),
    "manual": N_("asked for by hand"),
    "nightly": N_("nightly"),
    "reread": N_("posts read again"),
}


def trigger(name: str) -> str:
    """Why a run happened."""
    return _(_TRIGGERS.get(name, name))


def said(run: RunRow) -> str:
    """One line of the feed: what was done, or what went wrong and what happens next."""
    if run.error is None:
        return did(run)
    text = i18n.error_text(run.error_kind, run.error, run.error_params)
    if run.retry_at is None:
        return text
    return _("%(what)s Next try at %(when)s.", what=text, when=formats.moment(run.retry_at))


def tone(run: RunRow) -> str:
    """How a feed line is coloured: "" fine, "wait" it waits, "bad" it failed."""
    return {"error": "bad", "blocked": "bad", "limited": "wait"}.get(run.status, "")


class FeedItem(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    at: datetime
    platform: str
    href: str
    name: str
    text: str
    kind: str


def feed(runs: list[RunRow]) -> list[FeedItem]:
    """Runs as `ui.feed` shows them."""
    return [
        FeedItem(
            id=str(run.id),
            at=run.finished_at or run.started_at,
            platform=run.platform,
            href=f"/collection/{run.id}",
            name=run.account_title,
            text=said(run),
            kind=tone(run),
        )
        for run in runs
    ]


def arrivals(account: AccountRow, runs: list[RunRow]) -> list[Step]:
    """The first reading step by step. runs: of this account, the newest first."""
    return list(_arrivals(account, runs[0] if runs else None))


def _arrivals(account: AccountRow, run: RunRow | None) -> Iterator[Step]:
    yield Step(state="done", title=_("Link recognised"), detail=account.url)
    read = account.numbers.origin is not None
    going = run is not None and run.status == "running"
    failed = run is not None and not going and run.error is not None
    problem = said(run) if run is not None and failed else ""
    yield Step(
        state="done" if read else "failed" if failed else "now",
        title=_("Profile read") if read else _("Reading the profile"),
        detail=_("Name, picture and the numbers of the account")
        if read
        else problem or _("Waiting for a free worker")
        if run is None
        else problem,
    )
    posts_done = run is not None and not going and not failed and read
    reading = going and run is not None and run.step == "posts"
    yield Step(
        state="done" if posts_done else "now" if reading else "failed" if failed and read else "todo",
        title=_("Posts read") if posts_done else _("Reading the latest posts"),
        detail=problem if failed and read else did(run) if run and (reading or posts_done) else "",
        took=run.took_ms / 1000 if posts_done and run and run.took_ms is not None else None,
        value=min(run.posts_read, run.posts_planned or 0) if reading and run else 0,
        max=run.posts_planned or 0 if reading and run else 0,
    )
    due = account.work.next_full_at if account.work else None
    planned = not going and read and due is not None
    yield Step(
        state="done" if planned else "todo",
        title=_("Next reading planned"),
        detail=_("%(when)s, then every %(hours)s", when=formats.moment(due), hours=_hours(account))
        if planned
        else _("Follows by itself"),
    )


def _hours(account: AccountRow) -> str:
    return formats.duration(account.work.cadence_hours * 3600) if account.work else ""


def cadence(account: AccountRow) -> str:
    """How often it is really read: "every 6 h"; and why that is faster than what this workspace asked for."""
    if account.work is None or account.work.state == "off":
        return _("not read")
    every = _("every %(hours)s", hours=_hours(account))
    if account.cadence_hours and account.work.cadence_hours < account.cadence_hours:
        return _("%(every)s: another workspace reads it more often", every=every)
    return every


def erv(post: PostRow) -> Rate:
    """Engagement over views of one post, or why there is none."""
    if post.erv is not None:
        return Rate(post.erv)
    if post.numbers.origin is None:
        return Rate(None, "never_read")
    return Rate(None, "no_engagement" if post.numbers["views"].value else "no_views")


def per_hour(post: PostRow) -> Rate:
    """Views over age of one post, or why there is none."""
    if post.views_per_hour is not None:
        return Rate(post.views_per_hour)
    if post.numbers.origin is None:
        return Rate(None, "never_read")
    return Rate(None, "no_views" if post.numbers["views"].value is None else "no_date")


class Total(msgspec.Struct, frozen=True):
    """A sum over a period and its change against the one before.

    change: relative, over the days that both periods have (`days` of them); null when fewer than half do.
    read, of: how many days of the period the sum is over; fewer than all of them make it a part of the whole.
    """

    value: int | None
    missing: str | None
    change: float | None
    days: int
    read: int
    of: int


def views(now: Series, before: Series, like: Series | None = None) -> Total:
    """Views of a period. Only days that were read in both periods are compared: a gap is not a fall.

    like: what is compared with `before` where that is not all of `now` (accounts that were followed all the time).
    """
    pairs = [
        (a.views, b.views)
        for a, b in zip((like or now).days, before.days, strict=False)
        if a.views is not None and b.views is not None and not a.partial
    ]
    comparable = bool(pairs) and len(pairs) * 2 >= len(now.days)
    change = formats.change(sum(a for a, _b in pairs), sum(b for _a, b in pairs)) if comparable else None
    total = now.total_views()
    read = sum(n is not None for n in now.views)
    return Total(total, None if total is not None else "two_readings", change, len(pairs), read, len(now.views))


def gained_followers(series: Series) -> int | None:
    """Followers at the end less those at the beginning of what was read; null with fewer than two days read."""
    if sum(d.followers is not None for d in series.days) < 2:
        return None
    return (series.last_followers() or 0) - (series.first_followers() or 0)


GLOBALS = {
    "did": did,
    "said": said,
    "role_word": role,
    "trigger": trigger,
    "deed_word": deed,
    "feed_of": feed,
    "arrivals_of": arrivals,
    "cadence_of": cadence,
    "erv_of": erv,
    "per_hour_of": per_hour,
    "views_of": views,
    "gained_followers": gained_followers,
}
