"""The pages behind the links of emails: they show on GET, decide on POST, and give nothing away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from backend.api.app import create_app
from backend.api.public.limits import RequestLimit
from backend.domain.customers import ConsentMethod, ConsentSource, Customer, address_digest
from backend.domain.suppression import SuppressionReason
from backend.email.links import Links, Purpose, Target
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.recording import RecordingTransport
from backend.services.context import Shop
from backend.services.customers.customers import Profile, consent_history, edit_customer, get_customer
from backend.services.customers.preferences import get_preferences
from backend.services.sending import ledger
from backend.services.sending.delivery import deliver_one
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from backend.services.suppression.entries import find_suppression
from backend.services.system.checks import unnamed_proxy_seen
from tests.support import STAFF, TestClock, add_customer, in_own_loop


@pytest.fixture
def links(shop: Shop) -> Links:
    return Links(b"k" * 32, "http://testserver", shop.clock)


@pytest.fixture
def app(shop: Shop, links: Links) -> FastAPI:
    api = create_app(lambda: shop, lambda: links)
    whole = FastAPI()
    whole.mount("/api", api)
    return whole


class Visitor:
    """Asks the application as somebody at one address would, one request after the other."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, url: str, *, headers: dict[str, str] | None = None) -> httpx.Response:
        return self._answered("GET", url, headers=headers)

    def head(self, url: str) -> httpx.Response:
        return self._answered("HEAD", url)

    def post(self, url: str, *, data: dict[str, object] | None = None, content: bytes | None = None) -> httpx.Response:
        return self._answered("POST", url, data=data, content=content)

    def _answered(self, method: str, url: str, **more: Any) -> httpx.Response:
        return in_own_loop(lambda: self._ask(method, url, **more))

    async def _ask(self, method: str, url: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, client=("192.0.2.1", 5000))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(method, url, **more)


@pytest.fixture
def client(app: FastAPI) -> Visitor:
    return Visitor(app)


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return add_customer(shop, "Maria Lopez", "maria@example.com", consent=True)


def link(links: Links, purpose: Purpose, customer: Customer) -> str:
    """As an email to the customer's present address has it."""
    return links.url(purpose, Target(customer.id, f"{customer.id}-news-1", address_digest(customer.email or "")))


def has_consent(shop: Shop, customer: Customer) -> bool:
    consent = get_customer(shop, customer.id).consent
    return consent is not None and consent.given


def test_opening_the_link_does_not_unsubscribe_because_scanners_open_links(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    answer = client.get(link(links, Purpose.UNSUBSCRIBE, customer))
    assert answer.status_code == 200
    assert "Unsubscribe" in answer.text
    assert has_consent(shop, customer)


def test_one_click_unsubscribes_as_mail_programs_do_it(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    url = link(links, Purpose.UNSUBSCRIBE, customer)
    for _ in range(2):
        answer = client.post(url, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    consent = get_customer(shop, customer.id).consent
    assert consent is not None
    assert (consent.given, consent.source) == (False, ConsentSource.CUSTOMER)
    entry = find_suppression(shop, "maria@example.com")
    assert entry is not None
    assert entry.reason is SuppressionReason.UNSUBSCRIBED
    (refusal,) = (each.proof for each in consent_history(shop, customer.id) if each.proof and not each.proof.given)
    assert (refusal.method, refusal.text) == (ConsentMethod.EMAIL_LINK, "Unsubscribe")
    assert refusal.ip


def test_no_page_says_an_address_or_may_be_kept_framed_or_scripted(
    client: Visitor, links: Links, customer: Customer
) -> None:
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.VERIFY):
        answer = client.get(link(links, purpose, customer))
        assert "maria@" not in answer.text
        assert "Maria" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy


def test_a_wrong_link_explains_itself_and_does_nothing(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    good = link(links, Purpose.UNSUBSCRIBE, customer)
    other_purpose = good.replace("/unsubscribe/", "/verify/")
    for wrong in (good[:-2] + "xx", good + "x" * 2000, other_purpose, "http://testserver/api/mail/unsubscribe/nothing"):
        answer = client.post(wrong)
        assert answer.status_code == 404
        assert "not complete" in answer.text
    assert has_consent(shop, customer)


def test_an_old_link_says_so(client: Visitor, clock: TestClock, links: Links, customer: Customer) -> None:
    url = link(links, Purpose.VERIFY, customer)
    clock.forward(days=8)
    answer = client.post(url)
    assert answer.status_code == 410
    assert "too old" in answer.text


def test_a_link_to_a_customer_who_is_gone_still_answers(client: Visitor, links: Links) -> None:
    url = links.url(Purpose.UNSUBSCRIBE, Target("GONE000000", "GONE000000-x"))
    assert client.post(url).status_code == 200


def test_the_preference_centre_keeps_topics_pause_and_the_way_back(
    client: Visitor, shop: Shop, links: Links, customer: Customer, clock: TestClock
) -> None:
    url = link(links, Purpose.PREFERENCES, customer)
    assert "News from the shop" in client.get(url).text
    client.post(url, data={"action": "topics", "topic": ["News"]})
    preferences = get_preferences(shop, customer.id)
    assert preferences.wants("News")
    assert not preferences.wants("Offers")
    client.post(url, data={"action": "pause"})
    assert get_preferences(shop, customer.id).paused_until == clock() + timedelta(days=30)
    client.post(url, data={"action": "resume"})
    assert not get_preferences(shop, customer.id).paused(clock())
    client.post(url, data={"action": "unsubscribe"})
    assert not has_consent(shop, customer)
    assert "Write to me again" in client.get(url).text
    client.post(url, data={"action": "subscribe"})
    assert has_consent(shop, customer)
    assert find_suppression(shop, "maria@example.com") is None


def test_a_form_of_megabytes_or_nonsense_changes_nothing(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    url = link(links, Purpose.PREFERENCES, customer)
    for body in (b"action=unsubscribe&x=" + b"y" * 100_000, b"\xff\xfe&&&==", b"&".join([b"a=1"] * 500)):
        assert client.post(url, content=body).status_code == 200
    assert has_consent(shop, customer)


def test_double_opt_in_keeps_the_proof(client: Visitor, shop: Shop, links: Links) -> None:
    customer = add_customer(shop, "Noah", "noah@example.com")
    url = link(links, Purpose.VERIFY, customer)
    client.get(url)
    assert not has_consent(shop, customer)
    assert "confirmed" in client.post(url).text
    assert has_consent(shop, customer)
    proof = consent_history(shop, customer.id)[0].proof
    assert proof is not None
    assert proof.method is ConsentMethod.DOUBLE_OPT_IN
    assert address_digest("noah@example.com") in proof.origin
    assert f"{customer.id}-news-1" in proof.origin


def test_a_link_for_an_earlier_address_confirms_nothing(client: Visitor, shop: Shop, links: Links) -> None:
    customer = add_customer(shop, "Noah", "noah@example.com")
    url = link(links, Purpose.VERIFY, customer)
    edit_customer(shop, STAFF, customer.id, customer.version, Profile("Noah", "noah.new@example.com"))
    answer = client.post(url)
    assert answer.status_code == 409
    assert "another address" in answer.text
    assert not has_consent(shop, customer)


def test_the_email_can_be_viewed_in_the_browser_without_scripts(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    transport = RecordingTransport()
    window = RateWindow(shop.store, "recording", transport.account, RatePolicy(1000, -1), clock=shop.clock)
    mailer = Mailer(transport, window, links, "shop@example.com", concurrency=1)
    message = request_message(shop, mailer, STAFF, SendRequest("verify-address", "click-1", customer.id)).message
    deliver_one(shop, mailer, message)
    sent = transport.submitted[0]
    url = links.url(Purpose.VIEW, Target(customer.id, message.id))
    answer = client.get(url)
    assert answer.text == sent.html
    assert "sandbox" in answer.headers["content-security-policy"]
    assert ledger.get_message(shop, message.id).digest


def test_providers_unsubscribe_any_number_of_people_from_one_address(shop: Shop, links: Links, client: Visitor) -> None:
    people = [add_customer(shop, "Maria", f"maria{number}@example.com", consent=True) for number in range(150)]
    answers = [client.post(link(links, Purpose.UNSUBSCRIBE, person)) for person in people]
    assert {answer.status_code for answer in answers} == {200}
    assert not any(has_consent(shop, person) for person in people)


def test_guessing_links_is_slowed_down_and_does_not_keep_others_out(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    guesses = [client.post(f"http://testserver/api/mail/unsubscribe/guess{number}") for number in range(30)]
    assert [answer.status_code for answer in guesses] == [404] * 20 + [429] * 10
    assert guesses[-1].headers["retry-after"] == "60"
    assert client.post(link(links, Purpose.UNSUBSCRIBE, customer)).status_code == 200
    assert not has_consent(shop, customer)


def test_whoever_opens_one_link_again_and_again_has_to_wait(client: Visitor, links: Links, customer: Customer) -> None:
    url = link(links, Purpose.UNSUBSCRIBE, customer)
    answers = [client.get(url) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {200}
    assert answers[60].status_code == 429
    assert answers[60].headers["retry-after"] == "60"


@pytest.mark.parametrize("purpose", list(Purpose))
def test_head_answers_as_get_without_the_body_and_changes_nothing(
    client: Visitor, shop: Shop, links: Links, customer: Customer, purpose: Purpose
) -> None:
    for url in (link(links, purpose, customer), link(links, purpose, customer) + "x"):
        got, head = client.get(url), client.head(url)
        assert head.status_code == got.status_code
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.content == b""
    assert has_consent(shop, customer)


@pytest.mark.parametrize("path", ["/health", "/ready", "/nothing-here"])
def test_monitors_may_ask_by_head(client: Visitor, path: str) -> None:
    url = f"http://testserver/api{path}"
    assert client.head(url).status_code == client.get(url).status_code


def test_an_earlier_address_can_withdraw_and_drop_topics_but_never_asks_for_more(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    unsubscribe, preferences = link(links, Purpose.UNSUBSCRIBE, customer), link(links, Purpose.PREFERENCES, customer)
    client.post(preferences, data={"action": "topics", "topic": ["News"]})
    client.post(preferences, data={"action": "pause"})
    customer = get_customer(shop, customer.id)
    edit_customer(shop, STAFF, customer.id, customer.version, Profile("Maria", "maria.new@example.com"))
    client.post(preferences, data={"action": "topics", "topic": ["Offers"]})
    client.post(preferences, data={"action": "resume"})
    chosen = get_preferences(shop, customer.id)
    assert not chosen.wants("News")
    assert not chosen.wants("Offers")
    assert chosen.paused(shop.clock())
    way_back = re.search(r'href="(http://testserver/api/mail/preferences/[^"]+)"', client.post(unsubscribe).text)
    assert way_back is not None
    assert not has_consent(shop, customer)
    for url in (preferences, way_back.group(1)):
        assert "Write to me again" not in client.get(url).text
        assert "another address" in client.post(url, data={"action": "subscribe"}).text
    assert not has_consent(shop, customer)
    assert find_suppression(shop, "maria.new@example.com") is not None


def test_links_of_before_are_judged_by_the_message_that_the_ledger_has(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    transport = RecordingTransport()
    window = RateWindow(shop.store, "recording", transport.account, RatePolicy(1000, -1), clock=shop.clock)
    mailer = Mailer(transport, window, links, "shop@example.com", concurrency=1)
    message = request_message(shop, mailer, STAFF, SendRequest("verify-address", "click-1", customer.id)).message
    known = links.url(Purpose.PREFERENCES, Target(customer.id, message.id))
    unknown = links.url(Purpose.PREFERENCES, Target(customer.id, f"{customer.id}-gone"))
    client.post(known, data={"action": "unsubscribe"})
    client.post(unknown, data={"action": "subscribe"})
    assert not has_consent(shop, customer)
    client.post(known, data={"action": "subscribe"})
    assert has_consent(shop, customer)
    customer = get_customer(shop, customer.id)
    edit_customer(shop, STAFF, customer.id, customer.version, Profile("Maria", "maria.new@example.com"))
    client.post(known, data={"action": "unsubscribe"})
    client.post(known, data={"action": "subscribe"})
    assert not has_consent(shop, customer)


def test_a_proxy_that_nobody_has_named_is_warned_of(
    client: Visitor, shop: Shop, links: Links, customer: Customer
) -> None:
    url = link(links, Purpose.UNSUBSCRIBE, customer)
    client.get(url)
    assert unnamed_proxy_seen(shop) is None
    client.get(url, headers={"X-Forwarded-For": "198.51.100.4"})
    assert unnamed_proxy_seen(shop) == shop.clock()


def test_the_limit_is_per_address_and_ends() -> None:
    now = [0.0]
    limit = RequestLimit(2, 60, lambda: now[0])
    assert [limit.allows("a"), limit.allows("a"), limit.allows("a"), limit.allows("b")] == [True, True, False, True]
    now[0] = 120
    assert limit.allows("a")
