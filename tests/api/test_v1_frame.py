"""What holds for every call of the API: keys, scopes, limits, idempotency, versions, cursors and problem documents."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from backend.api.public.limits import RequestLimit
from backend.api.v1.gate import LARGEST_BODY, Limits
from backend.domain.api_keys import Scope
from backend.domain.customers import Customer
from backend.services.api.intake import added
from backend.services.api.request_rate import RatePolicy
from backend.services.api_keys import keys
from backend.services.context import Shop
from backend.services.orders.lists import orders_of
from backend.services.orders.orders import Placed, get_order, place_order
from backend.services.statistics.figures import totals_by_day
from backend.services.statistics.overview import today_of
from tests.api.v1_support import Client, order
from tests.support import ADMIN, TestClock, add_customer, add_order


@pytest.fixture
def ask(shop: Shop) -> Client:
    return Client(shop)


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, object] = answer.json()
    assert said["type"] == f"/api/docs#problem-{kind}"
    assert said["status"] == status
    assert all(said[part] for part in ("title", "detail", "action"))
    return said


def orders_placed(shop: Shop) -> int:
    today = today_of(shop)
    return sum(day.totals.orders for day in totals_by_day(shop, today, today))


# --- keys and scopes ---------------------------------------------------------------------------------------------


def test_without_a_key_or_with_a_wrong_one_the_answer_is_the_same(ask: Client) -> None:
    prefix = ask.key.split("_")[1]
    wrong = ["", "tp_ZZZZZZZZZZ_x", f"tp_{prefix}_x", "Basic", ask.key + "x"]
    answers = [ask("GET", "/orders", key=key) for key in wrong]
    for answer in answers:
        problem(answer, 401, "no-key")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert len({answer.content for answer in answers}) == 1


def test_a_key_without_the_scope_is_refused_and_does_nothing(shop: Shop) -> None:
    ask = Client(shop, [Scope.ORDERS_READ])
    assert ask("GET", "/orders").status_code == 200
    assert "orders:write" in str(problem(ask("POST", "/orders", order()), 403, "forbidden")["detail"])
    problem(ask("GET", "/customers"), 403, "forbidden")
    assert orders_placed(shop) == 0


def test_an_order_for_an_unknown_customer_needs_the_scope_for_customers(shop: Shop) -> None:
    ask = Client(shop, [Scope.ORDERS_WRITE])
    assert "edit customers" in str(problem(ask("POST", "/orders", order()), 403, "forbidden")["detail"])
    customer = add_customer(shop, email="maria@example.com")
    assert ask("POST", "/orders", order()).json()["customer_id"] == customer.id


def test_expanding_needs_the_scope_of_what_is_expanded(shop: Shop) -> None:
    placed = add_order(shop, add_customer(shop))
    path = f"/orders/{placed.customer_id}-{placed.id}"
    ask = Client(shop, [Scope.ORDERS_READ])
    assert ask("GET", path).json()["customer"] is None
    problem(ask("GET", path, params={"expand": "customer"}), 403, "forbidden")


def test_a_revoked_key_stops_at_once(ask: Client) -> None:
    keys.revoke_key(ask.shop, ADMIN, ask.key.split("_")[1])
    problem(ask("GET", "/orders"), 401, "no-key")


def test_history_shows_which_key_did_it(ask: Client) -> None:
    placed = ask("POST", "/orders", order()).json()
    assert placed["history"][0]["by"] == f"key:{ask.key.split('_')[1]}"


# --- idempotency -------------------------------------------------------------------------------------------------


def test_the_same_request_places_one_order_and_gets_one_answer(ask: Client) -> None:
    first, second = (ask("POST", "/orders", order(), once="key-1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["etag"] == first.headers["etag"]
    assert second.headers["idempotent-replayed"] == "true"
    assert orders_placed(ask.shop) == 1


def test_another_body_with_the_same_key_is_refused(ask: Client) -> None:
    ask("POST", "/orders", order(), once="key-1")
    problem(ask("POST", "/orders", order(5), once="key-1"), 422, "key-reused")
    problem(ask("POST", "/customers", {"name": "Maria"}, once="key-1"), 422, "key-reused")
    assert orders_placed(ask.shop) == 1


def test_a_post_without_a_key_is_refused(ask: Client) -> None:
    said = problem(ask("POST", "/orders", order(), once=""), 422, "invalid")
    assert said["errors"] == [{"field": "Idempotency-Key", "detail": said["detail"]}]


def test_a_refusal_is_repeated_too(ask: Client) -> None:
    first = ask("POST", "/orders", order(currency="EUR"), once="key-1")
    problem(first, 422, "invalid")
    assert ask("POST", "/orders", order(currency="EUR"), once="key-1").content == first.content


def test_an_order_and_its_answer_are_one_transaction(ask: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a process that dies after the order cannot lose its answer."""
    add_customer(ask.shop, email="maria@example.com")
    ask("GET", "/orders")  # notes that the key is used, and takes permits
    written = counted_writes(ask.shop, monkeypatch)
    first = ask("POST", "/orders", order(reference="WEB-1"), once="key-1")
    assert written == ["transact"]
    assert ask("POST", "/orders", order(reference="WEB-1"), once="key-1").content == first.content
    assert written == ["transact"]


def test_a_process_that_dies_after_it_added_the_customer_leaves_one_customer_and_no_order(
    ask: Client, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr("backend.services.api.intake.place_order", dies)
        with pytest.raises(SystemExit):
            ask("POST", "/orders", order(), once="key-1")
    problem(ask("POST", "/orders", order(), once="key-1"), 409, "in-progress")
    problem(ask("POST", "/orders", order(5), once="key-1"), 422, "key-reused")
    clock.forward(minutes=2)
    again = ask("POST", "/orders", order(), once="key-1")
    assert again.status_code == 201
    found = ask("GET", "/customers", params={"search": "maria@example.com"}).json()["data"]
    assert [each["id"] for each in found] == [again.json()["customer_id"]]
    assert orders_placed(ask.shop) == 1


def test_of_two_first_orders_of_a_customer_at_once_both_are_placed(
    ask: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[httpx.Response] = []

    def meanwhile(*given: Any) -> Customer:
        monkeypatch.undo()
        answers.append(ask("POST", "/orders", order()))
        return added(*given)

    monkeypatch.setattr("backend.services.api.intake.added", meanwhile)
    answers.append(ask("POST", "/orders", order()))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["customer_id"] for answer in answers}) == 1
    assert orders_placed(ask.shop) == 2


@pytest.mark.parametrize(("amount", "status"), [(1290, 201), (5, 422)])
def test_of_two_processes_that_place_the_same_order_one_does_and_both_answer_alike(
    ask: Client, monkeypatch: pytest.MonkeyPatch, amount: int, status: int
) -> None:
    add_customer(ask.shop, email="maria@example.com")
    other, answers = Client(ask.shop), []

    def meanwhile(shop: Shop, *given: Any, **more: Any) -> Placed:
        monkeypatch.undo()
        answers.append(other("POST", "/orders", order(amount), once="key-1", key=ask.key))
        return place_order(shop, *given, **more)

    monkeypatch.setattr("backend.services.api.intake.place_order", meanwhile)
    late = ask("POST", "/orders", order(), once="key-1")
    assert (answers[0].status_code, late.status_code) == (201, status)
    if status == 201:
        assert late.content == answers[0].content
    assert orders_placed(ask.shop) == 1


def test_the_same_order_sent_twice_at_once_is_refused_the_second_time(
    ask: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_customer(ask.shop, email="maria@example.com")
    answers: list[httpx.Response] = []

    def meanwhile(shop: Shop, *given: Any, **more: Any) -> Placed:
        monkeypatch.undo()
        answers.extend(ask("POST", "/orders", order(amount), once="key-1") for amount in (1290, 5))
        return place_order(shop, *given, **more)

    monkeypatch.setattr("backend.services.api.intake.place_order", meanwhile)
    assert ask("POST", "/orders", order(), once="key-1").status_code == 201
    problem(answers[0], 409, "in-progress")
    problem(answers[1], 422, "key-reused")
    assert orders_placed(ask.shop) == 1


def counted_writes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the store's methods that write, as they are called from now on."""
    written: list[str] = []

    def counted(name: str) -> Any:
        method = getattr(type(shop.store), name)

        def call(*given: Any) -> Any:
            written.append(name)
            return method(*given)

        return call

    for name in ("put", "update", "delete", "transact", "transact_each"):
        monkeypatch.setattr(type(shop.store), name, counted(name))
    return written


def test_a_rotated_key_keeps_the_idempotency_keys(ask: Client) -> None:
    first = ask("POST", "/orders", order(), once="key-1")
    rotated = keys.rotate_key(ask.shop, ADMIN, ask.key.split("_")[1]).text
    assert ask("POST", "/orders", order(), once="key-1", key=rotated).content == first.content


# --- versions and cursors ----------------------------------------------------------------------------------------


def test_a_change_needs_the_version_that_was_read(ask: Client) -> None:
    placed = ask("POST", "/orders", order())
    path = f"/orders/{placed.json()['id']}"
    assert placed.headers["etag"] == '"1"'
    problem(ask("PATCH", path, {"status": "fulfilled"}), 428, "no-if-match")
    problem(ask("PATCH", path, {"status": "fulfilled"}, headers={"If-Match": "*"}), 422, "invalid")
    assert ask("PATCH", path, {"status": "fulfilled"}, version=1).headers["etag"] == '"2"'
    problem(ask("PATCH", path, {"status": "cancelled"}, version=1), 412, "changed")


def test_a_cursor_goes_through_one_list_and_is_good_for_no_other(ask: Client) -> None:
    for number in range(5):
        ask("POST", "/orders", order(100 + number))
    seen: list[str] = []
    cursor = ""
    while True:
        page = ask("GET", "/orders", params={"limit": 2, "cursor": cursor}).json()
        seen += [each["id"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5
    for path, other in (("/orders", {"status": "paid"}), ("/customers", {}), ("/orders", {"limit": "x" * 3000})):
        assert ask("GET", path, params={"cursor": cursor, **other}).status_code == 422
    problem(ask("GET", "/orders", params={"cursor": "bm90aGluZw"}), 422, "invalid")


# --- limits ------------------------------------------------------------------------------------------------------


def test_a_key_that_asks_too_often_is_told_when_to_come_again(shop: Shop, clock: TestClock) -> None:
    ask = Client(shop, rate=RatePolicy(3, 10))
    left = [ask("GET", "/orders").headers["ratelimit"] for _ in range(3)]
    assert left == ['"key";r=2;t=10', '"key";r=1;t=10', '"key";r=0;t=10']
    refused = ask("GET", "/orders")
    problem(refused, 429, "too-many-requests")
    assert refused.headers["retry-after"] == "10"
    assert refused.headers["ratelimit-policy"] == '"key";q=3;w=10'
    clock.forward(seconds=10)
    assert ask("GET", "/orders").status_code == 200


def test_whoever_tries_keys_is_stopped_and_with_a_right_one_too(shop: Shop) -> None:
    ask = Client(shop, limits=Limits(wrong_keys=RequestLimit(3, clock=lambda: 1.0)))
    for number in range(3):
        problem(ask("GET", "/orders", key=f"tp_ZZZZZZZZZZ_{number}"), 401, "no-key")
    problem(ask("GET", "/orders", key="tp_ZZZZZZZZZZ_x"), 429, "too-many-requests")
    problem(ask("GET", "/orders"), 429, "too-many-requests")


def test_an_address_that_asks_too_often_is_refused_before_its_key_is_looked_at(shop: Shop) -> None:
    ask = Client(shop, limits=Limits(addresses=RequestLimit(2, clock=lambda: 1.0)))
    assert [ask("GET", "/orders", key="").status_code for _ in range(3)] == [401, 401, 429]


def test_processes_share_what_an_address_may_ask(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.api.v1.gate._ALONE", 1)
    processes = [Client(shop, limits=Limits(shared_addresses=RatePolicy(3, 10))) for _ in range(2)]
    answers = [ask("GET", "/orders", key="") for _ in range(4) for ask in processes]
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 3


def test_when_the_limiter_cannot_decide_nothing_is_done(ask: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.errors import StoreUnreachableError

    def silent(*_: object) -> None:
        raise StoreUnreachableError("The store does not answer.")

    monkeypatch.setattr("backend.services.api.request_rate.SharedRate._reserve", silent)
    problem(ask("POST", "/orders", order()), 503, "busy")
    assert orders_placed(ask.shop) == 0


# --- abuse -------------------------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused(ask: Client) -> None:
    problem(ask("POST", "/orders", content=b"x" * (LARGEST_BODY + 1)), 413, "too-large")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"null", b'"x"', b"\xff\xfe", gzip.compress(b"{}", mtime=0), b"[" * 5000]
)
def test_what_is_no_order_is_refused(ask: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    problem(ask("POST", "/orders", content=body, headers=headers), 422, "invalid")


@pytest.mark.parametrize("path", ["/orders/..%2f..%2fhealth", "/orders/%2e%2e/customers", "/orders/C%23x-A", "/x"])
def test_paths_lead_nowhere_else(ask: Client, path: str) -> None:
    assert ask("GET", path).status_code in (404, 422)


def test_a_parameter_with_a_typing_error_is_refused(ask: Client) -> None:
    said = problem(ask("GET", "/orders", params={"stauts": "paid"}), 422, "invalid")
    assert said["errors"] == [{"field": "stauts", "detail": "There is no such parameter."}]


def test_what_a_caller_writes_gets_into_no_header(ask: Client) -> None:
    name = "Maria\r\nX-Evil: 1"
    problem(ask("POST", "/orders", order(customer={"name": name, "email": "m@example.com"})), 422, "invalid")
    answer = ask("GET", "/orders", headers={"X-Request-Id": "evil id"})
    assert "evil" not in answer.headers["x-request-id"]


def test_an_order_of_one_customer_cannot_be_read_as_anothers(ask: Client) -> None:
    placed = ask("POST", "/orders", order()).json()
    other = add_customer(ask.shop, "Olga")
    problem(ask("GET", f"/orders/{other.id}-{placed['id'].split('-')[1]}"), 404, "not-found")


def test_pages_of_other_origins_may_use_it_only_where_it_is_set(shop: Shop) -> None:
    asked = {"Origin": "https://tools.example.com", "Access-Control-Request-Method": "POST"}
    off = Client(shop)("OPTIONS", "/orders", headers=asked)
    assert "access-control-allow-origin" not in off.headers
    ask = Client(shop, origins=("https://tools.example.com",))
    on = ask("OPTIONS", "/orders", headers={**asked, "Access-Control-Request-Headers": "authorization, if-match"})
    assert on.headers["access-control-allow-origin"] == "https://tools.example.com"
    stranger = ask("OPTIONS", "/orders", headers={**asked, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers


def test_answers_are_not_kept_by_caches(ask: Client) -> None:
    assert ask("GET", "/orders").headers["cache-control"] == "no-store"


# --- one shop ----------------------------------------------------------------------------------------------------


def test_what_the_api_does_the_services_see(ask: Client, clock: TestClock) -> None:
    placed = ask("POST", "/orders", order(reference="WEB-1")).json()
    customer_id, order_id = placed["id"].split("-")
    assert get_order(ask.shop, customer_id, order_id).total == 1290
    clock.forward(seconds=5)
    again = ask("POST", "/orders", order(reference="WEB-1"))
    assert (again.status_code, again.json()["id"]) == (200, placed["id"])
    assert len(orders_of(ask.shop, customer_id).orders) == 1
    assert ask("GET", "/orders", params={"number": "WEB-1"}).json()["data"][0]["id"] == placed["id"]
