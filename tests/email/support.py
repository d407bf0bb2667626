"""Short ways to a template and its data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from backend.domain.customers import Customer
from backend.domain.emails import Kind, Need, TemplateFacts, TemplateSource, TemplateVersion
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.shop import ShopFacts
from backend.domain.team import Member
from backend.email.rendering.context import Data, build_context
from backend.email.rendering.mjml_scan import Layout
from backend.email.template_files import TemplateFiles, read_templates

FOLDER = Path(__file__).parents[2] / "email_templates"
SHOP = ShopFacts(
    "Fern & Fig",
    zone="Europe/Berlin",
    postal_address="Fern & Fig\n12 Market Street\nPortland, OR 97205",
    url="https://shop.example",
    support_url="https://shop.example/help",
)
CUSTOMER = Customer("7K2M9QXW4D", "Maria Lopez", "maria@example.com", datetime(2025, 3, 14, tzinfo=UTC), "PT", "Lisbon")
ORDER = Order(
    id="20261124143200K7QW2M9X",
    number="T261124-1432-M9X",
    customer_id=CUSTOMER.id,
    customer_name=CUSTOMER.name,
    customer_email=CUSTOMER.email,
    status=OrderStatus.PAID,
    placed_at=datetime(2026, 11, 24, 23, 30, tzinfo=UTC),
    lines=(LineItem("Assam tea", 2, 1450), LineItem("Mug", 1, 2200)),
    subtotal=5100,
    total=5100,
    currency="USD",
)
LINKS = {"unsubscribe_url": "https://shop.example/api/u/1"}
FACTS = TemplateFacts("greeting", "Greeting", "Says hello.", Kind.TRANSACTIONAL, (Need.CUSTOMER,))


def files() -> TemplateFiles:
    return read_templates(FOLDER)


def shipped(name: str = "order-confirmation") -> tuple[Layout, TemplateVersion]:
    """The layout and a template as they come with Tillpost."""
    return files().layout, files().versions[name]


def section(content: str) -> str:
    """MJML of one column with this text in it."""
    return f"<mj-section><mj-column><mj-text>{content}</mj-text></mj-column></mj-section>"


def version(
    content: str = "Hello!",
    *,
    subject: str = "Hello",
    preheader: str = "",
    text: str = "",
    body: str = "",
    facts: TemplateFacts = FACTS,
) -> TemplateVersion:
    """A template with this content in the middle of its body, unless a whole body is given."""
    return TemplateVersion(facts, 1, TemplateSource(subject, body or section(content), text, preheader))


def data(
    facts: TemplateFacts = FACTS,
    *,
    shop: ShopFacts = SHOP,
    customer: Customer | None = CUSTOMER,
    order: Order | None = None,
    member: Member | None = None,
    fields: Mapping[str, str] | None = None,
) -> Data:
    return build_context(facts, shop, customer=customer, order=order, member=member, links=LINKS, fields=fields)


def from_sample(name: str, shop: ShopFacts = SHOP) -> Data:
    """The data of a shipped template's own sample."""
    facts, sample = files().versions[name].facts, files().samples[name]
    return build_context(
        facts,
        shop,
        customer=sample.customer if Need.CUSTOMER in facts.needs else None,
        order=sample.order if Need.ORDER in facts.needs else None,
        member=sample.member if Need.MEMBER in facts.needs else None,
        links=sample.links,
        fields=sample.fields,
    )
