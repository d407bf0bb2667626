"""An example of every answer, made from its schema: values by the names of fields, those of one model first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.api.v1.problems import KINDS

_ORDER_ID = "7K2MQ9XA4B-20261126120000K7Q2M9XA"
_DRAFT_ID = f"{_ORDER_ID}4T0W8ZC3N6VE1J5H"
_AT = "2026-11-26T12:00:00Z"
_REFUSED = next(kind for kind in KINDS if kind.name == "invalid")
_FIELDS: Mapping[str, Any] = {
    "id": "7K2MQ9XA4B",
    "OrderOut.id": _ORDER_ID,
    "OrderListed.id": _ORDER_ID,
    "RefundOut.id": "3f9a0c51be27",
    "FulfilmentOut.id": "a41c09e7d2b8",
    "MessageOut.id": "7K2MQ9XA4B-api-0f3c",
    "MessageListed.id": "7K2MQ9XA4B-api-0f3c",
    "SegmentOut.id": "ready-vips",
    "DraftOut.id": _DRAFT_ID,
    "DraftListed.id": _DRAFT_ID,
    "DraftOut.number": "D12",
    "DraftListed.number": "D12",
    "DraftOut.state": "open",
    "DraftListed.state": "open",
    "DraftOut.order_id": None,
    "DraftOut.payment_url": f"https://shop.example/pay/{_DRAFT_ID}",
    "customer_id": "7K2MQ9XA4B",
    "order_id": _ORDER_ID,
    "name": "Maria Lopez",
    "CampaignOut.name": "Winter teas",
    "SegmentOut.name": "VIPs",
    "customer_name": "Maria Lopez",
    "email": "maria@example.com",
    "customer_email": "maria@example.com",
    "address": "maria@example.com",
    "street": "Calle Mayor 5",
    "city": "Madrid",
    "postcode": "28013",
    "country": "ES",
    "phone": "+34911234567",
    "tags": ["wholesale"],
    "number": "WEB-1001",
    "currency": "USD",
    "status": "paid",
    "MessageOut.status": "sent",
    "MessageListed.status": "sent",
    "outcome": "delivered",
    "outcomes": {"delivered": _AT},
    "state": "running",
    "template": "order-confirmation",
    "CampaignOut.template": "newsletter",
    "CampaignOut.kind": "marketing",
    "campaign": "",
    "segment_id": "ready-vips",
    "segment_name": "VIPs",
    "rule": "",
    "SegmentOut.text": "Spent at least $500.00",
    "HistoryOut.text": "Placed as paid",
    "ConsentProof.text": "Yes, send me news about tea.",
    "by": "key:K7Q2M9XA4B",
    "ConsentOut.source": "customer",
    "CauseOut.source": "api",
    "CauseOut.reason": "manual",
    "CauseOut.note": "Asked by phone",
    "source": "api",
    "given": True,
    "ready": True,
    "title": "Assam tea, 250 g",
    "sku": "TEA-1",
    "quantity": 2,
    "unit_price": 1290,
    "subtotal": 2580,
    "shipping": 490,
    "total": 3070,
    "refundable": 3070,
    "refunds": [],
    "fulfilments": [],
    "customer": None,
    "orders": 3,
    "revenue": 9210,
    "new_customers": 1,
    "count": 128,
    "audience": 1000,
    "planned_recipients": 1000,
    "sent": 600,
    "remaining": 400,
    "delivered": 590,
    "opened": 240,
    "attempts": 1,
    "version": 1,
    "day": "2026-11-26",
    "end_at": None,
    "ended_at": None,
    "next_cursor": None,
    "EventOut.type": "Delivery",
    "link": "",
    "BatchOut.results": [
        {
            "status": 201,
            "id": _ORDER_ID,
            "number": "WEB-1001",
            "customer_id": "7K2MQ9XA4B",
            "type": None,
            "detail": None,
        },
        {
            "status": _REFUSED.status,
            "id": None,
            "number": None,
            "customer_id": None,
            "type": _REFUSED.type,
            "detail": "The discount is larger than the sum of the line items.",
        },
    ],
    "SendsOut.total": {"sent": 600, "delivered": 590, "bounced": 4},
    "SendsOut.templates": {"order-confirmation": {"sent": 600, "delivered": 590, "bounced": 4}},
}
_SIMPLE: Mapping[str, Any] = {"string": "", "integer": 0, "boolean": False, "null": None}


def example_of(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A value of the schema; `schemas` are those that it may refer to."""
    if "$ref" in schema:
        return example_of(schemas, schemas[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return example_of(schemas, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [example_of(schemas, schema["items"])]
    if schema.get("type") == "object":
        model, fields = schema.get("title", ""), schema.get("properties", {})
        return {name: _field(schemas, model, name, each) for name, each in fields.items()}
    return _AT if schema.get("format") == "date-time" else _SIMPLE[schema["type"]]


def _field(schemas: Mapping[str, Any], model: str, name: str, schema: Mapping[str, Any]) -> Any:
    for known in (f"{model}.{name}", name):
        if known in _FIELDS and not (known == name and "$ref" in schema and isinstance(_FIELDS[name], int)):
            return _FIELDS[known]
    return example_of(schemas, schema)
