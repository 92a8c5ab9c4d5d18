"""Rows for tests, made the way the application makes them where that is one call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.accounts.models import Account
from app.domain.collection import service as collection
from app.domain.creators import service as creators
from app.domain.metrics.service import Observation
from app.domain.ports.platform import Platform
from app.domain.ports.values import Format, Metric, Missing, PostReading, Ref, RefKind
from app.lib import clock
from app.lib.db import uuid7

DEFAULTS = collection.Plan(cadence_hours=6, max_posts=50)


async def workspace(session: AsyncSession, name: str = "Studio", zone: str = "UTC") -> UUID:
    """A workspace without members, made as the owner would (row-level security: the new one is current)."""
    key = uuid7()
    await session.execute(text("select set_config('app.workspace', :id, true)"), {"id": str(key)})
    session.info["workspace"] = key
    await session.execute(
        text("""
            insert into workspace (id, name, timezone, nightly_enabled, nightly_hour, created_at)
            values (:id, :name, :zone, true, 3, now())
        """),
        {"id": key, "name": name, "zone": zone},
    )
    return key


async def account(session: AsyncSession, **values: Any) -> Account:
    now = values.pop("now", None) or clock.now()
    row = Account(
        **{
            "id": uuid7(),
            "platform": "youtube",
            "external_id": f"UC{uuid7().hex[:22]}",
            "lookup": f"id:{uuid7().hex}",
            "handle": None,
            "title": "Channel",
            "url": "https://www.youtube.com/channel/x",
            "state": "ok",
            "first_seen_at": now,
            **values,
        }
    )
    session.add(row)
    await session.flush()
    return row


def reading(external_id: str, published_at: datetime | None, views: int | None = 100, **values: Any) -> PostReading:
    metrics = {Metric.VIEWS: views, Metric.LIKES: values.pop("likes", 10), Metric.COMMENTS: values.pop("comments", 1)}
    return PostReading(
        external_id=external_id,
        url=f"https://www.youtube.com/watch?v={external_id}",
        title=values.pop("title", f"Post {external_id}"),
        published_at=published_at,
        format=values.pop("format", Format.LONG),
        metrics=metrics,
        missing=values.pop("missing", {}),
        **values,
    )


def observation(thing: UUID, at: datetime, **metrics: int | None) -> Observation:
    missing = {Metric(m): Missing.NOT_GIVEN for m, v in metrics.items() if v is None}
    return Observation(thing, at, {Metric(m): v for m, v in metrics.items()}, missing)


class FakeSource:
    """A platform source behind the port, for tests of the domain: answers what it is told to, in order."""

    version = "1"
    evidence = "test"
    unconfigured_reason = "Set a key."
    account_numbers = frozenset({Metric.FOLLOWERS, Metric.VIEWS, Metric.POSTS})
    post_numbers = frozenset({Metric.VIEWS, Metric.LIKES, Metric.COMMENTS})

    def __init__(self, name: str, **answers: Any) -> None:
        self.name = name
        self.label = name
        self.configured = answers.pop("configured", True)
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    def _next(self, what: str, argument: Any) -> Any:
        self.asked.append((what, argument))
        answer = self.answers[what]
        if callable(answer):
            answer = answer(argument)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def read_account(self, ref: Ref) -> Any:
        return self._next("account", ref)

    async def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> Any:
        for batch in self._next("posts", ref.value):
            if isinstance(batch, Exception):
                raise batch
            yield batch

    async def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> Any:
        for batch in self._next("reread", list(external_ids)):
            if isinstance(batch, Exception):
                raise batch
            yield batch


def fake_platform(*sources: FakeSource) -> Platform:
    def recognise(pasted: str) -> Ref | None:
        name = pasted.strip()
        return Ref("youtube", RefKind.HANDLE, name[1:]) if name.startswith("@") else None

    return Platform(
        name="youtube",
        label="YouTube",
        icon="brand-youtube",
        recognise=recognise,
        sources=sources,
        account_metrics={Metric.FOLLOWERS: "Subscribers", Metric.VIEWS: "Views", Metric.POSTS: "Videos"},
        post_metrics={Metric.VIEWS: "Views", Metric.LIKES: "Likes", Metric.COMMENTS: "Comments"},
        engagement=(Metric.LIKES, Metric.COMMENTS),
        hosts=("www.youtube.com",),
        profile_url=lambda ref: f"https://www.youtube.com/@{ref.value}",
    )


async def follow(session: AsyncSession, workspace_id: UUID, platform: Platform, link: str) -> creators.Added:
    return await creators.follow(
        session, workspace_id, creators.Entry(link=link), platforms={"youtube": platform}, defaults=DEFAULTS
    )
