"""THE list of platforms. Adding one is a folder beside these and a line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.ports.platform import Platform, Reserve
from app.platforms import youtube

YOUTUBE = "youtube"


@dataclass(frozen=True, slots=True)
class Means:
    """What platforms are given: the way out, the authorities to trust there, the ledgers, the keys.

    reserve: by platform. proxy: empty in a process that recognises links but reads nothing.
    """

    proxy: str
    ca: Path | None
    reserve: Mapping[str, Reserve]
    youtube: youtube.YoutubeConfig


def all_platforms(means: Means) -> dict[str, Platform]:
    """Every platform by name, in the order of the pages."""
    made = [
        youtube.platform(means.youtube, reserve=means.reserve[YOUTUBE], egress_proxy=means.proxy, ca=means.ca),
    ]
    return {platform.name: platform for platform in made}
