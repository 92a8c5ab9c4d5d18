"""The outermost door: whose address it is, under which host, with which id, and what every answer carries."""

import ipaddress
import secrets
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.http.cookies import Cookies
from app.lib.limits import Verdict
from app.settings import Settings

log = structlog.get_logger(__name__)

_CSP = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Swagger UI and ReDoc write inline styles and start workers from blobs; nothing of theirs comes from elsewhere.
_CSP_DOCS = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; connect-src 'self'; font-src 'self' data:; worker-src 'self' blob:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_DOCS = ("/api/docs", "/api/redoc")
_INSIDE = ("/health", "/metrics")  # asked by what keeps us running, under whatever name it has for this machine
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Door:
    """Wraps the whole application, also the answers that no route gives (404, 405, refused hosts)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._secure = settings.secure
        self._cookies = Cookies(settings.secure)
        self._proxies = Proxies(settings.trusted_proxies)
        hosts = {urlsplit(url).hostname for url in (settings.public_url, *settings.allowed_origins)}
        # On loopback a browser may say any of its names; 0.0.0.0 is what the server listens on, not a name.
        if hosts & (_LOOPBACK | {"0.0.0.0"}):  # noqa: S104
            hosts |= _LOOPBACK
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope["state"]
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        trusted = self._proxies.trusts(scope["client"][0] if scope["client"] else "")
        state["address"] = self._proxies.address(scope["client"][0] if scope["client"] else "", headers)
        if trusted and headers.get(b"x-forwarded-proto") in ("http", "https"):
            scope["scheme"] = headers[b"x-forwarded-proto"]
        given = headers.get(b"x-request-id", "") if trusted else ""
        state["request_id"] = given if 8 <= len(given) <= 64 and given.isascii() and given.isprintable() else _id()
        state["nonce"] = secrets.token_urlsafe(16)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=state["request_id"])
        finish = self._headers(scope, send)

        host = headers.get(b"host", "")
        if _name(host) not in self._hosts and not scope["path"].startswith(_INSIDE):
            await _refuse_host(finish)
            return
        if "\0" in scope["path"]:  # no address of ours has one, and neither files nor the database can be asked
            scope["path"], scope["raw_path"] = "/404", b"/404"
        await self._app(scope, receive, finish)

    def _headers(self, scope: Scope, send: Send) -> Send:
        state: dict[str, Any] = scope["state"]
        csp = _CSP_DOCS if scope["path"].startswith(_DOCS) else _CSP.format(nonce=state["nonce"])
        ours = {
            b"content-security-policy": csp.encode(),
            b"x-content-type-options": b"nosniff",
            b"referrer-policy": b"same-origin",
            b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
            b"cross-origin-opener-policy": b"same-origin",
            b"x-request-id": state["request_id"].encode(),
        }
        if self._secure:
            ours[b"strict-transport-security"] = b"max-age=31536000; includeSubDomains"

        began = time.perf_counter()

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                _log(scope, message["status"], time.perf_counter() - began)
                theirs = [(k, v) for k, v in message.get("headers", ()) if k.lower() not in ours]
                verdict: Verdict | None = state.get("limit")
                limits = verdict.headers() if verdict else {}
                message["headers"] = [*theirs, *ours.items(), *limits.items(), *self._cookies.headers(state)]
            await send(message)

        return wrapped


class Proxies:
    """Which neighbours may speak for somebody else. Members: addresses or networks in CIDR notation."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(one, strict=False) for one in trusted]

    def trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def address(self, client: str, headers: dict[bytes, str]) -> str:
        """The nearest address in X-Forwarded-For that is not a trusted proxy; the peer itself when it is not one."""
        if not self.trusts(client):
            return client
        hops = [hop.strip() for hop in headers.get(b"x-forwarded-for", "").split(",") if hop.strip()]
        for hop in reversed(hops):
            try:
                client = str(ipaddress.ip_address(hop))
            except ValueError:
                return client
            if not self.trusts(client):
                break
        return client


def _log(scope: Scope, status: int, seconds: float) -> None:
    """One line a request, with the route instead of the path: paths carry invitations' and setup's tokens."""
    route = scope.get("path_template", "")
    tell = log.debug if route.startswith(("/static", "/health")) else log.info
    tell("request", method=scope.get("method"), route=route, status=status, ms=round(seconds * 1000, 1))


def _id() -> str:
    return secrets.token_hex(8)


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


async def _refuse_host(send: Send) -> None:
    body = b"This host name is not ours. PUBLIC_URL and ALLOWED_ORIGINS say which are.\n"
    await send(
        {
            "type": "http.response.start",
            "status": 421,
            "headers": [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
