"""What pages read from their URL. A value that is no such thing falls back to the default: a page never refuses
a link somebody shared."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request

from app.domain.ports.paging import Slice
from app.http.access import access_to

WINDOWS = (7, 28, 90, 365)
PAGE_SIZES = (25, 50, 100)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """The URL's parameters as a template needs them: values, and links with one of them changed."""

    path: str
    values: dict[str, str]

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def link(self, **changed: str | int | None) -> str:
        """This page's address with some parameters changed; "" or null takes one out."""
        merged = {**self.values, **{k: "" if v is None else str(v) for k, v in changed.items()}}
        kept = {k: v for k, v in merged.items() if v != ""}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path


def path_of(request: Request[Any, Any, Any]) -> str:
    """Where this request's page can be got again: for a form's own address, the nearest one above that is a page."""
    path = request.url.path
    if request.method in ("GET", "HEAD"):
        return path
    template = request.scope.get("path_template", "")
    while path and access_to("GET", template) is None:
        path, template = path.rpartition("/")[0], template.rpartition("/")[0]
    return path or "/"


def query_of(request: Request[Any, Any, Any]) -> Query:
    """The URL's parameters; without those that hold U+0000, which PostgreSQL cannot compare with anything."""
    return Query(path=path_of(request), values={k: v for k, v in request.query_params.items() if v and "\0" not in v})


def slice_of(query: Query, *, default_sort: str, size: int = 25) -> Slice:
    """Page and sort as ?page=2&size=50&sort=-views say."""
    wanted = _int(query.get("size"), size)
    limit = wanted if wanted in PAGE_SIZES else size
    page = max(1, min(_int(query.get("page"), 1), 10_000))
    return Slice(limit=limit, offset=(page - 1) * limit, sort=query.get("sort") or default_sort)


def days_of(query: Query) -> int:
    days = _int(query.get("days"), 28)
    return days if days in WINDOWS else 28


def uuid_of(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def _int(value: str, default: int) -> int:
    try:
        return int(value)
    except ValueError:
        return default
