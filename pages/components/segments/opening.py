"""Which segment a page is about: a saved one, a copy of one, a cell of the RFM grid, or a new one."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from backend.domain.rfm import SCORES, RfmClass
from backend.domain.segments import Group, Number, NumberField, NumberTest, Rule, Segment, WordField, Words
from backend.services.context import Shop
from backend.services.segments import library
from backend.services.segments.audience import get_segment
from pages.components.segments.words import What, begin
from pages.components.ui.state import Slot


def opened(shop: Shop) -> tuple[Segment, bool]:
    """The segment that the address names, and whether it is a new one that is not saved yet.

    Raises: `NotFoundError`.
    """
    if wanted := st.query_params.get("id", ""):
        return get_segment(shop, wanted), False
    return _new().once(lambda: _begun(shop)), True


def _new() -> Slot[Segment]:
    """The new segment of this address: whoever comes back to it finds what they began."""
    return Slot(f"segment.new.{sorted(st.query_params.to_dict().items())!r}")


def _begun(shop: Shop) -> Segment:
    """A new segment; its id is made now, so that saving it twice makes one."""
    identity = library.new_segment_id()
    if wanted := st.query_params.get("copy", ""):
        original = get_segment(shop, wanted)
        return replace(original, id=identity, name=f"{original.name} (copy)"[:80], ready=False, version=1)
    recency, frequency = _score("recency"), _score("frequency")
    if recency and frequency:
        parts = (
            Number(NumberField.RECENCY, NumberTest.EXACTLY, recency),
            Number(NumberField.FREQUENCY, NumberTest.EXACTLY, frequency),
        )
        return Segment(identity, f"Recency {recency}, frequency {frequency}", Rule(Group(parts=parts)))
    if (kind := st.query_params.get("class", "")) in list(RfmClass):
        return Segment(identity, RfmClass(kind).label, Rule(Group(parts=(Words(WordField.CLASS, (kind,)),))))
    return Segment(identity, "", Rule(Group(parts=(begin(What.ORDERS),))))


def _score(name: str) -> int:
    text = st.query_params.get(name, "")
    return int(text) if text in {str(score) for score in SCORES} else 0


def forget_new() -> None:
    """It was saved: the next new one has another id."""
    _new().clear()
