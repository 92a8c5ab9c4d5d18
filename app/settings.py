"""Every setting, typed, from the environment. `.env.example` lists them with their words.

The names are the ones people already use for these things (DATABASE_URL, YOUTUBE_API_KEY, ...).
Starting with a missing or weak value is refused with a message that names the variable.
"""

import base64
import ipaddress
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.lib.egress import HostLimit
from app.lib.secretfile import kept_secret

MIN_SECRET = 32
_OF_PLATFORMS = (
    "dzen_", "ensemble_", "facebook_", "google_", "instagram_", "pinterest_", "playwright_", "sandbox_consent",
    "sandbox_telegram", "telegram_", "tiktok_", "vk_", "wibes_", "youtube_",
)  # fmt: skip


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

    # What tokens, sessions and keys are sealed with, newest first; made and kept in DATA_DIR/token_keys when unset.
    token_encryption_keys: Annotated[tuple[str, ...], NoDecode] = Field((), repr=False)

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
    # Jobs mostly wait for hosts: with 8, one worker used a third of what eight slow hosts allow (bench politeness)
    worker_concurrency: int = Field(32, ge=1, le=64)

    youtube_api_key: SecretStr | None = None
    youtube_quota_user: str = ""
    youtube_detail_concurrency: int = Field(5, ge=1, le=16)
    youtube_public_pages: bool = True  # read public pages with yt-dlp where the API cannot answer
    youtube_daily_units: int = Field(10_000, ge=1)

    # Each platform's keys of the instance; without any, public pages are read where there are some.
    google_client_id: str = ""
    google_client_secret: SecretStr | None = None
    tiktok_client_key: str = ""
    tiktok_client_secret: SecretStr | None = None
    tiktok_public_pages: bool = True
    ensemble_api_token: SecretStr | None = None
    ensemble_daily_units: int = Field(1500, ge=1)
    facebook_app_id: str = ""
    facebook_app_secret: SecretStr | None = None
    facebook_graph_api_version: str = Field("v24.0", pattern=r"v\d{1,3}\.\d")
    instagram_username: str = ""
    instagram_password: SecretStr | None = None
    instagram_public_pages: bool = True
    instagram_stories_collection_enabled: bool = True
    telegram_api_id: int | None = None
    telegram_api_hash: SecretStr | None = None
    telegram_public_pages: bool = True
    vk_access_token: SecretStr | None = None
    dzen_public_pages: bool = True
    wibes_public_pages: bool = True
    pinterest_app_id: str = ""
    pinterest_app_secret: SecretStr | None = None
    pinterest_public_pages: bool = True
    playwright_headless: bool = True
    playwright_timeout: float = Field(30.0, gt=0, le=300)  # seconds for one page

    # Requests at a time and seconds between two of them, by host: "dzen.ru=1/2,*.vk.com=3/0.4".
    host_pace: Annotated[dict[str, HostLimit], NoDecode] = {}
    dzen_request_delay: float = Field(2.0, ge=0, le=600)  # seconds between two requests to Dzen, and to Wibes

    # Where client libraries' traffic ends up: unset, the public Internet; the sandbox's proxy in demo and tests.
    sandbox_proxy: str = ""
    sandbox_ca: Path | None = None
    sandbox_clock: Path | None = None
    sandbox_control: str = ""
    sandbox_consent: str = ""  # where the sandbox serves the providers' consent pages over plain HTTP
    sandbox_telegram: Path | None = None  # the public key of the sandbox's Telegram, a PEM file
    sandbox_token: SecretStr = SecretStr("")

    @field_validator("trusted_proxies", "allowed_origins", "token_encryption_keys", mode="before")
    @classmethod
    def _commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("token_encryption_keys")
    @classmethod
    def _fernet_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for key in value:
            try:
                sound = len(base64.urlsafe_b64decode(key)) == 32
            except ValueError:
                sound = False
            if not sound:
                raise ValueError("each must be 32 random bytes in URL-safe base64; `sightline keys new` prints one")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one, strict=False)
            except ValueError:
                raise ValueError(f"{one!r} is no address or network, such as 127.0.0.1 or 10.0.0.0/8") from None
        return value

    @field_validator("host_pace", mode="before")
    @classmethod
    def _paces(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        paces = {}
        for part in filter(None, (part.strip() for part in value.split(","))):
            match = re.fullmatch(r"((?:\*\.)?[a-z0-9.-]+)=(\d{1,3})/(\d{1,4}(?:\.\d+)?)", part)
            if match is None or not int(match[2]):
                raise ValueError(f"{part!r} is not HOST=REQUESTS/SECONDS, such as dzen.ru=1/2")
            paces[match[1]] = HostLimit(concurrency=int(match[2]), min_delay=float(match[3]))
        return paces

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
            played = (self.sandbox_proxy, self.sandbox_clock, self.sandbox_control, self.sandbox_consent)
            if any(played) or self.sandbox_telegram:
                raise ValueError("SANDBOX_* settings are refused in production: the sandbox is not the Internet")
            url = urlsplit(self.public_url)
            if url.scheme != "https" and url.hostname not in ("127.0.0.1", "localhost", "::1"):
                raise ValueError("PUBLIC_URL must be https:// in production (plain HTTP only on loopback)")
        return self

    @property
    def host_limits(self) -> dict[str, HostLimit]:
        """How quickly each host may be asked; HOST_PACE has the last word."""
        slow = HostLimit(concurrency=1, min_delay=self.dzen_request_delay)
        return {
            **dict.fromkeys(("dzen.ru", "*.dzen.ru", "wibes.ru", "*.wibes.ru"), slow),
            "api.vk.com": HostLimit(concurrency=2, min_delay=0.34),  # three a second is what VK allows
            "www.pinterest.com": HostLimit(concurrency=1, min_delay=1.0),
            **self.host_pace,
        }

    def of_platforms(self) -> dict[str, str]:
        """What platforms are given: each of their settings that has a value, as text, by its name in lower case."""
        named = {name: getattr(self, name) for name in type(self).model_fields if name.startswith(_OF_PLATFORMS)}
        plain = {name: v.get_secret_value() if isinstance(v, SecretStr) else v for name, v in named.items()}
        return {name: str(value) for name, value in plain.items() if value not in (None, "")}

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
