"""The OpenAPI document and its readers, which ask nothing of other hosts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from litestar import Response, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, RedocRenderPlugin, SwaggerRenderPlugin
from litestar.openapi.spec import Components, License, OpenAPI, SecurityScheme, Tag

from app.api.health import VERSION
from app.api.repeat import REPLAYED
from app.domain.idempotency.service import FIELD
from app.http.access import Rule, access_to
from app.http.problems import Problem

DESCRIPTION = """
Followers, views and posts of the accounts that a workspace follows, as they were read and when.

**Numbers.** A number that is missing is `null` with its reason beside it, never zero: `hidden`, `off`, `not_published`,
`not_given`, `not_yet`, `unreadable`, `never_read`. Where the newest reading could not find a number, the last good one
stays, and `kept` says of which reading it is. Every number has its source, the collector's version and its run.
Times are ISO 8601 in UTC.

**Who asks.** `Authorization: Bearer` with an access token from `auth/login`, or with an API key of the workspace
(`sl_live_...`). A key may do what its scopes say: `read`, `write`, `admin`.

**Errors** are `application/problem+json` (RFC 9457) with a stable `code`; 422 names the fields in `errors`.

**How often.** Every answer has `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`; 429 has `Retry-After`.

**Again.** Writes take an `Idempotency-Key`. Long work answers 202 with a `Location` that tells its state and progress.
""".strip()

_TAGS = {
    "creators": "People and brands, each with accounts on platforms.",
    "accounts": "The accounts that are followed, and how each is read.",
    "posts": "What the accounts published, with newest numbers and history.",
    "metrics": "Observations of accounts over time.",
    "stats": "Totals, platform by platform.",
    "collection": "Reading the platforms: how it stands and what its runs did.",
    "connections": "What the workspace has granted us: how each does, renewing, giving back.",
    "sources": "Which number comes from where, and how each source does.",
    "auth": "Access tokens for a person.",
    "keys": "API keys of the workspace.",
    "health": "For whoever keeps it running.",
}
_REF = "#/components/schemas/"
_LISTING = re.compile(r"Listing_(?:\w+\.)*(\w+)_$")
_WRITES = frozenset({"post", "put", "patch", "delete"})
_METHODS = _WRITES | {"get"}
_OPEN = (Rule.OPEN, Rule.PUBLIC)
_PATH = "/api"
_SWAGGER = "/static/vendor/swagger-ui/swagger-ui"


@dataclass
class Document(OpenAPI):
    """Litestar's document, with the schemas that msgspec itself makes of our types (they know the constraints of
    nested values), and with what all operations share: who may, the problems, the headers."""

    types: list[Any] = field(default_factory=list)

    @property
    def _exclude_fields(self) -> set[str]:
        return {"types"}

    def to_schema(self) -> dict[str, Any]:
        document: dict[str, Any] = _renamed(super().to_schema())
        components = document["components"]
        _, schemas = msgspec.json.schema_components([*self.types, Problem], ref_template=_REF + "{name}")
        components["schemas"] |= _renamed(schemas)
        components["headers"] = _HEADERS
        components["responses"] = {str(int(status)): _problem(status) for status in _PROBLEMS}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if method in _METHODS:
                    _finish(path, method, operation)
        return document


def types_of(handlers: Iterable[HTTPRouteHandler]) -> list[Any]:
    """What handlers take and answer with, as JSON."""
    found = []
    for handler in handlers:
        hints = get_type_hints(handler.fn, include_extras=True)
        answer = hints["return"]
        found.append(get_args(answer)[0] if get_origin(answer) is Response else answer)
        found.append(hints.get("data"))
    return [kind for kind in found if kind not in (None, type(None))]


def _renamed(value: Any) -> Any:
    """The same, with lists called `AccountList` everywhere."""
    if isinstance(value, dict):
        return {_LISTING.sub(r"\1List", key): _renamed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner) for inner in value]
    return _LISTING.sub(r"\1List", value) if isinstance(value, str) and value.startswith(_REF) else value


_PROBLEMS = {
    HTTPStatus.BAD_REQUEST: "The request cannot be read.",
    HTTPStatus.UNAUTHORIZED: "No token or key, or one that does not hold.",
    HTTPStatus.FORBIDDEN: "Who asks may not.",
    HTTPStatus.NOT_FOUND: "There is no such thing in this workspace.",
    HTTPStatus.CONFLICT: "Not possible in the state things are in.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than allowed.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a type that is not taken here.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Some values will not do; `errors` names them.",
    HTTPStatus.TOO_MANY_REQUESTS: "Wait `Retry-After` seconds.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database cannot be reached just now. Wait `Retry-After` seconds.",
}
_CODES = {422: "invalid", 429: "too_many", 503: "busy"}
_HEADERS = {
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "Location": {"description": "Where the new thing, or the state of the work, is.", "schema": {"type": "string"}},
    "IdempotencyReplayed": {
        "description": "This was answered to the same `Idempotency-Key` before.",
        "schema": {"type": "string", "const": "true"},
    },
}


def _problem(status: HTTPStatus) -> dict[str, Any]:
    code = _CODES.get(int(status), status.name.lower())
    example: dict[str, Any] = {
        "type": f"urn:sightline:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "detail": _PROBLEMS[status].replace("`", ""),
        "code": code,
        "request_id": "5f0c6f1f7a3f9b02",
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        example["errors"] = [{"field": "limit", "message": "Expected `int` <= 500"}]
    response: dict[str, Any] = {
        "description": _PROBLEMS[status],
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    return response


def _finish(path: str, method: str, operation: dict[str, Any]) -> None:
    row = access_to(method.upper(), path)
    if row is None:
        raise LookupError(f"not in the access table: {method} {path}")
    if row.rule in _OPEN:
        operation["security"] = []
    else:
        scope = f"a key with the scope `{row.scope}`" if row.scope else "no key"
        who = "anybody signed in" if row.rule is Rule.SIGNED_IN else f"the role {row.rule.value}"
        operation["description"] = f"{operation.get('description', '')}\n\nWho may: {who}; {scope}.".strip()
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header":  # it may be left out; there is no null in a header
            parameter["schema"] |= parameter["schema"].pop("oneOf")[0]
    responses = operation["responses"]
    responses.pop("400", None)  # Litestar's own shape of a validation error, which is never sent
    responses.get("204", {}).pop("content", None)
    repeatable = any(parameter["name"] == FIELD for parameter in operation.get("parameters", ()))
    for status in responses.keys() & {"200", "201", "202", "204"} if repeatable else ():
        headers = responses[status].setdefault("headers", {})
        headers[REPLAYED] = {"$ref": "#/components/headers/IdempotencyReplayed"}
        if status in ("201", "202"):
            headers["Location"] = {"$ref": "#/components/headers/Location"}
    for status in _statuses(path, method, row.rule, "requestBody" in operation):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{status}"})


def _statuses(path: str, method: str, rule: Rule, body: bool) -> list[int]:
    """What else may be answered."""
    if rule is Rule.OPEN:
        return []
    found = [400, 401, 403, 422, 429, 503]
    found += [404] if "{" in path or body else []
    found += [409] if method in _WRITES or "{" in path else []
    found += [413, 415] if body else []
    return sorted(found)


class Json(JsonRenderPlugin):
    """The document. Litestar would also answer /api, and everything else below it with a page of its own."""

    def receive_router(self, router: Router) -> None:
        ours = {f"{_PATH}{path}" for path in ("/openapi.json", "/docs", "/redoc")}
        router.routes[:] = [route for route in router.routes if route.path in ours]


@dataclass
class Config(OpenAPIConfig):
    types: list[Any] = field(default_factory=list)

    def to_openapi_schema(self) -> OpenAPI:
        made = super().to_openapi_schema()
        return Document(**{f.name: getattr(made, f.name) for f in fields(made)}, types=self.types)


def operation_id(handler: HTTPRouteHandler, _method: Any, _path: Any) -> str:
    """`creators_listing`: the noun and what is done."""
    return f"{handler.fn.__module__.rpartition('.')[2]}_{handler.handler_name}"


def config(handlers: Iterable[HTTPRouteHandler]) -> OpenAPIConfig:
    """The document at /api/openapi.json, Swagger UI at /api/docs, ReDoc at /api/redoc."""
    favicon = "<link rel='icon' href='/static/img/icon.svg'>"
    return Config(
        title="Sightline",
        version=VERSION,
        description=DESCRIPTION,
        license=License(name="MIT", identifier="MIT"),
        path=_PATH,
        types=types_of(handlers),
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
        tags=[Tag(name=name, description=words) for name, words in _TAGS.items()],
        security=[{"token": []}, {"key": []}],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", bearer_format="JWT", description="An access token from auth/login."
                ),
                "key": SecurityScheme(
                    type="http", scheme="bearer", description="An API key of the workspace: sl_live_..."
                ),
            }
        ),
        render_plugins=[
            SwaggerRenderPlugin(
                path="/docs",
                js_url=f"{_SWAGGER}-bundle.js",
                css_url=f"{_SWAGGER}.css",
                standalone_preset_js_url=f"{_SWAGGER}-standalone-preset.js",
                favicon=favicon,
            ),
            RedocRenderPlugin(
                path="/redoc", js_url="/static/vendor/redoc/redoc.standalone.js", google_fonts=False, favicon=favicon
            ),
            Json(path="/openapi.json"),
        ],
    )
