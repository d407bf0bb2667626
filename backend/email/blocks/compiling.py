"""From blocks to the MJML and Jinja that the renderer takes. It never fails.

What is not complete yet, such as a picture without an address, is left out, and `problems` says so before anything is
published. All text is escaped here; values are escaped when they are rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from backend.domain.emails import Need, TemplateFacts
from backend.email.blocks import inline, model
from backend.email.blocks.conditions import expression_of
from backend.email.blocks.merge_fields import literal, merge_fields
from backend.email.blocks.model import NETWORKS, Block, Document


def compile_document(document: Document, facts: TemplateFacts) -> str:
    """The body of a template of these facts."""
    fields = merge_fields(facts)
    sections: list[str] = []
    for is_columns, blocks in groupby(document.blocks, lambda block: isinstance(block, model.Columns)):
        if is_columns:
            sections += [_shown_if(block, _columns(block, facts, fields), facts) for block in blocks]
        else:
            sections.append(_section([_column(tuple(blocks), facts, fields)]))
    return "\n".join(filter(None, sections)) + "\n"


def compile_header(text: str, facts: TemplateFacts) -> str:
    """The subject or preheader of a template of these facts."""
    return inline.header(text, merge_fields(facts))


def _columns(block: Any, facts: TemplateFacts, fields: inline.Fields) -> str:
    columns = [_column(each, facts, fields, ' padding="0 8px"') for each in (block.left, block.right)]
    return _section(columns) if any(columns) else ""


def _section(columns: list[str]) -> str:
    shown = "".join(columns)
    return f'<mj-section css-class="gutter">\n{shown}</mj-section>' if shown else ""


def _column(blocks: tuple[Block, ...], facts: TemplateFacts, fields: inline.Fields, padding: str = "") -> str:
    lines = [_block(block, facts, fields) for block in blocks]
    shown = "\n".join(line for line in lines if line)
    return f"  <mj-column{padding}>\n{shown}\n  </mj-column>\n" if shown else ""


def _block(block: Block, facts: TemplateFacts, fields: inline.Fields) -> str:
    if isinstance(block, model.OrderTable) and Need.ORDER not in facts.needs:
        return ""
    write = _WRITERS.get(type(block))
    return _shown_if(block, write(block, fields), facts) if write else ""


def _shown_if(block: Block, mjml: str, facts: TemplateFacts) -> str:
    """The block for those whom its condition fits; for nobody while the condition is not complete."""
    if block.only_if is None or not mjml:
        return mjml
    asked = expression_of(block.only_if, facts)
    return f"{{% if {asked} %}}\n{mjml}\n{{% endif %}}" if asked else ""


def _heading(block: Any, fields: inline.Fields) -> str:
    name, tag = ("subheading", "h2") if block.small else ("heading", "h1")
    text = inline.inline(block.text, fields)
    return f'    <mj-text mj-class="{name}"><{tag}>{text}</{tag}></mj-text>' if text else ""


def _text(block: Any, fields: inline.Fields) -> str:
    look = ' mj-class="small"' if block.small else ""
    return "\n".join(f"    <mj-text{look}>{shown}</mj-text>" for shown in inline.paragraphs(block.text, fields))


def _picture(block: Any, fields: inline.Fields) -> str:
    return _image(block.address, inline.plain(block.alternative, fields), block.link, fields)


def _image(address: str, alternative: str, link: str, fields: inline.Fields) -> str:
    if not is_picture(address):
        return ""
    target = inline.link_expression(link, fields) if link else None
    source, href = f'src="{{{{ {literal(address)} }}}}"', f' href="{{{{ {target} }}}}"' if target else ""
    image = f'    <mj-image {source} alt="{alternative}"{href} />'
    # A link that is a merge field may be empty for somebody; their picture leads nowhere.
    if target and not target.startswith('"'):
        bare = f'    <mj-image {source} alt="{alternative}" />'
        return f"    {{% if {target} %}}\n{image}\n    {{% else %}}\n{bare}\n    {{% endif %}}"
    return image


def is_picture(address: str) -> bool:
    """Whether mail programs can load a picture from it."""
    return address.startswith("https://") and inline.is_address(address)


def _button(block: Any, fields: inline.Fields) -> str:
    target = inline.link_expression(block.link, fields)
    if not target or not block.label:
        return ""
    label = inline.expression(block.label, fields)
    shown = f'    <mj-text padding="16px 0">{{{{ button({label}, {target}) }}}}</mj-text>'
    return shown if target.startswith('"') else f"    {{% if {target} %}}\n{shown}\n    {{% endif %}}"


def _product(block: Any, fields: inline.Fields) -> str:
    title, price = inline.plain(block.title, fields), inline.plain(block.price, fields)
    parts = [
        _image(block.picture, title, block.link, fields),
        f'    <mj-text mj-class="subheading"><h2>{title}</h2></mj-text>' if title else "",
        f"    <mj-text><strong>{price}</strong></mj-text>" if price else "",
        *(f"    <mj-text>{shown}</mj-text>" for shown in inline.paragraphs(block.text, fields)),
        _button(model.Button(label="View product", link=block.link), fields),
    ]
    return "\n".join(part for part in parts if part)


def _order_table(block: Any, fields: inline.Fields) -> str:
    return '    <mj-text padding="16px 0 8px">{{ order_table(order) }}</mj-text>'


def _coupon(block: Any, fields: inline.Fields) -> str:
    code, text = inline.plain(block.code, fields), inline.inline(block.text, fields)
    if not code:
        return ""
    shown = f'<strong style="font-size:22px;letter-spacing:2px">{code}</strong>'
    words = f"{text}<br/>" if text else ""
    return f'    <mj-text mj-class="panel" align="center">{words}{shown}</mj-text>'


def _divider(block: Any, fields: inline.Fields) -> str:
    return "    <mj-divider />"


def _signature(block: Any, fields: inline.Fields) -> str:
    lines = [inline.inline(line, fields) for line in (block.greeting, block.name) if line]
    return f"    <mj-text>{'<br/>'.join(lines)}</mj-text>" if lines else ""


def _social(block: Any, fields: inline.Fields) -> str:
    links = [
        f'<a href="{{{{ {target} }}}}">{name}</a>'
        for key, name in NETWORKS.items()
        if (target := inline.link_expression(getattr(block, key), {}))
    ]
    return f'    <mj-text mj-class="small">{" · ".join(links)}</mj-text>' if links else ""


_WRITERS: dict[type[Block], Callable[[Any, inline.Fields], str]] = {
    model.Heading: _heading,
    model.Text: _text,
    model.Picture: _picture,
    model.Button: _button,
    model.Product: _product,
    model.OrderTable: _order_table,
    model.Coupon: _coupon,
    model.Divider: _divider,
    model.Signature: _signature,
    model.SocialLinks: _social,
}
