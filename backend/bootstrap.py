"""The composition root: the only place that knows the engines and the transports by name."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from pathlib import Path

from backend.config import Settings
from backend.domain.emails import Kind
from backend.domain.time import Clock, utc_now
from backend.email.dns import DnsLookup
from backend.email.events.sources import EventSource
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.account_list import AccountList, FileAccountList
from backend.email.transports.protocol import Transport
from backend.email.transports.staging import StagingTransport
from backend.email.web import HttpWeb, Reach
from backend.errors import ConfigurationError
from backend.secret_file import cookie_key, derived
from backend.services.api_keys.tokens import TokenPolicy, Tokens
from backend.services.backup.places import FolderPlace, Place
from backend.services.backup.schedule import Schedule
from backend.services.context import Shop
from backend.services.deliverability.domain import Probe
from backend.services.sending.mailer import Mailer
from backend.services.unreadable.items import set_aside
from backend.store.meter import Meter
from backend.store.port import Store

_IDENTITY_SECONDS = 1.2
"""How long SES may take to say what it knows of a domain: a person waits."""
_AFTER_ANSWERS = 3.0
"""Seconds of the time for ending that are left for recording, when the last call to SES has reached its deadline."""
_AT_ONCE = 96
"""Emails that may wait for SES at the same time: rate times latency, those that were granted early, and calls that hang
(at 50 a second and 200 ms, 10 + 25 + 15 if one of 100 hangs for 30 s). A folder answers at once and needs one."""


def keep_files_private() -> None:
    """Files that this process and its children write from now on are for its user only: 0600, folders 0700.

    They hold customers, keys and emails.
    """
    os.umask(0o077)


def open_store(url: str, *, meter: Meter | None = None) -> Store:
    """The engine that the URL names; tables are not created.

    Raises: `ConfigurationError`.
    """
    keep_files_private()
    if url.startswith("dynamodb:"):
        from backend.store.dynamodb import DynamoStore

        return DynamoStore.open(url, meter=meter)
    from backend.store.sql import SqlStore

    return SqlStore(url, meter=meter)


def open_transport(settings: Settings, *, clock: Clock = utc_now) -> Transport:
    """The transport that the settings name; in staging it writes to listed people alone.

    Raises: `ConfigurationError`.
    """
    transport = _named_transport(settings, clock)
    return StagingTransport(transport, settings.staging_allowed) if settings.staging else transport


def _named_transport(settings: Settings, clock: Clock) -> Transport:
    if settings.mail_transport == "ses":
        from backend.email.transports.ses import SesTransport
        from backend.email.transports.ses_client import READ_SECONDS, open_client

        sets = {
            Kind.TRANSACTIONAL: settings.ses_configuration_set_transactional,
            Kind.MARKETING: settings.ses_configuration_set_marketing,
        }
        client = open_client(read_seconds=min(READ_SECONDS, settings.shutdown_seconds - _AFTER_ANSWERS))
        return SesTransport(client, sets, clock=clock)
    from backend.email.events.spool import EventSpool
    from backend.email.transports.outbox import OutboxTransport

    return OutboxTransport(settings.outbox_dir, clock=clock, events=EventSpool(settings.spool_dir))


def open_backup_schedule(settings: Settings) -> Schedule | None:
    """When and where backups are made; None where nobody said where.

    Raises: `ConfigurationError`.
    """
    if not settings.backup_to:
        return None
    return Schedule(
        place=open_backup_place(settings.backup_to),
        every=timedelta(hours=settings.backup_hours),
        daily=settings.backup_keep_daily,
        weekly=settings.backup_keep_weekly,
        drill_every=timedelta(days=settings.backup_drill_days),
        passphrase=settings.backup_passphrase.get_secret_value(),
    )


def open_backup_place(where: str) -> Place:
    """A folder, or what `s3://BUCKET/PREFIX` names.

    Raises: `ConfigurationError`.
    """
    if where.startswith("s3:"):
        from backend.backup_s3 import open_place

        return open_place(where)
    return FolderPlace(Path(where))


def open_event_sources(settings: Settings) -> list[EventSource]:
    """Where the events of the transport come from; none where only the webhook brings them.

    Raises: `ConfigurationError`.
    """
    sources: list[EventSource] = []
    if settings.mail_transport == "local":
        from backend.email.events.spool import SpoolSource

        sources.append(SpoolSource(settings.spool_dir))
    if settings.ses_events_queue_url:
        from backend.email.events.sqs import open_source

        sources.append(open_source(settings.ses_events_queue_url))
    return sources


def open_account_list(settings: Settings, *, clock: Clock = utc_now) -> AccountList:
    """The suppression list of the account; a local file for the local outbox, and for staging, which may share the
    account with production. It connects on first use.
    """
    if settings.mail_transport == "ses" and not settings.staging:
        from backend.email.transports.account_list_ses import SesAccountList, open_client

        return SesAccountList(open_client)
    return FileAccountList(settings.data_dir / "account-suppression.json", clock)


def open_mailer(settings: Settings, shop: Shop) -> Mailer:
    """What sending needs, by these settings. Nothing is connected before the first email.

    Raises: `ConfigurationError`.
    """
    transport = open_transport(settings, clock=shop.clock)
    policy = RatePolicy(settings.mail_rate, settings.mail_daily_quota, settings.mail_transactional_share)
    damaged = partial(set_aside, shop)
    return Mailer(
        transport=transport,
        window=RateWindow(shop.store, transport.name, transport.account, policy, clock=shop.clock, set_aside=damaged),
        links=open_links(settings, shop),
        sender=settings.mail_sender,
        limits=settings.marketing_limits,
        concurrency=_AT_ONCE if transport.name == "ses" else 1,
        approval_from=settings.campaign_approval_from,
    )


def open_links(settings: Settings, shop: Shop) -> Links:
    """The links that emails have.

    Raises: `ConfigurationError`.
    """
    return Links(derived(cookie_key(settings), "links in emails"), settings.public_url, shop.clock)


def open_connection_key(settings: Settings) -> bytes:
    """The key with which the secrets of connections are sealed.

    Raises: `ConfigurationError`.
    """
    return derived(cookie_key(settings), "secrets of connections")


def open_tokens(settings: Settings) -> Tokens | None:
    """The access tokens that the HTTP API takes; None where it takes API keys alone.

    Raises: `ConfigurationError`.
    """
    issuer = settings.api_token_issuer
    if not issuer:
        return None
    if not settings.api_token_audience:
        raise ConfigurationError("API_TOKEN_ISSUER needs API_TOKEN_AUDIENCE too: tokens for others are not for us.")
    policy = TokenPolicy(
        issuer,
        settings.api_token_audience,
        settings.api_token_keys_url,
        settings.oidc_metadata_url or f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        settings.token_algorithms,
        settings.api_token_role_claim,
        settings.token_roles,
        settings.api_token_private,
    )
    reach = Reach.ANYWHERE if settings.api_token_private else Reach.PUBLIC
    return Tokens(policy, HttpWeb(reach=reach, kind="The identity provider"))


def open_probe(settings: Settings, mailer: Mailer) -> Probe:
    """The services that check the sender's domain. SES is used only where mail goes out through it.

    Raises: `ConfigurationError`.
    """
    identity = None
    if settings.mail_transport == "ses":
        from backend.email.transports.ses_client import SesIdentities, open_boto3

        client = open_boto3(connect_seconds=_IDENTITY_SECONDS, read_seconds=_IDENTITY_SECONDS)
        identity = SesIdentities(client).find
    return Probe(DnsLookup, HttpWeb(), mailer.links, settings.mail_sender, identity)


def open_shop(settings: Settings, *, clock: Clock = utc_now, meter: Meter | None = None) -> Shop:
    """The shop of these settings, with its tables present.

    Raises: `ConfigurationError` when tables are missing and may not be created.
    """
    store = open_store(settings.store_url, meter=meter)
    if settings.store_create:
        store.create_tables()
    elif missing := store.missing_tables():
        raise ConfigurationError(f"The store lacks {', '.join(missing)}. Create them, or set STORE_CREATE=true once.")
    return shop_on(store, settings, clock=clock)


def shop_on(store: Store, settings: Settings, *, clock: Clock = utc_now) -> Shop:
    """A shop on a store that is open already (tests use it)."""
    return Shop(
        store=store,
        clock=clock,
        zone=settings.zone,
        currency=settings.shop_currency,
        name=settings.shop_name,
        locale=settings.shop_locale,
        data_dir=settings.data_dir,
    )
