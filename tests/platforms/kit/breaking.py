"""Breaks what JSON answers hold, in ways a platform might one day."""

import copy
import random
from collections.abc import Iterator
from typing import Any

NONSENSE: tuple[Any, ...] = (
    *(None, "", " ", "many", "18.9Q", "\0", "\ud800", "😀", -5, 1.5, 10**40, float("1e300"), True, [], {}, [[]]),
    *({"value": 5}, "https://", "javascript:alert(1)", "9" * 40, "2026-13-45", 99_999_999_999_999),
)


def mutated(good: Any, seed: int, times: int) -> Any:
    """A copy with up to `times` places broken."""
    dice = random.Random(seed)
    root = {"root": copy.deepcopy(good)}
    for _ in range(dice.randint(1, times)):
        places = [place for place in _places(root) if place[0] is not root or dice.random() < 0.02]
        if not places:
            break
        holder, key = dice.choice(places)
        match dice.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[f"{key}V2"] = holder.pop(key)
            case 2:
                holder[key] = [holder[key], holder[key]]
            case 3 if isinstance(holder[key], int):
                holder[key] = str(holder[key])
            case _:
                holder[key] = dice.choice(NONSENSE)
    return root.get("root")


def numbers_in(value: Any) -> set[int]:
    """Every whole number that stands somewhere in it, as a number or as digits."""
    found: set[int] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        elif _whole(part):
            found.add(int(part))
    return found


def _whole(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
