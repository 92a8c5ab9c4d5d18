"""Who may go where: every route, in one table. A route that is not in it does not start.

The role is that in the current workspace. API routes also name the scope that a key needs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from app.domain.errors import N_, Forbidden, Unauthorized
from app.domain.identity.models import Role, Scope
from app.domain.identity.principal import Kind, Principal


class Rule(StrEnum):
    OPEN = "open"  # everybody, and nobody is asked who they are: files, health
    PUBLIC = "public"  # everybody
    ANONYMOUS = "anonymous"  # only who has not signed in
    SIGNED_IN = "signed in"  # any person, also without a workspace
    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"
    OWNER = "owner"
    SUPERUSER = "superuser"


@dataclass(frozen=True, slots=True)
class Access:
    """rule: who may. scope: what an API key must have; null: keys may not come here at all."""

    rule: Rule
    scope: Scope | None = None


_ROLES = {Rule.VIEWER: Role.VIEWER, Rule.EDITOR: Role.EDITOR, Rule.ADMIN: Role.ADMIN, Rule.OWNER: Role.OWNER}

_PAGES = {
    Rule.OPEN: """
        GET /static/{path}      HEAD /static/{path}
        GET /health             GET /health/ready
        GET /api/openapi.json   GET /api/docs   GET /api/redoc
    """,
    Rule.PUBLIC: """
        GET /setup              POST /setup
        POST /locale
        GET /invitations/{token}    POST /invitations/{token}
    """,
    Rule.ANONYMOUS: """
        GET /login              POST /login
        GET /register           POST /register
    """,
    Rule.SIGNED_IN: """
        POST /logout
        GET /settings           POST /settings          POST /settings/password
        GET /settings/sessions  POST /settings/sessions/{id}/revoke     POST /settings/sessions/revoke-others
        POST /workspaces        POST /workspaces/{id}/switch
    """,
    Rule.VIEWER: """
        GET /                   GET /live               GET /images/{id}
        GET /creators           GET /creators/{id}
        GET /accounts           GET /accounts/{id}
        GET /posts              GET /posts/{id}
        GET /collection         GET /collection/{id}
        GET /connections        GET /sources
        POST /settings/members/leave
    """,
    Rule.EDITOR: """
        POST /creators          POST /creators/bulk
        POST /creators/{id}     POST /creators/{id}/remove      POST /creators/{id}/restore
        POST /creators/{id}/collect
        POST /accounts/{id}/collect     POST /accounts/{id}/toggle      POST /accounts/{id}/settings
        POST /accounts/{id}/remove      POST /accounts/{id}/restore
        POST /collection
        POST /connections/{id}/refresh
    """,
    Rule.ADMIN: """
        GET /settings/workspace     POST /settings/workspace
        GET /settings/members       POST /settings/members/invite
        POST /settings/members/{id}/role        POST /settings/members/{id}/remove
        POST /settings/members/invitations/{id}/revoke
        GET /settings/keys          POST /settings/keys         POST /settings/keys/{id}/revoke
        GET /settings/audit
        GET /oauth/{provider}/authorize         GET /oauth/{provider}/callback
        POST /connections/keys/{provider}       POST /connections/{id}/disconnect
        POST /connections/senders/{provider}    GET /connections/senders/{id}
        POST /connections/senders/{id}/typed    POST /connections/senders/{id}/cancel
    """,
    Rule.SUPERUSER: """
        POST /sandbox/advance   POST /sandbox/fail
    """,
}

_API = {
    (Rule.PUBLIC, None): """
        POST /auth/login        POST /auth/register     POST /auth/refresh
    """,
    (Rule.SIGNED_IN, None): """
        POST /auth/logout
    """,
    (Rule.SIGNED_IN, Scope.READ): """
        GET /auth/me
    """,
    (Rule.VIEWER, Scope.READ): """
        GET /creators           GET /creators/{id}      GET /creators/{id}/posts
        GET /accounts           GET /accounts/{id}
        GET /metrics            GET /stats
        GET /posts              GET /posts/{id}         GET /posts/{id}/history
        GET /collection/status  GET /collection/runs    GET /collection/runs/{id}
        GET /connections        GET /sources
    """,
    (Rule.EDITOR, Scope.WRITE): """
        POST /creators          POST /creators/bulk     POST /creators/{id}/collect
        PATCH /creators/{id}    DELETE /creators/{id}
        POST /accounts          PUT /accounts/{id}      PATCH /accounts/{id}    DELETE /accounts/{id}
        POST /accounts/{id}/toggle      POST /accounts/{id}/collect
        POST /collection/runs
        POST /connections/{id}/refresh
    """,
    (Rule.ADMIN, None): """
        GET /oauth/{provider}/authorize
    """,
    (Rule.ADMIN, Scope.ADMIN): """
        DELETE /connections/{id}
        GET /keys               POST /keys              DELETE /keys/{id}
    """,
}

API = "/api/v1"


def _key(method: str, path: str) -> str:
    """Parameters by place, not by name: `/creators/{id}` and `/creators/{creator_id}` are one route."""
    return f"{method} {re.sub(r'{[^}]*}', '{}', path)}"


def _pairs(lines: str) -> Iterator[tuple[str, str]]:
    words = lines.split()
    return zip(words[::2], words[1::2], strict=True)


TABLE: dict[str, Access] = {
    _key(method, path): Access(rule) for rule, lines in _PAGES.items() for method, path in _pairs(lines)
} | {
    _key(method, API + path): Access(rule, scope)
    for (rule, scope), lines in _API.items()
    for method, path in _pairs(lines)
}


def access_to(method: str, path: str) -> Access | None:
    """The row for a route; path as Litestar's `path_format` or the table writes it. Null: there is none."""
    return TABLE.get(_key(method, path))


def routes_of(app: Litestar) -> list[tuple[str, str]]:
    """Every (method, path format) that the application answers, except the OPTIONS that Litestar adds."""
    found: list[tuple[str, str]] = []
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            found += [(method, route.path_format) for method in sorted(route.methods) if method != "OPTIONS"]
        else:
            found.append((route.scope_type.value.upper(), route.path_format))
    return sorted(found, key=lambda pair: (pair[1], pair[0]))


def check_routes(app: Litestar) -> None:
    """Raise LookupError naming the routes that the table does not know."""
    unknown = [f"{method} {path}" for method, path in routes_of(app) if access_to(method, path) is None]
    if unknown:
        raise LookupError("not in the access table (app/http/access.py): " + ", ".join(unknown))


def guard(connection: ASGIConnection[Any, Principal, Any, Any], _handler: BaseRouteHandler) -> None:
    """Let through who may. Raises Unauthorized or Forbidden."""
    if connection.scope.get("method") == "OPTIONS":
        return
    row = access_to(str(connection.scope.get("method")), connection.scope["path_template"])
    if row is None:
        raise Forbidden(N_("This page is closed."))
    if row.rule in (Rule.OPEN, Rule.PUBLIC):
        return
    principal = connection.user
    if row.rule is Rule.ANONYMOUS:
        if not principal.anonymous:
            raise Forbidden(N_("You have signed in already."), code="signed_in")
        return
    if principal.anonymous:
        raise Unauthorized(N_("Sign in first."))
    if principal.kind is Kind.KEY:
        if row.scope is None:
            raise Forbidden(N_("API keys cannot do this; a person must sign in."), code="person_needed")
        if row.scope not in principal.scopes:
            raise Forbidden(N_("This key lacks the scope “%(scope)s”."), code="scope", scope=row.scope.value)
    if row.rule is Rule.SUPERUSER:
        if not principal.is_superuser:
            raise Forbidden(N_("Only the administrator of this installation may do this."))
        return
    if row.rule is Rule.SIGNED_IN:
        return
    if principal.role is None:
        raise Forbidden(N_("You are in no workspace yet. Create one, or ask to be invited."), code="no_workspace")
    if not principal.may(_ROLES[row.rule]):
        raise Forbidden(
            N_("This needs the role “%(role)s” in the workspace; yours is “%(yours)s”."),
            code="role",
            role=row.rule.value,
            yours=principal.role.value,
        )
