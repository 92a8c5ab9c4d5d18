"""The two cookies: the sign-in, and what binds an anonymous visitor's forms to their browser."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from app.domain.identity.sessions import ABSOLUTE

_SESSION, _VISITOR = "set_session", "set_visitor"


class Cookies:
    """Their names and attributes. Over TLS they are `__Host-` cookies: no subdomain or plain page can set them."""

    def __init__(self, secure: bool) -> None:
        self._secure = secure
        self.session = "__Host-sightline" if secure else "sightline"
        self.visitor = "__Host-sightline-visitor" if secure else "sightline-visitor"

    def headers(self, state: dict[str, Any]) -> list[tuple[bytes, bytes]]:
        """Set-Cookie header fields for what the request's handler decided."""
        found: list[tuple[bytes, bytes]] = []
        for mark, name in ((_SESSION, self.session), (_VISITOR, self.visitor)):
            value: str | None = state.get(mark)
            if value is None:
                continue
            cookie = Cookie(
                key=name,
                value=value,
                path="/",
                httponly=True,
                samesite="lax",
                secure=self._secure,
                max_age=(int(ABSOLUTE.total_seconds()) if mark == _SESSION else None) if value else 0,
            )
            found.append((b"set-cookie", cookie.to_header(header="").encode()))
        return found


def sign_in(connection: ASGIConnection[Any, Any, Any, Any], token: str) -> None:
    """Let the answer bring the browser this session token (a new sign-in, or a rotated one)."""
    connection.scope["state"][_SESSION] = token


def sign_out(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Let the answer take the session cookie away."""
    connection.scope["state"][_SESSION] = ""


def greet(state: dict[str, Any], value: str) -> None:
    """Let the answer bring an anonymous visitor their cookie."""
    state[_VISITOR] = value
