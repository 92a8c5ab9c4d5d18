"""Pictures are made small and harmless, or refused."""

import io

import pytest
from PIL import Image

from app.domain.images import service


def picture(kind: str, size: tuple[int, int], mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else (255, 0, 0, 9)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("GIF", "RGB")])
def test_any_picture_becomes_a_small_webp(kind: str, mode: str) -> None:
    content, width, height = service.shrink(picture(kind, (1280, 720), mode))
    assert content.startswith(b"RIFF") and (width, height) == (service.WIDEST, 270)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>not here</html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        picture("BMP", (10, 10)),
        picture("JPEG", (300, 300))[:200],
        picture("PNG", (6000, 6000)),
    ],
)
def test_what_is_no_picture_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(service.NotAPicture):
        service.shrink(content)
