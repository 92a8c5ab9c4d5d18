"""YouTube Data API error answers -> our errors. Pure but for the clock.

Reasons: developers.google.com/youtube/v3/docs/errors and the ErrorInfo reasons of Google's API front end;
recorded: quotaExceeded, keyInvalid, accessNotConfigured, authError, notFound. Only reasons go into
messages, never an answer's own text or address: those may hold the key.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import IncompleteRead, RemoteDisconnected
from zoneinfo import ZoneInfo

from app.domain.ports.errors import Gone, NeedsAction, PlatformError, QuotaSpent, RetryAfter, Unauthorized
from app.lib import clock
from app.platforms.youtube import words
from app.platforms.youtube.parse_api import changed

PACIFIC = ZoneInfo("America/Los_Angeles")  # where YouTube's quota day begins
PAUSE = timedelta(minutes=5)  # when YouTube does not say how long
_LONGEST_PAUSE = timedelta(hours=24)

_DAILY = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}
_FAST = {
    *("rateLimitExceeded", "userRateLimitExceeded", "servingLimitExceeded", "concurrentLimitExceeded"),
    *("limitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"),
}
_KEY = {"keyInvalid", "keyExpired", "API_KEY_INVALID", "authError", "UNAUTHENTICATED"}
_RESTRICTED = {
    *("ipRefererBlocked", "API_KEY_IP_ADDRESS_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"),
    *("API_KEY_SERVICE_BLOCKED", "API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED"),
}
_OFF = {"accessNotConfigured", "SERVICE_DISABLED"}
_SIGN_IN = {"authError", "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING"}
_SCOPE = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
_CLOSED = {"channelClosed", "channelSuspended", "channelNotFound", "channelForbidden", "accountTerminated"}
_UNWELL = {"backendError", "internalError", "processingFailure", "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"}
_MISSING = {"playlistNotFound", "playlistItemsNotAccessible", "notFound", "videoNotFound"}


def failure(status: int, answer: object, retry_after: str | None) -> PlatformError:
    """What an answer that is no success means. `retry_after`: the header's text, when it came."""
    why = reasons(answer)
    if why & _DAILY:
        return QuotaSpent(words.QUOTA_SPENT, until=quota_reset(clock.now()))
    if why & _KEY or ("badRequest" in why and "api key" in _message(answer).lower()):
        return NeedsAction(words.KEY_REFUSED)
    if why & _RESTRICTED:
        return NeedsAction(words.KEY_RESTRICTED)
    if why & _OFF:
        return NeedsAction(words.API_OFF)
    if why & _FAST or status == 429:
        return RetryAfter(words.TOO_FAST, until=clock.now() + pause(retry_after))
    if status >= 500 or why & _UNWELL:
        return RetryAfter(words.UNWELL, until=clock.now() + pause(retry_after), status=status)
    if why & _CLOSED or (status == 404 and why & _MISSING):
        return Gone(words.NO_CHANNEL)
    if status in (401, 403) and why:
        return NeedsAction(words.REFUSED, reason=", ".join(sorted(why)))
    return changed(f"HTTP {status} {', '.join(sorted(why))}".strip())


def failure_of_owner(status: int, answer: object, retry_after: str | None) -> PlatformError:
    """As `failure`, where a signed-in owner's token was sent in place of a key."""
    why = reasons(answer)
    if "youtubeSignupRequired" in why:
        return Unauthorized(words.NO_OWN_CHANNEL)
    if why & _SCOPE:
        return NeedsAction(words.NOT_ALLOWED)
    if why & _OFF:
        return NeedsAction(words.OWN_API_OFF)
    if status == 401 or why & _SIGN_IN:
        return Unauthorized(words.SIGN_IN_REFUSED)
    known = failure(status, answer, retry_after)
    if status == 403 and isinstance(known, NeedsAction):
        return NeedsAction(words.NOT_THE_OWNER, reason=", ".join(sorted(why)))
    return known


def is_missing_playlist(status: int, answer: object) -> bool:
    """A playlist that is not there: a channel without such videos has no such playlist."""
    return status == 404 and bool(reasons(answer) & _MISSING)


def unreachable(error: BaseException) -> RetryAfter:
    """A connection that failed or took too long. Clients name the same thing in several ways; people get three."""
    message = words.UNREACHABLE
    for cause in _causes(error):
        if isinstance(cause, TimeoutError) or "timed out" in str(cause):
            message = words.SILENT
        elif isinstance(cause, IncompleteRead | RemoteDisconnected | ConnectionResetError | BrokenPipeError):
            message = words.BROKE_OFF
    return RetryAfter(message, until=clock.now() + PAUSE)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those it was made of, outermost first."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            yield one
            waiting += [one.__context__, one.__cause__, getattr(one, "cause", None), *one.args]


def quota_reset(now: datetime) -> datetime:
    """The next midnight in California, where the quota day begins; in UTC."""
    tomorrow = now.astimezone(PACIFIC).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=PACIFIC).astimezone(UTC)


def pause(retry_after: str | None) -> timedelta:
    """How long a Retry-After header asks us to wait; PAUSE without one that can be read."""
    if retry_after is None:
        return PAUSE
    text = retry_after.strip()
    if re.fullmatch(r"\d{1,6}", text):
        asked = timedelta(seconds=int(text))
    else:
        try:
            # A date is on the server's clock, which is the wall clock.
            asked = parsedate_to_datetime(text) - datetime.now(UTC)
        except (ValueError, TypeError):
            return PAUSE
    return min(max(asked, timedelta(seconds=1)), _LONGEST_PAUSE)


def reasons(answer: object) -> set[str]:
    """Every reason an error answer names: errors[].reason, details[].reason, status."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return set()
    lists = [error.get("errors"), error.get("details")]
    entries = [entry for found in lists if isinstance(found, list) for entry in found if isinstance(entry, dict)]
    named = [entry.get("reason") for entry in entries] + [error.get("status")]
    if any("perday" in _limit(entry).lower() for entry in entries):
        named.append("dailyLimitExceeded")
    return {name for name in named if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_]{1,60}", name)}


def _message(answer: object) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("message", "")) if isinstance(error, dict) else ""


def _limit(entry: Mapping[str, object]) -> str:
    metadata = entry.get("metadata")
    return str(metadata.get("quota_limit", "")) if isinstance(metadata, dict) else ""
