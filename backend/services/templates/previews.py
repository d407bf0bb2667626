"""Previews: a template as one person would get it, from a sample or from a real customer and order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.customers import Customer
from backend.domain.emails import Kind, Need, OutgoingEmail, Rendered, TemplateFacts, TemplateSource, TemplateVersion
from backend.domain.orders import Order
from backend.domain.shop import ShopFacts
from backend.domain.team import Member
from backend.email.blocks.sources import with_body
from backend.email.rendering.context import Data, build_context
from backend.email.samples import Sample
from backend.email.transports.addresses import named_address
from backend.email.transports.mime import build_mime
from backend.errors import BackendError, InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.orders.lists import orders_of
from backend.services.orders.orders import get_order
from backend.services.shop_settings import get_shop_facts
from backend.services.team.members import find_member
from backend.services.templates import catalogue
from backend.services.templates.checklist import CheckResult, Level, check_email, not_rendered
from backend.services.templates.isolated_rendering import ISOLATED


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a preview is for. "" takes the sample, or the customer's last order.

    `fields` are what the sender would type in; where they are empty, the sample's are used. `username` is that of the
    member to whom an email to the team goes; "" takes the sample. `as_order` is the order as it will be, for an action
    that is about to change it.
    """

    customer_id: str = ""
    order_id: str = ""
    fields: Mapping[str, str] | None = None
    username: str = ""
    as_order: Order | None = None


SAMPLE = Recipient()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a preview page shows. Without `email`, `problem` says why. `sampled` names what is not real."""

    version: TemplateVersion
    email: Rendered | None
    problem: BackendError | None
    checks: tuple[CheckResult, ...]
    data: Data
    shop: ShopFacts
    to: str
    sampled: tuple[Need, ...] = ()


def render_preview(
    shop: Shop,
    name: str,
    *,
    source: TemplateSource | None = None,
    number: int | None = None,
    recipient: Recipient = SAMPLE,
) -> Preview:
    """A preview of a version (the one in use unless `number` says another), or of a text that is being edited.

    Raises: `NotFoundError` for an unknown template, version, customer or order, `InvalidInputError` for blocks that
    cannot be read.
    """
    current = catalogue.current_version(shop, name) if number is None else catalogue.version(shop, name, number)
    shown = current
    if source is not None:
        shown = TemplateVersion(current.facts, current.number, with_body(source, current.facts))
    return _preview(shop, shown, recipient, isolated=shown.source != current.source)


def problems_of(shop: Shop, version: TemplateVersion) -> list[str]:
    """Why this version must not be sent to anybody, in sentences; shown with the sample."""
    checks = _preview(shop, version, SAMPLE, isolated=True).checks
    return [check.sentence for check in checks if check.level is Level.PROBLEM]


def _preview(shop: Shop, version: TemplateVersion, recipient: Recipient, *, isolated: bool) -> Preview:
    """`isolated`: nobody has published this text, so it is rendered where it can do no harm."""
    facts, sample = get_shop_facts(shop), catalogue.files(shop).samples[version.facts.name]
    customer = get_customer(shop, recipient.customer_id) if recipient.customer_id else sample.customer
    order, real_order = _order_for(shop, recipient, sample)
    member = _member_for(shop, recipient, sample) if Need.MEMBER in version.facts.needs else None
    email: Rendered | None = None
    problem: BackendError | None = None
    data: Data = {}
    try:
        data = _data(version.facts, facts, sample, recipient, customer, order, member)
        if isolated:
            email, checks = ISOLATED.render(catalogue.layout(shop), version, data, facts)
        else:
            email = catalogue.render(shop, version, data)
            checks = tuple(check_email(version, data, facts, email))
    except BackendError as error:
        problem, checks = error, (not_rendered(error),)
    return Preview(
        version=version,
        email=email,
        problem=problem,
        checks=checks,
        data=data,
        shop=facts,
        to=member.email if member else customer.email or "",
        sampled=_sampled(version.facts, recipient, real_order),
    )


def _data(
    facts: TemplateFacts,
    shop: ShopFacts,
    sample: Sample,
    recipient: Recipient,
    customer: Customer,
    order: Order,
    member: Member | None,
) -> Data:
    needs = facts.needs
    given = {name: value for name, value in (recipient.fields or {}).items() if value}
    return build_context(
        facts,
        shop,
        customer=customer if Need.CUSTOMER in needs else None,
        order=order if Need.ORDER in needs else None,
        member=member,
        links=sample.links,
        fields={**sample.fields, **given} if recipient.fields is None else {**_required(facts, sample), **given},
    )


def _required(facts: TemplateFacts, sample: Sample) -> dict[str, str]:
    """The sample's values of fields that cannot be empty, so that there is something to see while one types."""
    return {field.name: sample.fields.get(field.name, "") for field in facts.fields if field.required}


def _order_for(shop: Shop, recipient: Recipient, sample: Sample) -> tuple[Order, bool]:
    """The order to show, and whether it is a real one."""
    if recipient.as_order is not None:
        return recipient.as_order, True
    if recipient.order_id:
        if not recipient.customer_id:
            raise InvalidInputError("Choose the customer of the order, too.", "customer")
        return get_order(shop, recipient.customer_id, recipient.order_id), True
    if recipient.customer_id:
        newest = orders_of(shop, recipient.customer_id, limit=1).orders
        if newest:
            return get_order(shop, recipient.customer_id, newest[0].id), True
    return sample.order, False


def _member_for(shop: Shop, recipient: Recipient, sample: Sample) -> Member:
    if not recipient.username:
        return sample.member
    member = find_member(shop, recipient.username)
    if member is None:
        raise NotFoundError("This member of the team no longer exists.")
    return member


def _sampled(facts: TemplateFacts, recipient: Recipient, real_order: bool) -> tuple[Need, ...]:
    real = {Need.CUSTOMER: bool(recipient.customer_id), Need.ORDER: real_order, Need.MEMBER: bool(recipient.username)}
    return tuple(need for need in facts.needs if not real[need])


def preview_message(shop: Shop, sender: str, preview: Preview) -> bytes:
    """The preview as a whole message with CRLF line ends (RFC 5322), as nobody will get it: its links are samples.

    `sender` is the address for shops that have set none of their own.

    Raises: `InvalidInputError` when it does not render or there is no address; `UnsendableError`.
    """
    email, facts = preview.email, preview.shop
    if email is None:
        raise InvalidInputError("This email does not render, so there is no message to show.")
    if not preview.to:
        raise InvalidInputError("This customer has no email address, so there is no message to show.")
    outgoing = OutgoingEmail(
        message_id=f"preview-{email.digest[:16]}",
        kind=preview.version.facts.kind,
        template=preview.version.facts.name,
        sender=named_address(sender_name(preview), facts.sender_address or sender),
        to=preview.to,
        subject=email.subject,
        html=email.html,
        text=email.text,
        reply_to=facts.reply_to,
        headers=_way_out(preview),
    )
    return build_mime(outgoing, at=shop.clock())


def sender_name(preview: Preview) -> str:
    """The name that an inbox shows."""
    return preview.shop.sender_name or preview.shop.name


def headers_of(message: bytes) -> str:
    """The message's headers as they are on the wire, with plain line ends."""
    return message.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n")


def _way_out(preview: Preview) -> dict[str, str]:
    """The headers of RFC 8058, as marketing mail carries them."""
    url = preview.data.get("links", {}).get("unsubscribe_url", "")
    if preview.version.facts.kind is not Kind.MARKETING or not url:
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
