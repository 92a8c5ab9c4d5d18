"""How YouTube writes numbers, durations and ages."""

from sandbox.growth import DAY

_UNITS = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


def rounded(count: int) -> int:
    """Rounded down to three significant figures, as the Data API gives subscribers."""
    step: int = 10 ** max(0, len(str(count)) - 3)
    return count // step * step


def short(count: int, figures: int = 2) -> str:
    """1.2K, 12K, 1.2M; with figures=3, as for subscribers: 1.23K, 12.3K, 123K."""
    for size, unit in _UNITS:
        if count >= size:
            whole = len(str(count // size))
            decimals = max(0, figures - whole)
            scaled = count * 10**decimals // size
            text = f"{scaled / 10**decimals:.{decimals}f}"
            return (text.rstrip("0").rstrip(".") if decimals else text) + unit
    return str(count)


def counted(count: int, noun: str, figures: int = 2) -> str:
    """ "1.2K views", "1 view", "No views"."""
    if count == 0:
        return f"No {noun}s"
    return f"{short(count, figures)} {noun}{'' if count == 1 else 's'}"


def clock(seconds: int) -> str:
    """1:02:03 or 4:05."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def iso_duration(seconds: int) -> str:
    """PT1H2M3S; P0D for nothing, as for a stream that has not started."""
    if seconds == 0:
        return "P0D"
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    time = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if value)
    return f"P{f'{days}D' if days else ''}{f'T{time}' if time else ''}"


def ago(seconds: float) -> str:
    """3 days ago, in the largest whole unit."""
    for size, unit in ((365 * DAY, "year"), (30 * DAY, "month"), (7 * DAY, "week"), (DAY, "day"), (3_600, "hour")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    count = max(1, int(seconds // 60))
    return f"{count} minute{'' if count == 1 else 's'} ago"
