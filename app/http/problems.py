"""What went wrong, said once: as a page for people, as problem+json (RFC 9457) for programs."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from app.domain.errors import N_, DomainError, Forbidden, Invalid, TooMany, Unauthorized
from app.domain.ports.errors import PlatformError
from app.lib.db import unreachable

log = structlog.get_logger(__name__)

AnyRequest = Request[Any, Any, Any]
Translate = Callable[..., str]  # (msgid, **params) -> text for the reader
_BUSY = 5


class FieldProblem(msgspec.Struct, frozen=True):
    """One value that does not do. field: a path such as `entries.0.link`; "" is the whole request."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error: a stable `code` for programs, words for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []


def problem_of(error: Exception, translate: Translate, request_id: str) -> tuple[Problem, dict[str, str]]:
    """The problem that an exception means, in the reader's language, and the header fields its answer needs."""
    headers: dict[str, str] = {}
    fields: list[FieldProblem] = []
    if isinstance(error, DomainError):
        status, code, detail = error.status, error.code, translate(error.message, **error.params)
        if isinstance(error, Invalid):
            fields = [FieldProblem(name, translate(text, **params)) for name, (text, params) in error.fields.items()]
        elif isinstance(error, TooMany):
            headers["Retry-After"] = str(error.retry_after)
        elif isinstance(error, Unauthorized):
            headers["WWW-Authenticate"] = 'Bearer realm="sightline"'
    elif isinstance(error, PlatformError):
        status, code, detail = 502, error.kind, translate(error.message, **error.params)
    elif isinstance(error, ValidationException):
        status, code, detail = 422, "invalid", translate(N_("Some fields need another value."))
        fields = [FieldProblem(str(one.get("key", "")), str(one.get("message", ""))) for one in _extra(error)]
    elif isinstance(error, msgspec.ValidationError):
        status, code, detail = 422, "invalid", translate(N_("Some fields need another value."))
        fields = [FieldProblem("", str(error))]
    elif isinstance(error, HTTPException):
        status, code = error.status_code, HTTPStatus(error.status_code).name.lower()
        detail = translate(_WORDS.get(status, N_("The request could not be answered.")))
        headers.update(error.headers or {})
    elif unreachable(error):
        status, code, detail = 503, "busy", translate(N_("The database cannot be reached just now. Try again soon."))
        headers["Retry-After"] = str(_BUSY)
    else:
        status, code = 500, "internal"
        detail = translate(N_("Something went wrong on our side. It has been written down under the number below."))
    problem = Problem(
        type=f"urn:sightline:problem:{code}",
        title=translate(_TITLES.get(status, N_("This did not work"))),
        status=status,
        detail=detail,
        code=code,
        request_id=request_id,
        errors=fields,
    )
    return problem, headers


def _extra(error: ValidationException) -> list[dict[str, Any]]:
    return [one for one in error.extra if isinstance(one, dict)] if isinstance(error.extra, list) else []


_TITLES = {
    400: N_("The request cannot be read"),
    401: N_("Sign in first"),
    403: N_("You may not do this"),
    404: N_("Not found"),
    405: N_("This cannot be done here"),
    409: N_("Not possible as things are"),
    413: N_("Too large"),
    422: N_("Some values will not do"),
    429: N_("Too many requests"),
    500: N_("Something went wrong"),
    502: N_("The platform did not answer as expected"),
    503: N_("Busy"),
}
_WORDS = {
    400: N_("The request cannot be read. Is the body complete, and of the type it says?"),
    401: N_("Sign in first."),
    403: N_("You may not do this."),
    404: N_("There is no such page."),
    405: N_("This address does not take such a request."),
    413: N_("What was sent is larger than allowed."),
}


class Problems:
    """Exception handlers for the whole application.

    translate: gives, for a request, the function that translates for its reader.
    render: makes the page that shows a problem.
    """

    def __init__(
        self,
        translate: Callable[[AnyRequest], Translate],
        render: Callable[[AnyRequest, Problem], Response[Any]],
    ) -> None:
        self._translate = translate
        self._render = render

    def handle(self, request: AnyRequest, error: Exception) -> Response[Any]:
        """The answer to a request that ended in `error`."""
        if wants_page(request) and (elsewhere := _elsewhere(request, error)):
            return elsewhere
        problem, headers = problem_of(error, self._translate(request), request.scope["state"].get("request_id", ""))
        if problem.status >= 500:
            log.error("request failed", code=problem.code, route=request.scope.get("path_template"), exc_info=error)
        if wants_page(request):
            response = self._render(request, problem)
            response.headers.update(headers)
            return response
        return Response(problem, status_code=problem.status, media_type="application/problem+json", headers=headers)


def wants_page(request: AnyRequest) -> bool:
    """Whether a person reads the answer, and not a program."""
    if request.url.path.startswith(("/api/", "/hooks/", "/health")):
        return False
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or not ("json" in accept or "event-stream" in accept)


def _page_around(request: AnyRequest) -> str:
    """The page that asked for a fragment, as htmx tells; "" unless it is one of ours."""
    page = request.headers.get("HX-Current-URL", "")
    try:
        return page if urlsplit(page).netloc == request.url.netloc else ""
    except ValueError:
        return ""


def _elsewhere(request: AnyRequest, error: Exception) -> Response[Any] | None:
    """Where a person is sent who only came too early."""
    if isinstance(error, Unauthorized) and error.code == "unauthorized":
        fragment = "HX-Request" in request.headers
        here = _page_around(request) if fragment else str(request.url) if request.method == "GET" else ""
        parts = urlsplit(here)
        place = parts.path + (f"?{parts.query}" if parts.query else "")
        target = "/login" + ("?" + urlencode({"next": place}) if place not in ("", "/") else "")
        if fragment:  # it cannot become the sign-in page; the whole page can
            return Response(None, status_code=401, headers={"HX-Redirect": target}, media_type="text/html")
    elif isinstance(error, Forbidden) and error.code == "no_workspace":
        target = "/settings"
    elif isinstance(error, Forbidden) and error.code == "signed_in":
        target = "/"
    else:
        return None
    return Response(None, status_code=303, headers={"Location": target}, media_type="text/html")
