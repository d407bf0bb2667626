"""The domain check: what is said of records that are right, wrong, missing, many, or not to be looked up."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend.domain.deliverability import Level
from backend.domain.sender_domain import Finding, Identity, Subject, clean_domain, parents_of, spf_terms
from backend.email.dns import Absence, Looked, RecordKind
from backend.email.links import Links, Purpose
from backend.email.transports.protocol import AccountUnknownError
from backend.email.web import Reached, Unreached
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.deliverability.dkim import check_selectors, check_ses_dkim
from backend.services.deliverability.dmarc import check_alignment, check_dmarc, dmarc_state_of
from backend.services.deliverability.domain import (
    Probe,
    check_domain,
    check_mail_from,
    check_one_click,
    check_sender,
    last_report,
    sender_domain,
)
from backend.services.deliverability.spf import check_spf, follow
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from tests.support import ADMIN, MANAGER, NOW

OK = Reached(200)
TOKENS = ("aaa", "bbb", "ccc")
IDENTITY = Identity("shop.example", True, TOKENS, "dkim.amazonses.com", True, "", "eu-central-1")


@dataclass
class Zone:
    """A DNS in memory: texts by name, and by kind and name what is not text. A value may be an absence."""

    texts: Mapping[str, tuple[str, ...] | str | Absence] = field(default_factory=dict)
    others: Mapping[tuple[RecordKind, str], tuple[str, ...] | Absence] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def look_up(self, name: str, kind: RecordKind) -> Looked:
        self.asked.append(name)
        value = self.texts.get(name) if kind is RecordKind.TXT else self.others.get((kind, name))
        if value is None:
            return Looked(absence=Absence.NO_NAME)
        if isinstance(value, Absence):
            return Looked(absence=value)
        return Looked((value,) if isinstance(value, str) else value)


@dataclass
class FakeWeb:
    """Answers GET and POST with what it was told."""

    get: Reached | Unreached = OK
    post: Reached | Unreached = OK
    asked: list[tuple[str, dict[str, str] | None]] = field(default_factory=list)

    def ask(self, url: str, form: dict[str, str] | None = None) -> Reached | Unreached:
        self.asked.append((url, form))
        return self.get if form is None else self.post


def links(url: str = "https://mail.shop.example") -> Links:
    return Links(b"k" * 32, url, lambda: NOW)


def spf(texts: Mapping[str, tuple[str, ...] | str | Absence], *, uses_ses: bool = True) -> Finding:
    return check_spf(Zone(texts), "shop.example", uses_ses=uses_ses)


# --- SPF ---------------------------------------------------------------------------------------------------------


def test_a_right_spf_record_is_good_and_its_lookups_are_counted() -> None:
    found = spf(
        {"shop.example": "v=spf1 include:amazonses.com a ~all", "amazonses.com": "v=spf1 ip4:199.255.192.0/22 -all"}
    )
    assert found.level is Level.GOOD
    assert "2 of 10" in found.sentence


@pytest.mark.parametrize(
    ("texts", "level", "word"),
    [
        ({}, Level.WATCH, "does not say who may send"),
        ({"shop.example": ("google-site-verification=x", "v=spf10 -all")}, Level.WATCH, "does not say who may send"),
        ({"shop.example": ("v=spf1 -all", "v=spf1 mx ~all")}, Level.BAD, "2 SPF records"),
        ({"shop.example": "v=spf1 +all"}, Level.BAD, "everybody"),
        ({"shop.example": "v=spf1 all"}, Level.BAD, "everybody"),
        ({"shop.example": "v=spf1 ip4:192.0.2.1 ?all"}, Level.WATCH, "what to do with others"),
        ({"shop.example": "v=spf1 ip4:192.0.2.1"}, Level.WATCH, "what to do with others"),
        ({"shop.example": "v=spf1 ipv4:192.0.2.1 -all"}, Level.BAD, "ipv4"),
        ({"shop.example": "v=spf1 include:gone.example -all"}, Level.BAD, "has no SPF record"),
        ({"shop.example": Absence.FAILED}, Level.UNKNOWN, "name servers"),
        ({"shop.example": Absence.LATE}, Level.UNKNOWN, "in time"),
        ({"shop.example": "v=spf1 include:slow.example -all", "slow.example": Absence.LATE}, Level.UNKNOWN, "Not all"),
        ({"shop.example": "v=spf1 include:shop.example -all"}, Level.BAD, "back to itself"),
        ({"shop.example": "v=spf1 redirect=other.example", "other.example": "v=spf1 -all"}, Level.GOOD, "1 of 10"),
    ],
)
def test_what_is_wrong_with_spf_is_said(
    texts: Mapping[str, tuple[str, ...] | str | Absence], level: Level, word: str
) -> None:
    found = spf(texts)
    assert found.level is level
    assert word in found.sentence
    assert found.advice or level is Level.GOOD


def test_two_spf_records_are_joined_to_one_that_can_be_published() -> None:
    found = spf({"shop.example": ("v=spf1 include:a.example ~all", "v=spf1 mx include:a.example -all")})
    assert [record.value for record in found.publish] == ["v=spf1 include:a.example mx ~all"]


def test_lookups_are_counted_through_all_includes() -> None:
    texts = {f"n{number}.example": f"v=spf1 include:n{number + 1}.example -all" for number in range(1, 11)}
    texts |= {"n11.example": "v=spf1 -all"}
    ten = spf({**texts, "shop.example": "v=spf1 include:n2.example -all"})
    assert (ten.level, "10 of 10" in ten.sentence) == (Level.GOOD, True)
    eleven = spf({**texts, "shop.example": "v=spf1 a include:n2.example -all"})
    assert (eleven.level, "11 look-ups" in eleven.sentence) == (Level.BAD, True)


def test_records_that_include_each_other_endlessly_come_to_an_end() -> None:
    wide = " ".join(f"include:w{number}.example" for number in range(9))
    zone = Zone({f"w{number}.example": f"v=spf1 {wide} -all" for number in range(9)})
    walk = follow(zone, "shop.example", f"v=spf1 {wide} -all")
    assert walk.lookups > 10
    assert len(zone.asked) < 50


def test_names_that_do_not_exist_are_counted() -> None:
    found = spf({"shop.example": "v=spf1 mx mx:one.example mx:two.example -all"})
    assert (found.level, "3 names" in found.sentence) == (Level.WATCH, True)


def test_what_comes_after_all_is_not_followed() -> None:
    walk = follow(Zone(), "shop.example", "v=spf1 -all redirect=gone.example")
    assert (walk.lookups, walk.errors) == (0, [])


def test_macros_are_counted_but_not_looked_up() -> None:
    zone = Zone()
    walk = follow(zone, "shop.example", "v=spf1 include:%{i}._spf.example exists:%{l}.example -all")
    assert (walk.lookups, zone.asked) == (2, [])


def test_terms_are_read_with_qualifier_prefix_length_and_unknown_modifiers() -> None:
    terms = spf_terms("v=spf1 ?mx:mail.example/24 ip6:2001:db8::/32 foo=bar A/24 exp=why.example ~ALL")
    assert [(t.qualifier, t.name, t.value) for t in terms] == [
        ("?", "mx", "mail.example"),
        ("+", "ip6", "2001:db8::"),
        ("+", "a", ""),
        ("+", "exp", "why.example"),
        ("~", "all", ""),
    ]


# --- DKIM --------------------------------------------------------------------------------------------------------


def dkim_zone(*tokens: str, zone: str = "dkim.amazonses.com") -> Zone:
    return Zone(
        others={(RecordKind.CNAME, f"{token}._domainkey.shop.example"): (f"{token}.{zone}",) for token in tokens}
    )


def test_three_aliases_as_ses_names_them_are_good() -> None:
    assert check_ses_dkim(dkim_zone(*TOKENS), IDENTITY).level is Level.GOOD
    other = replace(IDENTITY, dkim_zone="x1.dkim.eu.amazonses.com")
    assert check_ses_dkim(dkim_zone(*TOKENS, zone="x1.dkim.eu.amazonses.com"), other).level is Level.GOOD
    assert check_ses_dkim(dkim_zone(*TOKENS), other).level is Level.BAD


def test_aliases_that_are_missing_are_given_to_publish() -> None:
    found = check_ses_dkim(dkim_zone("aaa"), IDENTITY)
    assert found.level is Level.BAD
    assert "1 of 3" in found.sentence
    assert [(record.kind, record.name, record.value) for record in found.publish] == [
        ("CNAME", "bbb._domainkey.shop.example", "bbb.dkim.amazonses.com"),
        ("CNAME", "ccc._domainkey.shop.example", "ccc.dkim.amazonses.com"),
    ]


def test_dkim_that_ses_does_not_use_or_that_is_not_known_is_said() -> None:
    assert check_ses_dkim(dkim_zone(*TOKENS), replace(IDENTITY, dkim_enabled=False)).level is Level.WATCH
    assert check_ses_dkim(Zone(), replace(IDENTITY, dkim_tokens=())).level is Level.BAD
    late = Zone(others={(RecordKind.CNAME, f"{token}._domainkey.shop.example"): Absence.LATE for token in TOKENS})
    assert check_ses_dkim(late, IDENTITY).level is Level.UNKNOWN


def key_of(bits: int) -> str:
    public = generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def ed25519_key() -> str:
    return base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (lambda: f"v=DKIM1; k=rsa; p={key_of(2048)}", Level.GOOD),
        (lambda: f"p={key_of(1024)}", Level.WATCH),
        (lambda: "v=DKIM1; p=", Level.BAD),
        (lambda: "v=DKIM1; p=nonsense!", Level.BAD),
        (lambda: f"v=DKIM2; p={key_of(2048)}", Level.BAD),
        (lambda: f"v=DKIM1; k=ed25519; p={ed25519_key()}", Level.GOOD),
    ],
    ids=["rsa 2048", "rsa 1024", "withdrawn", "nonsense", "another version", "ed25519"],
)
def test_keys_are_judged_by_what_receivers_accept(record: Callable[[], str], level: Level) -> None:
    assert check_selectors(Zone({"s1._domainkey.shop.example": record()}), "shop.example", ["s1"]).level is level


def test_selectors_are_asked_for_and_a_missing_one_is_bad() -> None:
    assert check_selectors(Zone(), "shop.example", []).level is Level.UNKNOWN
    assert check_selectors(Zone(), "shop.example", ["s1"]).level is Level.BAD


# --- DMARC and alignment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "level", "word"),
    [
        ({}, Level.WATCH, "no DMARC record"),
        ({"_dmarc.shop.example": "v=DMARC1; p=none"}, Level.GOOD, "only watches"),
        ({"_dmarc.shop.example": "v=DMARC1;p=reject;rua=mailto:a@shop.example"}, Level.GOOD, "p=reject"),
        ({"_dmarc.shop.example": ("v=DMARC1; p=none", "v=DMARC1; p=reject")}, Level.BAD, "2 DMARC records"),
        ({"_dmarc.shop.example": "v=DMARC1; p=maybe"}, Level.BAD, "without a policy"),
        ({"_dmarc.shop.example": ("something else",)}, Level.WATCH, "no DMARC record"),
        ({"_dmarc.shop.example": Absence.FAILED}, Level.UNKNOWN, "could not be looked up"),
    ],
)
def test_dmarc_is_judged(texts: Mapping[str, tuple[str, ...] | str | Absence], level: Level, word: str) -> None:
    found = check_dmarc(dmarc_state_of(Zone(texts), "shop.example"), "shop.example")
    assert found.level is level
    assert word in found.sentence


def test_the_record_of_a_parent_holds_for_a_subdomain() -> None:
    dmarc = dmarc_state_of(Zone({"_dmarc.shop.example": "v=DMARC1; p=quarantine"}), "news.shop.example")
    assert (dmarc.organisation, dmarc.holder) == ("shop.example", "shop.example")
    assert check_dmarc(dmarc, "news.shop.example").level is Level.GOOD


def test_a_public_suffix_is_nobodys_organisation() -> None:
    zone = Zone({"_dmarc.example": "v=DMARC1; p=reject; psd=y", "_dmarc.a.b.example": "v=DMARC1; p=none"})
    assert dmarc_state_of(zone, "a.b.example").organisation == "b.example"


def test_a_domain_that_says_so_is_its_own_organisation() -> None:
    zone = Zone({"_dmarc.news.shop.example": "v=DMARC1; p=none; psd=n", "_dmarc.shop.example": "v=DMARC1; p=none"})
    assert dmarc_state_of(zone, "news.shop.example").organisation == "news.shop.example"


def test_long_names_are_walked_in_eight_steps_at_most() -> None:
    name = ".".join(f"l{number}" for number in range(20))
    assert len(parents_of(name)) == 8
    assert parents_of("a.b.c") == ["a.b.c", "b.c", "c"]


@pytest.mark.parametrize(
    ("policy", "signed_by", "mail_from", "level"),
    [
        ("v=DMARC1; p=none", "shop.example", "", Level.GOOD),
        ("v=DMARC1; p=none", "", "bounce.shop.example", Level.GOOD),
        ("v=DMARC1; p=none; aspf=s", "", "bounce.shop.example", Level.BAD),
        ("v=DMARC1; p=none; adkim=s", "mail.shop.example", "", Level.BAD),
        ("v=DMARC1; p=none; adkim=s; aspf=s", "shop.example", "bounce.shop.example", Level.GOOD),
        ("v=DMARC1; p=none", "other.example", "other.example", Level.BAD),
        ("v=DMARC1; p=none", "", "", Level.UNKNOWN),
    ],
)
def test_alignment_is_relaxed_unless_the_record_is_strict(
    policy: str, signed_by: str, mail_from: str, level: Level
) -> None:
    zone = Zone({"_dmarc.shop.example": policy})
    dmarc = dmarc_state_of(zone, "shop.example")
    assert check_alignment(zone, "shop.example", dmarc, signed_by=signed_by, mail_from=mail_from).level is level


# --- MAIL FROM ---------------------------------------------------------------------------------------------------


def test_a_return_path_of_ones_own_is_a_suggestion_with_its_records() -> None:
    found = check_mail_from(Zone(), IDENTITY)
    assert found.level is Level.GOOD
    assert [(record.kind, record.name, record.value) for record in found.publish] == [
        ("MX", "bounce.shop.example", "10 feedback-smtp.eu-central-1.amazonses.com"),
        ("TXT", "bounce.shop.example", "v=spf1 include:amazonses.com ~all"),
    ]


@pytest.mark.parametrize(
    ("servers", "text", "level", "missing"),
    [
        (("10 feedback-smtp.eu-central-1.amazonses.com",), "v=spf1 include:amazonses.com -all", Level.GOOD, []),
        (("10 feedback-smtp.us-east-1.amazonses.com",), "v=spf1 include:amazonses.com -all", Level.WATCH, ["MX"]),
        (
            ("10 feedback-smtp.eu-central-1.amazonses.com", "20 mx.shop.example"),
            "v=spf1 include:amazonses.com -all",
            Level.WATCH,
            ["MX"],
        ),
        (("10 feedback-smtp.eu-central-1.amazonses.com",), "v=spf1 mx -all", Level.WATCH, ["TXT"]),
        (Absence.LATE, "v=spf1 mx -all", Level.UNKNOWN, []),
    ],
)
def test_the_return_path_needs_exactly_what_ses_wants(
    servers: tuple[str, ...] | Absence, text: str, level: Level, missing: list[str]
) -> None:
    name = "bounce.shop.example"
    found = check_mail_from(Zone({name: text}, {(RecordKind.MX, name): servers}), replace(IDENTITY, mail_from=name))
    assert found.level is level
    assert [record.kind for record in found.publish] == missing


# --- one click ---------------------------------------------------------------------------------------------------


def test_one_click_is_tried_as_a_mail_program_does_it_with_nobody() -> None:
    web = FakeWeb()
    assert check_one_click(web, links()).level is Level.GOOD
    (health, nothing), (url, form) = web.asked
    assert (health, nothing) == ("https://mail.shop.example/api/health", None)
    assert form == {"List-Unsubscribe": "One-Click"}
    target = links().read(Purpose.UNSUBSCRIBE, url.rpartition("/")[2])
    assert getattr(target, "customer_id", "") == "NOBODY"


@pytest.mark.parametrize(
    ("web", "url", "word"),
    [
        (FakeWeb(), "http://mail.shop.example", "HTTPS only"),
        (FakeWeb(get=Unreached("did not answer in time")), "https://mail.shop.example", "did not answer in time"),
        (FakeWeb(get=Reached(404)), "https://mail.shop.example", "HTTP 404"),
        (FakeWeb(post=Reached(308)), "https://mail.shop.example", "redirected"),
        (FakeWeb(post=Reached(404)), "https://mail.shop.example", "HTTP 404"),
        (FakeWeb(post=Unreached("cannot be reached")), "https://mail.shop.example", "cannot be reached"),
    ],
)
def test_what_keeps_one_click_from_working_is_said(web: FakeWeb, url: str, word: str) -> None:
    found = check_one_click(web, links(url))
    assert (found.level, word in found.sentence) == (Level.WATCH, True)
    assert found.advice


# --- all of it ---------------------------------------------------------------------------------------------------

GOOD = {
    "shop.example": "v=spf1 include:amazonses.com ~all",
    "amazonses.com": "v=spf1 -all",
    "_dmarc.shop.example": "v=DMARC1; p=quarantine",
}


def probe(zone: Zone, identity: Identity | str | None = IDENTITY) -> Probe:
    def find(_: str) -> Identity | None:
        if isinstance(identity, str):
            raise AccountUnknownError(identity)
        return identity

    return Probe(lambda: zone, FakeWeb(), links(), "Shop <post@shop.example>", find)


def test_a_domain_that_is_set_up_is_good_throughout(shop: Shop) -> None:
    report = check_domain(shop, probe(Zone(GOOD, dkim_zone(*TOKENS).others)), "shop.example")
    assert [finding.subject for finding in report.findings] == list(Subject)
    assert report.level is Level.GOOD


def test_a_domain_that_ses_does_not_know_cannot_be_signed(shop: Shop) -> None:
    report = check_domain(shop, probe(Zone(GOOD), None), "shop.example")
    by_subject = {finding.subject: finding for finding in report.findings}
    assert by_subject[Subject.DKIM].level is Level.BAD
    assert "SES does not know" in by_subject[Subject.DKIM].sentence
    silent = check_domain(shop, probe(Zone(GOOD), "SES does not say."), "shop.example")
    assert {finding.subject: finding.level for finding in silent.findings}[Subject.DKIM] is Level.UNKNOWN


def test_without_ses_keys_are_named_by_hand(shop: Shop) -> None:
    zone = Zone({**GOOD, "s1._domainkey.shop.example": f"p={key_of(2048)}"})
    here = replace(probe(zone), identity=None)
    report = check_domain(shop, here, "shop.example", ["s1"])
    levels = {finding.subject: finding.level for finding in report.findings}
    assert (levels[Subject.DKIM], Subject.MAIL_FROM in levels) == (Level.GOOD, False)


def test_the_report_of_the_sender_is_kept(shop: Shop) -> None:
    save_shop_facts(shop, ADMIN, replace(get_shop_facts(shop), sender_address="Orders@News.Shop.Example"))
    here = probe(Zone(GOOD))
    assert last_report(shop) is None
    report = check_sender(shop, MANAGER, here)
    assert (report.domain, sender_domain(shop, here)) == ("news.shop.example", "news.shop.example")
    assert last_report(shop) == report


@pytest.mark.parametrize("text", ["", "shop", "a b.example", "shop..example", "x" * 64 + ".example"])
def test_what_is_no_domain_is_refused(shop: Shop, text: str) -> None:
    with pytest.raises(InvalidInputError):
        check_domain(shop, probe(Zone()), text)


def test_selectors_are_names_and_few(shop: Shop) -> None:
    for wrong in (["a b"], ["", "x"], list("abcdef")):
        with pytest.raises(InvalidInputError):
            check_domain(shop, probe(Zone()), "shop.example", wrong)


@pytest.mark.parametrize(
    "text", ["shop.example", " Shop.Example. ", "post@shop.example", "https://shop.example/path", "shop.example:443"]
)
def test_a_domain_is_found_in_what_people_paste(text: str) -> None:
    assert clean_domain(text) == "shop.example"
