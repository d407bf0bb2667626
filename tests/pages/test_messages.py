"""The message log as people search and read it."""

from __future__ import annotations

from datetime import timedelta

from streamlit.testing.v1 import AppTest

from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus
from backend.domain.team import Role
from backend.email.transports.recording import LoseReply, Refuse, always
from backend.services.automations.defaults import add_defaults
from backend.services.sending import ledger
from backend.services.sending.message_log import needing_attention
from backend.services.sending.repair import key_again
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver, request
from tests.pages.reading import buttons, field, links, press, rows, said
from tests.services.test_repairing import reported, settled
from tests.support import ADMIN, NOW, add_customer


def select(app: AppTest, label: str, value: str) -> None:
    (box,) = [each for each in app.selectbox if each.label == label]
    box.set_value(value).run()


def test_an_empty_log_says_what_to_do(dashboard: Dashboard) -> None:
    app = dashboard.open("messages.py", Role.STAFF)
    assert not app.exception
    assert "No messages in this period" in said(app)
    assert "Send an email" in links(app)


def test_whoever_may_not_send_is_not_sent_there(dashboard: Dashboard) -> None:
    assert "Send an email" not in links(dashboard.open("messages.py", Role.ENGINEER))


def test_a_message_is_listed_with_recipient_and_template_and_leads_to_its_page(dashboard: Dashboard) -> None:
    message = deliver(dashboard.shop, request(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez")))
    app = dashboard.open("messages.py", Role.MANAGER)
    (row,) = rows(app)
    assert (row["Recipient"], row["Email"], row["Status"]) == ("Maria Lopez", "Verify address", "Sent")
    assert links(app)["Maria Lopez"] == {"id": [message.id]}


def test_failed_and_unknown_messages_come_first_with_what_to_do(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    deliver(shop, request(shop, add_customer(shop, "Ulla")), always(LoseReply()))
    deliver(shop, request(shop, add_customer(shop, "Finn")), always(Refuse("The address is wrong.")))
    deliver(shop, request(shop, add_customer(shop, "Gesa")))
    headings = [each.value for each in dashboard.open("messages.py", Role.STAFF).header]
    assert headings == [":material/help: Unknown: 1", ":material/error: Failed: 1", "All messages"]


def test_the_log_is_filtered_by_status_and_template(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    deliver(shop, request(shop, add_customer(shop, "Gesa")))
    request(shop, add_customer(shop, "Wanda"))
    app = dashboard.open("messages.py", Role.STAFF)
    select(app, "Status", "waiting")
    names = " ".join(links(app))
    assert "Wanda" in names
    assert "Gesa" not in names
    select(app, "Template", "welcome")
    assert "No messages in this period" in said(app)


def test_the_log_shows_what_was_reported_and_is_filtered_by_it(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    settled(shop, "click-1", MessageStatus.SENT, name="Olga", outcomes={Outcome.DELIVERED: NOW, Outcome.OPENED: NOW})
    settled(shop, "click-2", MessageStatus.SENT, name="Doris", outcomes={Outcome.DELIVERED: NOW})
    app = dashboard.open("messages.py", Role.STAFF)
    assert ("Opened" in said(app), "Delivered" in said(app)) == (True, True)
    select(app, "Reported", "opened")
    names = " ".join(links(app))
    assert ("Olga" in names, "Doris" in names) == (True, False)


def test_the_log_of_a_campaign_is_led_to_by_its_id(dashboard: Dashboard) -> None:
    today = dashboard.shop.clock()
    settled(dashboard.shop, "KAAAA", MessageStatus.SENT, name="Olga", campaign="AAAA", requested_at=today)
    settled(dashboard.shop, "KBBBB", MessageStatus.SENT, name="Doris", campaign="BBBB", requested_at=today)
    names = " ".join(links(dashboard.open("messages.py", Role.STAFF, campaign="AAAA")))
    assert ("Olga" in names, "Doris" in names) == (True, False)


def test_what_sent_the_messages_is_chosen_by_its_name(dashboard: Dashboard) -> None:
    shop, today = dashboard.shop, dashboard.shop.clock()
    review = next(each for each in add_defaults(shop, ADMIN) if each.name == "Review request")
    settled(shop, "K1", MessageStatus.SENT, name="Olga", campaign=review.id, requested_at=today)
    settled(shop, "K2", MessageStatus.SENT, name="Doris", requested_at=today)
    app = dashboard.open("messages.py", Role.MANAGER)
    select(app, "Campaign or automation", review.id)
    names = " ".join(links(app))
    assert ("Olga" in names, "Doris" in names) == (True, False)


def test_all_that_failed_are_marked_as_handled_by_typing_their_number(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    for number in range(7):
        settled(shop, f"click-{number}", MessageStatus.FAILED)
    app = dashboard.open("messages.py", Role.ENGINEER)
    press(app, "Mark 7 as handled")
    field(app, "What was done").set_value("Wrong address; corrected.")
    press(app, "Mark as handled")
    assert "Type 7" in said(app)
    field(app, "Type 7 to confirm").set_value("7")
    press(app, "Mark as handled")
    assert not app.exception
    assert needing_attention(shop, MessageStatus.FAILED) == []
    assert "Failed" not in " ".join(each.value for each in app.header)


def test_a_handled_batch_needs_a_note(dashboard: Dashboard) -> None:
    settled(dashboard.shop, "click-1", MessageStatus.FAILED)
    app = dashboard.open("messages.py", Role.STAFF)
    press(app, "Mark 1 as handled")
    press(app, "Mark as handled")
    assert "Note is missing." in said(app)
    assert len(needing_attention(dashboard.shop, MessageStatus.FAILED)) == 1


def test_unknown_messages_of_which_nothing_was_heard_go_again_with_reason_and_number(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    yesterday = shop.clock() - timedelta(days=1)
    reported(shop, yesterday)
    old = [settled(shop, f"click-{number}", requested_at=yesterday, due_at=yesterday) for number in range(2)]
    settled(shop, "click-9", due_at=shop.clock())
    app = dashboard.open("messages.py", Role.STAFF)
    assert "Mark 3 as handled" in buttons(app)
    press(app, "Send 2 again")
    assert "reported nothing about them for a day" in said(app)
    field(app, "Reason").set_value("Never reported.")
    field(app, "Type 2 to confirm").set_value("2")
    press(app, "Send again")
    again = [ledger.get_message(shop, f"{each.recipient}-{key_again(each)}") for each in old]
    assert {each.reason for each in again} == {"Sent again: Never reported."}
    assert [each.key for each in needing_attention(shop, MessageStatus.UNKNOWN)] == ["click-9"]


def test_whoever_may_not_repair_sees_no_buttons_for_it(dashboard: Dashboard) -> None:
    yesterday = dashboard.shop.clock() - timedelta(days=1)
    reported(dashboard.shop, yesterday)
    settled(dashboard.shop, "click-1", requested_at=yesterday, due_at=yesterday)
    app = dashboard.open("messages.py", Role.MANAGER)
    assert [label for label in buttons(app) if "handled" in label or "again" in label] == []
    engineers = buttons(dashboard.open("messages.py", Role.ENGINEER))
    assert "Mark 1 as handled" in engineers
    assert "Send 1 again" not in engineers
    assert "Send 1 again" in buttons(dashboard.open("messages.py", Role.STAFF))


def test_a_message_is_found_by_its_id_and_for_a_wrong_one_the_page_says_so(dashboard: Dashboard) -> None:
    app = dashboard.open("messages.py", Role.STAFF)
    for wrong in ("NOBODY-click-1", "nonsense", "x" * 200):
        field(app, "Message id").set_value(wrong)
        press(app, "Find message")
        assert not app.exception
        assert "No message has this id." in said(app)


def test_messages_of_one_customer_are_listed(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria, olga = add_customer(shop, "Maria Lopez"), add_customer(shop, "Olga")
    mine = deliver(shop, request(shop, maria))
    deliver(shop, request(shop, olga))
    app = dashboard.open("messages.py", Role.STAFF, customer=maria.id)
    assert "To Maria Lopez" in said(app)
    assert [query["id"] for query in links(app).values() if "id" in query] == [[mine.id]]
    press(app, "Show all customers")
    assert "All messages" in said(app)


def test_a_range_that_is_too_long_is_reported(dashboard: Dashboard) -> None:
    app = dashboard.open("messages.py", Role.STAFF)
    app.selectbox[0].select("Last year").run()
    assert not app.exception
    assert "This period cannot be listed" in said(app)
