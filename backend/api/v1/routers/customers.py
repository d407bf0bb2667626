"""Customers: create, read, change, list, search, and their answers about marketing email."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Response

from backend.api.v1.call import ID, Call, CallOf, Cursor, Limit, SeenVersion, etag
from backend.api.v1.models.common import Page
from backend.api.v1.models.customers import (
    ConsentIn,
    ConsentProofOut,
    CustomerChange,
    CustomerIn,
    CustomerListed,
    CustomerOut,
    ErasureOut,
    MergeIn,
    MergeOut,
)
from backend.api.v1.route import needs, router_of
from backend.domain.api_keys import Scope
from backend.domain.customers import Customer
from backend.services.api.intake import added
from backend.services.customer_data import erasure, merge
from backend.services.customer_data.export import customer_data
from backend.services.customers import customers
from backend.services.customers.lists import CustomerFilter, Sort, list_customers

router = router_of("Customers")
Id = Annotated[str, Path(max_length=20, pattern=ID, examples=["7K2MQ9XA4B"])]
MARIA = {"name": "Maria Lopez", "email": "maria@example.com", "country": "ES", "city": "Sevilla", "tags": ["tea"]}


DATA = {
    "shop": "Tea house",
    "exported_at": "2026-11-26T12:00:00Z",
    "currency": "USD",
    "customer": {"id": "7K2MQ9XA4B", "name": "Maria Lopez", "email": "maria@example.com", "country": "ES"},
    "addresses": {},
    "preferences": {},
    "consent": [],
    "activity": [],
    "orders": [],
    "emails": [],
    "suppression": {},
}


@router.post("", status_code=201, **needs(Scope.CUSTOMERS_WRITE, example=MARIA))
def create_customer(call: CallOf, body: CustomerIn, response: Response) -> CustomerOut:
    """Add a customer. An email address has one customer: the problem of a second one names the first."""
    return _shown(call, added(call.shop, call.actor, body.profile, call.unique), response)


@router.get("", **needs(Scope.CUSTOMERS_READ))
def find_customers(
    call: CallOf,
    search: Annotated[str, Query(max_length=200, description="Beginnings of words of name or address.")] = "",
    tag: Annotated[str, Query(max_length=100)] = "",
    country: Annotated[str, Query(pattern="^([A-Z]{2})?$")] = "",
    sort: Sort = Sort.NEWEST,
    archived: bool = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[CustomerListed]:
    """List or search customers. By revenue or orders, only those who have ordered are listed."""
    wanted = CustomerFilter(search, tag, country, sort, archived)
    found = list_customers(call.shop, wanted, limit=limit, cursor=call.unsealed(cursor))
    data = [CustomerListed.of(each, call.shop.currency) for each in found.customers]
    return Page(data=data, next_cursor=call.sealed(found.cursor), note=found.note)


@router.get("/{customer_id}", **needs(Scope.CUSTOMERS_READ))
def read_customer(call: CallOf, customer_id: Id, response: Response) -> CustomerOut:
    """Read a customer. The ETag names the version, which a change sends back as If-Match."""
    return _shown(call, customers.get_customer(call.shop, customer_id), response)


@router.patch(
    "/{customer_id}", **needs(Scope.CUSTOMERS_WRITE, example={"city": "Madrid", "tags": ["tea", "wholesale"]})
)
def change_customer(
    call: CallOf, customer_id: Id, version: SeenVersion, body: CustomerChange, response: Response
) -> CustomerOut:
    """Change a customer in the version that you have read. What is left out stays."""
    before = customers.get_customer(call.shop, customer_id)
    changed = customers.edit_customer(call.shop, call.actor, customer_id, version, body.profile_of(before))
    return _shown(call, changed, response)


@router.put(
    "/{customer_id}/consent",
    **needs(
        Scope.CUSTOMERS_WRITE,
        example={
            "given": True,
            "text": "Send me news about tea.",
            "origin": "Checkout",
            "method": "checkout",
            "ip": "192.0.2.7",
        },
    ),
)
def record_consent(call: CallOf, customer_id: Id, body: ConsentIn, response: Response) -> CustomerOut:
    """Record a customer's own answer about marketing email with its proof.

    The same answer again changes nothing, nor does one that is older than what is known."""
    proof = body.proof(call.shop.clock())
    return _shown(call, customers.record_consent(call.shop, call.actor, customer_id, proof), response)


@router.get("/{customer_id}/consent", **needs(Scope.CUSTOMERS_READ))
def read_consent(call: CallOf, customer_id: Id) -> Page[ConsentProofOut]:
    """Read what is known of a customer's answers, the newest first."""
    customers.get_customer(call.shop, customer_id)
    return Page(data=[ConsentProofOut.of(each) for each in customers.consent_history(call.shop, customer_id)])


@router.get(
    "/{customer_id}/data",
    responses={200: {"content": {"application/json": {"example": DATA}}}},
    **needs(Scope.CUSTOMERS_READ),
)
def export_data(call: CallOf, customer_id: Id) -> dict[str, Any]:
    """Export all that is kept about a customer; the audit log notes it. Needs orders:read and messages:read too."""
    return customer_data(call.shop, call.actor, customer_id)


@router.get("/{customer_id}/erasure", **needs(Scope.CUSTOMERS_READ))
def preview_erasure(call: CallOf, customer_id: Id) -> ErasureOut:
    """Show what an erasure would remove and what would stay, or how far it is."""
    found = erasure.find_erasure(call.shop, customer_id)
    return ErasureOut.of(found or erasure.preview_erasure(call.shop, call.actor, customer_id))


@router.post("/{customer_id}/erasure", status_code=202, **needs(Scope.CUSTOMERS_ERASE))
def erase_customer(call: CallOf, customer_id: Id) -> ErasureOut:
    """Remove everything personal of a customer for good. A worker removes what is left within minutes."""
    return ErasureOut.of(erasure.erase_customer(call.shop, call.actor, customer_id))


@router.get("/{customer_id}/merge", **needs(Scope.CUSTOMERS_READ))
def preview_merge(
    call: CallOf, customer_id: Id, other: Annotated[str, Query(max_length=20, pattern=ID, examples=["9XB4C7K2MQ"])]
) -> MergeOut:
    """Show what a merge with another customer would move to this one, or how far it is."""
    found = merge.find_merge(call.shop, other)
    is_known = found is not None and found.kept == customer_id
    return MergeOut.of(found if found and is_known else merge.preview_merge(call.shop, call.actor, customer_id, other))


@router.post(
    "/{customer_id}/merge",
    status_code=202,
    **needs(Scope.CUSTOMERS_ERASE, example={"customer_id": "9XB4C7K2MQ"}),
)
def merge_customers(call: CallOf, customer_id: Id, body: MergeIn) -> MergeOut:
    """Merge another customer into this one. From now on the other's id means this one; a worker moves the rest."""
    two = body.two_accounts
    return MergeOut.of(merge.begin_merge(call.shop, call.actor, customer_id, body.customer_id, two_accounts=two))


def _shown(call: Call, customer: Customer, response: Response) -> CustomerOut:
    response.headers.update(etag(customer.version))
    return CustomerOut.of(customer, call.shop.currency)
