"""The answers that writes give, each with its status said."""

from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response

from app.api.shapes import Asked
from app.http.access import API

T = TypeVar("T")


def ok(content: T) -> Response[T]:
    return Response(content, status_code=200)


def created(content: T, location: str) -> Response[T]:
    """location: below /api/v1."""
    return Response(content, status_code=201, headers={"Location": API + location})


def removed() -> Response[None]:
    return Response(None, status_code=204)


def accepted(accounts: int, due: int, **about: UUID) -> Response[Asked]:
    """Long work begins. Location: where its state and progress are told."""
    query = f"?{urlencode({name: str(value) for name, value in about.items()})}" if about else ""
    return Response(
        Asked(accounts, due), status_code=202, headers={"Location": f"{API}/collection/status{query}"}
    )  # fmt: skip
