"""SPF: which servers may send for a domain (RFC 7208). Look-ups of included records count, all together."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.domain.deliverability import Level
from backend.domain.sender_domain import (
    MOST_SPF_LOOKUPS,
    MOST_VOID_LOOKUPS,
    SES_SPF,
    SPF_VERSION,
    DnsRecord,
    Finding,
    SpfTerm,
    Subject,
    spf_records,
    spf_terms,
)
from backend.email.dns import Looked, Lookup, RecordKind

_ENOUGH = 2 * MOST_SPF_LOOKUPS
"""Where the counting ends: records may include each other in circles."""
_MOST_MX = 10


@dataclass(slots=True)
class Walk:
    """What following a record to its end has shown. `included` are the domains whose records were read."""

    lookups: int = 0
    void: int = 0
    included: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    late: bool = False


def check_spf(lookup: Lookup, domain: str, *, uses_ses: bool) -> Finding:
    """How the domain's SPF record state."""
    looked = lookup.look_up(domain, RecordKind.TXT)
    records = tuple(spf_records(looked.values))
    wanted = DnsRecord("TXT", domain, f"{SPF_VERSION} {SES_SPF if uses_ses else 'include:YOUR-PROVIDER'} ~all")
    if looked.absence is not None and not looked.absence.is_certain:
        return Finding(Subject.SPF, Level.UNKNOWN, f"{domain} {looked.absence.value}.", "Try again in a while.")
    if not records:
        return Finding(
            Subject.SPF,
            Level.WATCH,
            f"{domain} does not say who may send for it.",
            "Publish this record. Name all who send for the domain, also the provider of your own mailboxes.",
            (wanted,),
        )
    if len(records) > 1:
        return Finding(
            Subject.SPF,
            Level.BAD,
            f"{domain} has {len(records)} SPF records, so receivers believe none of them.",
            "Join them to one record: the includes of all, and one “all” at the end.",
            (DnsRecord("TXT", domain, _joined(records)),),
            records,
        )
    walk = follow(lookup, domain, records[0])
    return _judged(domain, records[0], walk, uses_ses)


def _judged(domain: str, record: str, walk: Walk, uses_ses: bool) -> Finding:
    terms, found = spf_terms(record), (record,)
    if walk.errors:
        return Finding(
            Subject.SPF, Level.BAD, walk.errors[0], "Fix the record; until then it has no effect.", (), found
        )
    if walk.lookups > MOST_SPF_LOOKUPS:
        return Finding(
            Subject.SPF,
            Level.BAD,
            f"The SPF record of {domain} needs {_number(walk.lookups)} look-ups; receivers stop after "
            f"{MOST_SPF_LOOKUPS} and believe nothing.",
            "Take out includes of services that you do not send with any more.",
            (),
            found,
        )
    if walk.void > MOST_VOID_LOOKUPS:
        return Finding(
            Subject.SPF,
            Level.WATCH,
            f"{walk.void} names in the SPF record of {domain} do not exist; some receivers then believe nothing.",
            "Take out what no longer exists.",
            (),
            found,
        )
    if walk.late:
        return Finding(
            Subject.SPF, Level.UNKNOWN, "Not all of the SPF record could be read.", "Try again in a while.", (), found
        )
    return _by_its_end(domain, terms, walk, uses_ses, found)


def _by_its_end(domain: str, terms: list[SpfTerm], walk: Walk, uses_ses: bool, found: tuple[str, ...]) -> Finding:
    ends = [term for term in terms if term.name == "all"]
    if any(term.qualifier == "+" for term in ends):
        return Finding(
            Subject.SPF,
            Level.BAD,
            f"The SPF record of {domain} allows everybody to send.",
            "Put “~all” in place of “+all”.",
            (),
            found,
        )
    strict = any(term.qualifier in "-~" for term in ends) or any(term.name == "redirect" for term in terms)
    if not strict:
        return Finding(
            Subject.SPF,
            Level.WATCH,
            f"The SPF record of {domain} does not say what to do with others.",
            "End it with “~all”.",
            (),
            found,
        )
    sentence = f"{domain} says who may send for it, in {walk.lookups} of {MOST_SPF_LOOKUPS} look-ups."
    if uses_ses and "amazonses.com" not in walk.included:
        sentence += " It does not name Amazon SES, which matters only for mail with this domain as MAIL FROM."
    return Finding(Subject.SPF, Level.GOOD, sentence, found=found)


def follow(lookup: Lookup, domain: str, record: str) -> Walk:
    """Reads a record and all that it includes."""
    walk = Walk()
    _follow(lookup, domain, record, walk, (domain,))
    return walk


def _follow(lookup: Lookup, domain: str, record: str, walk: Walk, way: tuple[str, ...]) -> None:
    terms = spf_terms(record)
    unknown = [term.name for term in terms if not term.known]
    if unknown:
        walk.errors.append(f"The SPF record of {domain} has a term that does not exist: “{unknown[0][:40]}”.")
        return
    has_all = any(term.name == "all" for term in terms)
    for term in terms:
        if not term.asks or (term.name == "redirect" and has_all):  # "all" decides before a redirect
            continue
        walk.lookups += 1
        if walk.lookups > _ENOUGH:
            return
        if term.name in ("include", "redirect") and "%" not in term.value:  # macros depend on the sender
            _include(lookup, domain, term, walk, way)
        elif term.name == "mx":
            _count_mx(lookup, term.value or domain, walk)


def _include(lookup: Lookup, domain: str, term: SpfTerm, walk: Walk, way: tuple[str, ...]) -> None:
    target = term.value.lower().rstrip(".")
    if target in way:
        walk.errors.append(f"The SPF record of {domain} leads back to itself by {target}.")
        return
    looked = lookup.look_up(target, RecordKind.TXT)
    records = spf_records(looked.values)
    _count_void(looked, walk)
    walk.included.add(target)
    if len(records) == 1:
        _follow(lookup, target, records[0], walk, (*way, target))
    elif records:
        walk.errors.append(f"{target}, which {domain} includes, has {len(records)} SPF records.")
    elif looked.absence is None or looked.absence.is_certain:
        walk.errors.append(f"{target}, which {domain} includes, has no SPF record.")


def _count_mx(lookup: Lookup, name: str, walk: Walk) -> None:
    looked = lookup.look_up(name, RecordKind.MX)
    _count_void(looked, walk)
    if len(looked.values) > _MOST_MX:
        walk.errors.append(f"{name} has more than {_MOST_MX} mail servers, too many for “mx” in an SPF record.")


def _count_void(looked: Looked, walk: Walk) -> None:
    if looked.absence is not None:
        walk.void += looked.absence.is_certain
        walk.late = walk.late or not looked.absence.is_certain


def _joined(records: tuple[str, ...]) -> str:
    words = [word for record in records for word in record.split()[1:] if word.lstrip("+-~?").lower() != "all"]
    return " ".join([SPF_VERSION, *dict.fromkeys(words), "~all"])


def _number(lookups: int) -> str:
    return f"more than {_ENOUGH}" if lookups > _ENOUGH else str(lookups)
