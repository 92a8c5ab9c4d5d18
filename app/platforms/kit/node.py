"""A place in an answer. Reading it gives the documented type or says which place differs; nothing is guessed."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from app.domain.ports.errors import Changed
from app.domain.ports.values import Metric, Missing
from app.platforms.kit import words

MOST = 10**15  # more than any platform has: a number above it is a fault, not a count
_LONGEST_TEXT = 100_000

Number = tuple[int | None, Missing | None]


class Node:
    """A value inside an answer, with the way to it: `node["user"]["stats"]` is read at "user.stats".

    What is not there (or null) is a Node, too, of which `exists` is false: `text()` and the like raise Changed for it,
    `text("")` and the like give the default. Changed names the place.
    """

    __slots__ = ("path", "platform", "value")

    def __init__(self, value: Any, platform: str, path: str = "") -> None:
        self.value = value
        self.platform = platform
        self.path = path

    @property
    def exists(self) -> bool:
        return self.value is not None

    def changed(self, field: str = "") -> Changed:
        """The error that this place is not as we know it."""
        return Changed(words.CHANGED, field=field or self.path or "answer", platform=self.platform)

    def __getitem__(self, name: str) -> "Node":
        """The value under a name; missing when it is not there. Raises Changed when this is no object."""
        if self.value is None:
            return Node(None, self.platform, self._under(name))
        if not isinstance(self.value, dict):
            raise self.changed()
        return Node(self.value.get(name), self.platform, self._under(name))

    def __contains__(self, name: str) -> bool:
        """Whether this is an object with something, were it null, under the name."""
        return isinstance(self.value, dict) and name in self.value

    def at(self, path: str) -> "Node":
        """`at("user.stats")`: each name in turn."""
        node = self
        for name in path.split("."):
            node = node[name]
        return node

    def object(self) -> "Node":
        """This node, which must be an object."""
        if not isinstance(self.value, dict):
            raise self.changed()
        return self

    def items(self) -> Iterator["Node"]:
        """The entries of a list. Raises Changed when this is none."""
        if not isinstance(self.value, list):
            raise self.changed()
        return (Node(value, self.platform, f"{self.path}[]") for value in self.value)

    def fields(self) -> Iterator[tuple[str, "Node"]]:
        """Names and values of an object. Raises Changed when this is none."""
        if not isinstance(self.value, dict):
            raise self.changed()
        return ((str(name), Node(value, self.platform, self._under(str(name)))) for name, value in self.value.items())

    def text(self, default: str | None = None) -> str:
        """A string that any database takes: without NUL and half surrogate pairs. Null counts as not there."""
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str) or len(self.value) > _LONGEST_TEXT:
            raise self.changed()
        return self.value.replace("\0", "").encode("utf-8", "replace").decode()

    def id(self, longest: int = 128) -> str:
        """An identifier: a not empty, printable string, or a whole number, as text."""
        value = self.value
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable() or " " in value:
            raise self.changed()
        return value

    def flag(self, default: bool | None = None) -> bool:
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, bool):
            raise self.changed()
        return self.value

    def url(self) -> str | None:
        """An https address, or None: a picture or link we cannot use is no reason to lose the numbers."""
        value = self.value
        if isinstance(value, str) and value.startswith("https://") and len(value) < 4096 and value.isprintable():
            return value
        return None

    def whole(self) -> int | None:
        """A count: a whole number >= 0, or a string of digits. None for everything else."""
        value = self.value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) <= MOST:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
            return value
        return None

    def count(self, absent: Missing = Missing.NOT_GIVEN) -> Number:
        """A count or the reason why there is none: `absent` when it is not there, unreadable when it is odd."""
        if self.value is None:
            return None, absent
        value = self.whole()
        return value, None if value is not None else Missing.UNREADABLE

    def moment(self) -> datetime | None:
        """A time in UTC: seconds since 1970 (a number or digits) or ISO 8601. None when not there. Raises Changed."""
        value = self.value
        if value is None or value == "":
            return None
        try:
            if isinstance(value, str) and not value.isdigit():
                # Meta writes offsets as +0000, which Python 3.11 reads, too.
                moment = datetime.fromisoformat(value)
                return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                seconds = float(value)
                if math.isfinite(seconds) and 0 < seconds < 4e9:
                    return datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError):
            pass
        raise self.changed()

    def seconds(self) -> int | None:
        """A duration in whole seconds. None when not there or 0. Raises Changed."""
        if self.value is None:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not 0 <= self.value < 2**31:
            raise self.changed()
        return round(self.value) or None

    def _under(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


class Numbers:
    """The metrics of a reading: each a value, or null with its reason."""

    def __init__(self, numbers: Mapping[Metric, Number]) -> None:
        self.metrics: dict[Metric, int | None] = {metric: value for metric, (value, _) in numbers.items()}
        self.missing: dict[Metric, Missing] = {
            metric: reason for metric, (_, reason) in numbers.items() if reason is not None
        }
