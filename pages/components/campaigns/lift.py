"""What emails brought, in words: the same for one campaign and for all of a period."""

from __future__ import annotations

from backend.domain.lift import FEWEST_BUYERS, Lift, Verdict
from backend.services.context import Shop
from pages.components.ui import formats


def sentence(shop: Shop, lift: Lift) -> str:
    """Whether recipients bought more than the control group, and how much, with its interval."""
    if lift.interval is None:
        return f"Difference: {_signed(shop, lift.amount)}. How reliable it is was not kept at the time."
    brought = interval(shop, lift)
    if lift.control_buyers < FEWEST_BUYERS:
        buyers = formats.counted(shop, lift.control_buyers, "customer")
        return f"Too small to tell: only {buyers} of the control group bought. A larger control group helps."
    if lift.verdict is Verdict.TOO_SMALL:
        return f"Too small to tell: {brought} (95% confidence). A larger control group helps."
    each = formats.money(shop, round(abs(lift.amount) / lift.recipients))
    return (
        f"Recipients bought {lift.verdict} than the control group, {each} each: "
        f"{_signed(shop, lift.amount)} in all, {brought} (95% confidence)."
    )


def figure(shop: Shop, lift: Lift | None) -> str:
    """What emails brought, in one figure; only where chance does not explain it."""
    if lift is None:
        return "Not known"
    if lift.verdict is Verdict.TOO_SMALL:
        return "Too small to tell"
    return ("+" if lift.amount > 0 else "") + formats.round_money(shop, round(lift.amount))


def interval(shop: Shop, lift: Lift) -> str:
    """The bounds of what emails brought; a dash where they are not known."""
    if lift.interval is None:
        return "\u2013"
    low, high = (_signed(shop, each) for each in lift.interval)
    return f"between {low} and {high}"


def _signed(shop: Shop, amount: float) -> str:
    return ("+" if round(amount) > 0 else "") + formats.money(shop, round(amount))
