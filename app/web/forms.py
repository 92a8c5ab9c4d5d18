"""What page handlers share: the parts they are given, refused forms, redirects with a word to say."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from app.domain.collection.service import Plan
from app.domain.errors import Invalid
from app.domain.ports.platform import Platform
from app.lib.crypto import Vault
from app.web.i18n import gettext, reading_as
from app.web.shell import Shell

FLASH = "flash"

FormData = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]  # or URL-encoded


@dataclass(frozen=True, slots=True)
class Parts:
    """What pages need of the application: platforms to recognise links, the instance's collection defaults."""

    platforms: Mapping[str, Platform]
    defaults: Plan
    secure: bool
    vault: Vault


class Said(msgspec.Struct, frozen=True):
    """A flash on its way through the cookie: a msgid, never text of the sender's."""

    message: str
    kind: str = "ok"
    params: dict[str, Any] = {}
    action: str = ""
    action_label: str = ""


def see_other(path: str, status_code: int = 303) -> Redirect:
    return Redirect(path, status_code=status_code)  # type: ignore[arg-type]


def flash(
    response: Redirect,
    parts: Parts,
    message: str,
    *,
    kind: str = "ok",
    action: str = "",
    action_label: str = "",
    **params: Any,
) -> Redirect:
    """Say `message` (a msgid) on the next page. The cookie lives a minute and is cleared once shown."""
    said = Said(message, kind, params, action, action_label)
    value = base64.urlsafe_b64encode(msgspec.json.encode(said)).decode()
    response.set_cookie(
        FLASH, value, max_age=60, path="/", httponly=True, samesite="lax", secure=parts.secure
    )  # fmt: skip
    return response


def said(cookie: str | None) -> Said | None:
    """What the previous page had to say; null when there is nothing, or nothing that can be read."""
    if not cookie:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cookie.encode()), type=Said)
    except (ValueError, msgspec.MsgspecError):
        return None


def errors_of(error: Invalid, shell: Shell) -> dict[str, str]:
    """Field name -> what to do about it, in the reader's language."""
    with reading_as(shell.reader):
        return {name: gettext(message, **params) for name, (message, params) in error.fields.items()}


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A text field as it was sent, without U+0000, which PostgreSQL cannot keep; "" when it was not sent."""
    value = data.get(name, "")
    return value.replace("\0", "") if isinstance(value, str) else ""


def texts_of(data: Mapping[str, Any], name: str) -> list[str]:
    """Every value of a field that may come several times (check boxes)."""
    value = data.get(name, [])
    sent = [one.replace("\0", "") for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    return [one for one in sent if one]
