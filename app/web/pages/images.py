"""Pictures we keep, served by us: no page asks another host for one."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.images import service


@get("/images/{image_id:uuid}", name="image")
async def show(image_id: UUID, session: AsyncSession) -> Response[Any]:
    """A picture never changes under its id, so browsers may keep it."""
    image = await service.get(session, image_id)
    return Response(
        image.content,
        media_type=image.content_type,
        headers={"Cache-Control": "private, max-age=31536000, immutable"},
    )


handlers = [show]
