"""Forms must come from our own pages: SameSite cookies, the browser's word on where a request began, and a token."""

from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.types import HTTPScope, Receive

from app.domain.errors import N_, Forbidden
from app.http.access import Rule
from app.http.cookies import greet
from app.lib.signing import sign, signed
from app.settings import Settings

FIELD = "_csrf_token"
HEADER = b"x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART)


class Csrf:
    """Makes the token of a browser (`scope["state"]["csrf"]`, for forms) and asks for it back on unsafe requests.

    Signed in, the token is bound to the session's cookie and changes with it; an anonymous visitor's is bound to a
    random cookie of their own, so that no row is stored for them.
    """

    def __init__(self, settings: Settings, key: bytes) -> None:
        self._key = key
        self._origins = frozenset(urlsplit(url).netloc for url in settings.allowed_origins)

    async def check(
        self, scope: HTTPScope, receive: Receive, rule: Rule, headers: dict[bytes, str], session: str, visitor: str
    ) -> None:
        """Raises Forbidden when an unsafe request did not come from one of our pages."""
        if not session and not visitor:
            visitor = token_urlsafe(24)
            greet(scope["state"], visitor)
        # Bound to the workspace too: a form opened before a switch in another tab must not act in the new one.
        workspace = scope["user"].workspace_id
        bound = f"session:{session}:{workspace}" if session else f"visitor:{visitor}"
        scope["state"]["csrf"] = sign(self._key, bound)
        if scope["method"] in SAFE:
            return
        if scope["user"].anonymous and rule not in (Rule.PUBLIC, Rule.ANONYMOUS):
            return  # the guard sends them to sign in; nothing will be done in their name
        if not self._ours(headers):
            raise Forbidden(N_("This request came from another site and was not carried out."), code="cross_site")
        # Read in any case: handlers find the form here, whichever of the two form types it came as.
        field = await self._field(scope, receive)
        given = headers.get(HEADER) or field
        if not given or not signed(self._key, bound, given):
            raise Forbidden(N_("The form is out of date. Go back, reload the page and send it again."), code="csrf")

    def _ours(self, headers: dict[bytes, str]) -> bool:
        if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get(b"origin")
        if origin is None:
            return True
        netloc = urlsplit(origin).netloc  # "null" has none
        return bool(netloc) and (netloc == headers.get(b"host") or netloc in self._origins)

    async def _field(self, scope: HTTPScope, receive: Receive) -> str:
        request: Request[Any, Any, Any] = scope["litestar_app"].request_class(scope=scope, receive=receive)
        if request.content_type[0] not in _FORMS:
            return ""
        value = (await request.form()).get(FIELD, "")
        return value if isinstance(value, str) else ""
