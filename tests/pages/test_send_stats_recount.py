"""The numbers on the pages equal the messages of a campaign and of single emails, whatever became of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.bootstrap import open_store
from backend.domain.deliverability import Rates
from backend.domain.messages import MessageStatus
from backend.domain.team import Role
from pages.components.ui import formats, shell
from tests.campaigns.support import prepare_shop
from tests.pages.dashboard import Dashboard
from tests.pages.reading import as_read, figures, said
from tests.services.test_send_figures_recount import messages_in, recounted, work
from tests.support import TestClock, shop_on


@pytest.fixture
def busy(dashboard: Dashboard) -> Dashboard:
    """A shop that was busy three hours ago."""
    clock = TestClock(datetime.now(UTC) - timedelta(hours=3))
    store = open_store(shell.settings().store_url)
    shop = shop_on(store, clock=clock, data_dir=dashboard.shop.data_dir)
    prepare_shop(shop)
    work(shop, clock)
    store.close()
    return dashboard


def cards(dashboard: Dashboard, rates: Rates) -> dict[str, str]:
    """What the cards have to say: share and number."""

    def card(share: float | None, number: int, digits: int = 1) -> str:
        return f"{formats.percent(dashboard.shop, share or 0, digits)} {number}"

    return {
        "Delivered": card(rates.delivery_rate, rates.delivered),
        "Bounced": card(rates.bounce_rate, rates.bounced, 2),
        "Complaints": card(rates.complaint_rate, rates.complained, 2),
        "Opened (estimate)": card(rates.open_rate, rates.opened),
        "Clicked": card(rates.click_rate, rates.clicked),
    }


def test_the_cards_and_tables_equal_a_recount(busy: Dashboard) -> None:
    messages = messages_in(busy.shop)
    app = busy.open("send_stats.py", Role.MANAGER)
    assert not app.exception
    shown = figures(app)
    for status in (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.SKIPPED):
        assert shown[status.value.capitalize()] == str(sum(m.status is status for m in messages))
    wanted = cards(busy, recounted(messages))
    assert {label: as_read(shown[label]) for label in wanted} == wanted
    app.segmented_control(key="rates_by").set_value("Campaign").run()
    table = app.dataframe[0].value
    of_campaign = recounted([message for message in messages if message.campaign])
    assert (list(table["Campaign"]), list(table["Sent"])) == (["Mugs"], [of_campaign.sent])
    assert list(table["Bounced"]) == [of_campaign.bounce_rate]
    (template,) = {message.template for message in messages if message.campaign}
    app.selectbox(key="send_stats_template").set_value(template).run()
    of_template = recounted([message for message in messages if message.template == template])
    assert {label: as_read(figures(app)[label]) for label in wanted} == cards(busy, of_template)
    assert list(app.dataframe[0].value["Campaign"]) == ["Mugs"]
    app.selectbox(key="send_stats_template").set_value("welcome").run()
    assert "No campaign began in these days." in said(app) or "No emails in this period" in said(app)


def test_the_health_of_mail_is_of_the_same_messages(busy: Dashboard) -> None:
    rates = recounted(messages_in(busy.shop))
    text = said(busy.open("deliverability.py", Role.MANAGER))
    assert f"{formats.percent(busy.shop, rates.delivery_rate or 0)} of the last {rates.sent} emails" in text
    assert formats.percent(busy.shop, rates.bounce_rate or 0, 2) in text
