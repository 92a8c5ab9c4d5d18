"""Every setting, typed, from the environment. `.env.example` lists them with their words.

The names are the ones people already use for these things (DATABASE_URL, YOUTUBE_API_KEY, ...).
Starting with a missing or weak value is refused with a message that names the variable.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.lib.secretfile import kept_secret

MIN_SECRET = 32


class SettingsError(SystemExit):
    """The environment does not make a runnable configuration; the text says which value and why."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    environment: Literal["development", "production", "demo", "test"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = ""  # where browsers reach us; default http://HOST:PORT
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    data_dir: Path = Path("var")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Sessions, CSRF, JWT; made and kept in DATA_DIR when unset outside production.
    secret_key: SecretStr = SecretStr("")

    # No DATABASE_URL: the embedded PostgreSQL under DATA_DIR.
    database_url: SecretStr | None = None  # the runtime role: sightline_app
    database_owner_url: SecretStr | None = None  # the owner of the tables, for migrations: sightline_owner
    database_admin_url: SecretStr | None = None  # may create roles and the database; only `sightline db init` reads it
    database_pool: int = Field(10, ge=2, le=200)
    redis_url: SecretStr | None = None  # none: the queue and the limits are tables in PostgreSQL

    # What `sightline run` and `demo` tell the processes they start; not for people, and not in .env.example.
    embedded_url: SecretStr | None = None  # the runtime role at the embedded database
    embedded_owner_url: SecretStr | None = None
    embedded_admin_url: SecretStr | None = None
    listen_fd: int | None = None  # the socket that is already bound to HOST:PORT

    admin_email: str = ""
    admin_password: SecretStr | None = None
    admin_name: str = "Admin"
    registration: bool = False
    max_requests_per_minute: int = Field(60, ge=1)

    max_posts_per_account: int = Field(50, ge=1, le=500)
    collect_interval_hours: float = Field(6, gt=0, le=168)
    enable_scheduler: bool = True
    nightly_hour: int = Field(3, ge=0, le=23)
    worker_concurrency: int = Field(8, ge=1, le=64)

    youtube_api_key: SecretStr | None = None
    youtube_quota_user: str = ""
    youtube_detail_concurrency: int = Field(5, ge=1, le=16)
    youtube_public_pages: bool = True  # read public pages with yt-dlp where the API cannot answer
    youtube_daily_units: int = Field(10_000, ge=1)

    # Where client libraries' traffic ends up: unset, the public Internet; the sandbox's proxy in demo and tests.
    sandbox_proxy: str = ""
    sandbox_ca: Path | None = None
    sandbox_clock: Path | None = None
    sandbox_control: str = ""
    sandbox_token: SecretStr = SecretStr("")

    @field_validator("trusted_proxies", "allowed_origins", mode="before")
    @classmethod
    def _commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _sound(self) -> "Settings":
        if not self.public_url:
            self.public_url = f"http://{self.host}:{self.port}"
        self.public_url = self.public_url.rstrip("/")
        key = self.secret_key.get_secret_value()
        if key and len(key) < MIN_SECRET:
            raise ValueError(f"SECRET_KEY must have at least {MIN_SECRET} characters")
        if (self.database_url is None) != (self.redis_url is None):
            raise ValueError("DATABASE_URL and REDIS_URL go together: set both, or neither for the embedded database")
        if self.environment == "production":
            if not key:
                raise ValueError("SECRET_KEY is required in production")
            if self.sandbox_proxy or self.sandbox_clock or self.sandbox_control:
                raise ValueError("SANDBOX_* settings are refused in production: the sandbox is not the Internet")
            url = urlsplit(self.public_url)
            if url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
                raise ValueError("PUBLIC_URL must be https:// in production (plain HTTP only on loopback)")
        return self

    @property
    def embedded(self) -> bool:
        """The shape: one database of our own for everything, or PostgreSQL and Redis."""
        return self.database_url is None

    @property
    def runtime_url(self) -> str:
        """The database as the application's role. Exits when nothing runs it: an embedded one needs `sightline run`."""
        return _needed(self.database_url or self.embedded_url, "DATABASE_URL")

    @property
    def owner_url(self) -> str:
        """The database as the tables' owner, for migrations."""
        return _needed(self.database_owner_url or self.embedded_owner_url, "DATABASE_OWNER_URL")

    @property
    def admin_url(self) -> str:
        """The database server as someone who may create roles and databases."""
        return _needed(self.database_admin_url or self.embedded_admin_url, "DATABASE_ADMIN_URL")

    @cached_property
    def secret(self) -> str:
        """SECRET_KEY; outside production, when unset, one made at the first start and kept in DATA_DIR/secret_key."""
        return self.secret_key.get_secret_value() or kept_secret(self.var / "secret_key")

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over TLS: cookie names and flags follow it."""
        return self.public_url.startswith("https://")

    @property
    def sandboxed(self) -> bool:
        return bool(self.sandbox_control)

    @cached_property
    def var(self) -> Path:
        return self.data_dir.resolve()


def _needed(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise SettingsError(
            f"{name} is not set. `sightline run` brings a database of its own; other commands need DATABASE_URL "
            "and REDIS_URL, migrations also DATABASE_OWNER_URL, and `sightline db init` also DATABASE_ADMIN_URL."
        )
    return value.get_secret_value()


def load(**overrides: object) -> Settings:
    """Read the environment, and the file ENV_FILE (".env" when unset, none when empty).

    Exits with the variable's name and what to do when a value is unfit.
    """
    overrides.setdefault("_env_file", os.environ.get("ENV_FILE", ".env") or None)
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {message}" if name else message)
        raise SettingsError("Sightline cannot start with these settings:\n  " + "\n  ".join(lines)) from None
