"""What engagement adds up on each platform (the product's standard terms), as SQL over the newest numbers of a post.

A sum of which a part is missing is missing: what a source does not give is not 0. What a platform publishes to nobody
is no part of its sum.
"""

from collections.abc import Mapping

from app.domain.ports.values import Metric

USUAL = (Metric.LIKES, Metric.COMMENTS)
ENGAGEMENT: Mapping[str, tuple[Metric, ...]] = {
    "tiktok": (Metric.LIKES, Metric.COMMENTS, Metric.SHARES),
    "vk": (Metric.LIKES, Metric.COMMENTS, Metric.SHARES),
    "telegram": (Metric.LIKES, Metric.COMMENTS, Metric.SHARES),
    "pinterest": (Metric.SAVES, Metric.COMMENTS),
    "wibes": (Metric.LIKES,),
}


def engagement_of(platform: str) -> tuple[Metric, ...]:
    """The numbers whose sum is a post's engagement there."""
    return ENGAGEMENT.get(platform, USUAL)


def engagement_sql(platform: str, numbers: str) -> str:
    """The sum for a row; `platform` and `numbers` are the SQL names of the platform's column and the numbers' table."""
    cases = " ".join(f"when '{name}' then {_sum(parts, numbers)}" for name, parts in ENGAGEMENT.items())
    return f"(case {platform} {cases} else {_sum(USUAL, numbers)} end)"


def _sum(parts: tuple[Metric, ...], numbers: str) -> str:
    return " + ".join(f"{numbers}.{metric.value}" for metric in parts)
