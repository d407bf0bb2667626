"""Messages: ask for one email, and follow it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query, Response

from backend.api.v1.call import ID, CallOf, Cursor, First, Last, Limit, period
from backend.api.v1.models.common import Page
from backend.api.v1.models.emails import EventOut, MessageIn, MessageListed, MessageOut
from backend.api.v1.route import needs, router_of
from backend.domain.api_keys import Scope
from backend.domain.delivery import Outcome
from backend.domain.messages import ShownStatus
from backend.services.api.emails import request_email
from backend.services.events.lookup import received_events
from backend.services.sending import ledger
from backend.services.sending.message_log import LogFilter, list_messages, page_of
from backend.services.sending.requests import SendRequest

router = router_of("Messages")
Id = Annotated[str, Path(max_length=200, pattern=ID, examples=["7K2MQ9XA4B-api-0f3c"])]
_DAYS = 7
WELCOME = {"template": "welcome", "to": "maria@example.com"}


@router.post(
    "",
    status_code=202,
    responses={200: {"model": MessageOut, "description": "It was requested before."}},
    **needs(Scope.MESSAGES_WRITE, example=WELCOME),
)
def send_message(call: CallOf, body: MessageIn, response: Response) -> MessageOut:
    """Ask for one email. A worker sends it; a customer who may not get it is skipped, and `reason` says why."""
    wanted = SendRequest(
        template=body.template,
        key=f"api-{call.unique[:40]}",
        customer_id=body.customer_id,
        to=body.to,
        order_id=body.order_id.rpartition("-")[2],
        fields=body.data,
        again=body.again,
    )
    requested = request_email(call.shop, call.mailer(), call.actor, wanted)
    response.status_code = 200 if requested.duplicate else 202
    return MessageOut.of_message(requested.message)


@router.get("", **needs(Scope.MESSAGES_READ))
def find_messages(
    call: CallOf,
    first: First = None,
    last: Last = None,
    template: Annotated[str, Query(max_length=100)] = "",
    status: ShownStatus | None = None,
    outcome: Outcome | None = None,
    campaign: Annotated[str, Query(max_length=20)] = "",
    customer_id: Annotated[str, Query(max_length=20, description="All messages of one customer, of any day.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[MessageListed]:
    """List messages by the day of their request (the last week, where nothing is said), or those of a customer."""
    wanted = LogFilter(*period(call, first, last, _DAYS), template, status, outcome, campaign)
    place = call.unsealed(cursor)
    if customer_id:
        found = page_of(call.shop, customer_id, wanted, limit=limit, cursor=place or "")
    else:
        found = list_messages(call.shop, wanted, limit=limit, cursor=place)
    data = [*map(MessageListed.read, found.messages)]
    return Page(data=data, next_cursor=call.sealed(found.cursor), note=found.note)


@router.get("/{message_id}", **needs(Scope.MESSAGES_READ))
def read_message(
    call: CallOf,
    message_id: Id,
    expand: Annotated[Literal["", "events"], Query(description="Include the reports of the last 30 days.")] = "",
) -> MessageOut:
    """Read what became of a message."""
    message = ledger.get_message(call.shop, message_id)
    events = [EventOut.read(each.event) for each in received_events(call.shop, message)] if expand else None
    return MessageOut.of_message(message, events)
