"""A platform's daily quota, as it counts it itself: midnight to midnight Pacific time."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_PACIFIC = ZoneInfo("America/Los_Angeles")


class Quota:
    """Units used per day, project (an API key) and bucket."""

    def __init__(self) -> None:
        self._used: Counter[tuple[str, str, str]] = Counter()
        self._left: dict[tuple[str, str], int] = {}

    def reset(self) -> None:
        self._used.clear()
        self._left.clear()

    def leave(self, bucket: str, units: int, moment: float) -> None:
        """From now and until the day ends, only `units` of this bucket are left for everybody."""
        self._left[_day(moment), bucket] = units

    def spend(self, project: str, bucket: str, units: int, limit: int, moment: float) -> bool:
        """Take `units`; False, with nothing taken, when the day's limit would be passed."""
        day = _day(moment)
        left = self._left.get((day, bucket))
        if left is not None:
            if left < units:
                return False
            self._left[day, bucket] = left - units
        used = self._used[day, project, bucket]
        if used + units > limit:
            return False
        self._used[day, project, bucket] = used + units
        return True

    def used(self, project: str, bucket: str, moment: float) -> int:
        return self._used[_day(moment), project, bucket]


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(_PACIFIC).date().isoformat()
