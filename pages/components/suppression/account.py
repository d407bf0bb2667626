"""The account's own suppression list beside ours: compared by a worker, joined with ours once the count is typed."""

from __future__ import annotations

import streamlit as st

from backend.domain.account_sync import Comparison, Sync, SyncAction, SyncState
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.jobs.requests import new_job_id
from backend.services.suppression.account_sync import ask_for, last_comparison, last_sync
from pages.components.ui import actions, caching, formats
from pages.components.ui.caching import who
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_KEY: Slot[str] = Slot("suppression.sync_key")
_POLL_SECONDS = 1.0
_DOING = {
    SyncAction.COMPARE: "Comparing the two lists",
    SyncAction.TAKE_OVER: "Importing the provider's list",
    SyncAction.PUSH: "Exporting to the provider's list",
}
_ASKED = {
    SyncAction.COMPARE: "The lists are being compared.",
    SyncAction.TAKE_OVER: "The provider's list is being imported.",
    SyncAction.PUSH: "Addresses are being added to the provider's list.",
}


def show(shop: Shop, actor: Actor) -> None:
    """What the account's list has, and for those who may, the ways to bring the two together."""
    with st.expander("The mail provider's own list", icon=":material/cloud_sync:"):
        st.caption(
            "SES keeps its own list of addresses that bounced or complained, and does not send to them. "
            "Both lists should match."
        )
        sync = last_sync(shop)
        if sync is not None and sync.is_open:
            _watch()
            return
        if sync is not None:
            st.markdown(_told(shop, sync))
        comparison = last_comparison(shop)
        if comparison is not None:
            _show_comparison(shop, comparison)
        if actor.may(Permission.MANAGE_SUPPRESSION):
            _show_actions(shop, comparison)
        elif comparison is None:
            st.caption("The lists have not been compared yet.")


@guarded_fragment(Permission.VIEW_EMAIL, run_every=_POLL_SECONDS)
def _watch() -> None:
    """Looks again each second until the work is over; then the whole page runs again."""
    shop = current_shop()
    sync = last_sync(shop)
    if sync is None or not sync.is_open:
        caching.changed()
        st.rerun()
    seen = formats.counted(shop, sync.seen, "address", "addresses")
    st.info(
        formats.plain(f"{_DOING[sync.action]}: {seen} so far. You can leave this page."), icon=":material/autorenew:"
    )


def _told(shop: Shop, sync: Sync) -> str:
    if sync.state is SyncState.FAILED:
        return f":material/error: {formats.plain(sync.error)}"
    when = formats.moment(shop, sync.asked_at)
    if sync.action is SyncAction.COMPARE:
        return f":material/check_circle: {formats.plain(f'Compared by {who(sync.requested_by)}, {when}.')}"
    changed = formats.counted(shop, sync.changed, "address", "addresses")
    verb = "imported" if sync.action is SyncAction.TAKE_OVER else "added to the provider's list"
    return f":material/check_circle: {formats.plain(f'{changed} {verb} by {who(sync.requested_by)}, {when}.')}"


def _show_comparison(shop: Shop, found: Comparison) -> None:
    with st.grid(3, min_column_width=170):
        st.metric("On the provider's list", formats.plain(formats.count(shop, found.there)), border=True)
        st.metric("Missing here", formats.plain(formats.count(shop, found.missing_here)), border=True)
        st.metric("Bounces and complaints here", formats.plain(formats.count(shop, found.ours)), border=True)
    st.caption(formats.plain(f"As of {formats.moment(shop, found.at)}."))
    if found.sample:
        table = {
            "Email address": [line.address for line in found.sample],
            "Reason": [line.reason.label for line in found.sample],
            "Here too": [line.here for line in found.sample],
        }
        st.dataframe(table, hide_index=True, height=240, alt="Addresses on the provider's list")
        if len(found.sample) < found.there:
            st.caption(f"First {formats.count(shop, len(found.sample))} shown.")


def _show_actions(shop: Shop, found: Comparison | None) -> None:
    key = _KEY.once(lambda: new_job_id(shop))
    actions.button("Compare now", _ask, SyncAction.COMPARE, key, key="compare_lists", icon=":material/compare_arrows:")
    if found is None:
        return
    if found.missing_here:
        _confirmed(shop, SyncAction.TAKE_OVER, "Import missing addresses", found.missing_here, key)
    if found.ours:
        _confirmed(shop, SyncAction.PUSH, "Add ours to the provider's list", found.ours, key)


def _confirmed(shop: Shop, action: SyncAction, label: str, count: int, key: str) -> None:
    """A button that asks for the count of what it is about."""
    counted = formats.counted(shop, count, "address", "addresses")
    field = f"sync_{action.name.lower()}_{key}"
    with st.form(f"form_{field}", border=False):
        typed = st.number_input(
            formats.plain(f"{label}: {counted}. Type the number to confirm"),
            min_value=0,
            value=None,
            step=1,
            key=field,
            width=420,
        )
        missing = "" if typed == count else f"Type {formats.count(shop, count)} to confirm."
        now = actions.submitted(label, key=f"{field}_now", missing=missing, stretch=False)
    if now:
        _ask(action, key, count, beside=f"{field}_now")
        st.rerun()


def _ask(action: SyncAction, key: str, typed: int = 0, *, beside: str = "") -> None:
    def asked(actor: Actor) -> None:
        ask_for(current_shop(), actor, action, key, typed_count=typed)
        _KEY.clear()

    actions.act(Permission.MANAGE_SUPPRESSION, asked, _ASKED[action], beside=beside)
