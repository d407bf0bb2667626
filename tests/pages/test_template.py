"""A template's page as people see and work it: preview, test, editor, versions."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.emails import TemplateSource
from backend.domain.messages import MessageStatus
from backend.domain.team import Role
from backend.services.sending import ledger
from backend.services.sending.message_log import LogFilter, list_messages
from backend.services.templates import catalogue
from backend.services.templates.previews import Recipient, preview_message, render_preview
from backend.services.templates.versions import get_working_copy, list_versions, publish, save_working_copy
from pages.components.ui import shell
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, links, press, said
from tests.support import MANAGER, add_customer, add_order

NAME = "order-confirmation"


def opened(dashboard: Dashboard, role: Role = Role.STAFF, **query: str) -> AppTest:
    return dashboard.open("template.py", role, **{"name": NAME, **query})


def choose(app: AppTest, value: str) -> AppTest:
    """Presses one of the words of a segmented control."""
    (control,) = [each for each in app.segmented_control if value in each.options]
    return control.set_value(value).run()


def editing(dashboard: Dashboard, role: Role = Role.STAFF) -> AppTest:
    return choose(opened(dashboard, role), "Edit")


def current(dashboard: Dashboard) -> TemplateSource:
    return catalogue.current_version(dashboard.shop, NAME).source


def save(dashboard: Dashboard, subject: str, seen: int = 0) -> None:
    text = replace(current(dashboard), subject=subject)
    save_working_copy(dashboard.shop, MANAGER, NAME, text, seen_revision=seen)


def publish_version(dashboard: Dashboard, subject: str, note: str = "") -> None:
    save(dashboard, subject)
    number = catalogue.state_of(dashboard.shop, NAME).number
    publish(dashboard.shop, MANAGER, NAME, seen_revision=1, seen_number=number, note=note)


def frame(app: AppTest) -> str:
    return str(app.get("iframe")[0].proto.srcdoc)


# --- preview -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "nothing-like-this", "../../etc/passwd", "x" * 5000])
def test_an_unknown_email_is_explained(dashboard: Dashboard, name: str) -> None:
    app = opened(dashboard, name=name)
    assert not app.exception
    assert "This email does not exist" in said(app)


def test_the_sample_is_shown_as_an_inbox_and_a_device_show_it_with_its_checklist(dashboard: Dashboard) -> None:
    app = opened(dashboard, Role.ENGINEER)
    preview = render_preview(dashboard.shop, NAME)
    assert preview.email is not None
    assert f"{preview.email.subject} :gray[{preview.email.preheader}]" in said(app)
    assert preview.email.subject in frame(app)
    for check in preview.checks:
        assert check.sentence in said(app)


@pytest.mark.parametrize(("view", "width"), [("Desktop", 600), ("Phone", 375), ("Dark", 600)])
def test_each_view_has_its_width(dashboard: Dashboard, view: str, width: int) -> None:
    app = choose(opened(dashboard), view)
    assert f"width:{width}px" in frame(app)
    assert ("Approximate: shows" in said(app)) == (view == "Dark")


def test_pictures_from_the_web_are_loaded_only_when_somebody_asks(dashboard: Dashboard) -> None:
    app = opened(dashboard)
    assert "img-src data: https:" not in frame(app)
    app.toggle[0].set_value(True).run()
    assert "img-src data: https:" in frame(app)


def test_text_headers_and_source_are_shown_as_they_are(dashboard: Dashboard) -> None:
    app = opened(dashboard, name="newsletter")
    email = render_preview(dashboard.shop, "newsletter").email
    assert email is not None
    assert choose(app, "Plain text").code[0].value == email.text.strip()
    assert choose(app, "Source").code[0].value == email.html.strip()
    headers = choose(app, "Headers").code[0].value
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    assert "To: " in headers


def test_a_real_customer_and_order_can_be_chosen(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria Sommer")
    orders = [add_order(dashboard.shop, maria, amount) for amount in (1000, 2000)]
    app = choose(opened(dashboard), "A customer")
    field(app, "Find a customer").set_value("som").run()
    assert not app.exception
    for wanted in orders:
        (order,) = [each for each in app.selectbox if each.label == "Order"]
        order.set_value(wanted.id).run()
        assert [each.number in frame(app) for each in orders] == [each is wanted for each in orders]
    assert "Maria" in frame(app)


def test_a_link_chooses_the_customer_and_leads_on_to_sending(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria Sommer")
    order = add_order(dashboard.shop, maria, 1000)
    app = opened(dashboard, customer=maria.id, order=order.id)
    assert order.number in frame(app)
    expected = {"template": [NAME], "customer": [maria.id], "order": [order.id]}
    assert links(app)["Send to a customer"] == expected
    assert "Send to a customer" not in links(opened(dashboard, Role.MANAGER))


def test_a_link_for_another_customer_is_not_overruled_by_an_earlier_choice(dashboard: Dashboard) -> None:
    maria, noor = (add_customer(dashboard.shop, name) for name in ("Maria Sommer", "Noor Haddad"))
    for each in (maria, noor):
        add_order(dashboard.shop, each, 1000)
    app = opened(dashboard, customer=maria.id)
    choose(app, "Sample")
    app.query_params["customer"] = noor.id
    assert "Noor" in frame(app.run())


def test_a_customer_who_is_gone_is_reported(dashboard: Dashboard) -> None:
    app = opened(dashboard, customer="NOBODY")
    assert not app.exception
    assert "Send me a test" in buttons(app)


def test_what_is_not_real_is_named(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria Sommer")
    app = opened(dashboard, name="order-shipped", customer=maria.id)
    assert "Sample data: order, tracking link, tracking number and carrier." in said(app)


def test_an_email_to_a_member_of_the_team_has_no_customer_to_choose(dashboard: Dashboard) -> None:
    app = opened(dashboard, name="team-invitation")
    assert not app.exception
    assert "goes to a member of the team" in said(app)
    assert "Send to a customer" not in links(app)


def test_the_file_to_download_is_the_message(dashboard: Dashboard) -> None:
    maria = add_customer(dashboard.shop, "Maria Sommer")
    preview = render_preview(dashboard.shop, NAME, recipient=Recipient(maria.id))
    message = message_from_bytes(preview_message(dashboard.shop, shell.mailer().sender, preview), policy=default)
    assert preview.email is not None
    assert message["Subject"] == preview.email.subject
    assert maria.email is not None
    assert maria.email in message["To"]
    assert message.get_body(("html",)).get_content().split() == preview.email.html.split()
    assert message.get_body(("plain",)).get_content().split() == preview.email.text.split()
    assert [each.label for each in opened(dashboard).get("download_button")] == ["Download as .eml"]


@pytest.mark.parametrize("name", MARKUP)
def test_markup_of_customers_and_templates_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    maria = add_customer(dashboard.shop, name)
    save(dashboard, f"{name} {{{{ customer.name }}}}")
    app = opened(dashboard, customer=maria.id)
    (version,) = [each for each in app.selectbox if each.label == "Version"]
    version.set_value("Draft").run()
    assert not app.exception
    assert f"{name} {name}" in said(app)


# --- tests to oneself --------------------------------------------------------------------------------------------


def test_a_test_goes_to_the_signed_in_person_once_for_each_press(dashboard: Dashboard) -> None:
    app = press(opened(dashboard), "Send me a test")
    assert "Sending the test" in said(app)
    today = dashboard.shop.clock().date()
    (logged,) = list_messages(dashboard.shop, LogFilter(today, today)).messages
    message = ledger.get_message(dashboard.shop, logged.id)
    assert (message.to, message.test) == ("the-staff@example.com", True)
    press(app, "Send me a test")
    assert len(list_messages(dashboard.shop, LogFilter(today, today)).messages) == 2


def test_what_became_of_a_test_is_reported(dashboard: Dashboard) -> None:
    app = press(opened(dashboard), "Send me a test")
    today = dashboard.shop.clock().date()
    (logged,) = list_messages(dashboard.shop, LogFilter(today, today)).messages
    (claimed,) = ledger.claim(dashboard.shop, [ledger.get_message(dashboard.shop, logged.id)])
    refused = replace(claimed, status=MessageStatus.FAILED, reason="The provider *refused* it.")
    ledger.record(dashboard.shop, [refused])
    app.run()
    assert "The test was not sent. The provider *refused* it." in said(app)


def test_who_may_not_send_gets_no_button(dashboard: Dashboard) -> None:
    assert "Send me a test" not in buttons(opened(dashboard, Role.MANAGER))


# --- editor ------------------------------------------------------------------------------------------------------


def test_who_may_not_edit_has_no_editor(dashboard: Dashboard) -> None:
    app = opened(dashboard, Role.ENGINEER)
    assert not any("Edit" in each.options for each in app.segmented_control)


def test_the_preview_follows_what_is_typed_and_nothing_is_saved_by_that(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("Hello {{ customer.first_name }}").run()
    assert "Hello Maria" in said(app)
    assert "Unsaved changes" in said(app)
    assert get_working_copy(dashboard.shop, NAME) is None


def test_values_of_the_sender_can_be_filled_in_while_editing(dashboard: Dashboard) -> None:
    app = choose(opened(dashboard, name="order-shipped"), "Edit")
    assert not app.exception
    field(app, "Carrier (optional)").set_value("Bike courier").run()
    assert "Bike courier" in frame(app)


def test_what_is_typed_stays_while_one_looks_at_the_versions(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("Mine").run()
    choose(app, "Versions")
    choose(app, "Edit")
    assert field(app, "Subject").value == "Mine"


def test_a_mistake_is_reported_with_its_line(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Body").set_value("<mj-section><mj-column>\n<mj-text>{{ customer.nam }}</mj-text>").run()
    assert not app.exception
    assert app.error
    field(app, "Body").set_value(current(dashboard).body).run()
    assert not app.error


def test_saving_keeps_a_working_copy_and_customers_get_the_version_in_use(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("A new subject").run()
    press(app, "Save draft")
    copy = get_working_copy(dashboard.shop, NAME)
    assert copy is not None
    assert (copy.source.subject, copy.edited_by, copy.revision) == ("A new subject", "the-staff", 1)
    assert current(dashboard).subject != "A new subject"
    assert "the-staff is editing this" in said(app)
    field(app, "Subject").set_value("A newer subject").run()
    press(app, "Save draft")
    assert get_working_copy(dashboard.shop, NAME).revision == 2


def test_publishing_shows_the_difference_and_makes_a_version_with_the_note(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("A new subject").run()
    press(app, "Publish")
    assert "+A new subject" in app.code[-1].value
    assert catalogue.state_of(dashboard.shop, NAME).number == 0
    field(app, "Note").set_value("Shorter")
    press(app, "Publish version 1")
    version = catalogue.current_version(dashboard.shop, NAME)
    assert (version.number, version.source.subject, version.note) == (1, "A new subject", "Shorter")
    assert get_working_copy(dashboard.shop, NAME) is None
    assert field(app, "Subject").value == "A new subject"
    assert "Publish version 1" not in buttons(app)


def test_what_must_not_be_sent_is_not_published(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("{{ customer.nothing }}").run()
    press(app, "Publish")
    press(app, "Publish version 1")
    assert "This cannot be published yet." in said(app)
    assert catalogue.state_of(dashboard.shop, NAME).number == 0


def test_a_second_person_is_warned_and_nothing_is_overwritten(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("Mine").run()
    save(dashboard, "Theirs")
    press(app, "Save draft")
    assert get_working_copy(dashboard.shop, NAME).source.subject == "Theirs"
    assert "mara saved this template" in said(app)
    assert "Nothing was overwritten" in said(app)
    assert field(app, "Subject").value == "Mine"
    assert "-Theirs\n+Mine" in app.code[0].value
    assert not {"Save draft", "Publish"} & set(buttons(app))
    assert not app.error


def test_a_text_that_is_too_long_is_reported_and_stays(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Body").set_value("é" * 100_000).run()
    press(app, "Save draft")
    assert "The template is too long" in said(app)
    assert get_working_copy(dashboard.shop, NAME) is None
    assert len(field(app, "Body").value) == 100_000


def test_the_second_person_can_go_on_with_either_text(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("Mine").run()
    save(dashboard, "Theirs")
    app.run()
    press(app, "Keep mine")
    press(app, "Save draft")
    assert get_working_copy(dashboard.shop, NAME).source.subject == "Mine"
    save(dashboard, "Theirs again", seen=2)
    field(app, "Subject").set_value("Mine again").run()
    press(app, "Use theirs")
    assert field(app, "Subject").value == "Theirs again"


def test_newer_text_of_others_is_shown_at_once_to_who_has_typed_nothing(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    save(dashboard, "Theirs")
    app.run()
    assert field(app, "Subject").value == "Theirs"
    assert "mara saved this draft last" in said(app)


def test_a_version_published_meanwhile_keeps_the_text_that_was_typed(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    field(app, "Subject").set_value("Mine").run()
    publish_version(dashboard, "Theirs")
    app.run()
    assert field(app, "Subject").value == "Mine"
    assert "published or discarded" in said(app)
    press(app, "Use the published version")
    assert field(app, "Subject").value == "Theirs"


def test_discarding_asks_first_and_goes_back_to_the_version_in_use(dashboard: Dashboard) -> None:
    save(dashboard, "A new subject")
    app = press(editing(dashboard), "Discard")
    assert "is deleted for everyone" in said(app)
    press(app, "Discard draft")
    assert get_working_copy(dashboard.shop, NAME) is None
    assert field(app, "Subject").value == current(dashboard).subject.strip()


# --- versions ----------------------------------------------------------------------------------------------------


def test_versions_say_who_when_why_and_what_changed(dashboard: Dashboard) -> None:
    publish_version(dashboard, "Second *subject*", "A note with *stars*")
    app = choose(opened(dashboard, Role.ENGINEER), "Versions")
    assert "A note with *stars*" in [text.value for text in app.text]
    assert "mara, " in said(app)
    assert "+Second *subject*" in app.code[0].value
    assert not any(label.startswith("Restore") for label in buttons(app))


def test_an_earlier_version_can_be_restored_as_a_new_one(dashboard: Dashboard) -> None:
    before = current(dashboard)
    publish_version(dashboard, "Second")
    app = press(choose(opened(dashboard), "Versions"), "Restore")
    press(app, "Restore version 0")
    assert [each.version.number for each in list_versions(dashboard.shop, NAME)] == [2, 1, 0]
    assert current(dashboard).subject == before.subject
    assert catalogue.current_version(dashboard.shop, NAME).note == "Restored version 0"


def test_restoring_is_refused_when_somebody_published_meanwhile(dashboard: Dashboard) -> None:
    publish_version(dashboard, "Second")
    app = press(choose(opened(dashboard), "Versions"), "Restore")
    publish_version(dashboard, "Third")
    press(app, "Restore version 0")
    assert "published version 2 of this template in the meantime" in said(app)
    assert current(dashboard).subject == "Third"


def test_any_version_can_be_previewed(dashboard: Dashboard) -> None:
    publish_version(dashboard, "Second")
    app = opened(dashboard)
    assert "Second" in said(app)
    (version,) = [each for each in app.selectbox if each.label == "Version"]
    version.set_value(0).run()
    assert "Second" not in said(app)
