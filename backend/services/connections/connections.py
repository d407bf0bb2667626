"""The connections to shops: adding, entering and rotating their secrets, removing; and how each of them is."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from backend.domain.connections import (
    SECRET_OVERLAP,
    SILENT_AFTER,
    Connection,
    ConnectionFigures,
    OrderComparison,
    PrivacyRequest,
    Secret,
    ShopKind,
)
from backend.domain.ids import new_customer_id
from backend.domain.team import Actor, Permission
from backend.domain.time import to_text
from backend.errors import AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError
from backend.records.connections import (
    comparison_from,
    comparison_item,
    connection_figures_from,
    connection_from,
    connection_item,
    privacy_from,
)
from backend.sealed_text import seal, unseal
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import read_one, readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Delete, Equals, Exists, Put, Query, Update, pages_of

MOST_CONNECTIONS = 50
SHORTEST_SECRET, LONGEST_SECRET = 16, 200
_PURPOSE = "connection secret"
_OF_TOKENS = "connection token"
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
_TROUBLE_FOR = timedelta(days=1)
LONGEST_LOOK_BACK = timedelta(days=60)
"""How far back Shopify shows orders to a token that may not read all of them."""


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection as people see it. `trouble` says what is wrong, or ""."""

    connection: Connection
    figures: ConnectionFigures
    waiting: int
    failed: int
    trouble: str
    comparison: OrderComparison | None = None


def list_connections(shop: Shop, actor: Actor) -> list[ConnectionView]:
    """All connections, the oldest first.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    waiting = _waiting(shop)
    return [_view(shop, connection, waiting[connection.id]) for connection in all_connections(shop)]


def all_connections(shop: Shop) -> list[Connection]:
    query = Query(schema.SHOP, schema.CONNECTIONS, consistent=True)
    with access_pattern("connections"):
        found = [*readable(shop, pages_of(shop.store, query), connection_from)]
    return sorted(found, key=lambda connection: connection.created_at)


def get_connection(shop: Shop, connection_id: str) -> Connection:
    """Raises: `NotFoundError`."""
    found = connection_or_none(shop, connection_id)
    if found is None:
        raise NotFoundError("This connection does not exist.")
    return found


def connection_or_none(shop: Shop, connection_id: str) -> Connection | None:
    if not re.fullmatch(r"[0-9A-Z]{10}", connection_id):
        return None
    key = schema.connection_key(connection_id)
    item = shop.store.get(key)
    return None if item is None else connection_from(key, item)


def add_connection(shop: Shop, actor: Actor, key: bytes, kind: ShopKind, domain: str, secret: str = "") -> Connection:
    """A new connection. Without a secret it accepts nothing until one is entered (`set_secret`).

    Raises: `PermissionDeniedError`, `InvalidInputError` (a domain that is none, a secret that is too short).
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    others = all_connections(shop)
    if len(others) >= MOST_CONNECTIONS:
        raise InvalidInputError(f"{MOST_CONNECTIONS} connections are possible. Remove one first.")
    name = clean_domain(domain)
    if any(each.domain == name and each.kind is kind for each in others):
        raise InvalidInputError(f"{name} is connected already.", "domain")
    now = shop.clock()
    connection = Connection(
        id=new_customer_id(),
        kind=kind,
        domain=name,
        source=_source(kind, others),
        created_at=now,
        created_by=actor.username,
        secrets=(_sealed(shop, key, secret),) if secret else (),
    )
    exists = AlreadyExistsError("This connection exists already.")
    put = Put(schema.connection_key(connection.id), connection_item(connection), Absent(), exists)
    noted = audit_log.entry(shop, actor, "connected a shop", f"connection:{connection.id}", f"{kind.label} {name}")
    shop.store.transact([put, noted])
    return connection


def set_secret(shop: Shop, actor: Actor, key: bytes, connection_id: str, secret: str) -> Connection:
    """Enters a secret. The one before stays valid for two days, so that no webhook is refused meanwhile.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError`, `ConflictError`.
    """

    def changed(connection: Connection) -> Connection:
        fresh, ends = _sealed(shop, key, secret), shop.clock() + SECRET_OVERLAP
        before = tuple(replace(each, until=ends) for each in connection.secrets[:1])
        return replace(connection, secrets=(fresh, *before))

    return _change(shop, actor, connection_id, "changed the secret of a connection", changed)


def end_old_secret(shop: Shop, actor: Actor, connection_id: str) -> Connection:
    """Ends the overlap at once, when the secret before has become known to others.

    Raises: as `set_secret`.
    """
    return _change(
        shop,
        actor,
        connection_id,
        "ended the old secret of a connection",
        lambda connection: replace(connection, secrets=connection.secrets[:1]),
    )


def set_token(shop: Shop, actor: Actor, key: bytes, connection_id: str, token: str) -> Connection:
    """Enters a token of the shop's own API, by which its orders are compared every night, the first time now.

    WooCommerce's is the consumer key and the consumer secret with a colon between. "" removes it.

    Raises: as `set_secret`.
    """
    bare, now = token.strip(), shop.clock()

    def changed(connection: Connection) -> Connection:
        if connection.kind is ShopKind.WOOCOMMERCE and bare and not re.fullmatch("ck_[^:]+:cs_[^:]+", bare):
            raise InvalidInputError("Enter the consumer key (ck_…) and the consumer secret (cs_…).", "token")
        return replace(connection, token=_sealed(shop, key, bare, _OF_TOKENS) if bare else None)

    action = "entered an API token of a connection" if bare else "removed the API token of a connection"
    after = _change(shop, actor, connection_id, action, changed)
    place = schema.comparison_key(connection_id)
    if bare and shop.store.get(place) is None:
        begun = OrderComparison(since=max(after.created_at, now - LONGEST_LOOK_BACK), due_at=now)
        shop.store.put(Put(place, {**comparison_item(begun), "version": 0}))
    elif bare:
        shop.store.update(Update(place, set={"due_at": to_text(now)}, remove=["trouble"]))
    return after


def open_token(key: bytes, connection: Connection) -> str | None:
    """The token; None without one, or when the installation's key is another one than when it was entered."""
    return unseal(key, _OF_TOKENS, connection.token.sealed) if connection.token else None


def new_secret() -> str:
    """A secret to be entered at the shop."""
    return secrets.token_urlsafe(32)


def remove_connection(shop: Shop, actor: Actor, connection_id: str) -> None:
    """Removes a connection; its orders stay. What it still has to apply is not applied any more.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = get_connection(shop, connection_id)
    gone = NotFoundError("This connection does not exist any more.")
    said = f"{connection.kind.label} {connection.domain}"
    noted = audit_log.entry(shop, actor, "removed a connection", f"connection:{connection_id}", said)
    compared = Delete(schema.comparison_key(connection_id))
    shop.store.transact([Delete(schema.connection_key(connection_id), Exists(), gone), compared, noted])


def open_secret(key: bytes, secret: Secret) -> str | None:
    """The secret; None when the installation's key is another one than when it was entered."""
    return unseal(key, _PURPOSE, secret.sealed)


def address_of(public_url: str, connection: Connection) -> str:
    """Where the shop sends its webhooks."""
    return f"{public_url}/api/hooks/{connection.kind.value}/{connection.id}"


def clean_domain(domain: str) -> str:
    """The name of the shop's host, such as "my-shop.myshopify.com".

    Raises: `InvalidInputError`.
    """
    bare = re.sub(r"^https?://", "", domain.strip().lower()).split("/")[0].removesuffix(".")
    if not _DOMAIN.fullmatch(bare):
        raise InvalidInputError("Enter the shop's domain, such as my-shop.myshopify.com.", "domain")
    return bare


def view_of(shop: Shop, connection: Connection) -> ConnectionView:
    return _view(shop, connection, _waiting(shop)[connection.id])


def _view(shop: Shop, connection: Connection, waiting: int) -> ConnectionView:
    key = schema.connection_figures_key(connection.id)
    figures = read_one(shop, key, connection_figures_from) or ConnectionFigures()
    compared = read_one(shop, schema.comparison_key(connection.id), comparison_from) if connection.token else None
    failed = count_failed(shop, connection.id)
    trouble = _trouble(shop, connection, figures, failed, _missed(compared))
    return ConnectionView(connection, figures, waiting, failed, trouble, compared)


def _trouble(shop: Shop, connection: Connection, figures: ConnectionFigures, failed: int, missed: str) -> str:
    """What is wrong with a connection, as a sentence; "" when nothing is."""
    now = shop.clock()
    if not connection.secrets:
        return "No secret has been entered, so every webhook is refused."
    if failed:
        return f"{failed} webhooks could not be applied." if failed > 1 else "One webhook could not be applied."
    refused = figures.last_refused_at
    if refused is not None and now - refused < _TROUBLE_FOR and (figures.last_at is None or refused > figures.last_at):
        return "Its webhooks are refused: the secret entered here is not the one that the shop signs with."
    if missed:
        return missed
    if figures.last_at is None:
        return "It has not received a webhook yet."
    if now - figures.last_at > SILENT_AFTER:
        return f"It has received nothing for {(now - figures.last_at).days} days. Check the webhooks in the shop."
    return ""


def _missed(compared: OrderComparison | None) -> str:
    if compared is None:
        return ""
    if compared.trouble or not compared.missed or compared.until is not None:
        return compared.trouble
    many = f"{compared.missed} orders" if compared.missed > 1 else "One order"
    return f"{many} had not arrived, and came by the last comparison. Check the webhooks in the shop."


def count_failed(shop: Shop, connection_id: str) -> int:
    """How many deliveries could not be applied, 1,000 at most."""
    line = schema.failed_deliveries_line(connection_id)
    return len(shop.store.query(Query(schema.MAIL, line, index="work", limit=1000)).rows)


def _waiting(shop: Shop) -> Counter[str]:
    """How many deliveries of each connection wait, of the first thousand of each list."""
    found: Counter[str] = Counter()
    for line in schema.delivery_lines():
        rows = shop.store.query(Query(schema.MAIL, line, index="work", limit=1000)).rows
        found.update(schema.connection_of(row.key) for row in rows)
    return found


def _source(kind: ShopKind, others: list[Connection]) -> str:
    """What its orders are called: the first shop of a kind shares that with the files of its exports."""
    taken = {each.source for each in others}
    names = [kind.value, *(f"{kind.value}-{number}" for number in range(2, MOST_CONNECTIONS + 2))]
    return next(name for name in names if name not in taken)


def _sealed(shop: Shop, key: bytes, secret: str, purpose: str = _PURPOSE) -> Secret:
    bare = secret.strip()
    if not (SHORTEST_SECRET <= len(bare) <= LONGEST_SECRET and bare.isascii() and bare.isprintable()):
        raise InvalidInputError(f"The secret has {SHORTEST_SECRET} to {LONGEST_SECRET} characters.", "secret")
    return Secret(seal(key, purpose, bare), shop.clock())


def _change(
    shop: Shop, actor: Actor, connection_id: str, action: str, changed: Callable[[Connection], Connection]
) -> Connection:
    actor.require(Permission.MANAGE_CONNECTIONS)
    before = get_connection(shop, connection_id)
    after = replace(changed(before), version=before.version + 1)
    others = ConflictError("Someone else has just changed this connection.")
    put = Put(schema.connection_key(connection_id), connection_item(after), Equals("version", before.version), others)
    shop.store.transact([put, audit_log.entry(shop, actor, action, f"connection:{connection_id}")])
    return after


def privacy_requests(shop: Shop, actor: Actor) -> list[PrivacyRequest]:
    """The requests about personal data that shops have passed on, the open ones first, then the newest.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    rows = pages_of(shop.store, Query(schema.SHOP, schema.PRIVACY_REQUESTS, consistent=True))
    found = sorted(readable(shop, rows, privacy_from), key=lambda each: each.requested_at, reverse=True)
    return sorted(found, key=lambda each: each.done_at is not None)


def close_privacy_request(shop: Shop, actor: Actor, request_id: str) -> None:
    """Notes that a person has answered a request.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    done = {"done_at": to_text(shop.clock()), "done_by": actor.username}
    gone = NotFoundError("This request does not exist.")
    update = Update(schema.privacy_request_key(request_id), set=done, condition=Exists(), otherwise=gone)
    noted = audit_log.entry(shop, actor, "closed a request about personal data", f"request:{request_id}")
    shop.store.transact([update, noted])
