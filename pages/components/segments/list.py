"""The list of segments: each with its number of customers and who belongs."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.segments import Segment
from backend.services.context import Shop
from backend.services.segments.sentences import sentence
from pages.components.ui import caching, formats
from pages.components.ui.table import Cell, Column, Row, Table, show_table

_COLUMNS = (
    Column("Segment", "main", 260),
    Column("Customers in it"),
    Column("Customers", "figure", 100, labelled=True),
)


def show(here: Shop, segments: Sequence[Segment], key: str) -> None:
    """Every segment leads to its page."""
    counts = caching.segment_counts(here, {each.id: each.rule for each in segments})
    rows = [
        Row(
            segment.id,
            (
                Cell(segment.name),
                Cell(segment.text or sentence(here, segment.rule), quiet=True),
                Cell(formats.count(here, counts[segment.id])),
            ),
            {"id": segment.id},
        )
        for segment in segments
    ]
    show_table(Table("Segments", _COLUMNS, rows, "segment.py"), key)
