"""`python -m tests.house.matrix` writes docs/sources.md: which number comes from where, read off the adapters."""

from collections.abc import Iterable, Mapping

from app.domain.collection.sources import OWN, YES, Cell, PlatformRow, SourceRow, matrix
from app.domain.ports.connections import Credential, ReadsInsights, ReadsStories
from app.domain.ports.platform import ListsPosts, Means, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import Metric
from app.lib.egress import Pace
from app.platforms import all_platforms
from app.settings import Settings
from tests.house.sources import ROOT

PAGE = ROOT / "docs" / "sources.md"
HEAD = """# Which number comes from where

Made from the adapters by `make sources`; the running one, with how each source does, is the page Sources and
`GET /api/v1/sources`. Sources are asked in this order: the first that is set up and well answers, and its name stays
with the number. Below them are those that read with a workspace's connection, for that workspace alone.

**yes**: this source gives it. **own**: it does through a connection. **—**: it does not; the number is then empty with
its reason, never 0. *Evidence* says what our reading of the answers rests on. Wibes needs Chromium, and Dzen at times:
`sightline browser install`.
"""
CAPABILITIES = {
    "account": ReadsAccount,
    "newest posts": ListsPosts,
    "posts again": ReadsPosts,
    "private statistics": ReadsInsights,
    "stories": ReadsStories,
}
GIVEN = {YES: "yes", OWN: "own"}


def page() -> str:
    """The document as it should be."""
    defaults = {name: str(info.default) for name, info in Settings.model_fields.items() if info.default is not None}
    platforms = all_platforms(Means(proxy="", ca=None, pace=Pace(), settings=defaults))
    return "\n".join([HEAD, *(_platform(platforms[row.platform], row) for row in matrix(platforms, {}))])


def _platform(platform: Platform, row: PlatformRow) -> str:
    numbers = [
        *_words(row.account, platform.account_metrics),
        *(f"post: {w}" for w in _words(row.posts, platform.post_metrics)),
    ]
    reads = _reads(platform)
    columns = ["Source", "Reads", *numbers, "Key", "Evidence"]
    lines = [f"## {row.label}", "", _line(columns), _line(":-:" if name in numbers else "---" for name in columns)]
    lines += [_line(_source(platform, source, reads[source.name])) for source in row.sources]
    return "\n".join([*lines, ""])


def _source(platform: Platform, row: SourceRow, reads: str) -> list[str]:
    cells = [GIVEN.get(cell.given, "—") for cell in (*row.account, *row.posts)]
    key = f"a connection ({row.provider})" if row.own else "" if row.configured else row.unconfigured_reason
    return [row.label, reads, *cells, key or "none", row.evidence]


def _reads(platform: Platform) -> dict[str, str]:
    """What each source can be asked, by its name."""
    bound = [source.with_credential(Credential(source.provider, "1", "")) for source in platform.connected]
    return {
        source.name: ", ".join(word for word, kind in CAPABILITIES.items() if isinstance(source, kind))
        for source in (*platform.sources, *bound)
    }


def _words(cells: Iterable[Cell], words: Mapping[Metric, str]) -> list[str]:
    return [words[Metric(cell.metric)] for cell in cells]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page())
