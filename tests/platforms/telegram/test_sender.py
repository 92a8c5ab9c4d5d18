"""Signing in to the sandbox's Telegram with the real client, step by step."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.domain.ports.connections import Credential
from app.domain.ports.errors import NeedsAction, PlatformError, RetryAfter, Unauthorized
from app.domain.ports.platform import Means
from app.domain.ports.senders import (
    EnterCode,
    EnterPassword,
    PhoneAttempt,
    QrAttempt,
    ShowCode,
    SignedIn,
    SignIn,
    Step,
    TryAgain,
)
from app.platforms.telegram import TelegramSignIn
from app.platforms.telegram.api import Api
from sandbox.core import Sandbox
from sandbox.telegram.content import CODE, FAR, OFFICE, PASSWORD, STUDIO
from tests.platforms.conftest import no_means
from tests.platforms.telegram.conftest import handle


@pytest.fixture
async def senders(telegram_means: Means, sandbox: Sandbox) -> AsyncIterator[SignIn]:
    yield TelegramSignIn(telegram_means)
    for _ in range(200):  # nothing stays connected
        if not sandbox.telegram.connections:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("a connection was left open")


async def scan(sandbox: Sandbox, attempt: QrAttempt, phone: str) -> Step:
    assert isinstance(attempt.step, ShowCode)
    sandbox.edit("scan_login", link=attempt.step.url, person=phone)
    return await attempt.poll(5)


async def works(api: Api, step: Step, phone: str, sandbox: Sandbox) -> None:
    """The session opens the account it says it opens."""
    person = sandbox.telegram.content.person(phone)
    assert isinstance(step, SignedIn) and step.phone == phone
    assert (step.subject.id, step.subject.title, step.subject.platform) == (str(person.id), person.first, "telegram")
    assert step.subject.handle == (person.username or None) and step.subject.external_id == ""
    source = api.with_credential(Credential("telegram", step.subject.id, step.session))
    assert (await source.read_account(handle("gorodpeshkom"))).title


@pytest.mark.parametrize("phone", [STUDIO, FAR])
async def test_a_scanned_code(senders: SignIn, telegram_api: Api, sandbox: Sandbox, phone: str) -> None:
    attempt = await senders.start_qr()
    first = attempt.step
    assert isinstance(attempt, QrAttempt) and isinstance(first, ShowCode)
    assert first.url.startswith("tg://login?token=") and first.expires_at > datetime.now(UTC)
    assert await attempt.poll() == first and await attempt.poll(0.05) == first
    step = await scan(sandbox, attempt, phone)
    assert step is attempt.step and await attempt.poll(1) is step
    await attempt.close()
    await works(telegram_api, step, phone, sandbox)


async def test_a_scanned_code_and_a_password(senders: SignIn, telegram_api: Api, sandbox: Sandbox) -> None:
    attempt = await senders.start_qr()
    assert await scan(sandbox, attempt, OFFICE) == EnterPassword("sandbox")
    for wrong in ("wrong", ""):
        with pytest.raises(TryAgain):
            await attempt.enter_password(wrong)
        assert isinstance(attempt.step, EnterPassword)
    step = await attempt.enter_password(PASSWORD)
    await attempt.close()
    await works(telegram_api, step, OFFICE, sandbox)


async def test_a_code_scanned_while_nobody_waits(senders: SignIn, sandbox: Sandbox) -> None:
    attempt = await senders.start_qr()
    assert isinstance(attempt.step, ShowCode)
    sandbox.edit("scan_login", link=attempt.step.url, person=STUDIO)
    await asyncio.sleep(0.2)
    assert isinstance(await attempt.poll(), SignedIn)
    await attempt.close()


async def test_a_code_that_runs_out_is_replaced(senders: SignIn, sandbox: Sandbox) -> None:
    sandbox.telegram.code_seconds = 0.3
    attempt = await senders.start_qr()
    first = attempt.step
    sandbox.telegram.code_seconds = 30
    second = await attempt.poll(5)
    assert isinstance(first, ShowCode) and isinstance(second, ShowCode) and first.url != second.url
    assert isinstance(await scan(sandbox, attempt, STUDIO), SignedIn)
    await attempt.close()


async def test_a_connection_that_breaks_while_a_code_is_shown(senders: SignIn, sandbox: Sandbox) -> None:
    attempt = await senders.start_qr()
    assert isinstance(attempt.step, ShowCode)
    link = attempt.step.url
    for connection in list(sandbox.telegram.connections):
        connection._writer.get_extra_info("socket").shutdown(2)
    await asyncio.sleep(0.2)
    sandbox.edit("scan_login", link=link, person=STUDIO)  # what is pushed now is lost
    assert isinstance(await attempt.poll(), SignedIn)
    await attempt.close()


@pytest.mark.parametrize(("phone", "typed"), [(STUDIO, f"+{STUDIO}"), (FAR, "+1 (202) 555-0102"), (STUDIO, STUDIO)])
async def test_a_code_by_phone(senders: SignIn, telegram_api: Api, sandbox: Sandbox, phone: str, typed: str) -> None:
    attempt = await senders.start_phone(typed)
    step = attempt.step
    assert isinstance(attempt, PhoneAttempt) and isinstance(step, EnterCode)
    assert (step.way, step.length) == ("app", 5) and step.again_at is not None
    for wrong in ("00000", "", "not a code at all, and too long to be one"):
        with pytest.raises(TryAgain):
            await attempt.enter_code(wrong)
    assert attempt.step is step
    again = await attempt.send_again()
    assert isinstance(again, EnterCode) and again.way == "sms"
    done = await attempt.enter_code(f" {CODE[:2]}-{CODE[2:]} ")
    await attempt.close()
    await works(telegram_api, done, phone, sandbox)


async def test_a_code_by_phone_and_a_password(senders: SignIn, telegram_api: Api, sandbox: Sandbox) -> None:
    attempt = await senders.start_phone(OFFICE)
    assert isinstance(await attempt.enter_code(CODE), EnterPassword)
    assert isinstance(await attempt.enter_code(CODE), EnterPassword)  # a second click does no harm
    step = await attempt.enter_password(PASSWORD)
    await attempt.close()
    await works(telegram_api, step, OFFICE, sandbox)


@pytest.mark.parametrize("phone", ["", "12", "not a phone", "+" + "1" * 16, "+12025550199"])
async def test_numbers_that_are_none(senders: SignIn, phone: str) -> None:
    with pytest.raises(NeedsAction):
        await senders.start_phone(phone)


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (420, "FLOOD_WAIT_300", RetryAfter),
        (400, "PHONE_NUMBER_BANNED", Unauthorized),
        (400, "PHONE_NUMBER_FLOOD", RetryAfter),
        (406, "PHONE_PASSWORD_FLOOD", RetryAfter),
        (400, "API_ID_INVALID", NeedsAction),
        (400, "PHONE_NUMBER_INVALID", NeedsAction),
        (406, "UPDATE_APP_TO_LOGIN", NeedsAction),
    ],
)
async def test_refusals_to_send_a_code(
    senders: SignIn, sandbox: Sandbox, code: int, message: str, error: type[PlatformError]
) -> None:
    sandbox.telegram.disturb("auth.sendCode", code, message, times=-1)
    with pytest.raises(PlatformError) as raised:
        await senders.start_phone(STUDIO)
    assert type(raised.value) is error
    assert STUDIO not in f"{raised.value!r}{raised.value}{raised.value.__cause__!r}"


async def test_what_ends_an_attempt_and_what_does_not(senders: SignIn, sandbox: Sandbox) -> None:
    attempt = await senders.start_phone(STUDIO)
    sandbox.telegram.disturb("auth.signIn", 420, "FLOOD_WAIT_2")
    with pytest.raises(RetryAfter) as wait:
        await attempt.enter_code(CODE)
    assert wait.value.params == {} and isinstance(attempt.step, EnterCode)
    sandbox.telegram.disturb("auth.signIn", 400, "PHONE_CODE_EXPIRED", times=-1)
    with pytest.raises(NeedsAction, match="Begin again"):
        await attempt.enter_code(CODE)
    with pytest.raises(NeedsAction, match="has ended"):
        await attempt.enter_code(CODE)
    await attempt.close()


async def test_an_abandoned_session_is_signed_out(senders: SignIn, sandbox: Sandbox) -> None:
    attempt = await senders.start_phone(STUDIO)
    step = await attempt.enter_code(CODE)
    assert isinstance(step, SignedIn)
    await attempt.abandon()
    with pytest.raises(Unauthorized):
        await senders.check(step.session)


async def test_checking_and_logging_out(senders: SignIn, sandbox: Sandbox) -> None:
    session = sandbox.telegram.session_of(STUDIO)
    assert (await senders.check(session)).title == "Studio phone"
    await senders.log_out(session)
    with pytest.raises(Unauthorized):
        await senders.check(session)
    await senders.log_out(session)  # over already
    with pytest.raises(Unauthorized):
        await senders.check("not a session")


async def test_nothing_secret_is_shown(senders: SignIn, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    attempt = await senders.start_phone(f"+{OFFICE}")
    seen = repr(attempt) + repr(attempt.step)
    with pytest.raises(TryAgain) as wrong:
        await attempt.enter_code("54321")
    await attempt.enter_code(CODE)
    seen += repr(attempt.step)
    step = await attempt.enter_password(PASSWORD)
    await attempt.close()
    assert isinstance(step, SignedIn)
    seen += repr(step) + repr(wrong.value) + repr(wrong.value.__context__) + caplog.text
    for secret in (OFFICE, step.session, PASSWORD, "54321"):
        assert secret not in seen


def test_without_an_application() -> None:
    bare = TelegramSignIn(no_means())
    assert not bare.configured and "TELEGRAM_API_ID" in bare.unconfigured_reason and bare.feeds == ("telegram",)


async def test_without_a_way_out() -> None:
    web = TelegramSignIn(no_means(telegram_api_id="1", telegram_api_hash="x"))
    with pytest.raises(RuntimeError, match="way out"):
        await web.start_qr()
