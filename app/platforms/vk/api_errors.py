"""VK's error answers -> what happens next. Errors come with HTTP 200 and an `error`; our words, never VK's own, which
may repeat the token."""

from datetime import datetime, timedelta, timezone

from app.domain.ports.errors import (
    Blocked,
    Changed,
    Gone,
    NeedsAction,
    PlatformError,
    QuotaSpent,
    RetryAfter,
    Unauthorized,
)
from app.lib import clock
from app.platforms.kit import PAUSE, Answer, Node
from app.platforms.kit import words as common
from app.platforms.vk import words

LABEL = "VK"
TOO_FAST, DAY_SPENT = 6, 29

_SECOND_THOUGHT = timedelta(seconds=5)
_MOSCOW = timezone(timedelta(hours=3))
_OF_ITS_OWN = {1, 10, 13}  # unknown error, internal error, an answer that grew too big
_TOKEN = {4, 5, 27, 28, 1116, 1117}
_NOT_THERE = {113, 125}  # no such user, no such community
_PRIVATE = {15, 30, 203}


class NotAllowed(NeedsAction):
    """The token lacks a right."""


def response(answer: Answer) -> Node:
    """What VK answered. Raises what an error means, and Changed."""
    if answer.status != 200:
        raise Changed(common.CHANGED, field=f"HTTP {answer.status}", platform=LABEL)
    found = answer.node().object()
    if found["error"].exists:
        raise failure(found["error"])
    if "response" not in found:
        raise found["response"].changed()
    if not found["response"].exists and found["execute_errors"].exists:
        for error in found["execute_errors"].items():
            raise failure(error)
    return found["response"]


def failure(error: Node) -> PlatformError:
    """The meaning of one error, by its code."""
    code = error["error_code"].whole()
    now = clock.now()
    if code is None:
        return error["error_code"].changed()
    if code in _TOKEN:
        return NeedsAction(words.TOKEN_REFUSED)
    if code == TOO_FAST:
        return RetryAfter(words.TOO_FAST, until=now + _SECOND_THOUGHT)
    if code == DAY_SPENT:
        return QuotaSpent(words.DAY_SPENT, until=tomorrow(now))
    if code in _OF_ITS_OWN:
        return RetryAfter(common.UNWELL, until=now + PAUSE, platform=LABEL, status=code)
    if code in _PRIVATE:
        return Gone(words.PRIVATE)
    if code in _NOT_THERE:
        return Gone(words.NO_ACCOUNT)
    match code:
        case 2:
            return NeedsAction(words.APP_OFF)
        case 7:
            return NotAllowed(words.NO_RIGHT)
        case 9:
            return Blocked(words.FLOOD)
        case 14:
            return Blocked(words.CAPTCHA)
        case 17:
            return NeedsAction(words.VALIDATION)
        case 18:
            return Gone(words.CLOSED)
    return Changed(common.CHANGED, field=f"error {code}", platform=LABEL)


def of_key(error: PlatformError) -> PlatformError:
    """The same error when the token is a workspace's own key."""
    if isinstance(error, NotAllowed):
        return NeedsAction(words.NO_STATISTICS)
    return Unauthorized(words.KEY_REFUSED) if error.message == words.TOKEN_REFUSED else error


def tomorrow(now: datetime) -> datetime:
    """The next midnight in Moscow, when VK counts anew (our reading)."""
    day = now.astimezone(_MOSCOW) + timedelta(days=1)
    return day.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)
