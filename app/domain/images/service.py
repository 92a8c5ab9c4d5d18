"""Pictures: asked for by address, re-encoded to what we show, kept once however many things use them."""

import hashlib
import io
from datetime import datetime
from uuid import UUID

from PIL import Image as Pillow
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.errors import NotFound
from app.domain.images.models import Image
from app.lib.db import uuid7

MAX_BYTES = 5_000_000
MAX_PIXELS = 25_000_000
WIDEST = 480
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


class NotAPicture(Exception):
    """The bytes are no picture of a kind we take (SVG is refused: it can carry scripts)."""


def key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def shrink(content: bytes) -> tuple[bytes, int, int]:
    """WebP of at most WIDEST pixels a side, without metadata. Raises NotAPicture. CPU work: call it in a thread."""
    try:
        with Pillow.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise NotAPicture(f"{picture.width}x{picture.height} is too large")
            picture.draft("RGB", (WIDEST, WIDEST))
            small = picture.convert(
                "RGBA" if "transparency" in picture.info or picture.mode in ("RGBA", "LA") else "RGB"
            )
        small.thumbnail((WIDEST, WIDEST))
        out = io.BytesIO()
        small.save(out, "WEBP", quality=78, method=4)
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise NotAPicture(str(error)) from error
    return out.getvalue(), small.width, small.height


async def wanted(session: AsyncSession, account: UUID, limit: int) -> list[str]:
    """Addresses of pictures of an account and its posts that we do not keep yet, the newest posts first."""
    rows = await session.scalars(
        text("""
            select url from (
                select a.avatar_url as url, 'infinity'::timestamptz as at from account a
                where a.id = :account and a.avatar_url is not null
                union all
                select p.thumbnail_url, p.published_at from post p
                where p.account_id = :account and p.thumbnail_url is not null and p.image_id is null
            ) w
            where not exists (select 1 from image i where i.source_key = encode(sha256(w.url::bytea), 'hex'))
            order by at desc nulls last limit :limit
        """),
        {"account": account, "limit": limit},
    )
    return list(rows)


async def store(session: AsyncSession, url: str, content: bytes, width: int, height: int, now: datetime) -> None:
    """Keep one picture under the address it came from."""
    await session.execute(
        insert(Image)
        .values(
            id=uuid7(),
            source_key=key(url),
            source_url=url,
            content=content,
            content_type="image/webp",
            width=width,
            height=height,
            fetched_at=now,
        )
        .on_conflict_do_nothing(index_elements=["source_key"])
    )


_LINK = """
    update {table} t set image_id = i.id from image i
    where t.{owner} = :account and t.{column} is not null
      and i.source_key = encode(sha256(t.{column}::bytea), 'hex') and t.image_id is distinct from i.id
"""


async def link(session: AsyncSession, account: UUID) -> int:
    """Give the account and its posts the pictures that are here now. Returns how many got one."""
    changed = 0
    for table, owner, column in (("account", "id", "avatar_url"), ("post", "account_id", "thumbnail_url")):
        statement = text(_LINK.format(table=table, owner=owner, column=column))
        changed += (await session.execute(statement, {"account": account})).rowcount  # type: ignore[attr-defined]
    return changed


async def get(session: AsyncSession, image: UUID) -> Image:
    """One picture. Raises NotFound."""
    row = await session.scalar(select(Image).where(Image.id == image))
    if row is None:
        raise NotFound
    return row
