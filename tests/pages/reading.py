"""Reads and works pages as people do: links by their words, figures by their labels, fields by their names."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest

from tests.pages.dashboard import texts

MARKUP = ("<b>x</b>", "[x](javascript:1)", "*x*", "$a$ and $b$", ":red[x]", ":tada:", ":material/edit:", "a -> b")
"""Names that Markdown, HTML or Streamlit's own signs would change if they were not shown as they are."""


def links(app: AppTest) -> dict[str, dict[str, list[str]]]:
    """The page's links with the parameters that they lead to; also those of rows."""
    found = {as_read(link.label): parse_qs(link.proto.query_string) for link in app.get("page_link")}
    for table in tables(app):
        for row in table["rows"]:
            if row["href"]:
                found[row["cells"][0]["text"]] = parse_qs(urlsplit(row["href"]).query)
    return found


def tables(app: AppTest) -> list[dict[str, Any]]:
    """What the tables of the page were given."""
    return [json.loads(each.proto.json) for each in _elements(app)]


def rows(app: AppTest, title: str = "") -> list[dict[str, str]]:
    """The rows of the page's one table, or of that with this title: what each says below the head of each column."""
    (table,) = [table for table in tables(app) if not title or table["title"] == title]
    titles = [column["title"] for column in table["columns"]]
    return [dict(zip(titles, map(" ".join, map(_words, row["cells"])), strict=True)) for row in table["rows"]]


def words_of(row: dict[str, Any]) -> list[str]:
    """All that a row says, in its order."""
    return [word for cell in row["cells"] for word in _words(cell)]


def _words(cell: dict[str, Any]) -> list[str]:
    badges = [badge["text"] for badge in cell.get("badges", ())]
    return [word for word in (cell["text"], *badges, cell.get("note", "")) if word]


def pick(app: AppTest, beginning: str) -> AppTest:
    """Clicks the one row of the page that begins like this, where it leads to no other page."""
    (found,) = [
        (table, row) for table in tables(app) for row in table["rows"] if " ".join(words_of(row)).startswith(beginning)
    ]
    return _send(app, found[0], "pick", found[1]["id"])


def sort(app: AppTest, title: str, by: str) -> AppTest:
    """Clicks the head of a column of the one table that has it, which asks for this order."""
    (table,) = [t for t in tables(app) if any(c["title"] == title and by in c["sorts"] for c in t["columns"])]
    return _send(app, table, "sort", by)


def choose_columns(app: AppTest, *titles: str) -> AppTest:
    """Chooses these columns, besides the first, in the menu of the one table that has it; none: the usual ones."""
    (table,) = [table for table in tables(app) if table["choice"]]
    names = [each["name"] for each in table["choice"]["offered"] if each["title"] in titles]
    return _send(app, table, "columns", names if titles else "usual")


def act(app: AppTest, name: str, *beginnings: str) -> AppTest:
    """Ticks the rows that begin like this and presses the action with this name."""
    (table,) = [t for t in tables(app) if any(action["name"] == name for action in t["actions"])]
    ids = [row["id"] for row in table["rows"] if " ".join(words_of(row)).startswith(beginnings)]
    return _send(app, table, "act", {"name": name, "ids": ids})


def _elements(app: AppTest) -> list[Any]:
    return [each for each in app.get("bidi_component") if each.proto.component_name == "tillpost_table"]


def _send(app: AppTest, table: dict[str, Any], event: str, value: object) -> AppTest:
    """What the browser sends; AppTest has no words for components."""
    (element,) = [each for each in _elements(app) if json.loads(each.proto.json) == table]
    states = app._tree.get_widget_states()
    sent = json.dumps([{"event": event, "value": value}])
    states.widgets.add(id=_make_trigger_id(element.proto.id, "events"), json_trigger_value=sent)
    return app._run(states)


def open_export(app: AppTest, what: str) -> AppTest:
    """Opens the menu *Export* of this list."""
    app.session_state[f"export_menu_{what}"] = True
    return app.run()


def downloads(app: AppTest) -> list[str]:
    """The labels of the files that are offered."""
    return [as_read(each.proto.label) for each in app.get("download_button")]


def figures(app: AppTest) -> dict[str, str]:
    """The values of the metrics by their labels."""
    return {as_read(metric.label): as_read(metric.value) for metric in app.metric}


def said(app: AppTest) -> str:
    """All texts of the page as one, to look for a sentence in."""
    return "\n".join([*texts(app), *(word for table in tables(app) for row in table["rows"] for word in words_of(row))])


def field(app: AppTest, label: str) -> Any:
    """The one text field, area or number field with this label."""
    fields = [*app.text_input, *app.text_area, *app.number_input]
    (found,) = [each for each in fields if each.label == label]
    return found


def press(app: AppTest, label: str) -> AppTest:
    """Presses the one button with this label and runs the page."""
    (button,) = [each for each in app.button if as_read(each.label) == label]
    return button.click().run()


def buttons(app: AppTest) -> list[str]:
    """The labels of the buttons that can be pressed."""
    return [as_read(button.label) for button in app.button if not button.disabled]


def as_read(markdown: str) -> str:
    """A label as people read it: without escapes, emphasis, colours and icons."""
    text = re.sub(r":material/\w+:\s?", "", markdown.replace(":gray[]", ""))
    text = re.sub(r"(?<!\\):[a-z-]+\[((?:\\.|[^\]\\])*)\]", r"\1", text)
    text = re.sub(r"(?<!\\)\*\*", "", text)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


def is_literal(markdown: str) -> bool:
    """Whether nothing of the text is left for Markdown or Streamlit to read a meaning into."""
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", markdown).replace(":gray[]", "")
    return (
        not re.search(r"[*_`<>\[\]$~|:]", bare)
        and ":material/" not in markdown
        and not re.search(r":\w+\\?:", markdown)
    )
