"""i.ytimg.com (thumbnails of videos) and yt3.ggpht.com / yt3.googleusercontent.com (avatars of channels)."""

import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import images
from sandbox.world import World

_SIZES = {
    "default": (120, 90),
    "mqdefault": (320, 180),
    "hqdefault": (480, 360),
    "sddefault": (640, 480),
    "hq720": (1280, 720),
    "maxresdefault": (1280, 720),
    "oardefault": (405, 720),
}
_FORMS = {"jpg": "JPEG", "webp": "WEBP"}
_LARGEST = 900


def build_thumbnails(world: World) -> Starlette:
    """/vi/ID/NAME.jpg and /vi_webp/ID/NAME.webp; an id nobody has is 404 with a grey picture, as on the real host."""

    async def thumbnail(request: Request) -> Response:
        name, _, extension = request.path_params["file"].partition(".")
        size, form = _SIZES.get(name.removesuffix("_live")), _FORMS.get(extension)
        if size is None or form is None or world.post(request.path_params["video_id"]) is None:
            return images.respond("missing", 120, 90, status=404)
        return images.respond(request.path_params["video_id"], *size, form)

    return Starlette(routes=[Route(f"/{kind}/{{video_id}}/{{file}}", thumbnail) for kind in ("vi", "vi_webp")])


def build_avatars(world: World) -> Starlette:
    """/CHANNEL_ID=s88-c-k...: a square PNG of that size."""

    async def avatar(request: Request) -> Response:
        match = re.fullmatch(r"(UC[\w-]{22})(?:=s(\d+).*)?", request.path_params["token"])
        if match is None or world.channel(match[1]) is None:
            return Response(status_code=404)
        size = min(int(match[2] or 0) or _LARGEST, _LARGEST)
        return images.respond(match[1], size, size, "PNG")

    return Starlette(routes=[Route("/{token}", avatar)])
