"""The ledger of platform quota: units are taken here before the call that costs them."""

from datetime import date

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.lib.db import Base


class QuotaDay(Base):
    """Units of one bucket on one day of the platform's own calendar (YouTube: midnight Pacific)."""

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    bucket: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    used: Mapped[int] = mapped_column(Integer, default=0)
    allowed: Mapped[int] = mapped_column(Integer)
