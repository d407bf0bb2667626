"""The message log as people search and read it."""

from __future__ import annotations

from backend.domain.team import Role
from backend.email.transports.recording import LoseReply, Refuse, always
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver, request
from tests.pages.reading import field, links, press, said
from tests.support import add_customer


def test_an_empty_log_says_what_to_do(dashboard: Dashboard) -> None:
    app = dashboard.open("messages.py", Role.STAFF)
    assert not app.exception
    assert "No messages here" in said(app)
    assert "Send an email" in links(app)


def test_whoever_may_not_send_is_not_sent_there(dashboard: Dashboard) -> None:
    assert "Send an email" not in links(dashboard.open("messages.py", Role.ENGINEER))


def test_a_message_is_listed_with_recipient_and_template_and_leads_to_its_page(dashboard: Dashboard) -> None:
    message = deliver(dashboard.shop, request(dashboard.shop, add_customer(dashboard.shop, "Maria Lopez")))
    app = dashboard.open("messages.py", Role.MANAGER)
    (row,) = [label for label, query in links(app).items() if query == {"id": [message.id]}]
    assert row == "Maria Lopez Verify address"
    assert "Sent" in said(app)


def test_failed_and_unknown_messages_come_first_with_what_to_do(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    deliver(shop, request(shop, add_customer(shop, "Ulla")), always(LoseReply()))
    deliver(shop, request(shop, add_customer(shop, "Finn")), always(Refuse("The address is wrong.")))
    deliver(shop, request(shop, add_customer(shop, "Gesa")))
    headings = [each.value for each in dashboard.open("messages.py", Role.STAFF).subheader]
    assert headings == [":material/help: Unknown: 1", ":material/error: Failed: 1", "All messages"]


def test_the_log_is_filtered_by_status_and_template(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    deliver(shop, request(shop, add_customer(shop, "Gesa")))
    request(shop, add_customer(shop, "Wanda"))
    app = dashboard.open("messages.py", Role.STAFF)
    app.pills[0].set_value("waiting").run()
    names = " ".join(links(app))
    assert "Wanda" in names
    assert "Gesa" not in names
    (template,) = [each for each in app.selectbox if each.label == "Template"]
    template.set_value("welcome").run()
    assert "No messages here" in said(app)


def test_a_message_is_found_by_its_id_and_a_wrong_one_is_told(dashboard: Dashboard) -> None:
    app = dashboard.open("messages.py", Role.STAFF)
    for wrong in ("NOBODY-click-1", "nonsense", "x" * 200):
        field(app, "Message id").set_value(wrong)
        press(app, "Find message")
        assert not app.exception
        assert "There is no message with this id." in said(app)


def test_messages_of_one_customer_are_listed(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    maria, olga = add_customer(shop, "Maria Lopez"), add_customer(shop, "Olga")
    mine = deliver(shop, request(shop, maria))
    deliver(shop, request(shop, olga))
    app = dashboard.open("messages.py", Role.STAFF, customer=maria.id)
    assert "To Maria Lopez" in said(app)
    assert [query["id"] for query in links(app).values() if "id" in query] == [[mine.id]]
    press(app, "Show everybody")
    assert "All messages" in said(app)


def test_a_range_that_is_too_long_is_told(dashboard: Dashboard) -> None:
    app = dashboard.open("messages.py", Role.STAFF)
    app.selectbox[0].select("Last year").run()
    assert not app.exception
    assert "These days cannot be listed" in said(app)
