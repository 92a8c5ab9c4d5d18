"""The JSON API: the same services and read structs as the pages. A new noun is a module, and its name here."""

from litestar import Router
from litestar.openapi import OpenAPIConfig

from app.api import accounts, auth, collection, connections, creators, document, health, keys, metrics, posts, stats
from app.api.body import Body, before

__all__ = ["ROUTES", "openapi_config"]

_NOUNS = (creators, accounts, posts, metrics, stats, collection, connections, auth, keys, health)
_HANDLERS = [handler for noun in _NOUNS for handler in noun.handlers]

ROUTES = [
    Router(
        "/",
        route_handlers=_HANDLERS,
        dto=Body,
        return_dto=None,
        before_request=before,
        include_in_schema=True,
    )
]


def openapi_config() -> OpenAPIConfig:
    """The document at /api/openapi.json, Swagger UI at /api/docs, ReDoc at /api/redoc."""
    return document.config(_HANDLERS)
