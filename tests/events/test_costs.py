"""What reports cost on DynamoDB is what docs/sending.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.store.meter import Meter
from tests.events.samples import event
from tests.events.test_applying import sent, took
from tests.support import opened_shop

TEXT = " ".join((Path(__file__).parents[2] / "docs" / "sending.md").read_text().split())


@pytest.mark.parametrize(
    ("campaign", "kinds", "units"),
    [
        ("", ["Send"], 1),
        ("", ["Delivery"], 7),
        ("CAMPAIGN1", ["Delivery"], 9),
        ("", ["Send", "Delivery"], 9),
        ("CAMPAIGN1", ["Send", "Delivery"], 11),
    ],
)
def test_a_report_costs_no_more_than_documented(campaign: str, kinds: list[str], units: int) -> None:
    meter = Meter()
    with opened_shop(meter=meter) as shop:
        message = sent(shop, campaign=campaign, data=bytes(500), facts="f" * 16, edition="e" * 16)
        meter.reset()
        took(shop, *(event(kind, message) for kind in kinds))
        usage = meter.usage()
    assert usage["apply events"].write_units <= units
    assert usage["count events"].write_units == 1
    assert set(usage) == {"apply events", "count events"}


def test_the_document_says_these_figures() -> None:
    said = "a Send costs 1 write unit and a Delivery 7, for a message of a campaign 9; both in one batch cost 9 and 11."
    assert said in TEXT
