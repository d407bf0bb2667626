"""Why won't Maria get this? One answer for a customer and a campaign, before it, while it runs and after it."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.messages import Message, SkipReason
from backend.domain.team import Actor
from backend.services.context import Shop
from backend.services.mailing.mailer import Mailer


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a customer stands with a campaign. `sentence` is for people.

    `message` is theirs in the ledger, if any; `reasons` speak against sending now, or did when it was their turn.
    """

    sentence: str
    reasons: tuple[SkipReason, ...] = ()
    message: Message | None = None
    in_audience: bool = True


def explain(shop: Shop, mailer: Mailer, actor: Actor, campaign_id: str, customer_id: str) -> Explanation:
    """Raises: `PermissionDeniedError`, `NotFoundError` (campaign or customer)."""
    raise NotImplementedError
