"""Small charts drawn on the server: sparklines and bars. They decorate numbers that stand beside them."""

from collections.abc import Sequence

from markupsafe import Markup

_PAD = 3.0


def sparkline(values: Sequence[float | None], width: int = 64, height: int = 28, area: bool = True) -> Markup:
    """A line of `values` over equal steps; a null leaves a gap. Fewer than two known values: an empty picture."""
    known = [v for v in values if v is not None]
    frame = f'class="spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}" aria-hidden="true"'
    if len(known) < 2:
        return Markup(f"<svg {frame}></svg>")  # noqa: S704 - numbers only, as below
    low, high = min(known), max(known)
    step = (width - 2 * _PAD) / (len(values) - 1)
    span = (high - low) or 1.0
    level = height / 2 if high == low else None

    runs: list[list[tuple[float, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            if runs[-1]:
                runs.append([])
            continue
        y = level if level is not None else height - _PAD - (value - low) / span * (height - 2 * _PAD)
        runs[-1].append((_PAD + index * step, y))
    drawn = [run for run in runs if run]
    parts = []
    for run in drawn:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        if area and len(run) > 1:
            path = "L".join(f"{x:.1f},{y:.1f}" for x, y in run)
            parts.append(f'<path class="area" d="M{run[0][0]:.1f},{height}L{path}L{run[-1][0]:.1f},{height}Z"/>')
        parts.append(f'<polyline points="{line}"/>')
    x, y = drawn[-1][-1]
    parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>')
    return Markup(f"<svg {frame}>{''.join(parts)}</svg>")  # noqa: S704


def bar(share: float | None) -> Markup:
    """A horizontal bar filled to `share` (0..1) of its width; null is an empty one."""
    filled = min(max(share or 0.0, 0.0), 1.0) * 100
    rect = f'<rect width="{filled:.1f}%" height="100%" rx="3"/>'
    return Markup(f'<svg class="hbar" aria-hidden="true">{rect}</svg>')  # noqa: S704


def heat_steps(values: Sequence[float | None], steps: int = 6) -> list[str]:
    """The shade of each cell of a heat map: "0".."5" from low to high, "x" where there is no value."""
    known = [v for v in values if v is not None]
    if not known:
        return ["x"] * len(values)
    low, span = min(known), (max(known) - min(known)) or 1.0
    return ["x" if v is None else str(min(steps - 1, int((v - low) / span * steps))) for v in values]
