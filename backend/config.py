"""Settings, read once from the environment or `.env`. `.env.example` explains each; a test holds the two together."""

from __future__ import annotations

import re
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale, UnknownLocaleError
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.domain.api_keys import PUBLIC_KEY_ALGORITHMS
from backend.domain.customers import clean_email
from backend.domain.eligibility import MarketingLimits
from backend.domain.money import decimals_of
from backend.domain.team import Role
from backend.errors import ConfigurationError, InvalidInputError


class Settings(BaseSettings):
    """Everything that an installation may decide. Names in the environment are the same in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    store_url: str = Field("sqlite:///var/tillpost.db", repr=False, description="Where the data lives.")
    store_create: bool = Field(True, description="Create missing tables at the start; otherwise only check them.")
    data_dir: Path = Field(Path("var"), description="Folder for secrets, uploads and reports.")
    host: str = Field("127.0.0.1", description="Address that the server listens on.")
    port: int = Field(8501, ge=1, le=65535, description="Port that the server listens on.")
    shutdown_seconds: float = Field(
        25.0,
        ge=5,
        le=600,
        description="Seconds in which a process ends after SIGTERM.",
    )
    drain_seconds: float = Field(
        0.0, ge=0, le=120, description="Seconds of those in which the server still answers, but is not ready."
    )
    shop_name: str = Field("My shop", description="Name of the shop, as people see it.")
    shop_currency: str = Field("USD", description="The one currency that the shop reports in (ISO 4217).")
    shop_timezone: str = Field("UTC", description="Time zone whose days the figures use (IANA name).")
    shop_locale: str = Field("en_US", description="How numbers and dates are written (CLDR name).")
    log_format: Literal["auto", "human", "json"] = Field("auto", description="auto: human on a terminal, else json.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level to log.")
    auth_mode: Literal["password", "oidc"] = Field("password", description="How team members sign in.")
    session_days: float = Field(7.0, gt=0, le=90, description="Days after which a sign-in ends by itself.")
    session_idle_hours: float = Field(
        0.0, ge=0, le=2160, description="Hours without use after which a sign-in ends; 0 is never."
    )
    second_factor: Literal["optional", "admins", "everyone"] = Field(
        "optional", description="Who must have a second factor, where members sign in by password."
    )
    cookie_key: SecretStr = Field(
        SecretStr(""), description="Key that signs sign-in cookies; without it, one is made in DATA_DIR/secrets.json."
    )
    cookie_key_previous: SecretStr = Field(
        SecretStr(""), description="The key before COOKIE_KEY, during a rotation: what it has signed is still accepted."
    )
    backup_passphrase: SecretStr = Field(SecretStr(""), description="Encrypts backups; empty leaves them readable.")
    backup_to: str = Field(
        "", description="Where backups are made by themselves: a folder, or s3://BUCKET/PREFIX; empty makes none."
    )
    backup_hours: int = Field(24, ge=1, le=720, description="Hours between two such backups.")
    backup_keep_daily: int = Field(7, ge=1, le=366, description="Days of which the last backup is kept.")
    backup_keep_weekly: int = Field(4, ge=0, le=520, description="Weeks of which the last backup is kept.")
    backup_drill_days: int = Field(7, ge=0, le=366, description="Days between two drills of restoring; 0 is never.")
    trusted_proxies: str = Field(
        "", description="Addresses or networks of reverse proxies whose X-Forwarded-For is believed, comma-separated."
    )
    oidc_client_id: str = Field("", description="OpenID Connect: client id.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="OpenID Connect: client secret.")
    oidc_metadata_url: str = Field("", description="OpenID Connect: the provider's discovery document.")
    oidc_redirect_uri: str = Field("", description="OpenID Connect: this server's address with /oauth2callback.")
    mail_transport: Literal["local", "ses"] = Field(
        "local", description="Where emails go: a folder on this machine, or SES."
    )
    staging: bool = Field(
        False, description="This is a copy for trying things: it writes to STAGING_RECIPIENTS alone, subjects marked."
    )
    staging_recipients: str = Field(
        "", description="Whom staging may write to: addresses, or domains such as @example.com, comma-separated."
    )
    mail_rate: int = Field(0, ge=0, le=100_000, description="Most emails a second; 0 is what the transport allows.")
    mail_daily_quota: int = Field(0, ge=-1, description="Most emails in 24 hours; 0 is SES's own, -1 is no limit.")
    mail_transactional_share: float = Field(
        0.1, ge=0, lt=1, description="Share of the daily quota that marketing mail must leave to other mail."
    )
    ses_configuration_set_transactional: str = Field("", description="SES: configuration set of transactional mail.")
    ses_configuration_set_marketing: str = Field("", description="SES: configuration set of marketing mail.")
    ses_events_queue_url: str = Field("", description="SES: URL of the SQS queue to which events are published.")
    ses_events_topics: str = Field(
        "", description="SES: ARNs of SNS topics that may call the webhook, comma-separated."
    )
    soft_bounce_limit: int = Field(5, ge=0, description="Soft bounces in 30 days that suppress an address; 0 is never.")

    mail_sender: str = Field("shop@example.com", description="Sender for a shop that has set none of its own.")
    public_url: str = Field("http://localhost:8501", description="Where customers reach this server, for links.")
    allowed_hosts: str = Field(
        "", description="Further host names that this server answers to, comma-separated; *.example.com is all below."
    )
    security_contact: str = Field(
        "", description="Where weaknesses are reported, for security.txt: mailto:… or https://…; none without it."
    )
    api_origins: str = Field(
        "", description="Origins whose pages may use the HTTP API (CORS), comma-separated; none without it."
    )
    api_requests: int = Field(
        1000, ge=20, le=1_000_000, description="Requests that an API key may make in ten seconds."
    )
    api_token_issuer: str = Field(
        "", description="Issuer of access tokens (JWT) that the HTTP API takes beside keys; none without it."
    )
    api_token_audience: str = Field("", description="Access tokens: the audience that they must be for.")
    api_token_keys_url: str = Field(
        "", description="Access tokens: the provider's keys (JWKS); without it, its OpenID metadata name them."
    )
    api_token_algorithms: str = Field("RS256", description="Access tokens: algorithms allowed, comma-separated.")
    api_token_role_claim: str = Field("roles", description="Access tokens: the claim with the roles; dots go deeper.")
    api_token_roles: str = Field(
        "", description="Access tokens: the provider's roles and ours, such as shop-admins=admin,support=staff."
    )
    api_token_private: bool = Field(
        False, description="Access tokens: the provider is in your own network, perhaps without https."
    )
    uploads_mb: int = Field(
        1200, ge=1, description="Megabytes of uploaded files that a server process holds at most, of all people."
    )
    marketing_cap: int = Field(0, ge=0, description="Most marketing emails to one customer in a week; 0 is no limit.")
    quiet_hours: str = Field("", description="Hours of the shop without marketing mail, such as 21:00-08:00.")
    campaign_approval_from: int = Field(
        1000, ge=1, description="Recipients from which on a campaign needs the approval of a second person."
    )
    snapshot_minutes: int = Field(
        10, ge=0, le=1440, description="Minutes between snapshots of a store without a change feed; 0: only on request."
    )

    alert_webhook_url: SecretStr = Field(SecretStr(""), description="Where alerts are posted as JSON with a text.")
    alert_webhook_loopback: bool = Field(False, description="Allow a webhook on this machine, by http too.")
    metrics_token: SecretStr = Field(SecretStr(""), description="Bearer token for /metrics; without it, loopback only.")
    sentry_dsn: SecretStr = Field(SecretStr(""), description="Sentry: where errors are reported; empty is nowhere.")
    sentry_traces: float = Field(0.0, ge=0, le=1, description="Sentry: share of actions whose times are reported.")

    @field_validator("mail_sender")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            return clean_email(value)
        except InvalidInputError as error:
            raise ValueError("is not an email address") from error

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/]+(/[^\s]*)?", value):
            raise ValueError("is not a web address such as https://mail.example.com")
        return value.rstrip("/")

    @field_validator("security_contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if value and not re.fullmatch(r"(mailto:[^\s@]+@[^\s@]+|https://[^\s]+)", value):
            raise ValueError("is not a contact such as mailto:security@example.com or https://example.com/security")
        return value

    @field_validator("api_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for part in _listed(value):
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", part):
                raise ValueError("are not origins such as https://shop.example.com")
        return value

    @field_validator("api_token_algorithms")
    @classmethod
    def _public_keys(cls, value: str) -> str:
        if not set(_listed(value)) <= set(PUBLIC_KEY_ALGORITHMS) or not _listed(value):
            raise ValueError(f"are not among {', '.join(PUBLIC_KEY_ALGORITHMS)}")
        return value

    @field_validator("api_token_roles")
    @classmethod
    def _roles(cls, value: str) -> str:
        if any(ours not in [*Role] for _, ours in _pairs(value)):
            raise ValueError(f"are not such as shop-admins=admin,support=staff; ours are {', '.join(Role)}")
        return value

    @field_validator("quiet_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        if value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("are not hours such as 21:00-08:00")
        return value

    @property
    def marketing_limits(self) -> MarketingLimits:
        """What a customer gets of marketing mail at most, and when not."""
        start, _, end = self.quiet_hours.partition("-")
        if not start:
            return MarketingLimits(cap=self.marketing_cap)
        quiet_from, quiet_to = time.fromisoformat(start), time.fromisoformat(end)
        return MarketingLimits(cap=self.marketing_cap, quiet_from=quiet_from, quiet_to=quiet_to)

    @field_validator("shop_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a time zone such as Europe/Berlin") from error
        return value

    @field_validator("shop_currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        try:
            decimals_of(value)
        except InvalidInputError as error:
            raise ValueError(error.sentence) from error
        return value

    @field_validator("shop_locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        try:
            Locale.parse(value)
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError("is not a locale such as en_US or de_DE") from error
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in _listed(value):
            try:
                ip_network(part, strict=False)
            except ValueError as error:
                raise ValueError("is not a list of addresses or networks such as 10.0.0.0/8") from error
        return value

    @field_validator("ses_events_queue_url")
    @classmethod
    def _queue(cls, value: str) -> str:
        if value and not re.fullmatch(r"https://[^\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?/[^\s]*", value):
            raise ValueError("is not the URL of a queue such as https://sqs.eu-central-1.amazonaws.com/123456789012/x")
        return value

    @field_validator("ses_events_topics")
    @classmethod
    def _topics(cls, value: str) -> str:
        for part in _listed(value):
            if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+", part):
                raise ValueError("are not ARNs such as arn:aws:sns:eu-central-1:123456789012:tillpost-events")
        return value

    @field_validator("staging_recipients")
    @classmethod
    def _recipients(cls, value: str) -> str:
        for part in _listed(value):
            if not re.fullmatch(r"[^@\s,]*@[^@\s,]+\.[^@\s,]+", part):
                raise ValueError("are not addresses or domains such as mara@example.com,@example.com")
        return value

    @property
    def staging_allowed(self) -> tuple[str, ...]:
        """Whom a staging installation may write to."""
        return _listed(self.staging_recipients)

    @property
    def event_topics(self) -> frozenset[str]:
        """The topics of SNS that may call the webhook."""
        return frozenset(_listed(self.ses_events_topics))

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may use the HTTP API."""
        return _listed(self.api_origins)

    @property
    def token_algorithms(self) -> tuple[str, ...]:
        """With which access tokens may be signed."""
        return _listed(self.api_token_algorithms)

    @property
    def token_roles(self) -> dict[str, Role]:
        """Our role for each of the provider's; without a list, the names are the same."""
        pairs = _pairs(self.api_token_roles)
        return {theirs: Role(ours) for theirs, ours in pairs} or {role.value: role for role in Role}

    @property
    def spool_dir(self) -> Path:
        """Where the local transport leaves its events."""
        return self.data_dir / "events"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.shop_timezone)

    @property
    def outbox_dir(self) -> Path:
        """The Maildir of the local transport."""
        return self.data_dir / "outbox"


def _listed(value: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in value.split(","))))


def _pairs(value: str) -> list[tuple[str, str]]:
    """Name and value of each part such as `support=staff`."""
    return [(name.strip(), to.strip()) for name, _, to in (part.rpartition("=") for part in _listed(value))]


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment and `.env`; keyword arguments win.

    Raises: `ConfigurationError` naming each wrong setting, without its value, or saying that `.env` is unreadable.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates what the environment holds anyway
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"The settings are not valid. {wrong}") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(".env cannot be read. It must be a text file in UTF-8 that you may read.") from None
