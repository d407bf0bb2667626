"""Tables, indexes and keys: the one place where they are spelled.

Access patterns (the same table, with the cost of each, is in docs/architecture.md; a test holds the two together):

| # | pattern | table / index | partition | sort key |
|---|---|---|---|---|
| 1 | customer by id | shop | `C#cid` | `A` |
| 2 | customer by e-mail address | shop | `E#address` | `E` |
| 3 | customers by beginning of a word | shop | `S#` + first two letters | `word#cid` |
| 4 | customers of a tag or a country, newest first | shop | `T#tag`, `N#country` | `created#cid` |
| 5 | top customers by revenue, all time or a month | shop / by_revenue | `ALL#shard`, `2026-11#shard` | rank |
| 6 | top customers by orders, all time or a month | shop / by_orders | `ALL#shard`, `2026-11#shard` | rank |
| 7 | newest customers | shop / timeline | `CUSTOMERS#shard` | `created#cid` |
| 8 | orders of a customer, newest first | shop | `C#cid` | `O#oid` |
| 9 | orders by day range and status | shop / timeline | `ORDERS#2026-11#status` | `placed#oid` |
| 10 | order by the number of its source | shop | `R#source#reference` | `R` |
| 11 | day totals of a range | shop | `DAYS#2026` | `11-26#shard` |
| 12 | number of customers by tag or country | shop | `COUNTS#tag`, `COUNTS#country` | `value#shard` |
| 13 | notes and activity of a customer, newest first | shop | `C#cid` | `V#at#id` |
| 14 | months of a customer | shop | `C#cid` | `M#2026-11` |
| 15 | team members | shop | `TEAM` | `U#username` |
| 16 | failed sign-ins of an account or an address | shop | `F#kind#hash` | `F` |
| 17 | jobs, newest first | mail | `JOBS` | `J#jid` |
| 18 | one setting or marker | shop | `META` | name |
| 19 | templates and which version is in use | shop | `TEMPLATES` | name |
| 20 | versions of a template, newest first; its working copy | shop | `TPL#name` | `V#000012`, `W` |
| 21 | a template exactly as it was when something was sent | shop | `EDITION#digest` | `E` |
| 22 | suppressions of many addresses | mail | `X#hash` | `X` |
| 23 | history of a suppression, newest first | mail | `X#hash` | `H#at#id` |
| 24 | suppressed addresses, newest first | mail / timeline | `SUPPRESSED#reason` | `at#hash` |
| 25 | rate window of a transport | mail | `RATE#transport` | `RATE` |
| 26 | messages of a customer; one message by its id | mail | `C#cid` | `E#key` |
| 27 | message log of a day, newest first | mail / timeline | `MAIL#day#shard` | `at#id` |
| 28 | messages that are due, or whose lease has run out | mail / work | `WORK#shard` | `due#id` |
| 29 | failed and unknown messages, newest first | mail / work | `ATTENTION#status` | `at#id` |
| 30 | send statistics of a day | mail | `HOURS#2026-11-26` | `13#template#shard` |
| 31 | the shop's facts at the time of a message | mail | `FACTS#digest` | `F` |
| 32 | what a customer chose about marketing mail | mail | `P#cid` | `P` |
| 41 | recent marketing messages of many customers | mail | `P#cid` | `F` |
| 33 | audit log of a month, newest first | shop | `AUDIT#2026-11` | `at#id` |
| 34 | archived customers, newest first | shop | `L#archived` | `created#cid` |
| 35 | events of a message, oldest first | mail | `C#cid` | `V#key#at#digest` |
| 36 | dead letters, newest first | mail | `DEADLETTERS` | `at#digest` |
| 37 | clicks of a campaign by link | mail | `K#campaign` | `LINK#digest#shard` |
| 38 | how events were taken in, by minute | mail | `EVENTS#2026-11-26` | `13:05` |
| 39 | customer by phone, or by id at the source of orders | shop | `I#kind#value` | `I` |
| 44 | processes and what they do | mail | `BEATS` | `B#process` |
| 45 | use of the store in a month by day | mail | `USAGE#2026-11` | `26` |
| 46 | how long actions took in a month by day | mail | `TOOK#2026-11` | `26#kind` |
| 47 | alerts that are open | mail | `ALERTS` | `rule#subject` |
| 48 | alerts of a month, newest first | mail | `ALERTS#2026-11` | `at#id` |
| 50 | saved segments; one by its id | shop | `SEGMENTS` | id |
| 54 | campaigns, newest first | mail / timeline | `CAMPAIGNS` | `created#id` |
| 55 | campaigns that a worker has to look at | mail / work | `CAMPAIGNS` | `due#id` |
| 56 | how far a campaign is | mail | `K#campaign` | `A`, `SENT#shard`, `STAT#shard` |
| 57 | parts of a campaign that are free | mail / work | `CHUNKS#campaign` | `wave#due#cid` |
| 58 | where a customer stands in a campaign, and why | mail | `K#campaign` | `CHUNK#wave#cid`, `SKIP#wave#cid#place` |
| 59 | how far each part of a campaign is | mail | `K#campaign` | `STEP#wave#cid` |
| 60 | preflights that wait for a worker | mail / work | `PREFLIGHTS` | `due#id` |
| 61 | automations | shop | `AUTOMATIONS` | `auto-id` |
| 62 | triggers that are due | mail / work | `TRIGGERS#shard` | `due#cid#automation` |
| 63 | triggers of an automation, the next first | mail / work | `TRIGGERS#shard` | `due#cid#automation` |
| 64 | figures of an automation | mail | `AUTO#id`, `K#id` | `STAT#shard` |
| 65 | records that cannot be read | mail | `UNREADABLE` | digest |
| 66 | message by the id that the provider gave it | mail / work | `PROVIDER#hash` | `-` |

A rank is one integer, `value * RANK_UNIT + tie`: the figure in the leading digits, and below it a number that is
larger for a smaller customer id. Additions change the figure and keep the tie, so every leaderboard has one
total order on every engine.

Items that are of use for a time only carry `expires` (`port.EXPIRES`): failed sign-ins, events of the mail
provider.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from backend.store.port import Key

SHOP = "shop"
MAIL = "mail"

LEADERBOARD_SHARDS = 4
"""An index partition takes 1,000 write units a second (AWS); four carry about 2,000 orders a second."""
DAY_SHARDS = 4
COUNT_SHARDS = 4
CUSTOMER_LIST_SHARDS = 4
MESSAGE_SHARDS = 4
WORK_SHARDS = 4
HOUR_SHARDS = 4
SENT_SHARDS = 4

FIRST_IDEOGRAPH = "\u2e80"
"""From this character on Unicode has the scripts of East Asia, whose family names are often one character."""

ID_BITS = 50
RANK_UNIT = 10**16
"""Larger than 2**ID_BITS, and a power of ten, so that a person sees the figure in the stored number."""


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index. `projected` lists the attributes beside the keys; `number` says the sort key's type."""

    name: str
    partition: str
    sort: str
    projected: tuple[str, ...]
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    indexes: tuple[Index, ...] = ()


_STANDING = ("name", "email", "country", "tags", "archived", "created_at", "rank_revenue", "rank_orders")

TABLES: tuple[Table, ...] = (
    Table(
        SHOP,
        (
            Index("by_revenue", "board", "rank_revenue", _STANDING, number=True),
            Index("by_orders", "board", "rank_orders", _STANDING, number=True),
            Index(
                "timeline",
                "line",
                "line_at",
                (
                    "name",
                    "email",
                    "country",
                    "tags",
                    "archived",
                    "number",
                    "status",
                    "total",
                    "refunded",
                    "source",
                    "net",
                ),
            ),
        ),
    ),
    Table(
        MAIL,
        (
            Index(
                "timeline",
                "line",
                "line_at",
                ("template", "kind", "status", "reason", "name", "requested_by", "test", "campaign", "outcome"),
            ),
            Index("work", "work", "work_at", ("template", "status", "reason", "name", "lease_until")),
        ),
    ),
)

INDEXES: dict[tuple[str, str], Index] = {(table.name, index.name): index for table in TABLES for index in table.indexes}


def shard_of(text: str, shards: int) -> int:
    """A stable shard for a text (the same on every machine and in every process)."""
    return zlib.crc32(text.encode()) % shards


def customer_key(customer_id: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", "A")


def customer_month_key(customer_id: str, month: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", f"M#{month}")


def order_key(customer_id: str, order_id: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", f"O#{order_id}")


def activity_key(customer_id: str, at: str, entry_id: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", f"V#{at}#{entry_id}")


def email_key(address: str) -> Key:
    return Key(SHOP, f"E#{address}", "E")


def identity_key(identity: str) -> Key:
    """Who has a phone number, an id at the source, or an address that cannot be written to: "phone#+4930123456"."""
    return Key(SHOP, f"I#{identity}", "I")


def reference_key(source: str, reference: str) -> Key:
    return Key(SHOP, f"R#{source}#{reference}", "R")


def alias_key(word: str, customer_id: str) -> Key:
    return Key(SHOP, alias_partition(word), f"{word}#{customer_id}")


def alias_partition(word: str) -> str:
    """The partition of the words with this beginning: by two letters, by one where a letter is a syllable or a word."""
    return f"S#{word[:1] if word >= FIRST_IDEOGRAPH else word[:2]}"


def tag_key(tag: str, created: str, customer_id: str) -> Key:
    return Key(SHOP, f"T#{tag}", f"{created}#{customer_id}")


def country_key(country: str, created: str, customer_id: str) -> Key:
    return Key(SHOP, f"N#{country}", f"{created}#{customer_id}")


def archived_key(created: str, customer_id: str) -> Key:
    """The place of an archived customer in the list of them."""
    return Key(SHOP, "L#archived", f"{created}#{customer_id}")


def count_key(kind: str, value: str, customer_id: str) -> Key:
    """The counter of one tag or country to which this customer adds (`kind` is "tag" or "country")."""
    return Key(SHOP, f"COUNTS#{kind}", f"{value}#{shard_of(customer_id, COUNT_SHARDS)}")


def day_key(day: str, customer_id: str) -> Key:
    """The totals of a day ("2026-11-26") to which this customer's orders add."""
    return Key(SHOP, f"DAYS#{day[:4]}", f"{day[5:]}#{shard_of(customer_id, DAY_SHARDS)}")


def member_key(username: str) -> Key:
    return Key(SHOP, "TEAM", f"U#{username}")


def failures_key(kind: str, digest: str) -> Key:
    return Key(SHOP, f"F#{kind}#{digest}", "F")


def job_key(job_id: str) -> Key:
    return Key(MAIL, "JOBS", f"J#{job_id}")


def message_key(recipient: str, key: str) -> Key:
    """The ledger entry of a recipient (a customer id, or another word) and a reason to write."""
    return Key(MAIL, f"C#{recipient}", f"E#{key}")


def message_line(day: str, message_id: str) -> str:
    """The partition of the message log of a day ("2026-11-26") that has the message."""
    return f"MAIL#{day}#{shard_of(message_id, MESSAGE_SHARDS)}"


def work_line(message_id: str) -> str:
    """The partition of the list of messages that wait for a worker."""
    return f"WORK#{shard_of(message_id, WORK_SHARDS)}"


def provider_line(provider_id: str) -> str:
    """The partition of the message that the mail provider knows by this id; short, because messages carry it."""
    return f"PROVIDER#{hashlib.sha256(provider_id.encode()).hexdigest()[:20]}"


def hours_key(hour: str, template: str, message_id: str) -> Key:
    """The send statistics of an hour of the shop's time ("2026-11-26T13") and a template."""
    return Key(MAIL, f"HOURS#{hour[:10]}", f"{hour[11:13]}#{template}#{shard_of(message_id, HOUR_SHARDS)}")


def slots_key(customer_id: str) -> Key:
    """The customer's recent marketing messages, as the frequency cap counts them."""
    return Key(MAIL, f"P#{customer_id}", "F")


def preferences_key(customer_id: str) -> Key:
    return Key(MAIL, f"P#{customer_id}", "P")


def facts_key(digest: str) -> Key:
    return Key(MAIL, f"FACTS#{digest}", "F")


def rate_key(transport: str) -> Key:
    """The rate window that all processes which send through a transport share."""
    return Key(MAIL, f"RATE#{transport}", "RATE")


def suppression_key(digest: str) -> Key:
    """The suppression of an address, by its digest."""
    return Key(MAIL, f"X#{digest}", "X")


def suppression_event_key(digest: str, at: str, entry_id: str) -> Key:
    """What happened to the suppression of an address at a moment."""
    return Key(MAIL, f"X#{digest}", f"H#{at}#{entry_id}")


def suppression_line(reason: str) -> str:
    """The partition of the suppression list that holds the entries of one reason."""
    return f"SUPPRESSED#{reason}"


def template_key(name: str) -> Key:
    """The state of a template that has been edited."""
    return Key(SHOP, "TEMPLATES", name)


def template_version_key(name: str, number: int) -> Key:
    return Key(SHOP, f"TPL#{name}", f"V#{number:06}")


def working_copy_key(name: str) -> Key:
    return Key(SHOP, f"TPL#{name}", "W")


def edition_key(digest: str) -> Key:
    """A layout and a version of a template that belong to messages which were sent."""
    return Key(SHOP, f"EDITION#{digest}", "E")


def meta_key(name: str) -> Key:
    return Key(SHOP, "META", name)


def audit_key(at: str, entry_id: str) -> Key:
    """What somebody did at a moment (as `domain.time.to_text` writes it)."""
    return Key(SHOP, f"AUDIT#{at[:7]}", f"{at}#{entry_id}")


def automation_key(automation_id: str) -> Key:
    return Key(SHOP, "AUTOMATIONS", automation_id)


def trigger_key(customer_id: str, automation_id: str, slot: str) -> Key:
    """What an automation will answer when it is due."""
    return Key(MAIL, f"C#{customer_id}", f"T#{automation_id}#{slot}")


def trigger_line(customer_id: str) -> str:
    """The partition of the list of triggers by when they are due."""
    return f"TRIGGERS#{shard_of(customer_id, WORK_SHARDS)}"


def backfill_key(automation_id: str) -> Key:
    """The work of writing to customers who had lapsed before; it is in the list of triggers."""
    return Key(MAIL, f"AUTO#{automation_id}", "BACKFILL")


def automation_stat_key(automation_id: str, customer_id: str) -> Key:
    """The counters of what became of an automation's triggers, to which this customer's add."""
    return Key(MAIL, f"AUTO#{automation_id}", f"STAT#{shard_of(customer_id, HOUR_SHARDS)}")


def beat_key(process: str) -> Key:
    """What a process says of itself."""
    return Key(MAIL, "BEATS", f"B#{process}")


def usage_key(day: str) -> Key:
    """What the store was used for on a day of UTC ("2026-11-26")."""
    return Key(MAIL, f"USAGE#{day[:7]}", day[8:])


def durations_key(day: str, kind: str) -> Key:
    """How long actions of a kind took on a day of UTC."""
    return Key(MAIL, f"TOOK#{day[:7]}", f"{day[8:]}#{kind}")


def alert_key(rule: str, subject: str) -> Key:
    """An alert that is open, or of whose end people have to be notified."""
    return Key(MAIL, "ALERTS", f"{rule}#{subject}")


def past_alert_key(at: str, alert_id: str) -> Key:
    """An alert by the moment at which it began."""
    return Key(MAIL, f"ALERTS#{at[:7]}", f"{at}#{alert_id}")


UNREADABLE = "UNREADABLE"


def unreadable_key(record_id: str) -> Key:
    """The note that an item cannot be read."""
    return Key(MAIL, UNREADABLE, record_id)


SEGMENTS = "SEGMENTS"


def segment_key(segment_id: str) -> Key:
    return Key(SHOP, SEGMENTS, segment_id)


def campaign_key(campaign_id: str) -> Key:
    return Key(MAIL, f"K#{campaign_id}", "A")


def chunk_key(campaign_id: str, wave: int, first: str) -> Key:
    """A part of a campaign's frozen audience, which begins with this customer; so any customer in it can be found."""
    return Key(MAIL, f"K#{campaign_id}", f"CHUNK#{wave}#{first}")


def holdout_key(campaign_id: str, first: str) -> Key:
    """A part of those who get nothing, so that they can be compared."""
    return Key(MAIL, f"K#{campaign_id}", f"HOLD#{first}")


def step_key(campaign_id: str, wave: int, first: str) -> Key:
    """How far a chunk is, apart from its ids, because it changes with every step."""
    return Key(MAIL, f"K#{campaign_id}", f"STEP#{wave}#{first}")


def skips_key(campaign_id: str, wave: int, first: str, place: int) -> Key:
    """Who was skipped in the step of a chunk that began at this place, and why."""
    return Key(MAIL, f"K#{campaign_id}", f"SKIP#{wave}#{first}#{place:03}")


def chunks_line(campaign_id: str) -> str:
    """The partition of the list of chunks that wait for a worker."""
    return f"CHUNKS#{campaign_id}"


def campaign_sent_key(campaign_id: str, first: str) -> Key:
    """The counters of how a campaign's messages ended, to which the chunk that begins with this customer adds."""
    return Key(MAIL, f"K#{campaign_id}", f"SENT#{shard_of(first, SENT_SHARDS)}")


def campaign_part_key(campaign_id: str, part: str) -> Key:
    """Something that a campaign has one of, such as its preflight."""
    return Key(MAIL, f"K#{campaign_id}", part)


def campaign_stat_key(campaign_id: str, message_id: str) -> Key:
    """The counters of what became of a campaign's messages, to which this message adds."""
    return Key(MAIL, f"K#{campaign_id}", f"STAT#{shard_of(message_id, HOUR_SHARDS)}")


def event_key(recipient: str, key: str, at: str, digest: str) -> Key:
    """What the provider reported about a message, beside the message."""
    return Key(MAIL, f"C#{recipient}", f"V#{key}#{at}#{digest}")


def dead_letter_key(at: str, digest: str) -> Key:
    """A report that could not be understood or applied."""
    return Key(MAIL, "DEADLETTERS", f"{at}#{digest}")


def link_key(campaign_id: str, digest: str, message_id: str) -> Key:
    """The clicks on one link of a campaign to which this message adds."""
    return Key(MAIL, f"K#{campaign_id}", f"LINK#{digest}#{shard_of(message_id, HOUR_SHARDS)}")


def event_minute_key(minute: str) -> Key:
    """How many reports were taken in during a minute (UTC, "2026-11-26T13:05")."""
    return Key(MAIL, f"EVENTS#{minute[:10]}", minute[11:16])


def board_of(period: str, customer_id: str) -> str:
    """The leaderboard partition of a customer; `period` is "ALL" or a month such as "2026-11"."""
    return f"{period}#{shard_of(customer_id, LEADERBOARD_SHARDS)}"


def customer_line(customer_id: str) -> str:
    """The partition of the list of newest customers that has this customer."""
    return f"CUSTOMERS#{shard_of(customer_id, CUSTOMER_LIST_SHARDS)}"


def order_line(month: str, status: str) -> str:
    """The partition of the order list for a month ("2026-11") and a status."""
    return f"ORDERS#{month}#{status}"
