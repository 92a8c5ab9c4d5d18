"""Signing in to Telegram with a person's own account, step by step; each attempt keeps one Telethon client.

Nothing here writes a log, and no error carries a phone number, a code or a session.
"""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.ports.connections import Subject
from app.domain.ports.errors import NeedsAction, PlatformError, RetryAfter, Unauthorized
from app.domain.ports.platform import Means
from app.domain.ports.senders import EnterCode, EnterPassword, ShowCode, SignedIn, Step, TryAgain
from app.lib import clock
from app.platforms.telegram import words
from app.platforms.telegram.api import PROVIDER
from app.platforms.telegram.links import PLATFORM

_WHOLE = 60.0  # seconds for one step
_WAYS = {"App": "app", "Sms": "sms", "SmsPhrase": "sms", "SmsWord": "sms", "FirebaseSms": "sms", "Call": "call",
         "FlashCall": "call", "MissedCall": "call", "EmailCode": "email"}  # fmt: skip


class TelegramSignIn:
    """As `SignIn`."""

    name = PROVIDER
    label = words.PLATFORM
    feeds: tuple[str, ...] = (PLATFORM,)
    unconfigured_reason = words.NO_APPLICATION

    def __init__(self, means: Means) -> None:
        self._means = means

    @property
    def configured(self) -> bool:
        return bool(self._means.setting("telegram_api_id") and self._means.setting("telegram_api_hash"))

    async def start_qr(self, *, known: Sequence[str] = ()) -> "QrAttempt":
        """As SignIn."""
        attempt = QrAttempt(self._means, [int(one) for one in known if one.isdigit()])
        await attempt.begin()
        return attempt

    async def start_phone(self, phone: str) -> "PhoneAttempt":
        """As SignIn."""
        digits = re.sub(r"[\s().+-]", "", phone)
        if not re.fullmatch(r"[0-9]{7,15}", digits):
            raise NeedsAction(words.NOT_A_PHONE)
        attempt = PhoneAttempt(self._means, digits)
        await attempt.begin()
        return attempt

    async def check(self, session: str) -> Subject:
        """As SignIn."""
        async with self._opened(session) as client:
            me = await client.get_me()
            if me is None:
                raise Unauthorized(words.SESSION_OVER)
            return _subject(me)

    async def log_out(self, session: str) -> None:
        """As SignIn."""
        from app.platforms.telegram.mtproto import functions

        try:
            async with self._opened(session) as client:
                await client(functions.auth.LogOutRequest())
        except Unauthorized:
            return

    @asynccontextmanager
    async def _opened(self, session: str) -> AsyncIterator[Any]:
        from app.platforms.telegram import mtproto

        client = mtproto.client(self._means, session)
        with mtproto.in_words():
            try:
                async with asyncio.timeout(_WHOLE):
                    await client.connect()
                    yield client
            finally:
                await mtproto.disconnected(client)


class _Attempt:
    """One attempt: its client, and the step it has come to."""

    def __init__(self, means: Means) -> None:
        from app.platforms.telegram import mtproto

        self._client = mtproto.client(means, updates=True, retries=3)
        self._step: Step | None = None
        self._turn = asyncio.Lock()  # one step at a time, however often a page asks
        self._over = False
        self._reconnected = False  # what was pushed meanwhile is lost

    @property
    def step(self) -> Step:
        assert self._step is not None, "an attempt is given away after it has begun"
        return self._step

    async def enter_password(self, password: str) -> Step:
        """As Attempt."""
        async with self._stepping():
            if isinstance(self._step, EnterPassword):
                if not password:
                    raise TryAgain(words.WRONG_PASSWORD)
                await self._signed_in(await self._client.sign_in(password=password))
            return self.step

    async def close(self) -> None:
        """As Attempt."""
        from app.platforms.telegram import mtproto

        self._over = True
        await mtproto.disconnected(self._client)

    async def abandon(self) -> None:
        """As Attempt."""
        from app.platforms.telegram import mtproto

        if isinstance(self._step, SignedIn) and not self._over:
            try:
                async with asyncio.timeout(_WHOLE):
                    await self._client(mtproto.functions.auth.LogOutRequest())
            except Exception:
                # What the connection does not allow any more, the person can do in the app's list of devices.
                self._step = None
        await self.close()

    async def _first(self, begin: Callable[[], Awaitable[None]]) -> None:
        """Connect, and come to the first step; closed when that fails, for nobody else will."""
        try:
            async with self._stepping():
                await begin()
        except BaseException:
            await self.close()
            raise

    @asynccontextmanager
    async def _stepping(self) -> AsyncIterator[None]:
        """One exchange. What ends the attempt closes it."""
        from app.platforms.telegram import mtproto

        async with self._turn:
            if self._over:
                raise NeedsAction(words.ATTEMPT_OVER)
            try:
                async with asyncio.timeout(_WHOLE):
                    self._reconnected = not self._client.is_connected()
                    if self._reconnected:
                        await self._client.connect()
                    yield
            except Exception as error:
                told = _told(error)
                if not isinstance(told, TryAgain | RetryAfter):
                    self._over = True
                    await mtproto.disconnected(self._client)
                if told is error:
                    raise
                raise told from None  # the request inside Telethon's error holds what was typed

    async def _needs_password(self) -> None:
        from app.platforms.telegram.mtproto import functions

        asked = await self._client(functions.account.GetPasswordRequest())
        self._step = EnterPassword(asked.hint or "")

    async def _signed_in(self, user: Any) -> None:
        self._step = SignedIn(_subject(user), self._client.session.save(), user.phone or "")


class QrAttempt(_Attempt):
    """As the port's QrAttempt."""

    def __init__(self, means: Means, known: list[int]) -> None:
        super().__init__(means)
        self._known = known
        self._scanned = asyncio.Event()

    async def begin(self) -> None:
        """Ask for the first code."""
        from telethon import events

        from app.platforms.telegram.mtproto import types

        async def scanned(_update: Any) -> None:
            self._scanned.set()

        # Before the code is made: it may be scanned while nobody waits.
        self._client.add_event_handler(scanned, events.Raw(types.UpdateLoginToken))
        await self._first(self._export)

    async def poll(self, wait: float = 0.0) -> Step:
        """As QrAttempt."""
        if not isinstance(self._step, ShowCode):
            return self.step
        if wait > 0 and not self._over:
            left = (self._step.expires_at - datetime.now(UTC)).total_seconds()
            try:
                async with asyncio.timeout(max(0.0, min(wait, left))):
                    await self._scanned.wait()
            except TimeoutError:
                pass  # nobody has scanned it yet
        async with self._stepping():
            step = self._step
            if isinstance(step, ShowCode) and (
                self._scanned.is_set() or self._reconnected or step.expires_at <= datetime.now(UTC)
            ):
                await self._export()
            return self.step

    async def _export(self) -> None:
        """Ask for a code; when the last one was scanned this signs in instead."""
        from telethon import errors

        from app.platforms.telegram.mtproto import functions, types

        self._scanned.clear()
        client = self._client
        try:
            answer = await client(
                functions.auth.ExportLoginTokenRequest(client.api_id, client.api_hash, except_ids=self._known)
            )
            if isinstance(answer, types.auth.LoginTokenMigrateTo):
                await client._switch_dc(answer.dc_id)  # Telethon's own QR login does so, too
                answer = await client(functions.auth.ImportLoginTokenRequest(answer.token))
        except errors.SessionPasswordNeededError:
            await self._needs_password()
            return
        if isinstance(answer, types.auth.LoginTokenSuccess):
            await self._signed_in(answer.authorization.user)
        else:
            self._step = ShowCode(_link(answer.token), answer.expires)


class PhoneAttempt(_Attempt):
    """As the port's PhoneAttempt."""

    def __init__(self, means: Means, phone: str) -> None:
        super().__init__(means)
        self._phone = phone
        self._proof = ""

    async def begin(self) -> None:
        """Have the code sent."""
        await self._first(self._send)

    async def enter_code(self, code: str) -> Step:
        """As PhoneAttempt."""
        from telethon import errors

        async with self._stepping():
            if isinstance(self._step, EnterCode):
                digits = re.sub(r"[\s-]", "", code)
                if not re.fullmatch(r"[0-9A-Za-z]{3,32}", digits):
                    raise TryAgain(words.WRONG_CODE)
                try:
                    user = await self._client.sign_in(self._phone, digits, phone_code_hash=self._proof)
                except errors.SessionPasswordNeededError:
                    await self._needs_password()
                else:
                    await self._signed_in(user)
            return self.step

    async def send_again(self) -> Step:
        """As PhoneAttempt."""
        from app.platforms.telegram.mtproto import functions

        async with self._stepping():
            if isinstance(self._step, EnterCode):
                self._sent(await self._client(functions.auth.ResendCodeRequest(self._phone, self._proof)))
            return self.step

    async def _send(self) -> None:
        self._sent(await self._client.send_code_request(self._phone))

    def _sent(self, sent: Any) -> None:
        kind = type(sent.type).__name__.removeprefix("SentCodeType")
        if kind == "SetUpEmailRequired":
            raise NeedsAction(words.EMAIL_NEEDED)
        self._proof = sent.phone_code_hash
        length = getattr(sent.type, "length", None)
        again = datetime.now(UTC) + timedelta(seconds=sent.timeout) if sent.timeout else None
        self._step = EnterCode(_WAYS.get(kind, "other"), length if isinstance(length, int) else None, again)


def _told(error: Exception) -> PlatformError:
    """What went wrong with a step, in words."""
    from telethon import errors

    from app.platforms.telegram.mtproto import translated

    match error:
        case errors.PhoneCodeInvalidError() | errors.PhoneCodeEmptyError():
            return TryAgain(words.WRONG_CODE)
        case errors.PasswordHashInvalidError() | errors.PasswordEmptyError() | errors.SrpPasswordChangedError():
            return TryAgain(words.WRONG_PASSWORD)
        case errors.PhoneCodeExpiredError() | errors.PhoneCodeHashEmptyError() | errors.AuthTokenExpiredError():
            return NeedsAction(words.CODE_OVER)
        case errors.PhoneNumberInvalidError():
            return NeedsAction(words.NOT_A_PHONE)
        case errors.PhoneNumberUnoccupiedError() | errors.PhoneNumberAppSignupForbiddenError():
            return NeedsAction(words.NO_ACCOUNT)
        case errors.PhoneNumberFloodError() | errors.PhonePasswordFloodError():
            return RetryAfter(words.TOO_MANY_CODES, until=clock.now() + timedelta(days=1))
        case errors.SendCodeUnavailableError():
            return TryAgain(words.NO_OTHER_WAY)
        case errors.UpdateAppToLoginError():
            return NeedsAction(words.APPLICATION_REFUSED)
    return translated(error)


def _subject(user: Any) -> Subject:
    name = " ".join(part for part in (user.first_name, user.last_name) if part)
    title = name.replace("\0", "").encode("utf-8", "replace").decode() or (user.username and f"@{user.username}")
    return Subject(id=str(user.id), title=title or words.PLATFORM, platform=PLATFORM, handle=user.username or None)


def _link(token: bytes) -> str:
    return f"tg://login?token={base64.urlsafe_b64encode(token).decode().rstrip('=')}"
