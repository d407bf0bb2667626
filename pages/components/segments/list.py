"""The list of segments: each with its number of customers and who belongs."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.segments import Segment
from backend.services.context import Shop
from backend.services.segments.sentences import sentence
from pages.components.ui import caching, formats, tables


def show(here: Shop, segments: Sequence[Segment]) -> None:
    """Every segment leads to its page."""
    counts = caching.segment_counts(here, segments)
    rows = [
        tables.Row(
            f"**{formats.plain(segment.name)}** :gray[{formats.plain(segment.text or sentence(here, segment.rule))}]",
            {"id": segment.id},
            (f"**{formats.plain(formats.count(here, counts[segment.id]))}**",),
        )
        for segment in segments
    ]
    tables.show_rows("segment.py", rows, widths=(90,))
