"""What a table's URL says: which slice, in which order."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

MAX_LIMIT = 500


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """limit: rows, 1..500. sort: a column's name, with "-" in front for descending."""

    limit: int = 25
    offset: int = 0
    sort: str = ""

    @property
    def column(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A slice of rows and how many there are in all, under the same filter."""

    total: int
    items: list[T]
    limit: int
    offset: int
