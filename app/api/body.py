"""How the API reads what it is sent: strictly, and nothing that the database could not store."""

import re
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.dto import AbstractDTO
from litestar.exceptions import ClientException, HTTPException, ValidationException
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from app.domain.errors import N_, Invalid
from app.http.access import access_to

JSON = "application/json"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_NUL = N_("Text cannot hold the character U+0000.")
# An escaped NUL: \u0000 after an even number of backslashes (an odd one makes the text "\u0000" of it).
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_PLACE = re.compile(r" - at `\$(?P<place>[^`]*)`$")


def media_type(request: Request[Any, Any, Any]) -> str:
    """What the sender says the body is, without parameters; "" when nothing is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def refuse_media_type(*wanted: str) -> HTTPException:
    return HTTPException(status_code=415, detail=f"Send {' or '.join(wanted)}.")


def decode(body: bytes, type_: Any) -> Any:
    """JSON as a value of `type_`: "5" is no number, unknown fields are refused where the type says so.

    Raises ClientException (400) for what is not JSON, ValidationException and Invalid (422) for other values.
    """
    if _NUL.search(body):
        raise Invalid({"": NO_NUL})
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as error:
        message = str(error)
        found = _PLACE.search(message)
        place = found["place"].replace("[...]", "").strip(".") if found else ""
        field = re.sub(r"\[(\d+)\]", r".\1", place).strip(".")
        text = _PLACE.sub("", message)
        raise ValidationException(extra=[{"key": field, "message": text}]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClientException(str(error)) from error


class Body(AbstractDTO[Any]):
    """Reads `data` of a handler. Without it Litestar would take "true" for true and "5" for 5."""

    def decode_bytes(self, value: bytes) -> Any:
        request: Request[Any, Any, Any] = Request(self.asgi_connection.scope)
        if media_type(request) not in ("", JSON):
            raise refuse_media_type(JSON)
        return decode(value, request.route_handler.parsed_fn_signature.parameters["data"].raw)

    @classmethod
    def create_for_field_definition(cls, *_args: Any, **_more: Any) -> None:
        """There is nothing to prepare: the type itself is decoded."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        raise NotImplementedError("no transfer models are made")

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        raise NotImplementedError("no transfer models are made")


async def before(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Before any handler: a query that holds a NUL is refused here, not by the database; OPTIONS is answered from
    the access table (Litestar's own answer forgets the methods that were registered later)."""
    if b"%00" in request.scope["query_string"]:
        raise Invalid({"": NO_NUL})
    if request.method != "OPTIONS":
        return None
    allowed = [method for method in _METHODS if access_to(method, request.scope["path_template"])]
    return Response(None, status_code=204, headers={"Allow": ", ".join([*allowed, "OPTIONS"])})
