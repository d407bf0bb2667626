"""Recognises the columns of a table of orders by their titles, in English, German, French, Spanish and Italian.

Titles are compared as `title_words` gives them: "Order #" and "order_id" are "order" and "order id". Titles of one
program alone are in `order_sources`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.services.imports.dialect import title_words

_PLACE = {
    "name": "name",
    "first_name": "first name",
    "last_name": "last name",
    "company": "company",
    "street": "street and number",
    "street2": "apartment, suite",
    "city": "city",
    "postcode": "postcode",
    "region": "state or region",
    "country": "country",
    "phone": "phone",
}
ORDER_FIELDS: dict[str, str] = {
    "number": "Order number",
    "date": "Date",
    "time": "Time",
    "email": "E-mail address",
    "name": "Customer",
    "first_name": "First name",
    "last_name": "Last name",
    "phone": "Phone",
    "customer_id": "Customer id",
    "status": "Status",
    "payment_status": "Payment status",
    "fulfilment_status": "Fulfilment status",
    "currency": "Currency",
    "item": "Item",
    "variant": "Variant of the item",
    "sku": "SKU",
    "quantity": "Quantity",
    "price": "Price of one",
    "line_total": "Price of the line",
    "line_discount": "Discount of the line",
    "line_tax": "Tax of the line",
    "subtotal": "Subtotal",
    "discount": "Discount",
    "discount_code": "Discount code",
    "shipping": "Shipping",
    "tax": "Tax",
    "tip": "Tip",
    "total": "Total",
    "refunded": "Refunded",
    "total_after": "Total after refunds",
    "paid_at": "Paid on",
    "cancelled_at": "Cancelled on",
    "shipped_at": "Shipped on",
    "carrier": "Carrier",
    "tracking": "Tracking number",
    "payment": "Payment method",
    "consent": "Marketing",
    "note": "Note",
    "tags": "Tags",
    **{f"billing_{part}": f"Billing {label}" for part, label in _PLACE.items()},
    **{f"shipping_{part}": f"Shipping {label}" for part, label in _PLACE.items()},
}
"""What a column can be, and its label. "Line" is a row of an order with several items."""

_TITLES: dict[str, str] = {
    "number": "order number|order no|order id|order|order name|order reference|order ref|bestellnummer|bestellung"
    "|bestell nr|auftragsnummer|numero de commande|commande|numero de pedido|pedido|numero ordine|ordine|number|id",
    "date": "order date|date|sale date|created at|created|date created|placed at|purchase date|ordered at"
    "|order created|created date|created utc|created date utc|bestelldatum|datum|auftragsdatum|date de commande|fecha"
    "|fecha de pedido|data ordine|data",
    "time": "time|uhrzeit|heure|hora|ora",
    "email": "email|e mail|customer email|email address|e mail address|buyer email|contact email|mail|e mail adresse"
    "|courriel|adresse e mail|correo electronico|indirizzo email",
    "name": "customer name|customer|full name|name|buyer name|buyer|client|kunde|kundenname|nom|nom du client|nombre"
    "|cliente|nome",
    "first_name": "first name|firstname|customer first name|vorname|prenom",
    "last_name": "last name|lastname|customer last name|surname|nachname|nom de famille|apellidos|cognome",
    "phone": "phone|customer phone|phone number|telephone|telefon|telefono|buyer phone number",
    "customer_id": "customer id|customer number|buyer user id|user id|kundennummer|numero client",
    "status": "order status|status|bestellstatus|statut",
    "payment_status": "payment status|financial status|zahlungsstatus|statut du paiement",
    "fulfilment_status": "fulfillment status|fulfilment status|shipping status|delivery status|versandstatus",
    "currency": "currency|currency code|order currency|order currency code|wahrung|devise|moneda|valuta",
    "item": "item name|product name|lineitem name|line item name|item title|product title|item|product|line item|title"
    "|artikel|produkt|artikelname|article|produit|articulo|producto|articolo|prodotto|description",
    "variant": "variant|variation|variations|variant title|price point name|item variation|product variation",
    "sku": "sku|item sku|product sku|lineitem sku|product code|item code|artikelnummer|reference produit",
    "quantity": "quantity|qty|item quantity|lineitem quantity|product quantity|menge|anzahl|quantite|cantidad"
    "|quantita|quantity refund",
    "price": "price|unit price|item price|lineitem price|product price|item cost|einzelpreis|preis|stuckpreis|prix"
    "|prix unitaire|precio|prezzo|product unit price",
    "line_total": "line total|item total|item subtotal|line price|lineitem total|sales|gross sales|positionssumme"
    "|gesamtpreis|extended price",
    "line_discount": "line discount|item discount|lineitem discount",
    "line_tax": "line tax|item tax|item total tax|lineitem tax",
    "subtotal": "subtotal|sub total|order subtotal|order subtotal amount|order value|zwischensumme|sous total",
    "discount": "discount|discount amount|discount total|total discount|cart discount|cart discount amount|coupon value"
    "|order discount|discounts|rabatt|remise|descuento|sconto",
    "discount_code": "discount code|coupon|coupon code|coupons|coupon details|gutschein|gutscheincode|code promo",
    "shipping": "shipping|shipping total|shipping cost|shipping amount|order shipping|order shipping amount|delivery"
    "|shipping price|postage|shipping fee|versand|versandkosten|livraison|frais de port|gastos de envio|spedizione",
    "tax": "tax|taxes|tax total|total tax|sales tax|order tax|tax amount|order total tax amount|vat|mwst|umsatzsteuer"
    "|steuer|tva|iva|order sales tax",
    "tip": "tip|tips|gratuity",
    "total": "total|order total|grand total|order total amount|total price|total amount|order amount|amount|gesamt"
    "|gesamtbetrag|summe|montant total|total ttc|importe total|totale|total paid",
    "refunded": "refunded|refunded amount|refund amount|amount refunded|refund|order refund amount|refunded total"
    "|total refunded|erstattet|rembourse",
    "total_after": "adjusted order total|total after refunds",
    "paid_at": "paid at|date paid|paid date|payment date|paid on|bezahlt am",
    "cancelled_at": "cancelled at|canceled at|cancellation date|cancelled on|storniert am",
    "shipped_at": "shipped at|date shipped|shipped date|ship date|shipped on|fulfilled at|versendet am|shipping date",
    "carrier": "carrier|shipping carrier|tracking company|versanddienstleister|transporteur",
    "tracking": "tracking number|tracking|tracking no|tracking code|sendungsnummer|numero de suivi",
    "payment": "payment method|payment method title|payment|payment type|zahlungsart|moyen de paiement",
    "consent": "accepts marketing|marketing consent|newsletter|opt in|buyer accepts marketing",
    "note": "note|notes|customer note|order notes|customer message|order note|notiz|bemerkung|message",
    "tags": "tags|order tags|labels",
}
_PLACE_TITLES: dict[str, str] = {
    "name": "name|full name",
    "first_name": "first name|firstname|vorname",
    "last_name": "last name|lastname|nachname",
    "company": "company|firma",
    "street": "address 1|address1|address line 1|street 1|street|address|address 1 2|strasse|line1|address line1",
    "street2": "address 2|address2|address line 2|street 2|line2|address line2",
    "city": "city|suburb|town|ort|stadt|address city",
    "postcode": "zip|zipcode|zip code|postcode|postal code|plz|address postal code",
    "region": "state|state code|province|region|bundesland|address state",
    "country": "country code|country|land|address country",
    "phone": "phone|telefon",
}
_KINDS = {
    "billing": ("billing", "bill to", "invoice", "rechnungs"),
    "shipping": ("shipping", "ship", "ship to", "delivery", "recipient", "liefer", ""),
}
"""What stands before or after the titles of an address; one that says nothing is where the order goes."""


def titles_of(field: str) -> list[str]:
    """The titles of a field, the most usual first."""
    kind, _, part = field.partition("_")
    if kind not in _KINDS or part not in _PLACE_TITLES:
        further = [f"billing {field.replace('_', ' ')}", f"{field.replace('_', ' ')} billing"]
        return _TITLES[field].split("|") + (further if field in ("email", "phone") else [])
    words = _PLACE_TITLES[part].split("|")
    plain = part in ("name", "first_name", "last_name", "phone")  # those without a kind are the customer's
    return [
        title
        for beside in _KINDS[kind]
        if beside or not plain
        for word in words
        for title in ((f"{beside} {word}", f"{word} {beside}", f"{beside} address {word}") if beside else (word,))
    ]


def guess_order_mapping(header: Sequence[str], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Which column is which field, as far as the titles show: `{"number": "Order ID", …}`.

    `known` are titles (as words) by field that a known program writes; "" for a field that it does not have.
    """
    words = [title_words(title) for title in header]
    places: dict[str, int] = {}
    for field in sorted(ORDER_FIELDS, key=lambda each: each not in (known or {})):
        titles = [known[field]] if known and field in known else titles_of(field)
        free = [title for title in titles if title and title in words]
        if not field.startswith(tuple(_KINDS)):  # where it goes may be all that is said of the customer
            free = [title for title in free if words.index(title) not in places.values()]
        if free:
            places[field] = words.index(free[0])
    return {field: header[places[field]] for field in ORDER_FIELDS if field in places}


def lacking(mapping: Mapping[str, str]) -> str:
    """What a mapping lacks to be one of orders, in a sentence; "" when it lacks nothing."""
    needed = [ORDER_FIELDS[field] for field in ("number", "date") if not mapping.get(field)]
    if not any(mapping.get(field) for field in ("total", "price", "line_total", "subtotal")):
        needed.append("Total (or the price of each line)")
    return f"The table needs a column for: {', '.join(needed)}." if needed else ""
