"""Which number comes from which source on which platform, and on what evidence: read off the adapters themselves."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from app.domain.collection.breakers import Health
from app.domain.ports.connections import ConnectedSource
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts, Source
from app.domain.ports.values import Metric

YES, OWN, NOT = "yes", "own", "no"


class Cell(msgspec.Struct, frozen=True):
    """given: yes, own (only of one's own account), no (this source does not give it)."""

    metric: str
    given: str


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One source. reads: account, posts, post (a post again by its id). evidence: what our reading of it rests on.

    own: it reads with a workspace's connection to `provider`, for that workspace alone. health: null until it is asked.
    """

    platform: str
    name: str
    label: str
    version: str
    evidence: str
    own: bool
    provider: str | None
    configured: bool
    unconfigured_reason: str
    reads: list[str]
    account: list[Cell]
    posts: list[Cell]
    health: Health | None


class PlatformRow(msgspec.Struct, frozen=True, kw_only=True):
    """A platform and its sources in the order in which they are asked; own ones after the public ones.

    account, posts: the numbers that the platform's pages show, each with "yes" when a public source gives it, "own"
    when only a connection does, "no" when the platform publishes it to nobody.
    """

    platform: str
    label: str
    account: list[Cell]
    posts: list[Cell]
    sources: list[SourceRow]


def matrix(platforms: Mapping[str, Platform], health: Mapping[tuple[str, str], Health]) -> list[PlatformRow]:
    """Every platform with its sources."""
    return [_platform(platform, health) for platform in platforms.values()]


def _platform(platform: Platform, health: Mapping[tuple[str, str], Health]) -> PlatformRow:
    public = [_source(platform, source, health) for source in platform.sources]
    own = [_own(platform, source) for source in platform.connected]
    return PlatformRow(
        platform=platform.name,
        label=platform.label,
        account=_best([row.account for row in (*public, *own)]),
        posts=_best([row.posts for row in (*public, *own)]),
        sources=[*public, *own],
    )


def _source(platform: Platform, source: Source, health: Mapping[tuple[str, str], Health]) -> SourceRow:
    return SourceRow(
        platform=platform.name,
        name=source.name,
        label=source.label,
        version=source.version,
        evidence=source.evidence,
        own=False,
        provider=None,
        configured=source.configured,
        unconfigured_reason=source.unconfigured_reason,
        reads=_reads(source),
        account=_cells(platform.account_metrics, source.account_numbers, YES),
        posts=_cells(platform.post_metrics, source.post_numbers, YES),
        health=health.get((platform.name, source.name)),
    )


def _own(platform: Platform, source: ConnectedSource) -> SourceRow:
    return SourceRow(
        platform=platform.name,
        name=source.name,
        label=source.label,
        version=source.version,
        evidence=source.evidence,
        own=True,
        provider=source.provider,
        configured=True,
        unconfigured_reason="",
        reads=[],
        account=_cells(platform.account_metrics, source.account_numbers, OWN),
        posts=_cells(platform.post_metrics, source.post_numbers, OWN),
        health=None,
    )


def _reads(source: Source) -> list[str]:
    kinds = {"account": ReadsAccount, "posts": ListsPosts, "post": ReadsPosts}
    return [name for name, kind in kinds.items() if isinstance(source, kind)]


def _cells(shown: Iterable[Metric], gives: Collection[Metric], word: str) -> list[Cell]:
    return [Cell(metric.value, word if metric in gives else NOT) for metric in shown]


def _best(rows: Sequence[Sequence[Cell]]) -> list[Cell]:
    """Of several sources, the most public answer for each number."""
    order = (YES, OWN, NOT)
    return [Cell(cells[0].metric, min((c.given for c in cells), key=order.index)) for cells in zip(*rows, strict=True)]
