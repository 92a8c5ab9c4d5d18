"""What instaloader meets -> our errors. Pure but for the clock."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.domain.ports.errors import Blocked, Gone, NeedsAction, PlatformError, RetryAfter
from app.lib import clock
from app.platforms.instagram import wire, words
from app.platforms.instagram.wire import LABEL, Heard, Wire, changed, later
from app.platforms.kit import pause
from app.platforms.kit import words as kit_words

_PLEASE_WAIT = timedelta(minutes=30)
_PATIENCE = 3  # refusals in a row, after which we call it Blocked
_WAIT = re.compile(r"wait a few minutes|try again later|rate limit", re.IGNORECASE)
_CHALLENGES = ("checkpoint_required", "challenge_required")
# Its title, or what the older one holds; pages of every kind speak of the login elsewhere.
_LOGIN_PAGE = re.compile(rb'<title>\s*(?:log ?in|sign up)\b|"entry_data":\{"LoginAndSignupPage"', re.IGNORECASE)


class Refusals:
    """What failures mean; remembers how often Instagram has refused us in a row."""

    def __init__(self) -> None:
        self.in_a_row = 0

    @staticmethod
    def ours(seconds: float) -> PlatformError:
        """Our own caution: instaloader reckons that asking now would be too often."""
        return RetryAfter(words.OUR_CAUTION, until=clock.now() + timedelta(seconds=seconds))

    def meaning(self, error: Exception, heard: Heard | None) -> PlatformError:
        """What went wrong. `heard`: the last answer that came."""
        if isinstance(error, PlatformError):
            return error
        library = wire.library()
        known = library.exceptions
        chain = list(_chain(error))
        if any(isinstance(one, known.LoginRequiredException) for one in chain):
            return Gone(words.PRIVATE) if "private" in str(error) else Blocked(words.LOGIN_WALL)
        if any(isinstance(one, known.PrivateProfileNotFollowedException) for one in chain):
            return Gone(words.PRIVATE)
        if isinstance(error, known.ProfileNotExistsException):
            return Gone(words.NO_ACCOUNT)
        silent = _network(chain)
        if silent is not None:
            return silent
        if heard is not None and heard.status != 200:
            return self._of_status(heard)
        if heard is not None and _message(heard):
            return self._said(heard)
        if any(isinstance(one, json.JSONDecodeError) for one in chain):  # not JSON where JSON was expected
            return Blocked(words.LOGIN_WALL) if heard and _LOGIN_PAGE.search(heard.body) else changed("JSON")
        if isinstance(error, KeyError):
            return changed(str(error.args[0])[:80] if error.args else "answer")
        return changed(type(error).__name__)

    def _of_status(self, heard: Heard) -> PlatformError:
        message = _message(heard)
        if message in _CHALLENGES or message == "feedback_required":
            return Blocked(words.FEEDBACK)
        if heard.status == 429:
            return RetryAfter(
                kit_words.TOO_FAST, until=clock.now() + pause(heard.headers.get("Retry-After")), platform=LABEL
            )
        if heard.status in (401, 403) or _WAIT.search(message):
            return self._refused()
        if heard.status in (404, 410):
            return Gone(words.NO_ACCOUNT)
        if heard.status >= 500:
            return RetryAfter(
                kit_words.UNWELL,
                until=clock.now() + pause(heard.headers.get("Retry-After")),
                platform=LABEL,
                status=heard.status,
            )
        if 300 <= heard.status < 400:
            return Blocked(words.LOGIN_WALL) if "login" in heard.headers.get("location", "") else changed("redirect")
        return changed(f"HTTP {heard.status}")

    def _said(self, heard: Heard) -> PlatformError:
        message = _message(heard)
        if _WAIT.search(message):
            return self._refused()
        return Blocked(words.FEEDBACK) if message in (*_CHALLENGES, "feedback_required") else changed("status")

    def _refused(self) -> PlatformError:
        self.in_a_row += 1
        if self.in_a_row >= _PATIENCE:
            return Blocked(words.KEEPS_REFUSING)
        return RetryAfter(words.PLEASE_WAIT, until=clock.now() + _PLEASE_WAIT)


def session_trouble(error: Exception, heard: Heard | None) -> NeedsAction | None:
    """What a person must do about the instance's account, when it is that."""
    if isinstance(error, NeedsAction):
        return error
    known = wire.library().exceptions
    message = _message(heard) if heard else ""
    if isinstance(error, known.TwoFactorAuthRequiredException):
        return NeedsAction(words.TWO_FACTOR)
    if isinstance(error, known.BadCredentialsException):
        return NeedsAction(words.WRONG_PASSWORD)
    if isinstance(error, known.LoginException):
        if heard is not None and (heard.status == 429 or heard.status >= 500 or _WAIT.search(message)):
            return None  # nothing is wrong with the account: try again later
        if "JSON decode fail" in str(error):
            return None  # no answer of the login's: see `Refusals`
        if "Checkpoint" in str(error) or message in _CHALLENGES:
            return NeedsAction(words.CHECKPOINT)
        return NeedsAction(words.WRONG_PASSWORD if "does not exist" in str(error) else words.LOGIN_REFUSED)
    if message in _CHALLENGES:
        return NeedsAction(words.CHECKPOINT)
    if isinstance(error, known.AbortDownloadException) and "logged out" in str(error):
        return NeedsAction(words.SESSION_ENDED)
    return None


def no_profile(page: Sequence[Any], heard: Heard | None = None) -> PlatformError:
    """What it means that no profile was found on a profile's page: gone, or a page that we do not know."""
    heard = heard or wire.current().heard
    if heard is not None and heard.status in (404, 410):
        return Gone(words.NO_ACCOUNT)
    if any(isinstance(part, dict) and part.get("xig_user_by_username", 0) is None for part in page):
        return Gone(words.NO_ACCOUNT)
    if heard is not None and _LOGIN_PAGE.search(heard.body):
        return Blocked(words.LOGIN_WALL)
    return changed("xig_user_by_username")


def no_user(way: Wire) -> PlatformError:
    """What it means that no profile was found by its id."""
    heard = way.heard
    if heard is not None and heard.status in (404, 410):
        return Gone(words.NO_ACCOUNT)
    try:
        data = json.loads(heard.body)["data"] if heard else {}
        if data["user"] is None:
            return Gone(words.NO_ACCOUNT)
    except (ValueError, KeyError, TypeError):
        pass
    return changed("data.user")


def _network(chain: Sequence[BaseException]) -> PlatformError | None:
    import requests

    for error in chain:
        if isinstance(error, requests.exceptions.JSONDecodeError):
            return None
        if isinstance(error, requests.exceptions.Timeout):
            return later(kit_words.SILENT)
        if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
            return later(kit_words.BROKE_OFF)
        if isinstance(error, requests.exceptions.RequestException | OSError):
            return later(kit_words.BROKE_OFF if "Incomplete" in str(error) else kit_words.UNREACHABLE)
    return None


def _chain(error: BaseException | None) -> Sequence[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 10:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _message(heard: Heard) -> str:
    """What Instagram says of a failure, in its own word or sentence; empty when the answer is none."""
    try:
        answer = json.loads(heard.body)
    except ValueError:
        return ""
    message = answer.get("message") if isinstance(answer, dict) and answer.get("status") == "fail" else None
    return message if isinstance(message, str) else ""
