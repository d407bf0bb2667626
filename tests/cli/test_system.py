"""The commands for engineers."""

from __future__ import annotations

from backend.domain.time import utc_now
from backend.services import audit
from tests.cli.conftest import Run
from tests.support import MANAGER, STAFF, opened_shop


def test_the_audit_log_is_listed_and_narrowed(run: Run, store_url: str) -> None:
    with opened_shop(store_url, clock=utc_now) as shop:
        audit.note(shop, MANAGER, "started a campaign", "campaign:0A1B", "250 recipients")
        audit.note(shop, STAFF, "published a template", "template:welcome")
    entries = run("audit", "--json").json
    assert [entry["who"] for entry in entries] == ["sam", "mara"]
    assert entries[1]["target"] == "campaign:0A1B"
    assert [entry["who"] for entry in run("audit", "--who", "mara", "--json").json] == ["mara"]
    assert "started a campaign" in run("audit", "--target", "campaign").out
    assert run("audit", "--month", "2020-01").out == "Nothing is noted here.\n"
    refused = run("audit", "--month", "november")
    assert (refused.code, refused.out) == (1, "")
