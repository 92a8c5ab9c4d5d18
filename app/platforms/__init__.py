"""THE list of platforms, in the order of the pages. Adding one is a folder beside these and a line here."""

from importlib import import_module

from app.domain.ports.platform import Means, Platform

FOLDERS = (
    "youtube",
    "tiktok",
    "instagram",
    "telegram",
    "vk",
    "dzen",
    "wibes",
    "pinterest",
)


def all_platforms(means: Means) -> dict[str, Platform]:
    """Every platform by name. Each folder has a function `platform`, which makes it of what it is given."""
    made: list[Platform] = [import_module(f"{__name__}.{folder}").platform(means) for folder in FOLDERS]
    return {platform.name: platform for platform in made}
