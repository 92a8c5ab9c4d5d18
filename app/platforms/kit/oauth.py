"""Answers of OAuth 2.0 token endpoints (RFC 6749, section 5) -> Tokens, without guessing."""

from datetime import datetime, timedelta

from app.domain.ports.connections import Tokens
from app.domain.ports.errors import Changed
from app.lib import clock
from app.platforms.kit.http import Answer
from app.platforms.kit.node import Node

_LONGEST_LIFE = 10 * 366 * 86_400
_LONGEST_TOKEN = 8192


def tokens(answer: Answer, *, refresh_life: str = "refresh_token_expires_in") -> Tokens:
    """The tokens of a good answer. refresh_life: how the provider calls the seconds that a refresh token lives.

    Lives count from now on. Raises Changed, naming the place.
    """
    given = answer.node().object()
    kind = given["token_type"].text("Bearer")
    if kind.lower() != "bearer":
        raise given["token_type"].changed()
    refresh = given["refresh_token"]
    return Tokens(
        access=_token(given["access_token"]),
        refresh=_token(refresh) if refresh.exists else None,
        expires_at=ends(given["expires_in"]),
        refresh_expires_at=ends(given[refresh_life]),
        scopes=tuple(given["scope"].text("").replace(",", " ").split()),
    )


def _token(node: Node) -> str:
    """A token is text: a number in its place is no token of ours. Raises Changed."""
    if not isinstance(node.value, str):
        raise node.changed()
    return node.id(_LONGEST_TOKEN)


def ends(life: Node) -> datetime | None:
    """When a life of so many seconds from now ends; None when it is not said. Raises Changed."""
    if not life.exists:
        return None
    seconds = life.whole()
    if seconds is None or seconds > _LONGEST_LIFE:
        raise life.changed()
    return clock.now() + timedelta(seconds=seconds)


def refusal(answer: Answer) -> str:
    """The error's code ("invalid_grant") in an answer that is no success; a plain word, or empty when there is none."""
    try:
        said = answer.node()["error"].text("")
    except Changed:  # it names no error that we know
        return ""
    return said if said.isascii() and said.replace("_", "").isalnum() and len(said) <= 60 else ""
