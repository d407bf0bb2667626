"""Documents of blocks for tests: random ones, and one of each block."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from backend.domain.emails import Kind, Need, TemplateFacts, TemplateField, TemplateSource, TemplateVersion
from backend.email.blocks import model
from backend.email.blocks.model import Case, Document
from backend.email.blocks.reading import written_document
from backend.email.blocks.sources import with_body

FACTS = TemplateFacts(
    "letter",
    "Letter",
    "Says something.",
    Kind.TRANSACTIONAL,
    (Need.CUSTOMER, Need.ORDER),
    fields=(TemplateField("note", "Note", is_long=True), TemplateField("track", "Tracking link", is_url=True)),
)

_SPECIAL = [
    *("**", "*", "_", "\\", "[", "](", ")", "- ", "1. ", "{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "|", "<", ">"),
    *("&", "&#123;", '"', "'", "<b>", "</mj-text>", "<!--", "-->", "{First name}", "{First name|there}", "{Note}"),
    *("{Tracking link}", "{Nobody}", "https://shop.example/a?b=1&c=2", "mailto:a@b.example", "tillpost00000tag"),
    *("{% endif %}", "{{ shop }}", "{% raw %}", "\ue0ff", "\ufffe", "\u2060", " ", "a", "Ä", "😀", "\u05d0"),
]
_words = st.lists(st.sampled_from(_SPECIAL) | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=6))
lines = _words.map(lambda words: "".join(words)[:100])
texts = st.lists(lines, max_size=6).map("\n".join)
links = st.sampled_from(["", "https://shop.example/x", "{Tracking link}", "{Shop website}", "javascript:x"]) | lines
conditions = st.fixed_dictionaries(
    {"case": st.sampled_from([*Case])}, optional={"value": lines, "unless": st.booleans()}
)


def _block(kind: str, **values: Any) -> st.SearchStrategy[dict[str, Any]]:
    optional = {"only_if": st.none() | conditions, **values}
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=optional)


_simple = st.one_of(
    _block("heading", text=lines, small=st.booleans()),
    _block("text", text=texts, small=st.booleans()),
    _block("picture", address=links, alternative=lines, link=links),
    _block("button", label=lines, link=links),
    _block("product", title=lines, price=lines.map(lambda line: line[:40]), text=texts, picture=links, link=links),
    _block("order_table"),
    _block("coupon", code=lines.map(lambda line: line[:60]), text=lines),
    _block("divider"),
    _block("signature", greeting=lines, name=lines),
    _block("social", instagram=links, youtube=links),
)
documents = st.fixed_dictionaries(
    {
        "format": st.just(1),
        "subject": lines,
        "preheader": lines,
        "blocks": st.lists(
            _simple | _block("columns", left=st.lists(_simple, max_size=2), right=st.lists(_simple, max_size=2)),
            max_size=6,
        ),
    }
)
"""JSON of documents that are within the limits, whatever their texts hold."""

ONE_OF_EACH = Document(
    (
        model.Heading(text="Good to see you, {First name|there}"),
        model.Text(text="**Bold**, *italic* and [a link](https://shop.example/a).\n\n- one\n- two\n\nLast words."),
        model.Picture(address="https://shop.example/p.jpg", alternative="A blue mug", link="https://shop.example/mug"),
        model.Button(label="Track it", link="{Tracking link}"),
        model.Product(title="Mug", price="$22", text="By hand.", link="https://shop.example/mug"),
        model.OrderTable(),
        model.Coupon(code="HELLO5", text="For you:"),
        model.Columns(left=(model.Text(text="Left"),), right=(model.Text(text="Right"),)),
        model.Divider(),
        model.Signature(greeting="Warm greetings,", name="everybody at {Shop name}"),
        model.SocialLinks(instagram="https://instagram.com/shop"),
    )
)


def version_of(document: Document, facts: TemplateFacts = FACTS) -> TemplateVersion:
    """A template whose body is made of these blocks."""
    return TemplateVersion(facts, 1, with_body(TemplateSource("", "", blocks=written_document(document)), facts))
