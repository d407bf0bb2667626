"""How a postal address is shown: as on an envelope."""

from __future__ import annotations

from backend.domain.addresses import Address
from backend.services.context import Shop
from pages.components.ui import formats


def text_of(shop: Shop, address: Address) -> str:
    """Markdown with a line for each line of the address, the country and the phone."""
    country = formats.country(shop, address.country) if address.country else ""
    lines = [*address.lines, country, address.phone]
    return "  \n".join(formats.plain(line) for line in lines if line)
