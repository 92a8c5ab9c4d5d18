"""How a post's audience grows.

The curve F(a) = 1 - (1 + a/HALF_DAYS)^-POWER, a in days, is the share of its lasting audience that a post
has met at age a. The constants up to SECOND_WAVE were fitted by bench/fit_growth.py on 1,050 videos that
trended on YouTube in the United States between 2017-09-13 and 2017-10-02 (daily rows, published as CC0).
The recording has no hours and no old videos: the day's rhythm and the evergreen tail are our own reading.
"""

import functools
import math
from dataclasses import dataclass

HALF_DAYS = 0.85
POWER = 0.8
VIEWS_SIGMA = 1.02  # of log views within a channel that trends; ordinary channels scatter less
LIKE_RATE, LIKE_SIGMA = 0.0283, 0.41
COMMENT_RATE, COMMENT_SIGMA = 0.0032, 0.56
SECOND_WAVE = 0.02  # the share of days on which growth rose by half or more

DAY = 86_400.0
_RHYTHM = 0.6  # the peak hour gets 1.6 times the average, the dead of night 0.4
_EVERGREEN = 0.015  # of the lasting audience, for every e-fold of months


def share(age_days: float) -> float:
    """The part of the lasting audience met at this age: 0 before publication, towards 1."""
    return 0.0 if age_days <= 0 else 1.0 - math.pow(1.0 + age_days / HALF_DAYS, -POWER)


@functools.lru_cache(1 << 16)  # the same few thousand starts are asked for again and again
def watched_time(moment: float, peak: float) -> float:
    """`moment` in days of audience: runs fast around the peak hour (epoch seconds of any one), slow at night."""
    days = moment / DAY
    return days + _RHYTHM / math.tau * math.sin(math.tau * (days - peak / DAY))


@dataclass(frozen=True, slots=True)
class Wave:
    """An audience of `size` that starts to come at `start` (epoch seconds)."""

    start: float
    size: float


def views(waves: tuple[Wave, ...], moment: float, peak: float) -> int:
    """Views at `moment`: never falls as the moment grows."""
    total = 0.0
    now = watched_time(moment, peak)
    for wave in waves:
        if moment > wave.start:
            age = now - watched_time(wave.start, peak)
            total += wave.size * (share(age) + _EVERGREEN * math.log1p(max(age, 0.0) / 30))
    return int(total)
