"""The page that says what went wrong and what to do."""

from typing import Any

import msgspec
from litestar import Request, Response

from app.domain.identity.principal import Principal
from app.http.problems import Problem
from app.web.i18n import gettext, reading_as
from app.web.render import page
from app.web.surroundings import bare_shell
from app.web.words import role


class ErrorPage(msgspec.Struct, frozen=True, kw_only=True):
    problem: Problem


def render_error(request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
    """A problem as a page, in the reader's language."""
    return page(
        request, bare_shell(request, _who(request)), "error.html", ErrorPage(problem=problem),
        status_code=problem.status,
    )  # fmt: skip


def translator(request: Request[Any, Any, Any]) -> Any:
    """The function (msgid, **params) that translates for this request's reader."""
    reader = bare_shell(request, _who(request)).reader

    def translate(message: str, **params: Any) -> str:
        with reading_as(reader):
            return gettext(message, **{k: role(v) if k in ("role", "yours") else v for k, v in params.items()})

    return translate


def _who(request: Request[Any, Any, Any]) -> Principal:
    """Who asks; nobody, when the request ended before that was known."""
    who = request.scope.get("user")
    return who if isinstance(who, Principal) else Principal()
