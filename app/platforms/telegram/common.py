"""What the preview and the API share."""

from app.domain.ports.errors import Changed
from app.platforms.kit import words as said
from app.platforms.telegram import words

_LONGEST_TITLE = 200


def changed(field: str) -> Changed:
    return Changed(said.CHANGED, field=field, platform=words.PLATFORM)


def one_line(text: str) -> str:
    """A post's text as the title it is listed by: one line, 200 characters at most, fit for any database."""
    line = " ".join(text.replace("\0", "").encode("utf-8", "replace").decode().split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1].rstrip()}…"
