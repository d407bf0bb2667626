"""Evaluates rules by hand: from raw items and from the words of a rule's JSON, knowing nothing of our own evaluation.

Slow and plain on purpose. Whatever answers rules is held against it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.services.context import Shop
from backend.store import schema
from tests.recount import everything

Json = dict[str, Any]
_STRENGTH = ["complaint", "hard_bounce", "manual", "unsubscribed"]
_STATE = {
    "complaint": "complained",
    "hard_bounce": "bounced",
    "manual": "blocked by hand",
    "unsubscribed": "unsubscribed",
}


@dataclass
class Person:
    """All that a rule can ask of somebody."""

    id: str
    item: Json
    joined: date
    state: str = "no address"
    bought: list[Json] = field(default_factory=list)
    mails: list[Json] = field(default_factory=list)

    @property
    def days(self) -> list[date]:
        return [order["day"] for order in self.bought]

    @property
    def revenue(self) -> int:
        return sum(order["total"] - order["refunded"] for order in self.bought)


def people_of(shop: Shop) -> list[Person]:
    """Everybody in the store, with their orders that were not cancelled and the mail that was sent to them."""
    people: dict[str, Person] = {}
    shop_rows, mail_rows = everything(shop), everything(shop, schema.MAIL)
    for row in shop_rows:
        if row.key.pk.startswith("C#") and row.key.sk == "A":
            person = Person(row.key.pk[2:], dict(row.item), _day(str(row.item["created_at"]), shop.zone))
            people[person.id] = person
    for row in shop_rows:
        if row.key.sk.startswith("O#") and row.item["status"] != "cancelled":
            order = dict(row.item)
            people[row.key.pk[2:]].bought.append(order | {"day": date.fromisoformat(order["day"])})  # type: ignore[arg-type]
    suppressed = {
        row.key.pk[2:]: [ground["reason"] for ground in row.item["grounds"]]  # type: ignore[index,union-attr]
        for row in mail_rows
        if row.key.pk.startswith("X#") and row.key.sk == "X"
    }
    for person in people.values():
        if address := person.item.get("email"):
            reasons = suppressed.get(hashlib.sha256(address.casefold().encode()).hexdigest()[:32], [])
            person.state = next((_STATE[reason] for reason in _STRENGTH if reason in reasons), "reachable")
    for row in mail_rows:
        item = dict(row.item)
        if row.key.sk.startswith("E#") and item["status"] == "sent" and not item.get("test"):
            moments = {name: item.get(f"{name}_at") for name in ("sent", "opened", "clicked")}
            days = {name: _day(str(at), shop.zone) if at else None for name, at in moments.items()}
            people[row.key.pk[2:]].mails.append({"kind": item["kind"]} | days)
    return list(people.values())


def _day(moment: str, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(zone).date()


@dataclass
class ByHand:
    """Answers rules for the people of a shop, on a day."""

    people: list[Person]
    today: date

    def belonging(self, rule: Json) -> set[str]:
        asked = [person for person in self.people if rule.get("archived") or not person.item.get("archived")]
        return {person.id for person in asked if self._holds(rule, person)}

    def _holds(self, part: Json, person: Person) -> bool:
        if "kind" not in part:
            if not part.get("parts"):
                return True
            answers = [self._holds(each, person) for each in part["parts"]]
            return all(answers) if part["match"] == "all" else any(answers)
        answer = bool(getattr(self, f"_{part['kind']}")(part, person))
        return not answer if part.get("negated") else answer

    def _number(self, part: Json, person: Person) -> bool:
        orders, revenue = len(person.bought), person.revenue
        average = int(revenue / orders + 0.5) if orders else 0
        figures = {"revenue": revenue, "orders": orders, "average order": average} | self.scores(person)
        value, low = figures[part["field"]], part["low"]
        return {
            "at least": value >= low,
            "at most": value <= low,
            "exactly": value == low,
            "between": low <= value <= part.get("high", 0),
        }[part["test"]]

    def _day(self, part: Json, person: Person) -> bool:
        days = {
            "joined": person.joined,
            "first order": min(person.days, default=None),
            "last order": max(person.days, default=None),
        }
        day = days[part["field"]]
        if day is None:
            return False
        ago = (self.today - day).days
        first, last = (date.fromisoformat(part.get(end, "2000-01-01")) for end in ("first", "last"))
        return {
            "within days": ago <= part.get("days", 0),
            "longer ago than days": ago > part.get("days", 0),
            "on or after": day >= first,
            "on or before": day <= last,
            "between": first <= day <= last,
            "this month": f"{day:%Y-%m}" == f"{self.today:%Y-%m}",
            "ever": True,
        }[part["test"]]

    def _words(self, part: Json, person: Person) -> bool:
        consent = person.item.get("consent")
        answer = "unanswered" if consent is None else "given" if consent["given"] else "refused"
        had = {
            "country": [person.item.get("country", "")],
            "city": [person.item.get("city", "")],
            "tag": person.item.get("tags", []),
            "consent": [answer],
            "email": [person.state],
            "class": [self._class(person)],
        }[part["field"]]
        return bool(set(had) & set(part["words"]))

    def _bought(self, part: Json, person: Person) -> bool:
        place = 0 if part["by"] == "product" else 3
        return any(
            line[place] in part["words"]
            for order in person.bought
            for line in order["lines"]
            if self._recent(order["day"], part)
        )

    def _mailed(self, part: Json, person: Person) -> bool:
        kinds = ["marketing", "transactional"] if part.get("mail", "any") == "any" else [part["mail"]]
        return any(
            mail[part["event"]] is not None and self._recent(mail[part["event"]], part)
            for mail in person.mails
            if mail["kind"] in kinds
        )

    def _recent(self, day: date, part: Json) -> bool:
        return not part.get("days") or day >= self.today - timedelta(days=part["days"])

    # --- RFM ---------------------------------------------------------------------------------------------------------

    def scores(self, person: Person) -> dict[str, int]:
        if not person.bought:
            return {"recency score": 0, "frequency score": 0, "money score": 0}
        buyers = [each for each in self.people if each.bought and not each.item.get("archived")]
        orders = len(person.bought)
        frequency = 5 if orders >= 10 else 4 if orders >= 5 else 3 if orders >= 3 else 2 if orders == 2 else 1
        return {
            "recency score": _fifth([max(each.days) for each in buyers], max(person.days)),
            "frequency score": frequency,
            "money score": _fifth([each.revenue for each in buyers], person.revenue),
        }

    def _class(self, person: Person) -> str:
        scores = self.scores(person)
        recency, frequency = scores["recency score"], scores["frequency score"]
        if not recency:
            return ""
        if recency >= 4:
            return {1: "new", 2: "promising", 3: "loyal"}.get(frequency, "champions")
        if recency == 3:
            return "cooling" if frequency <= 2 else "loyal"
        return {1: "gone", 2: "gone", 3: "at risk"}.get(frequency, "not to lose")


def _fifth(values: list[Any], value: Any) -> int:
    """1 for the lowest fifth of the values. Without any, everything is the lowest."""
    ranked = sorted(values)
    return 1 + sum(value >= ranked[len(ranked) * part // 5] for part in (1, 2, 3, 4)) if ranked else 1
