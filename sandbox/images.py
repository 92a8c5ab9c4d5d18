"""Small real pictures, drawn from an id: the same id always gives the same picture, another id another."""

import functools
import hashlib
import io
import random

from starlette.responses import Response

_CACHED = 512
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@functools.lru_cache(_CACHED)
def draw(name: str, width: int, height: int, form: str = "JPEG") -> bytes:
    """The picture of `name` as a JPEG, PNG or WEBP of this size."""
    from PIL import Image, ImageDraw  # not at the top: the sandbox answers before anybody asks for a picture

    dice = random.Random(name)
    hue = dice.randrange(360)
    top, bottom = (
        f"hsl({(hue + turn) % 360}, {dice.randint(45, 75)}%, {light}%)" for turn, light in ((0, 62), (40, 30))
    )
    image = Image.new("RGB", (width, height), bottom)
    brush = ImageDraw.Draw(image)
    brush.polygon(
        [(0, 0), (width, 0), (width, height * dice.uniform(0.2, 0.8)), (0, height * dice.uniform(0.2, 0.8))], top
    )
    for _ in range(dice.randint(3, 6)):
        x, y, size = dice.uniform(0, width), dice.uniform(0, height), height * dice.uniform(0.08, 0.35)
        shade = f"hsl({(hue + dice.randint(-50, 50)) % 360}, {dice.randint(40, 80)}%, {dice.randint(35, 85)}%)"
        shape = dice.choice((brush.ellipse, brush.rectangle))
        shape((x - size, y - size, x + size, y + size), fill=shade)
    file = io.BytesIO()
    image.save(file, form, quality=80)
    return file.getvalue()


def respond(name: str, width: int, height: int, form: str = "JPEG", status: int = 200) -> Response:
    """The picture as an HTTP answer that may be cached for two hours."""
    body = draw(name, width, height, form)
    tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()[:16]}"'
    return Response(body, status, {"cache-control": "public, max-age=7200", "etag": tag}, _TYPES[form])
