"""People: the first one, registration, profile, password."""

from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import service as audit
from app.domain.audit.service import SYSTEM, Actor
from app.domain.errors import N_, Conflict, FieldError, Forbidden, Invalid
from app.domain.identity import passwords, sessions, workspaces
from app.domain.identity.models import SetupToken, User, uuid7, wall
from app.lib.signing import digest, new_token

LOCALES = ("ru", "en")
THEMES = ("system", "light", "dark")
_FIRST_RUN_LOCK = 4200005


async def first_run_needed(session: AsyncSession) -> bool:
    """Whether nobody has an account here yet."""
    return not await session.scalar(select(exists().select_from(User)))


async def new_setup_token(session: AsyncSession) -> str:
    """A one-time token that opens /setup; earlier ones stop working. Raises Conflict when there is an owner already."""
    if not await first_run_needed(session):
        raise Conflict(N_("Sightline has been set up already. Sign in instead."), code="set_up")
    await session.execute(text("delete from setup_token"))
    token = new_token()
    session.add(SetupToken(token_hash=digest(token)))
    await session.flush()
    return token


async def setup_token_holds(session: AsyncSession, token: str) -> bool:
    """Whether this token still opens /setup."""
    row = await session.get(SetupToken, digest(token))
    return row is not None and row.used_at is None and await first_run_needed(session)


async def setup(
    session: AsyncSession,
    token: str,
    *,
    email: str,
    name: str,
    password: str,
    workspace: str,
    timezone: str = "UTC",
    locale: str = "",
    address: str = "",
) -> User:
    """Make the first person (superuser) and their workspace. Raises Forbidden for a bad token, Invalid per field.

    The transaction is in the new workspace afterwards.
    """
    await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_RUN_LOCK})
    if not await setup_token_holds(session, token):
        raise Forbidden(N_("This link has been used or is not the latest one. Run `sightline setup` for a new one."))
    check = workspaces.checked_name(workspace) | _timezone(timezone)
    user = await create(session, email=email, name=name, password=password, locale=locale, superuser=True, also=check)
    await session.execute(
        update(SetupToken).where(SetupToken.token_hash == digest(token)).values(used_at=func.clock_timestamp())
    )
    await audit.record(session, Actor("user", user.id, address), "setup", object_kind="user", object_id=user.id)
    await workspaces.create(session, Actor("user", user.id, address), user.id, name=workspace, timezone=timezone)
    return user


async def ensure_admin(session: AsyncSession, *, email: str, name: str, password: str, timezone: str = "UTC") -> bool:
    """Make the first owner from the environment, if there is nobody yet. Returns whether it did."""
    await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_RUN_LOCK})
    if not await first_run_needed(session):
        return False
    user = await create(session, email=email, name=name, password=password, locale="", superuser=True)
    await audit.record(session, SYSTEM, "setup", object_kind="user", object_id=user.id)
    await workspaces.create(session, SYSTEM, user.id, name=name, timezone=timezone)
    return True


async def register(
    session: AsyncSession, *, email: str, name: str, password: str, workspace: str, timezone: str = "UTC", address: str
) -> User:
    """A new person with a workspace of their own. The door checks that registration is switched on.

    The transaction is in the new workspace afterwards.
    """
    check = workspaces.checked_name(workspace) | _timezone(timezone)
    user = await create(session, email=email, name=name, password=password, locale="", superuser=False, also=check)
    actor = Actor("user", user.id, address)
    await audit.record(session, actor, "registered", object_kind="user", object_id=user.id)
    await workspaces.create(session, actor, user.id, name=workspace, timezone=timezone)
    return user


async def create(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    password: str,
    locale: str,
    superuser: bool,
    also: dict[str, FieldError] | None = None,
) -> User:
    """A new person, without a workspace. also: what else is wrong with the form. Raises Invalid."""
    email, name = email.strip().lower(), name.strip()
    errors: dict[str, FieldError] = dict(also or {}) | checked_email(email) | _name(name)
    if trouble := passwords.problem(password, email=email, name=name):
        errors["password"] = trouble
    if not errors and await session.scalar(select(exists().where(User.email == email))):
        errors["email"] = N_("Somebody with this address is here already.")
    if errors:
        raise Invalid(errors)
    user = User(
        id=uuid7(),
        email=email,
        name=name,
        password_hash=await passwords.hashed(password),
        locale=locale if locale in LOCALES else "",
        is_superuser=superuser,
    )
    session.add(user)
    await session.flush()
    return user


async def get(session: AsyncSession, user_id: UUID) -> User:
    return await session.get_one(User, user_id)


async def update_profile(
    session: AsyncSession, user_id: UUID, *, name: str, locale: str, timezone: str | None, theme: str
) -> None:
    """Change one's own name, language ("" follows the browser), time zone (null: the workspace's) and theme."""
    name = name.strip()
    errors = _name(name) | (_timezone(timezone) if timezone else {})
    if locale and locale not in LOCALES:
        errors["locale"] = N_("This language is not offered.")
    if theme not in THEMES:
        errors["theme"] = N_("Choose one of the themes.")
    if errors:
        raise Invalid(errors)
    await session.execute(
        update(User).where(User.id == user_id).values(name=name, locale=locale, timezone=timezone or None, theme=theme)
    )


async def set_locale(session: AsyncSession, user_id: UUID, locale: str) -> None:
    """Remember the language somebody chose."""
    if locale not in LOCALES:
        raise Invalid({"locale": N_("This language is not offered.")})
    await session.execute(update(User).where(User.id == user_id).values(locale=locale))


async def change_password(
    session: AsyncSession, actor: Actor, user_id: UUID, session_id: UUID, *, current: str, new: str
) -> str:
    """Change one's own password: other sign-ins end, this one gets a new cookie token, which is returned."""
    user = await session.get_one(User, user_id)
    if not await passwords.matches(user.password_hash, current):
        raise Invalid({"current": N_("This is not your current password.")})
    if trouble := passwords.problem(new, email=user.email, name=user.name):
        raise Invalid({"new": trouble})
    user.password_hash, user.password_changed_at = await passwords.hashed(new), wall()
    await session.flush()
    await sessions.revoke_all(session, user_id, but=session_id)
    token = await sessions.rotate(session, session_id)
    await audit.record(session, actor, "password.changed", object_kind="user", object_id=user_id)
    return token


def checked_email(email: str) -> dict[str, FieldError]:
    """What is wrong with an e-mail address (in lower case), under "email"; empty when nothing is."""
    local, at, domain = email.partition("@")
    sound = local and at and domain and "@" not in domain and not any(c.isspace() for c in email)
    return {} if sound and len(email) <= 254 else {"email": N_("This is not an e-mail address.")}


def _name(name: str) -> dict[str, FieldError]:
    return {} if 0 < len(name) <= 100 else {"name": N_("Give a name of at most 100 characters.")}


def _timezone(timezone: str) -> dict[str, FieldError]:
    return {} if timezone in available_timezones() else {"timezone": N_("Choose a time zone from the list.")}
