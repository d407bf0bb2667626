"""The pages of the dashboard, in one table, and the menu made of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

from backend.domain.team import Actor, Permission, Role
from pages.components.ui.shell import settings

_FOLDER = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page. Without a permission everybody who is signed in may open it; hidden ones are opened by links.

    `local_only` pages are in the menu only where emails go to the local outbox.
    """

    file: str
    title: str
    icon: str
    permission: Permission | None
    group: str = ""
    visible: bool = True
    default: bool = False
    local_only: bool = False
    help: str = ""

    @property
    def path(self) -> Path:
        return _FOLDER / self.file

    @property
    def url_path(self) -> str:
        return self.path.stem


GROUPS = ("", "Shop", "Marketing", "Email", "Delivery", "Settings", "Engineering", "Account")
"""Daily work first."""
_ENGINEERS_FIRST = ("", "Engineering", "Delivery", "Shop", "Marketing", "Email", "Settings", "Account")
_UNFOLDED = 12
"""Pages of the menu that are seen without unfolding it."""

PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "overview.py",
        "Overview",
        ":material/monitoring:",
        Permission.VIEW_OVERVIEW,
        default=True,
        help="Revenue, orders and the best customers of a period.",
    ),
    PageEntry(
        "customers.py",
        "Customers",
        ":material/group:",
        Permission.VIEW_CUSTOMERS,
        "Shop",
        help="Find, add and tag customers.",
    ),
    PageEntry("customer.py", "Customer", ":material/person:", Permission.VIEW_CUSTOMERS, "Shop", visible=False),
    PageEntry(
        "segments.py",
        "Segments",
        ":material/filter_alt:",
        Permission.VIEW_CUSTOMERS,
        "Marketing",
        help="Groups of customers by what they bought, where they live and what they read.",
    ),
    PageEntry("segment.py", "Segment", ":material/filter_alt:", Permission.VIEW_CUSTOMERS, "Marketing", visible=False),
    PageEntry(
        "insights.py",
        "Insights",
        ":material/insights:",
        Permission.VIEW_OVERVIEW,
        "",
        help="Returning customers, customer value, and customers whom mail no longer reaches.",
    ),
    PageEntry(
        "orders.py",
        "Orders",
        ":material/receipt_long:",
        Permission.VIEW_ORDERS,
        "Shop",
        help="Orders by day and status.",
    ),
    PageEntry("order.py", "Order", ":material/receipt:", Permission.VIEW_ORDERS, "Shop", visible=False),
    PageEntry(
        "products.py",
        "Products",
        ":material/inventory_2:",
        Permission.VIEW_ORDERS,
        "Shop",
        help="What the shop sells, and what sells best in a period.",
    ),
    PageEntry("product.py", "Product", ":material/inventory_2:", Permission.VIEW_ORDERS, "Shop", visible=False),
    PageEntry(
        "place_order.py",
        "Place an order",
        ":material/add_shopping_cart:",
        Permission.PLACE_ORDERS,
        "Shop",
        help="Enter an order by hand.",
    ),
    PageEntry(
        "drafts.py",
        "Draft orders",
        ":material/edit_document:",
        Permission.VIEW_ORDERS,
        "Shop",
        visible=False,
    ),
    PageEntry("draft.py", "Draft order", ":material/edit_document:", Permission.VIEW_ORDERS, "Shop", visible=False),
    PageEntry(
        "emails.py",
        "Emails",
        ":material/mail:",
        Permission.VIEW_EMAIL,
        "Email",
        help="Preview, edit and test what the shop sends.",
    ),
    PageEntry("template.py", "Template", ":material/draft:", Permission.VIEW_EMAIL, "Email", visible=False),
    PageEntry(
        "send.py",
        "Send an email",
        ":material/send:",
        Permission.SEND_EMAIL,
        "Email",
        help="Send one email to one customer, once.",
    ),
    PageEntry(
        "campaigns.py",
        "Campaigns",
        ":material/campaign:",
        Permission.VIEW_EMAIL,
        "Marketing",
        help="One email to everyone who should get it.",
    ),
    PageEntry("campaign.py", "Campaign", ":material/campaign:", Permission.VIEW_EMAIL, "Marketing", visible=False),
    PageEntry(
        "new_campaign.py",
        "Plan a campaign",
        ":material/edit_note:",
        Permission.PLAN_CAMPAIGNS,
        "Marketing",
        visible=False,
    ),
    PageEntry(
        "automations.py",
        "Automations",
        ":material/bolt:",
        Permission.VIEW_EMAIL,
        "Marketing",
        help="Emails that send themselves when something happens.",
    ),
    PageEntry("automation.py", "Automation", ":material/bolt:", Permission.VIEW_EMAIL, "Marketing", visible=False),
    PageEntry(
        "messages.py",
        "Message log",
        ":material/history:",
        Permission.VIEW_EMAIL,
        "Email",
        help="Every email sent, and its delivery status.",
    ),
    PageEntry("message.py", "Message", ":material/mail:", Permission.VIEW_EMAIL, "Email", visible=False),
    PageEntry(
        "outbox.py",
        "Outbox",
        ":material/outbox:",
        Permission.VIEW_EMAIL,
        "Delivery",
        local_only=True,
        help="Emails kept on this machine instead of being sent.",
    ),
    PageEntry(
        "send_stats.py",
        "Send statistics",
        ":material/query_stats:",
        Permission.VIEW_EMAIL,
        "Delivery",
        help="Volumes, failures, speed and limits of sending.",
    ),
    PageEntry(
        "deliverability.py",
        "Deliverability",
        ":material/mark_email_read:",
        Permission.VIEW_EMAIL,
        "Delivery",
        help="Whether emails arrive: limits, complaints, bounces and the domain.",
    ),
    PageEntry(
        "suppression.py",
        "Suppression list",
        ":material/unsubscribe:",
        Permission.VIEW_EMAIL,
        "Delivery",
        help="Addresses that get no mail or no marketing mail, and why.",
    ),
    PageEntry(
        "shop_settings.py",
        "Shop settings",
        ":material/storefront:",
        Permission.EDIT_SHOP,
        "Settings",
        help="Name, logo, colour, addresses and sender of all emails.",
    ),
    PageEntry(
        "import_export.py",
        "Import and export",
        ":material/swap_vert:",
        None,
        "Settings",
        help="Import orders of any shop; export customers and orders.",
    ),
    PageEntry(
        "system.py",
        "System",
        ":material/dns:",
        Permission.VIEW_SYSTEM,
        "Engineering",
        help="Health, speed, cost and logs.",
    ),
    PageEntry(
        "alerts.py",
        "Alerts",
        ":material/notifications:",
        Permission.VIEW_SYSTEM,
        "Engineering",
        help="Open alerts, past alerts, and who is notified.",
    ),
    PageEntry(
        "events.py",
        "Events",
        ":material/dynamic_feed:",
        Permission.VIEW_SYSTEM,
        "Engineering",
        help="Reports of the mail provider, dead letters and the fire drill.",
    ),
    PageEntry(
        "audit.py",
        "Audit log",
        ":material/policy:",
        Permission.VIEW_AUDIT,
        "Engineering",
        help="Who changed what, and when.",
    ),
    PageEntry(
        "changes.py",
        "Changes",
        ":material/difference:",
        Permission.VIEW_CUSTOMERS,
        "Settings",
        help="What was changed in the last 30 days, and undoing it.",
    ),
    PageEntry("change.py", "Change", ":material/difference:", Permission.VIEW_CUSTOMERS, "Settings", visible=False),
    PageEntry(
        "team.py", "Team", ":material/badge:", Permission.MANAGE_TEAM, "Settings", help="Team members and their roles."
    ),
    PageEntry(
        "connections.py",
        "Connections",
        ":material/hub:",
        Permission.MANAGE_CONNECTIONS,
        "Settings",
        help="Shops whose orders arrive by themselves.",
    ),
    PageEntry(
        "api_keys.py",
        "API keys",
        ":material/vpn_key:",
        Permission.MANAGE_API_KEYS,
        "Settings",
        help="Keys with which other programs use the shop's HTTP API.",
    ),
    PageEntry(
        "account.py",
        "Your account",
        ":material/account_circle:",
        None,
        "Account",
        help="Your name, your password, and signing out everywhere.",
    ),
)


def menu(actor: Actor | None) -> StreamlitPage:
    """Draws the menu and gives the page that is wanted.

    A page that only links lead to, such as one customer's, is in the menu while it is open, so that its place there is
    marked. Who has more pages than fit beside the way out at a height of 900 pixels unfolds the others.
    """
    position: Literal["hidden", "sidebar"] = "hidden" if actor is None else "sidebar"
    page = st.navigation(pages_for(actor), position=position, expanded=_UNFOLDED)
    entry = next((each for each in PAGES if each.url_path == (page.url_path or PAGES[0].url_path)), None)
    if actor is None or entry is None or entry.visible or not _may_open(actor, entry):
        return page
    return st.navigation(pages_for(actor, entry), position=position, expanded=_UNFOLDED)


def pages_for(actor: Actor | None, opened: PageEntry | None = None) -> dict[str, list[StreamlitPage]]:
    """All pages by group. The menu shows what the actor may open, and the page that is `opened`; the others only say,
    when opened, what is missing."""
    order = _ENGINEERS_FIRST if actor is not None and actor.role is Role.ENGINEER else GROUPS
    groups: dict[str, list[StreamlitPage]] = {group: [] for group in order}
    for entry in PAGES:
        if _is_there(entry):
            groups[entry.group].append(_page(entry, shown=entry is opened or shown_to(actor, entry)))
    return {group: pages for group, pages in groups.items() if pages}


def shown_to(actor: Actor | None, entry: PageEntry) -> bool:
    """Whether this person's menu shows the page."""
    if not entry.visible or (entry.local_only and settings().mail_transport != "local"):
        return False
    return actor is not None and _may_open(actor, entry)


def _may_open(actor: Actor, entry: PageEntry) -> bool:
    return entry.permission is None or actor.may(entry.permission)


def make_known() -> None:
    """Registers the menu with Streamlit, so that it runs the main script for every address from the start.

    Streamlit would otherwise run files of `pages/` by themselves until somebody has opened the dashboard once.
    """
    st.navigation(pages_for(None), position="hidden")


def page_of(file: str) -> StreamlitPage:
    """A page to link to, such as `page_of("customer.py")` for `st.page_link` and `st.switch_page`."""
    return _page(next(entry for entry in PAGES if entry.file == file), shown=True)


@cache
def _is_there(entry: PageEntry) -> bool:
    return entry.path.exists()


_made: dict[tuple[str, bool], StreamlitPage] = {}


def _page(entry: PageEntry, *, shown: bool) -> StreamlitPage:
    """A page of this run's own, because Streamlit notes in it that it may be run, once. Making the thirty of the menu
    was a tenth of a run, so the first is copied; outside of a run Streamlit leaves it half made, and it is not kept."""
    page = _made.get((entry.file, shown))
    if page is None:
        page = _new_page(entry, shown=shown)
        if get_script_run_ctx(suppress_warning=True) is not None:
            _made[entry.file, shown] = page
    return copy.copy(page)


def _new_page(entry: PageEntry, *, shown: bool) -> StreamlitPage:
    return st.Page(
        entry.path,
        title=entry.title,
        icon=entry.icon,
        url_path=entry.url_path,
        default=entry.default,
        visibility="visible" if shown else "hidden",
        help=entry.help or None,
    )
