"""Passwords, throttling, the first run."""

import asyncio
import subprocess
import sys

import pytest
from sqlalchemy import text

from app.domain.errors import Conflict, Invalid, TooMany, Unauthorized
from app.domain.identity import passwords, users
from app.domain.identity.login import FREE_HERE, SignedIn, login
from app.domain.identity.models import SessionKind
from app.lib.db import Database
from tests.people import ELSEWHERE, HOME, PASSWORD, person, try_login


@pytest.mark.parametrize(
    "password", ["short", "12345678", "Password1", "qwertyui!", "aaaaaaaa", "some@where.org", "SomeOne", "x" * 300]
)
def test_weak_passwords_are_refused(password: str) -> None:
    assert passwords.problem(password, email="some@where.org", name="Some One") is not None


def test_a_long_sentence_is_taken() -> None:
    assert passwords.problem("an ordinary sentence", email="some@where.org", name="Some One") is None


async def test_passwords_are_stored_as_argon2id(database: Database) -> None:
    user = await person(database, "a@x.io")
    async with database.transaction() as session:
        assert (await users.get(session, user)).password_hash.startswith("$argon2id$")


async def test_an_address_is_one_person_whatever_its_case(database: Database) -> None:
    await person(database, "A@X.io")
    assert isinstance(await try_login(database, PASSWORD, email=" a@x.IO "), SignedIn)
    with pytest.raises(Invalid) as refused:
        await person(database, "a@X.IO")
    assert "email" in refused.value.fields


async def age(database: Database, seconds: int) -> None:
    """Let the last failures lie this long ago: hashing takes as long as the machine likes."""
    async with database.transaction() as session:
        await session.execute(
            text("update login_throttle set last_at = clock_timestamp() - make_interval(secs => :s)"), {"s": seconds}
        )


async def test_guessing_gets_slow_and_the_right_password_waits_with_it(database: Database) -> None:
    await person(database, "a@x.io")
    for _ in range(FREE_HERE):
        assert await try_login(database, "wrong guess") is Unauthorized
    for password in ("wrong guess", PASSWORD):
        await age(database, 0)
        assert await try_login(database, password) is TooMany
    await age(database, 2)
    assert isinstance(await try_login(database, PASSWORD), SignedIn)
    assert await try_login(database, "wrong guess") is Unauthorized  # the count began anew


async def test_waits_double_up_to_a_quarter_of_an_hour(database: Database) -> None:
    await person(database, "a@x.io")
    waits = []
    for failures in (5, 6, 7, 8, 9, 14, 15, 500):
        async with database.transaction() as session:
            await session.execute(text("delete from login_throttle"))
            await session.execute(
                text("insert into login_throttle values (:key, :failures, clock_timestamp())"),
                {"key": f"pair:a@x.io|{ELSEWHERE}", "failures": failures},
            )
        with pytest.raises(TooMany) as told:
            await login(database, email="a@x.io", password="no", kind=SessionKind.WEB, address=ELSEWHERE, user_agent="")
        waits.append(told.value.retry_after)
    assert waits == [1, 2, 4, 8, 16, 512, 900, 900]


async def test_the_owner_gets_in_while_others_guess(database: Database) -> None:
    await person(database, "a@x.io")
    assert isinstance(await try_login(database, PASSWORD, address=HOME), SignedIn)
    async with database.transaction() as session:  # a botnet: each address fails a few times, hundreds in all
        await session.execute(
            text(
                "insert into login_throttle values ('account:a@x.io', 900, now()), (:key, 900, now()) "
                "on conflict (key) do update set failures = excluded.failures"
            ),
            {"key": f"pair:a@x.io|{ELSEWHERE}"},
        )
    assert await try_login(database, PASSWORD, address=ELSEWHERE) is TooMany
    assert isinstance(await try_login(database, PASSWORD, address=HOME), SignedIn)
    assert isinstance(await try_login(database, PASSWORD, address="192.0.2.77"), SignedIn)


async def test_an_address_that_tries_many_accounts_gets_slow(database: Database) -> None:
    await person(database, "a@x.io")
    for n in range(20):
        assert await try_login(database, "guess", email=f"nobody{n}@x.io", address=ELSEWHERE) is Unauthorized
    await age(database, 0)
    assert await try_login(database, "guess", email="another@x.io", address=ELSEWHERE) is TooMany
    assert isinstance(await try_login(database, PASSWORD, address=HOME), SignedIn)


async def test_many_attempts_at_once_are_all_counted(database: Database) -> None:
    await person(database, "a@x.io")
    answers = await asyncio.gather(*(try_login(database, "guess", address=ELSEWHERE) for _ in range(12)))
    assert FREE_HERE <= answers.count(Unauthorized) < FREE_HERE + 3  # one or two more where it takes over a second


async def test_the_first_owner_is_made_once_even_by_two_at_once(database: Database) -> None:
    async with database.transaction() as session:
        token = await users.new_setup_token(session)

    async def attempt(email: str) -> object:
        async with database.transaction() as session:
            return await users.setup(
                session, token, email=email, name="First", password=PASSWORD, workspace="Room", address=HOME
            )

    answers = await asyncio.gather(attempt("a@x.io"), attempt("b@x.io"), return_exceptions=True)
    assert sorted(type(a).__name__ for a in answers) == ["Forbidden", "User"]
    with pytest.raises(Conflict):
        async with database.transaction() as session:
            await users.new_setup_token(session)


async def test_the_environments_admin_is_made_only_on_an_empty_instance(database: Database) -> None:
    for expected in (True, False):
        async with database.transaction() as session:
            assert await users.ensure_admin(session, email="a@x.io", name="A", password=PASSWORD) is expected


def test_a_process_that_signs_nobody_in_hashes_nothing() -> None:
    """A hash takes a third of a second and 64 MiB, in every process that is started."""
    code = "import argon2; argon2.PasswordHasher.hash = None; import app.main"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
