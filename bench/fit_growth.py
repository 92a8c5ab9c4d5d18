"""Fit the sandbox's growth curve on a recording of daily views, and print the parameters.

    SIGHTLINE_RECORDINGS=../shared/fixtures python bench/fit_growth.py

What it prints stands, with its source, in sandbox/growth.py; the recording itself stays where it is.
The curve is F(a) = 1 - (1 + a/h)^-q, a in days: the share of a video's lasting audience reached at age a.
Its parameters and the typical age at a video's first row are chosen so that the median growth from the
first day to the second, and the medians of each day's growth over the day before, come out as recorded.
"""

import csv
import itertools
import math
import os
import statistics
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

RECORDING = (
    Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures"))
    / "timeseries/youtube_trending_us_2017-09-13_2017-10-02.csv"
)
DAYS = 4  # later days have under 70 videos

Row = tuple[str, int, int, int]


def read(path: Path) -> dict[str, tuple[str, list[Row]]]:
    """Video id -> (channel, its rows by date: date, views, likes, comments), videos met on day one left out."""
    videos: dict[str, tuple[str, list[Row]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["video_id"].startswith("#"):  # an id that a spreadsheet destroyed
                continue
            rows = videos.setdefault(row["video_id"], (row["channel_title"], []))[1]
            rows.append((row["date"], int(row["views"]), int(row["likes"]), int(row["comments"])))
    first_day = min(rows[0][0] for _, rows in videos.values())
    return {v: (channel, sorted(rows)) for v, (channel, rows) in videos.items() if min(rows)[0] != first_day}


def share(age: float, half: float, power: float) -> float:
    return 1 - math.pow(1 + age / half, -power)


def predicted(age: float, half: float, power: float) -> list[float]:
    """Growth of the first day, then each day's growth over the day before it."""
    levels = [share(age + day, half, power) for day in range(DAYS + 2)]
    gains = [after - before for before, after in itertools.pairwise(levels)]
    return [levels[1] / levels[0], *(after / before for before, after in itertools.pairwise(gains))]


def fit(observed: list[float], weights: list[int]) -> tuple[float, float, float]:
    """(age at the first row, half, power) with the least weighted squared error of logarithms."""

    def error(candidate: tuple[float, float, float]) -> float:
        pairs = zip(predicted(*candidate), observed, weights, strict=True)
        return sum(weight * math.log(ours / theirs) ** 2 for ours, theirs, weight in pairs)

    grid = itertools.product(
        (step / 10 for step in range(5, 41)),  # 0.5 to 4 days old
        (step / 20 for step in range(2, 81)),  # 0.1 to 4 days
        (step / 20 for step in range(4, 61)),  # 0.2 to 3
    )
    return min(grid, key=error)


def spread(values: dict[str, list[float]]) -> float:
    """Standard deviation within groups, over groups of three and more."""
    groups = [group for group in values.values() if len(group) >= 3]
    squares = sum((x - statistics.fmean(group)) ** 2 for group in groups for x in group)
    return math.sqrt(squares / sum(len(group) - 1 for group in groups))


@dataclass(frozen=True, slots=True)
class Fit:
    """What the recording says. observed, predicted: growth of day one, then of each day over the day before."""

    videos: int
    weights: list[int]
    observed: list[float]
    predicted: list[float]
    first_age: float
    half_days: float
    power: float
    views_sigma: float
    like_rate: float
    like_sigma: float
    comment_rate: float
    comment_sigma: float
    second_wave: float


def measure(path: Path) -> Fit:
    """Read the recording and fit everything that sandbox/growth.py holds."""
    videos = read(path)
    first: list[float] = []
    ratios: dict[int, list[float]] = defaultdict(list)
    views: dict[str, list[float]] = defaultdict(list)
    likes: dict[str, list[float]] = defaultdict(list)
    comments: dict[str, list[float]] = defaultdict(list)
    for channel, rows in videos.values():
        gains = [after[1] - before[1] for before, after in itertools.pairwise(rows)]
        if gains and rows[0][1]:
            first.append(rows[1][1] / rows[0][1])
        for day, (before, after) in enumerate(itertools.pairwise(gains)):
            if before > 0 and after > 0 and day < DAYS:
                ratios[day].append(after / before)
        _, seen, liked, commented = rows[-1]
        views[channel].append(math.log(seen))
        if liked:
            likes[channel].append(math.log(liked / seen))
        if commented:
            comments[channel].append(math.log(commented / seen))

    observed = [statistics.median(first), *(statistics.median(ratios[day]) for day in range(DAYS))]
    weights = [len(first), *(len(ratios[day]) for day in range(DAYS))]
    age, half, power = fit(observed, weights)
    every = [ratio for day in range(DAYS) for ratio in ratios[day]]
    return Fit(
        videos=len(videos),
        weights=weights,
        observed=observed,
        predicted=predicted(age, half, power),
        first_age=age,
        half_days=half,
        power=power,
        views_sigma=spread(views),
        like_rate=typical(likes),
        like_sigma=spread(likes),
        comment_rate=typical(comments),
        comment_sigma=spread(comments),
        second_wave=sum(ratio > 1.5 for ratio in every) / len(every),
    )


def typical(logarithms: dict[str, list[float]]) -> float:
    return math.exp(statistics.median(x for group in logarithms.values() for x in group))


def main() -> None:
    if not RECORDING.exists():
        raise SystemExit(f"{RECORDING} is not there: set SIGHTLINE_RECORDINGS to the folder of recordings")
    for name, value in asdict(measure(RECORDING)).items():
        print(f"{name:14}", [round(x, 3) for x in value] if isinstance(value, list) else round(value, 4))


if __name__ == "__main__":
    main()
