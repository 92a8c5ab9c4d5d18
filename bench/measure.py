"""What a bench reports: distributions of what was measured, and promises held against them."""

import math
import statistics
from collections.abc import Sequence

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One thing that was measured `n` times."""

    what: str
    unit: str
    n: int
    least: float
    median: float
    p95: float


class Promise(msgspec.Struct, frozen=True):
    """A number that we stand for. at_least: it is met from `aim` upwards, otherwise from `aim` downwards.

    aim: null where nothing is promised and the number is only told.
    """

    what: str
    value: float
    aim: float | None = None
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        if self.aim is None:
            return None
        return self.value >= self.aim if self.at_least else self.value <= self.aim


class Report(msgspec.Struct):
    """One bench. notes: what was set up, and what was left out with the reason."""

    name: str
    lines: list[Line] = []
    promises: list[Promise] = []
    notes: list[str] = []


def line(what: str, unit: str, values: Sequence[float]) -> Line:
    """The distribution of `values`; p95 is the value that 95 of 100 do not exceed."""
    ordered = sorted(values)
    last = math.ceil(0.95 * len(ordered)) - 1
    return Line(what, unit, len(ordered), ordered[0], statistics.median(ordered), ordered[last])


def paired(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of the ratios of neighbours: both of a pair met the same weather on the machine."""
    return statistics.median(a / b for a, b in zip(these, those, strict=True))


def shown(report: Report) -> str:
    """The report as a table for a terminal."""
    rows = [("", "n", "min", "median", "p95", "unit")]
    for m in report.lines:
        rows.append((m.what, str(m.n), _number(m.least), _number(m.median), _number(m.p95), m.unit))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    out = [f"== {report.name}", *(f"   {note}" for note in report.notes)]
    if report.lines:
        for what, *numbers, unit in rows:
            cells = (cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True))
            out.append(f"   {what.ljust(widths[0])}  {'  '.join(cells)}  {unit}".rstrip())
    for promise in report.promises:
        verdict = {True: "met", False: "MISSED", None: ""}[promise.met]
        sign = ">=" if promise.at_least else "<="
        aim = f"aim {sign} {_number(promise.aim)}" if promise.aim is not None else "no aim"
        out.append(f"   -> {promise.what}: {_number(promise.value)} {promise.unit} ({aim}) {verdict}".rstrip())
    return "\n".join(out)


def _number(value: float) -> str:
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"
