"""THE list of fake platforms. Another platform is one more module here with `hosts` and `PRESETS`."""

from collections.abc import Mapping

from starlette.types import ASGIApp

from sandbox.faults import Preset
from sandbox.platforms import dzen, google_oauth, instagram, pinterest, telegram_web, tiktok, vk, wibes, youtube
from sandbox.world import World

PLATFORMS = (youtube, google_oauth, tiktok, instagram, telegram_web, vk, dzen, wibes, pinterest)


def hosts(world: World, strict: bool) -> Mapping[str, ASGIApp]:
    """Every host the sandbox answers for, with its app; "*.name" stands for all under name."""
    return {host: app for platform in PLATFORMS for host, app in platform.hosts(world, strict).items()}


def presets() -> tuple[Preset, ...]:
    return tuple(preset for platform in PLATFORMS for preset in platform.PRESETS)
