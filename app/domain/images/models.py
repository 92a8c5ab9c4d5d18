"""Pictures kept by us: the platforms' own addresses expire."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base, HasId


class Image(HasId, Base):
    """A thumbnail or avatar, re-encoded to WebP at the size we show. Keyed by the address it came from."""

    source_key: Mapped[str] = mapped_column(String(64), unique=True)  # sha256 of the address
    source_url: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    content_type: Mapped[str] = mapped_column(String(32))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    fetched_at: Mapped[datetime] = mapped_column()
