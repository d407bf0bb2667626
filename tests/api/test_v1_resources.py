"""What each resource of the API does: customers, orders, messages, campaigns, segments, suppressions, statistics."""

from __future__ import annotations

import json

import pytest

from backend.domain.api_keys import Scope
from backend.domain.campaigns import CampaignState
from backend.domain.customers import ActivityKind
from backend.domain.team import THE_CUSTOMER
from backend.services.context import Shop
from backend.services.customers.customers import activity_of, get_customer
from backend.services.draft_orders.settings import change_draft_settings
from backend.services.orders.lists import orders_of
from tests.api.test_v1_frame import problem
from tests.api.v1_support import Client, order
from tests.campaigns.samples import sample_campaigns
from tests.support import MANAGER, add_customer, add_order

MARIA = {"name": "Maria Lopez", "email": "maria@example.com", "country": "ES", "tags": ["tea"]}


@pytest.fixture
def ask(shop: Shop) -> Client:
    return Client(shop)


# --- customers ---------------------------------------------------------------------------------------------------


def test_a_customer_is_added_read_changed_and_found(ask: Client) -> None:
    added = ask("POST", "/customers", MARIA)
    assert added.status_code == 201
    path = f"/customers/{added.json()['id']}"
    assert ask("GET", path).json() == added.json()
    changed = ask("PATCH", path, {"city": "Madrid"}, version=1)
    assert changed.json() == {**added.json(), "city": "Madrid", "version": 2}
    problem(ask("PATCH", path, {"city": "Sevilla"}, version=1), 412, "changed")
    for query in ({"search": "lop"}, {"tag": "tea"}, {"country": "ES"}, {}):
        assert [each["id"] for each in ask("GET", "/customers", params=query).json()["data"]] == [added.json()["id"]]


def test_an_address_has_one_customer_whom_the_problem_names(ask: Client) -> None:
    first = ask("POST", "/customers", MARIA).json()
    said = problem(ask("POST", "/customers", {"name": "Other", "email": "MARIA@example.com"}), 409, "already-exists")
    assert said["customer_id"] == first["id"]


def test_consent_is_recorded_with_its_proof(ask: Client) -> None:
    customer = ask("POST", "/customers", MARIA).json()
    path = f"/customers/{customer['id']}/consent"
    answer = {"given": True, "text": "Send me news about tea.", "origin": "Checkout", "ip": "192.0.2.7"}
    problem(ask("PUT", path, answer | {"ip": "here"}), 422, "invalid")
    answer |= {"method": "checkout", "at": "2026-01-02T10:00:00Z"}
    assert ask("PUT", path, answer).json()["consent"]["source"] == "customer"
    (proof,) = ask("GET", path).json()["data"]
    assert proof == answer | {"by": THE_CUSTOMER.username}
    assert "192.0.2.7" not in "".join(each.text for each in activity_of(ask.shop, customer["id"]))
    assert "192.0.2.7" in json.dumps(ask("GET", f"/customers/{customer['id']}/data").json()["consent"])
    ask("PUT", path, answer)
    kinds = [each.kind for each in activity_of(ask.shop, customer["id"])]
    assert kinds.count(ActivityKind.CONSENT) == 1
    consent = get_customer(ask.shop, customer["id"]).consent
    assert consent is not None
    assert consent.given


def test_all_that_is_kept_of_a_customer_is_exported(ask: Client) -> None:
    customer_id = ask("POST", "/orders", order()).json()["customer_id"]
    data = ask("GET", f"/customers/{customer_id}/data").json()
    assert data["customer"]["email"] == "maria@example.com"
    assert [each["total"] for each in data["orders"]] == [1290]
    reader = Client(ask.shop, [Scope.CUSTOMERS_READ])
    problem(reader("GET", f"/customers/{customer_id}/data"), 403, "forbidden")


# --- orders ------------------------------------------------------------------------------------------------------


def test_the_customer_of_an_order_is_found_or_added(ask: Client) -> None:
    first, second = (ask("POST", "/orders", order(amount)).json() for amount in (100, 200))
    assert first["customer_id"] == second["customer_id"]
    by_id = ask("POST", "/orders", {**order(300), "customer": None, "customer_id": first["customer_id"]}).json()
    assert by_id["customer_email"] == "maria@example.com"
    problem(ask("POST", "/orders", {**order(), "customer": None}), 422, "invalid")
    problem(ask("POST", "/orders", order(customer_id=first["customer_id"])), 422, "invalid")
    problem(ask("POST", "/orders", {**order(), "customer": None, "customer_id": "ZZZZZZZZZZ"}), 404, "not-found")


def test_an_order_without_an_address_gets_a_customer_of_its_own(ask: Client) -> None:
    ids = {ask("POST", "/orders", order(customer={"name": "Walk-in"})).json()["customer_id"] for _ in range(2)}
    assert len(ids) == 2


def test_amounts_are_checked_and_added_up(ask: Client) -> None:
    placed = ask("POST", "/orders", order(1000, discount=100, shipping=490, tax=50)).json()
    assert (placed["subtotal"], placed["total"], placed["currency"]) == (900, 1440, "USD")
    wrong: list[dict[str, object]] = [
        {"currency": "EUR"},
        {"discount": 2000},
        {"status": "cancelled"},
        {"placed_at": "2050-01-01T00:00:00Z"},
        {"placed_at": "2026-11-26"},
        {"shipping": -1},
        {"shipping": 1.5},
        {"shipping": "490"},
        {"lines": []},
    ]
    for each in wrong:
        problem(ask("POST", "/orders", order(1000, **each)), 422, "invalid")


def test_a_shipping_address_is_kept_with_the_order(ask: Client) -> None:
    address = {"street": "Calle Sol 1", "city": "Sevilla", "postcode": "41001", "country": "ES"}
    placed = ask("POST", "/orders", order(shipping_address=address)).json()
    assert placed["shipping_address"] == {**dict.fromkeys(placed["shipping_address"], ""), **address}


def test_each_order_of_a_batch_has_a_result_of_its_own(ask: Client) -> None:
    batch = {"orders": [order(100, reference="A"), order(200, currency="EUR"), order(300, reference="A"), order(400)]}
    results = ask("POST", "/orders/batch", batch, once="batch-1").json()["results"]
    assert [each["status"] for each in results] == [201, 422, 200, 201]
    assert results[2]["id"] == results[0]["id"]
    assert results[1]["type"] == "/api/docs#problem-invalid"
    assert len(orders_of(ask.shop, results[0]["customer_id"]).orders) == 2
    problem(ask("POST", "/orders/batch", {"orders": [order()] * 101}), 422, "invalid")


def test_an_order_is_refunded_in_part_and_then_all_that_is_left(ask: Client) -> None:
    placed = ask("POST", "/orders", order(1000)).json()
    path = f"/orders/{placed['id']}/refunds"
    assert ask("POST", path, {"amount": 300, "reason": "Damaged"}).json()["refunded"] == 300
    problem(ask("POST", path, {"amount": 800}), 422, "invalid")
    assert ask("POST", path, {}).json()["refundable"] == 0


def test_an_order_is_fulfilled_with_tracking(ask: Client) -> None:
    lines = [{"title": "Tea", "quantity": 2, "unit_price": 100}, {"title": "Pot", "unit_price": 500}]
    placed = ask("POST", "/orders", order(lines=lines)).json()
    path = f"/orders/{placed['id']}/fulfilments"
    first = ask("POST", path, {"quantities": [1, 0], "carrier": "DHL", "tracking_number": "0034"}, once="parcel-1")
    assert first.status_code == 201
    (parcel,) = first.json()["fulfilments"]
    assert parcel["tracking_url"].endswith("piececode=0034")
    assert first.json()["status"] == "paid"
    problem(ask("POST", path, {"quantities": [2, 0]}), 422, "invalid")
    assert ask("POST", path, {}).json()["status"] == "fulfilled"


def test_an_order_is_paid_in_parts_and_its_goods_come_back(ask: Client) -> None:
    placed = ask("POST", "/orders", order(1000, status="pending")).json()
    path = f"/orders/{placed['id']}"
    part = ask("POST", f"{path}/payments", {"amount": 300, "method": "Cash"}, once="cash-1").json()
    assert (part["balance"], part["status"], part["payments"][0]["method"]) == (700, "pending", "Cash")
    problem(ask("POST", f"{path}/payments", {"amount": 701}), 422, "invalid")
    assert ask("POST", f"{path}/payments", {}).json()["status"] == "paid"
    (noted,) = ask("POST", f"{path}/returns", {"quantities": [1], "reason": "Too small"}).json()["returns"]
    assert (noted["items"][0]["quantity"], noted["received_at"]) == (1, None)


def test_a_draft_is_paid_through_its_link_once(ask: Client) -> None:
    change_draft_settings(ask.shop, MANAGER, "https://shop.example/pay/{token}", 30)
    wanted = {name: value for name, value in order(1000).items() if name != "status"}
    created = ask("POST", "/draft-orders", wanted, once="quote-1")
    draft = created.json()
    assert (created.status_code, draft["number"], draft["state"], draft["order_id"]) == (201, "D1", "open", None)
    assert draft["payment_url"] == f"https://shop.example/pay/{draft['id']}"
    assert ask("POST", "/draft-orders", wanted, once="quote-1").json() == draft
    assert ask("GET", f"/draft-orders/{draft['id']}").json() == draft
    assert ask("GET", "/orders").json()["data"] == []
    path = f"/draft-orders/{draft['id']}/complete"
    problem(ask("POST", path, {"total": 1}), 409, "conflict")
    problem(ask("POST", path, {"status": "fulfilled"}), 422, "invalid")
    placed = ask("POST", path, {"total": 1000}).json()
    assert (placed["status"], placed["total"]) == ("paid", 1000)
    assert ask("POST", path, {}).json() == placed
    assert ask("GET", f"/draft-orders/{draft['id']}").json()["order_id"] == placed["id"]
    problem(ask("POST", f"/draft-orders/{draft['id']}/cancel"), 409, "conflict")
    problem(ask("GET", "/draft-orders/none-none"), 404, "not-found")


def test_drafts_are_listed_by_state_and_cancelled(ask: Client) -> None:
    wanted = {name: value for name, value in order(1000).items() if name != "status"}
    made = [ask("POST", "/draft-orders", wanted).json()["id"] for _ in range(3)]
    assert [ask("POST", f"/draft-orders/{made[0]}/cancel").json()["state"] for _ in range(2)] == ["cancelled"] * 2
    first = ask("GET", "/draft-orders", params={"state": "open", "limit": 1}).json()
    rest = ask("GET", "/draft-orders", params={"state": "open", "limit": 1, "cursor": first["next_cursor"]}).json()
    assert {each["id"] for each in first["data"] + rest["data"]} == {*made[1:]}
    assert rest["next_cursor"] is None


def test_orders_of_a_customer_and_by_status_are_listed(ask: Client) -> None:
    placed = ask("POST", "/orders", order()).json()
    ask("POST", "/orders", order(5, customer={"name": "Olga", "email": "olga@example.com"}, status="pending"))
    listed = ask("GET", "/orders", params={"customer_id": placed["customer_id"]}).json()["data"]
    assert [each["id"] for each in listed] == [placed["id"]]
    assert [each["status"] for each in ask("GET", "/orders?status=pending").json()["data"]] == ["pending"]
    problem(ask("GET", "/orders?from=2026-02-01&to=2026-01-01"), 422, "invalid")


# --- messages ----------------------------------------------------------------------------------------------------


def test_an_email_is_requested_once_and_followed(ask: Client) -> None:
    customer = add_customer(ask.shop, email="maria@example.com", consent=True)
    wanted = {"template": "welcome", "to": "maria@example.com"}
    sent = ask("POST", "/messages", wanted, once="welcome-maria")
    assert (sent.status_code, sent.json()["status"]) == (202, "waiting")
    assert ask("POST", "/messages", wanted, once="welcome-maria").json()["id"] == sent.json()["id"]
    read = ask("GET", f"/messages/{sent.json()['id']}", params={"expand": "events"}).json()
    assert (read["customer_id"], read["events"]) == (customer.id, [])
    for query in ({}, {"customer_id": customer.id}, {"template": "welcome", "status": "waiting"}):
        assert [each["id"] for each in ask("GET", "/messages", params=query).json()["data"]] == [read["id"]]


def test_an_email_about_an_order_takes_the_orders_public_id(ask: Client) -> None:
    placed = add_order(ask.shop, add_customer(ask.shop))
    wanted = {
        "template": "order-confirmation",
        "customer_id": placed.customer_id,
        "order_id": f"{placed.customer_id}-{placed.id}",
    }
    assert ask("POST", "/messages", wanted).json()["order_id"] == wanted["order_id"]


def test_emails_that_cannot_be_are_refused(ask: Client) -> None:
    customer = add_customer(ask.shop)
    problem(ask("POST", "/messages", {"template": "welcome"}), 422, "invalid")
    problem(ask("POST", "/messages", {"template": "welcome", "to": "nobody@example.com"}), 404, "not-found")
    problem(ask("POST", "/messages", {"template": "no-such", "customer_id": customer.id}), 404, "not-found")
    team = {"template": "team-invitation", "to": "maria@example.com"}
    assert "for the team" in str(problem(ask("POST", "/messages", team), 422, "invalid")["detail"])
    problem(ask("GET", "/messages/none"), 404, "not-found")


# --- campaigns, segments, suppressions, statistics ---------------------------------------------------------------


def test_a_campaign_is_read_paused_and_resumed(ask: Client) -> None:
    customers = sorted(add_customer(ask.shop, f"Customer {number}").id for number in range(4))
    campaign = sample_campaigns(ask.shop, customers)
    read = ask("GET", f"/campaigns/{campaign.id}")
    assert read.json()["progress"]["audience"] >= 0
    assert campaign.id in [each["id"] for each in ask("GET", "/campaigns").json()["data"]]
    paused = ask("POST", f"/campaigns/{campaign.id}/pause", {"reason": "Wrong price"})
    assert (paused.json()["state"], paused.json()["reason"]) == (CampaignState.PAUSED, "Wrong price")
    problem(ask("POST", f"/campaigns/{campaign.id}/resume", version=campaign.version), 412, "changed")
    version = int(paused.headers["etag"].strip('"'))
    assert ask("POST", f"/campaigns/{campaign.id}/resume", version=version).json()["state"] == "running"
    problem(ask("POST", f"/campaigns/{campaign.id}/start", version=version + 1), 409, "wrong-state")
    problem(ask("POST", f"/campaigns/{campaign.id}/start"), 428, "no-if-match")


def test_segments_are_listed_counted_and_their_members_paged(ask: Client) -> None:
    buyers = sorted(add_order(ask.shop, add_customer(ask.shop)).customer_id for _ in range(3))
    add_customer(ask.shop)
    found = {each["name"]: each for each in ask("GET", "/segments").json()["data"]}
    segment = found["One-time buyers"]
    assert ask("GET", f"/segments/{segment['id']}").json() == segment
    assert ask("GET", f"/segments/{segment['id']}/count").json()["count"] == 3
    first = ask("GET", f"/segments/{segment['id']}/members", params={"limit": 2}).json()
    rest = ask("GET", f"/segments/{segment['id']}/members", params={"cursor": first["next_cursor"]}).json()
    assert [each["id"] for each in first["data"] + rest["data"]] == buyers
    assert rest["next_cursor"] is None
    problem(ask("GET", "/segments/none"), 404, "not-found")


def test_addresses_are_suppressed_looked_up_and_let_out_again(ask: Client) -> None:
    added = ask("POST", "/suppressions", {"address": "maria@example.com", "note": "By phone"}).json()
    assert [cause["reason"] for cause in added["causes"]] == ["manual"]
    assert ask("GET", "/suppressions", params={"address": "MARIA@example.com"}).json()["data"] == [added]
    assert ask("GET", "/suppressions").json()["data"] == [added]
    removal = {"address": "maria@example.com", "why": "Typing error"}
    assert ask("POST", "/suppressions/remove", removal).json()["causes"] == []
    problem(ask("POST", "/suppressions/remove", removal), 404, "not-found")
    problem(ask("POST", "/suppressions", {"address": "nobody"}), 422, "invalid")


def test_sales_and_sends_are_summed(ask: Client) -> None:
    placed = ask("POST", "/orders", order(1000)).json()
    ask("POST", f"/orders/{placed['id']}/refunds", {"amount": 400})
    sales = ask("GET", "/statistics/sales").json()
    assert (sales["total"]["orders"], sales["total"]["revenue"], sales["currency"]) == (1, 600, "USD")
    assert [day["day"] for day in sales["days"]] == ["2026-11-26"]
    add_customer(ask.shop, email="olga@example.com", consent=False)
    ask("POST", "/messages", {"template": "newsletter", "to": "olga@example.com", "data": {}})
    sends = ask("GET", "/statistics/sends?from=2026-11-26&to=2026-11-26").json()
    assert set(sends) == {"total", "templates"}


def test_a_customer_has_a_given_and_a_family_name(ask: Client) -> None:
    wanted = {"given_name": "Maria", "family_name": "Lopez", "email": "ml@example.com"}
    made = ask("POST", "/customers", wanted)
    assert (made.json()["name"], made.json()["given_name"]) == ("Maria Lopez", "Maria")
    changed = ask("PATCH", f"/customers/{made.json()['id']}", {"family_name": "Weber"}, version=1).json()
    assert (changed["name"], changed["given_name"], changed["family_name"]) == ("Maria Weber", "Maria", "Weber")
