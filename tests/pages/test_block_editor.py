"""The editor of blocks as people work it."""

from __future__ import annotations

from dataclasses import replace

from streamlit.testing.v1 import AppTest

from backend.domain.emails import TemplateSource
from backend.domain.team import Role
from backend.email.blocks.model import Condition, Document
from backend.email.blocks.reading import read_document
from backend.services import shop_settings
from backend.services.templates import catalogue
from backend.services.templates.versions import get_working_copy
from tests.pages.dashboard import Dashboard
from tests.pages.reading import as_read, buttons, field, press, said
from tests.support import ADMIN

NAME = "welcome"


def editing(dashboard: Dashboard, name: str = NAME) -> AppTest:
    app = dashboard.open("template.py", Role.STAFF, name=name)
    (control,) = [each for each in app.segmented_control if "Edit" in each.options]
    return control.set_value("Edit").run()


def choose(app: AppTest, beginning: str) -> AppTest:
    """Presses the row of a block in the list."""
    return next(each for each in app.button if each.label.startswith(beginning)).click().run()


def saved(app: AppTest, dashboard: Dashboard) -> Document:
    press(app, "Save draft")
    assert not app.exception
    copy = get_working_copy(dashboard.shop, NAME)
    assert copy is not None
    return read_document(copy.source.blocks)


def kinds(document: Document) -> str:
    return " ".join(block.KIND for block in document.blocks)


def frame(app: AppTest) -> str:
    return str(app.get("iframe")[0].proto.srcdoc)


def add(app: AppTest, kind: str, label: str = "Add a block") -> AppTest:
    return pick(app, label, kind)


def pick(app: AppTest, label: str, value: str) -> AppTest:
    """Picks a value from the one list with this label."""
    (found,) = [each for each in app.selectbox if each.label == label]
    return found.set_value(value).run()


def test_a_text_is_changed_and_seen_at_once(dashboard: Dashboard) -> None:
    app = choose(editing(dashboard), "**Text**")
    field(app, "Text").set_value("Hello **you**").run()
    assert "strong&gt;you" in frame(app)
    assert "Unsaved changes" in said(app)
    assert saved(app, dashboard).blocks[1].text == "Hello **you**"
    assert "mj-text" in get_working_copy(dashboard.shop, NAME).source.body


def test_what_is_typed_is_published_with_a_press(dashboard: Dashboard) -> None:
    facts = shop_settings.get_shop_facts(dashboard.shop)
    shop_settings.save_shop_facts(dashboard.shop, ADMIN, replace(facts, postal_address="1 High Street"))
    app = choose(editing(dashboard), "**Text**")
    field(app, "Text").set_value("Hello **you**")
    press(app, "Publish")
    press(app, "Publish version 1")
    assert not app.exception
    assert "<strong>you</strong>" in catalogue.current_version(dashboard.shop, NAME).source.body
    assert "Unsaved changes" not in said(app)


def test_the_subject_is_written_with_merge_fields(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    assert field(app, "Subject").value == "Welcome to {Shop name}, {First name}"
    field(app, "Subject").set_value("Hello {Frist name}").run()
    assert "“{Frist name}” is no merge field" in said(app)
    field(app, "Subject").set_value("Hello {First name}").run()
    assert "Hello Maria" in said(app)
    saved(app, dashboard)
    assert get_working_copy(dashboard.shop, NAME).source.subject == "Hello {{ customer.first_name }}"


def test_blocks_are_added_moved_copied_and_removed(dashboard: Dashboard) -> None:
    app = choose(editing(dashboard), "**Heading**")
    add(app, "divider")
    assert kinds(saved(app, dashboard)) == "heading divider text button signature"
    press(app, "Down")
    press(app, "Copy")
    assert kinds(saved(app, dashboard)) == "heading text divider divider button signature"
    press(app, "Remove")
    press(app, "Undo")
    press(app, "Undo")
    press(app, "Redo")
    assert kinds(saved(app, dashboard)) == "heading text divider divider button signature"


def test_what_is_typed_is_kept_when_another_block_is_chosen_and_can_be_undone(dashboard: Dashboard) -> None:
    app = choose(editing(dashboard), "**Heading**")
    before = field(app, "Text").value
    field(app, "Text").set_value("Welcome!")
    choose(app, "**Button**")
    assert "Welcome!" in " ".join(map(as_read, (each.label for each in app.button)))
    press(app, "Undo")
    choose(app, "**Heading**")
    assert field(app, "Text").value == before


def test_columns_hold_blocks(dashboard: Dashboard) -> None:
    app = editing(dashboard)
    add(app, "columns")
    add(app, "button", "Add to the right column")
    field(app, "Label").set_value("Right").run()
    columns = saved(app, dashboard).blocks[-1]
    assert [block.KIND for block in columns.right] == ["text", "button"]
    assert columns.right[-1].label == "Right"
    assert "Block 5.1 (text): the text is missing." in said(app)


def test_a_merge_field_is_picked_by_its_name(dashboard: Dashboard) -> None:
    app = choose(editing(dashboard), "**Heading**")
    field(app, "Text").set_value("Hello ")
    pick(app, "Merge field", "First name")
    assert field(app, "Text").value == "Hello {First name|there}"
    assert "Hello Maria" in frame(app)


def test_a_block_is_shown_only_to_some(dashboard: Dashboard) -> None:
    app = choose(editing(dashboard), "**Button**")
    pick(app, "Shown", "country")
    field(app, "Country code, such as PT").set_value("DE").run()
    assert "Have a look around" not in frame(app)
    assert saved(app, dashboard).blocks[2].only_if == Condition(case="country", value="DE")


def test_too_much_is_refused_and_nothing_is_lost(dashboard: Dashboard) -> None:
    app = choose(editing(dashboard), "**Text**")
    text = "{City} " * 101
    field(app, "Text").set_value(text).run()
    assert "of 100 at most" in app.warning[0].value
    assert field(app, "Text").value == text
    field(app, "Text").set_value("Shorter").run()
    assert not app.warning


def test_blocks_become_code(dashboard: Dashboard) -> None:
    app = choose(editing(dashboard), "**Heading**")
    field(app, "Text").set_value("As code").run()
    press(app, "Turn into code")
    assert "<h1>As code</h1>" in field(app, "Body").value
    assert field(app, "Subject").value == "Welcome to {{ shop.name }}, {{ customer.first_name }}"
    assert not app.warning
    press(app, "Save draft")
    copy = get_working_copy(dashboard.shop, NAME)
    assert copy is not None
    assert copy.source.blocks == ""
    assert "As code" in copy.source.body


def test_a_template_of_code_can_be_begun_again_in_blocks(dashboard: Dashboard) -> None:
    app = editing(dashboard, "order-confirmation")
    press(app, "Write it in blocks instead")
    assert not app.exception
    assert "Turn into code" in buttons(app)
    assert "Hello Maria" in frame(app)
    assert field(app, "Subject").value == "Your order {Order number} at {Shop name}"
    press(app, "Save draft")
    source: TemplateSource = get_working_copy(dashboard.shop, "order-confirmation").source
    assert kinds(read_document(source.blocks)) == "heading text signature"
