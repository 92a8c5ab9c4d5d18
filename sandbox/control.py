"""The control server: what the demo's panel and the tests ask the sandbox over loopback HTTP.

GET  /state                world time, rate, creators, faults, counters
POST /clock                {"advance_seconds": s} | {"set": ISO 8601} | {"rate": r}
GET  /faults               presets (with labels and whether they are on) and scripted faults
POST /faults               {"preset": name, "on": bool} | a Fault's fields
DELETE /faults[?id=|preset=]   one, or all of them
POST /world                {"op": name, ...}: see `sandbox.edits`
POST /reset                the world as it was at first
Every request needs `Authorization: Bearer <token>` and a loopback Host.
"""

import dataclasses
import hmac
from datetime import datetime
from typing import Annotated, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.core import Sandbox
from sandbox.faults import Fault

_HOSTS = ("127.0.0.1", "localhost")


class _ClockWish(msgspec.Struct, forbid_unknown_fields=True):
    advance_seconds: float | None = None
    set: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    rate: float | None = None


class Control:
    """An ASGI app over one sandbox."""

    def __init__(self, sandbox: Sandbox, token: str) -> None:
        self.token = token
        self._sandbox = sandbox
        self._app = Starlette(
            routes=[
                Route("/state", self._state),
                Route("/clock", self._clock, methods=["POST"]),
                Route("/faults", self._faults, methods=["GET"]),
                Route("/faults", self._add_fault, methods=["POST"]),
                Route("/faults", self._drop_faults, methods=["DELETE"]),
                Route("/world", self._edit, methods=["POST"]),
                Route("/reset", self._reset, methods=["POST"]),
            ],
            exception_handlers={ValueError: _refuse, LookupError: _refuse, msgspec.ValidationError: _refuse},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        given = request.headers.get("authorization", "")
        if (request.url.hostname or "") not in _HOSTS:
            await JSONResponse({"error": "Unknown host"}, 421)(scope, receive, send)
        elif not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            await JSONResponse({"error": "Missing or wrong token"}, 401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _state(self, request: Request) -> JSONResponse:
        sandbox = self._sandbox
        journal = sandbox.journal
        return JSONResponse(
            {
                "time": sandbox.clock.moment.isoformat(),
                "rate": sandbox.clock.rate,
                "counters": {
                    "hits": len(journal.hits),
                    "refused": len(journal.refused),
                    "unhandled": len(journal.unhandled),
                    "errors": len(journal.errors),
                },
                "findings": journal.findings(),
                "creators": sandbox.world.describe(),
                **self._fault_list(),
            }
        )

    async def _clock(self, request: Request) -> JSONResponse:
        wish, clock = msgspec.convert(await _body(request), _ClockWish), self._sandbox.clock
        if wish.rate is not None:
            clock.rate = wish.rate
        if wish.set is not None:
            clock.set(wish.set.timestamp())
        if wish.advance_seconds is not None:
            clock.advance(wish.advance_seconds)
        return JSONResponse({"time": clock.moment.isoformat(), "rate": clock.rate})

    def _fault_list(self) -> dict[str, Any]:
        return {
            "presets": [
                {"name": p.name, "platform": p.platform, "label": p.label, "on": self._sandbox.is_on(p)}
                for p in self._sandbox.presets()
            ],
            "faults": [msgspec.to_builtins(fault) for fault in self._sandbox.faults if fault.preset is None],
        }

    async def _faults(self, request: Request) -> JSONResponse:
        return JSONResponse(self._fault_list())

    async def _add_fault(self, request: Request) -> JSONResponse:
        wish = await _body(request)
        if "preset" in wish:
            self._sandbox.switch(str(wish["preset"]), bool(wish.get("on", True)))
        else:
            unknown = wish.keys() - {field.name for field in dataclasses.fields(Fault)}
            if unknown:
                raise ValueError(f"A fault has no {', '.join(sorted(unknown))}")
            self._sandbox.faults.add(msgspec.convert(wish, Fault))
        return JSONResponse(self._fault_list(), 201)

    async def _drop_faults(self, request: Request) -> JSONResponse:
        preset, number = request.query_params.get("preset"), request.query_params.get("id")
        sandbox = self._sandbox
        if preset is not None:
            sandbox.switch(preset, False)
        elif number is not None:
            sandbox.faults.keep([fault for fault in sandbox.faults if fault.id != int(number)])
        else:
            sandbox.faults.clear()
            for each in sandbox.presets():
                sandbox.switch(each.name, False)
        return JSONResponse(self._fault_list())

    async def _edit(self, request: Request) -> JSONResponse:
        wish = await _body(request)
        self._sandbox.edit(str(wish.pop("op", "")), **wish)
        return JSONResponse({"edits": self._sandbox.world.edits}, 201)

    async def _reset(self, request: Request) -> JSONResponse:
        self._sandbox.reset()
        return await self._state(request)


async def _body(request: Request) -> dict[str, Any]:
    body: object = await request.json()
    if not isinstance(body, dict):
        raise HTTPException(400, "A JSON object is needed")
    return body


async def _refuse(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 400)
