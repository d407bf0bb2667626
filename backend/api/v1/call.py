"""One call of the API as a router sees it: who calls, the shop, and what makes a repeated call the same one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Header, Query, Request, Response
from starlette.exceptions import HTTPException

from backend.domain.team import Actor
from backend.domain.time import EARLIEST_YEAR
from backend.errors import InvalidInputError
from backend.sealed_text import seal, unseal
from backend.services.api import idempotency
from backend.services.api.idempotency import Answer, Begun
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.statistics.overview import today_of
from backend.store.port import Write

MOST_IN_A_PAGE = 100
ID = "^[0-9A-Za-z_-]+$"
"""What ids are made of, as a pattern."""
EARLIEST, LATEST = date(EARLIEST_YEAR, 1, 31), date(2199, 12, 31)
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,15})"')


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is allowed. `unique` is its own: that of its idempotency key, or a new one; 64 hexadecimal digits.

    `first_at` is its first attempt. `listing` names the list that it asks for, by which cursors are bound to it.
    """

    shop: Shop
    mailer: Callable[[], Mailer]
    actor: Actor
    unique: str
    first_at: datetime
    listing: str
    key: bytes
    begun: Begun | None = None

    def claim(self) -> None:
        """Before a call that keeps its answer writes anything else. Raises: `AnsweredMeanwhileError`."""
        if self.begun is not None:
            idempotency.claim(self.shop, self.begun)

    def keeping(self, answer: Answer) -> list[Write]:
        """What writes the answer in the transaction of the call's work."""
        return [] if self.begun is None else [idempotency.keeping(self.begun, answer)]

    def kept(self, answer: Answer) -> Response:
        """The transaction with the answer is written."""
        if self.begun is not None:
            self.begun.kept = answer
        return answered(answer)

    def part(self, name: str) -> str:
        """What makes a part of this call unique, such as one order of a batch; 64 hexadecimal digits."""
        return hashlib.sha256(f"{self.unique}\0{name}".encode()).hexdigest()

    def sealed(self, cursor: str | None) -> str | None:
        """A cursor for outside: unreadable, and good for this list alone."""
        return cursor and seal(self.key, f"api {self.listing}", cursor)

    def unsealed(self, cursor: str | None) -> str | None:
        """Raises: `InvalidInputError` for a cursor that is not of this list."""
        if not cursor:
            return None
        found = unseal(self.key, f"api {self.listing}", cursor)
        if found is None:
            raise InvalidInputError("This cursor belongs to another list. Start again without it.", "cursor")
        return found


async def _call_of(request: Request) -> Call:
    """Made before the route, by the gate."""
    call: Call = request.state.call
    return call


async def _version_of(
    if_match: Annotated[
        str, Header(description="The ETag of what you have read.", examples=['"1"'], pattern=r'^(W/)?"[0-9]{1,15}"$')
    ] = "",
) -> int:
    found = _ETAG.fullmatch(if_match)
    if found is None:
        raise HTTPException(428)
    return int(found[1])


def answered(answer: Answer) -> Response:
    """An answer as a response."""
    return Response(answer.body, answer.status, answer.headers)


def etag(version: int) -> dict[str, str]:
    """The header that names a version."""
    return {"ETag": f'"{version}"'}


def period(call: Call, first: date | None, last: date | None, days: int) -> tuple[date, date]:
    """The shop's days that are asked for: up to today, so many days back, where nothing else is said."""
    end = last or today_of(call.shop)
    return first or max(end - timedelta(days=days), EARLIEST), end


CallOf = Annotated[Call, Depends(_call_of)]
SeenVersion = Annotated[int, Depends(_version_of)]
First = Annotated[date | None, Query(alias="from", description="First day.", ge=EARLIEST, le=LATEST)]
Last = Annotated[date | None, Query(alias="to", description="Last day; today without it.", ge=EARLIEST, le=LATEST)]
Cursor = Annotated[str, Query(description="`next_cursor` of the page before.", max_length=2_000)]
Limit = Annotated[int, Query(description="How many at most.", ge=1, le=MOST_IN_A_PAGE)]
