"""Writes that may be sent twice: `@repeatable` on a handler makes it answer a repeated Idempotency-Key as before."""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.params import HeaderParameter
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.idempotency import service
from app.domain.idempotency.service import FIELD, Answer
from app.domain.identity.principal import Principal

REPLAYED = "Idempotency-Replayed"
Key = Annotated[
    str | None,
    HeaderParameter(
        name=FIELD,
        pattern="^[!-~]{1,200}$",
        description=(
            f"Your own name for this write. Sent again within {service.KEPT_HOURS} hours with the same body it is "
            "answered as before and done once; with another body it is refused. What was refused is not kept."
        ),
    ),
]
Handler = Callable[..., Awaitable[Response[Any]]]
_NEEDED: dict[str, tuple[Any, Any]] = {
    "request": (Request[Any, Any, Any], Parameter.empty),
    "session": (AsyncSession, Parameter.empty),
    "principal": (Principal, Parameter.empty),
    "idempotency_key": (Key, None),
}


def repeatable(handler: Handler) -> Handler:
    """The handler, done once per Idempotency-Key and workspace. The key is stored by the write's own transaction."""
    wanted = inspect.signature(handler)

    @wraps(handler)
    async def once(
        *,
        request: Request[Any, Any, Any],
        session: AsyncSession,
        principal: Principal,
        idempotency_key: str | None,
        **given: Any,
    ) -> Response[Any]:
        ours = {"request": request, "session": session, "principal": principal}
        given |= {name: value for name, value in ours.items() if name in wanted.parameters}
        if idempotency_key is None:
            return await handler(**given)
        url = request.url
        before = await service.take(
            session,
            workspace=principal.workspace,
            key=idempotency_key,
            method=request.method,
            path=f"{url.path}?{url.query}" if url.query else url.path,
            body=await request.body(),
        )
        if before is not None:
            return _again(before)
        response = await handler(**given)
        body = b"" if response.content is None else msgspec.json.encode(response.content)
        answer = Answer(response.status_code or 200, body, response.headers.get("Location"))
        await service.keep(session, idempotency_key, answer)
        return response

    # Litestar reads what a handler needs from its signature: what this one needs, and what the key needs.
    needs = {name: p.replace(kind=p.KEYWORD_ONLY) for name, p in wanted.parameters.items()}
    for name, (kind, default) in _NEEDED.items():
        needs.setdefault(name, Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=default))
    once.__signature__ = wanted.replace(parameters=list(needs.values()))  # type: ignore[attr-defined]
    once.__annotations__ = {name: p.annotation for name, p in needs.items()} | {"return": wanted.return_annotation}
    return once


def _again(answer: Answer) -> Response[Any]:
    headers = {REPLAYED: "true"}
    if answer.location:
        headers["Location"] = answer.location
    return Response(answer.body or None, status_code=answer.status, media_type="application/json", headers=headers)
