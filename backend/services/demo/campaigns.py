"""The demo shop's campaigns: two that went out, each recipient with what came of it, and a draft.

A campaign is written when all its messages are, as one that has finished. No worker ever sees it running.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.demo.mailing import EMAILS_A_SECOND, DemoCampaign, demo_campaigns, gone_at, may_get_news, outcomes_of
from backend.domain.campaigns import Approval, Audience, Campaign, CampaignState, Wave, turn_of, variant_of, wave_of
from backend.domain.customers import Customer
from backend.domain.delivery import Outcome
from backend.domain.emails import Kind
from backend.domain.events import Click
from backend.domain.messages import Message, SkipReason
from backend.email.rendering.context import build_context
from backend.records.campaign_chunks import Chunk, ChunkStep, chunk_item, parts_of, skips_item, step_item
from backend.records.campaigns import campaign_item
from backend.records.events import click_updates
from backend.records.send_stats import campaign_counters_of
from backend.services.campaigns.content import emails_of
from backend.services.campaigns.drafts import checked
from backend.services.campaigns.oversight import winner_of
from backend.services.demo.messages import DemoMail, Edition, write_messages
from backend.services.sending.campaign_ledger import ending_counts, skip_counts
from backend.services.sending.chunks import done_counter
from backend.services.sending.composition import links_for
from backend.services.sending.shared_content import Content, content_put
from backend.store import schema
from backend.store.port import Item, Key, Put, Update

_STAFF, _MANAGER = "demo-staff", "demo-manager"


@dataclass(slots=True)
class _Run:
    """A campaign while its recipients are gone through. `editions` and `fields` are those of each variant.

    `suppressed` are on the suppression list, and emails to those of `gone` bounce.
    """

    campaign: Campaign
    plan: DemoCampaign
    editions: dict[str, Edition]
    fields: dict[str, dict[str, str]]
    suppressed: frozenset[str]
    gone: frozenset[str]
    messages: dict[str, Message] = field(default_factory=dict)
    waves: dict[Wave, list[str]] = field(default_factory=dict)
    held_back: list[str] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, mail: DemoMail, plan: DemoCampaign, campaign: Campaign, suppressed: set[str], gone: set[str]) -> _Run:
        emails = emails_of(mail.shop, campaign)
        return cls(
            campaign=campaign,
            plan=plan,
            editions={variant: mail.edition(email.version) for variant, email in emails.items()},
            fields={variant: dict(email.fields) for variant, email in emails.items()},
            suppressed=frozenset(suppressed),
            gone=frozenset(gone),
        )


def load_campaigns(mail: DemoMail, customers: Sequence[Customer]) -> None:
    """Writes all campaigns of the demo. `customers` are those of the demo."""
    found_gone: set[str] = set()
    for number, plan in enumerate(_plans(mail)):
        campaign = _planned(mail, plan)
        if plan.at is None:
            mail.shop.store.put(Put(schema.campaign_key(campaign.id), campaign_item(campaign)))
            continue
        people = [each for each in customers if may_get_news(each, plan.at) and each.created_at < plan.at]
        now_gone = {each.id for each in people if gone_at(each) == number}
        run = _sent(mail, _Run.of(mail, plan, campaign, found_gone, now_gone), sorted(people, key=lambda each: each.id))
        write_messages(mail.shop, list(run.messages.values()), {each.id: _clicks(run, each) for each in _clicked(run)})
        mail.shop.store.write_batch(list(_items(mail, run)))
        found_gone |= now_gone


def campaigns_at(mail: DemoMail) -> list[datetime]:
    """When the campaigns went out, the first one first."""
    return [plan.at for plan in _plans(mail) if plan.at is not None]


def _plans(mail: DemoMail) -> list[DemoCampaign]:
    return demo_campaigns(mail.now.astimezone(mail.shop.zone).date(), mail.shop.zone)


def _planned(mail: DemoMail, plan: DemoCampaign) -> Campaign:
    made = plan.at - timedelta(hours=19) if plan.at else mail.now - timedelta(hours=2)
    bare = Campaign(plan.id, plan.draft, Kind.MARKETING, 0, "", "", CampaignState.DRAFT, made, _STAFF, made)
    return checked(mail.shop, bare, plan.draft)


# --- who got what ------------------------------------------------------------------------------------------------


def _sent(mail: DemoMail, run: _Run, people: Sequence[Customer]) -> _Run:
    """Goes through the waves one after the other, as the real thing does."""
    by_wave: dict[Wave, list[Customer]] = {}
    for customer in people:
        could_get_it = customer.id not in run.suppressed
        wave = wave_of(run.campaign, customer.id) if could_get_it else turn_of(run.campaign, customer.id)
        if wave is None:
            run.held_back.append(customer.id)
        else:
            by_wave.setdefault(wave, []).append(customer)
    at = run.plan.at or mail.now
    for wave in sorted(by_wave):
        run.waves[wave] = [customer.id for customer in by_wave[wave]]
        at = _send_wave(mail, run, wave, at, by_wave[wave])
    run.campaign = _finished(mail, run, at, len(people))
    return run


def _send_wave(mail: DemoMail, run: _Run, wave: Wave, at: datetime, people: Sequence[Customer]) -> datetime:
    """Sends to one wave from `at` on; returns when the next one may begin, or when the last email went out."""
    test = run.campaign.draft.test
    for place, customer in enumerate(people):
        if customer.id in run.suppressed:
            run.skipped.add(customer.id)
        else:
            moment = at + timedelta(seconds=place / EMAILS_A_SECOND)
            run.messages[customer.id] = _message(mail, run, wave, customer, moment)
    ended = at + timedelta(seconds=len(people) / EMAILS_A_SECOND)
    if wave is not Wave.TEST or test is None:
        return ended
    figures = ending_counts(run.messages.values())
    for message in run.messages.values():
        figures.update(campaign_counters_of(message))
    run.campaign = replace(run.campaign, winner=winner_of(test, figures, {}))
    return ended + test.wait


def _message(mail: DemoMail, run: _Run, wave: Wave, customer: Customer, at: datetime) -> Message:
    campaign, variant = run.campaign, variant_of(run.campaign, wave, customer.id)
    edition, fields = run.editions[variant], run.fields[variant]
    message = mail.message(customer, edition, campaign.key, at, campaign.created_by)
    gone, liked = customer.id in run.gone, run.plan.liked[variant]
    outcomes = outcomes_of(message.id, at, mail.now, gone=gone, liked=liked)
    message = replace(message, campaign=campaign.id, variant=variant, outcomes=outcomes)
    facts, links = edition.version.facts, links_for(mail.links, customer, message.id, edition.version)
    data = build_context(facts, mail.facts, customer=customer, links=links, fields=fields)
    return mail.finished(message, edition, data, fields)


def _clicked(run: _Run) -> Iterator[Message]:
    return (each for each in run.messages.values() if Outcome.CLICKED in each.outcomes)


def _clicks(run: _Run, message: Message) -> list[Update]:
    """One of the email's links, the first ones more often."""
    links = [value for name, value in run.fields[message.variant].items() if name.endswith("_url") and value]
    chosen = links[0 if message.outcomes[Outcome.CLICKED].second < 38 else -1]
    return click_updates(message, {Click(chosen, program=False): 1})


# --- how it is kept ----------------------------------------------------------------------------------------------


def _finished(mail: DemoMail, run: _Run, ended: datetime, segment: int) -> Campaign:
    recipients = segment - len(run.held_back)
    started = run.plan.at or ended
    return replace(
        run.campaign,
        state=CampaignState.FINISHED,
        changed_at=ended,
        planned_recipients=recipients,
        planned_segment=segment,
        approval=Approval(_MANAGER, started - timedelta(hours=1), recipients, segment),
        asked_by=_STAFF,
        start_at=started,
        started_at=started,
        ended_at=ended,
        audience=Audience(
            size=recipients,
            holdout=len(run.held_back),
            chunks={wave: len(list(parts_of(ids))) for wave, ids in run.waves.items()},
            cursor=max([*run.held_back, *(ids[-1] for ids in run.waves.values())], default=""),
            whole=True,
        ),
        wave=max(run.waves, default=Wave.REST),
        due_at=mail.now,
    )


def _items(mail: DemoMail, run: _Run) -> Iterator[Put]:
    """All items of the campaign; the campaign itself comes last."""
    campaign = run.campaign
    editions = {variant: edition.digest for variant, edition in run.editions.items()}
    yield content_put(campaign.id, Content(run.fields, mail.facts_digest, editions))
    for ids in parts_of(run.held_back):
        yield Put(schema.holdout_key(campaign.id, ids[0]), {"ids": " ".join(ids)})
    sums: dict[Key, Counter[str]] = {}
    for wave, members in run.waves.items():
        for ids in parts_of(members):
            counts = _counts(run, ids)
            yield from _chunk_items(mail, run, Chunk(campaign.id, wave, tuple(ids)), counts)
            total = sums.setdefault(schema.campaign_sent_key(campaign.id, ids[0]), Counter())
            total.update(counts)
            total[done_counter(wave)] += 1
    for key, total in sums.items():
        item: Item = dict(total)
        yield Put(key, item)
    yield Put(schema.campaign_key(campaign.id), campaign_item(campaign))


def _chunk_items(mail: DemoMail, run: _Run, chunk: Chunk, counts: Counter[str]) -> Iterator[Put]:
    yield Put(chunk.key, chunk_item(chunk))
    step = ChunkStep(chunk.campaign, chunk.wave, chunk.first, len(chunk.ids), place=len(chunk.ids), counts=counts)
    yield Put(step.key, step_item(step, mail.now))
    skipped = [place for place, each in enumerate(chunk.ids) if each in run.skipped]
    if skipped:
        key = schema.skips_key(chunk.campaign, chunk.wave, chunk.first, 0)
        yield Put(key, skips_item({SkipReason.SUPPRESSED: skipped}))


def _counts(run: _Run, ids: Iterable[str]) -> Counter[str]:
    members = list(ids)
    counts = ending_counts(run.messages[each] for each in members if each in run.messages)
    counts.update(skip_counts(SkipReason.SUPPRESSED for each in members if each in run.skipped))
    return counts
