"""Parcels of an order: what is in them, who carries them, and how the customer follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from backend.domain.text import SHORT_LENGTH, clean_line
from backend.errors import InvalidInputError

MOST_FULFILMENTS = 100
LONGEST_LINK = 500

CARRIERS: Mapping[str, str] = {
    "Australia Post": "https://auspost.com.au/mypost/track/details/{}",
    "Canada Post": "https://www.canadapost-postescanada.ca/track-reperage/en#/details/{}",
    "Colissimo": "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
    "DHL": "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode={}",
    "DHL Express": "https://www.dhl.com/global-en/home/tracking/tracking-express.html?submit=1&tracking-id={}",
    "DPD": "https://tracking.dpd.de/status/en_US/parcel/{}",
    "Evri": "https://www.evri.com/track/parcel/{}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={}",
    "GLS": "https://gls-group.com/track/{}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "UPS": "https://www.ups.com/track?tracknum={}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
}
"""The pages on which carriers show where a parcel is, with a place for its number."""


@dataclass(frozen=True, slots=True)
class PackedItem:
    """So many of one product. Its names are copied from the line item, which may be edited later."""

    title: str
    quantity: int
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """One parcel. `id` makes it happen once; the tracking may be empty, and may be added or corrected later."""

    id: str
    items: tuple[PackedItem, ...]
    at: datetime
    by: str
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""

    @property
    def count(self) -> int:
        """How many items are in it."""
        return sum(item.quantity for item in self.items)


@dataclass(frozen=True, slots=True)
class Tracking:
    """How a parcel is followed, as a person enters it. Without a link, that of a known carrier is made."""

    carrier: str = ""
    number: str = ""
    url: str = ""


def link_of(carrier: str, number: str) -> str:
    """The page on which a known carrier shows where the parcel with this number is; "" without one."""
    pattern = CARRIERS.get(carrier, "")
    return pattern.format(quote(number, safe="")) if pattern and number else ""


def clean_tracking(tracking: Tracking) -> Tracking:
    """The tracking in the form in which it is stored.

    Raises: `InvalidInputError` naming the field; a link has to begin with https://.
    """
    carrier = clean_line(tracking.carrier, "Carrier", longest=SHORT_LENGTH)
    number = clean_line(tracking.number, "Tracking number", longest=SHORT_LENGTH)
    url = clean_line(tracking.url, "Tracking link", longest=LONGEST_LINK)
    if url and not _is_https(url):
        raise InvalidInputError("The tracking link has to be a web address that begins with https://.", "tracking link")
    return Tracking(carrier, number, url or link_of(carrier, number))


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not any(map(str.isspace, url))
