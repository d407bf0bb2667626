"""The check of the sender's domain: what was found, and the records to publish, ready to be copied."""

from __future__ import annotations

import streamlit as st

from backend.bootstrap import open_probe
from backend.domain.deliverability import Level
from backend.domain.sender_domain import DnsRecord, DomainReport, Finding, Subject
from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.deliverability import domain as domain_check
from backend.services.deliverability.account import Concern
from backend.services.deliverability.domain import Probe
from pages.components.deliverability.account import level_badge
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.shell import current_shop, mailer, settings

_MEANINGS = {
    Subject.SPF: "Which servers may send for the domain.",
    Subject.DKIM: "A signature that proves the domain sent the email.",
    Subject.DMARC: "What receivers do with unauthenticated mail.",
    Subject.ALIGNMENT: "Whether the visible sender matches the authenticated domain.",
    Subject.MAIL_FROM: "Where bounces go.",
    Subject.ONE_CLICK: "The unsubscribe button in mail apps.",
}


@st.cache_resource(show_spinner=False)
def _probe() -> Probe:
    return open_probe(settings(), mailer())


def concern_of(report: DomainReport | None) -> list[Concern]:
    """What the last check says to those who read the top of the page only; nothing where no mail leaves the house."""
    if settings().mail_transport == "local":
        return []
    wrong = [finding for finding in report.findings if finding.level in (Level.WATCH, Level.BAD)] if report else []
    if report is None or not wrong:
        return []
    names = formats.listed([finding.subject.value for finding in wrong])
    return [Concern(report.level, f"{report.domain} is not fully set up: {names}.", "See the domain check below.")]


@guarded_fragment(Permission.VIEW_EMAIL)
def show_check() -> None:
    """The last report, and the button for a new one. Looking everything up takes some seconds, here alone."""
    shop = current_shop()
    st.header("Domain check")
    domain = domain_check.sender_domain(shop, _probe())
    st.caption(formats.plain(f"Emails come from {domain}. Receivers check its DNS records before they trust them."))
    selectors = _selectors()
    if st.button("Check now", icon=":material/travel_explore:", key="check_domain"):
        with st.spinner("Looking up the domain's records…"):
            done = actions.attempt(
                Permission.VIEW_EMAIL,
                lambda actor: domain_check.check_sender(current_shop(), actor, _probe(), selectors),
                "",
            )
        if isinstance(done, Trouble):
            actions.show_trouble(done)
            return
        st.rerun()
    report = domain_check.last_report(shop)
    if report is None:
        st.info("The domain has not been checked yet.", icon=":material/help:")
    else:
        _show_report(shop, report, domain)


def _selectors() -> list[str]:
    """DKIM keys to look up, where SES does not return them."""
    if _probe().identity is not None:
        return []
    typed = st.text_input(
        "DKIM selectors (optional)",
        placeholder="s1, s2",
        max_chars=200,
        key="dkim_selectors",
        help="The names of your provider's keys. Not needed with SES.",
        width=320,
    )
    return [part for part in typed.replace(",", " ").split() if part]


def _show_report(shop: Shop, report: DomainReport, domain: str) -> None:
    when = formats.moment(shop, report.checked_at)
    st.caption(formats.plain(f"{report.domain}, checked on {when}."))
    if report.domain != domain:
        st.warning("The sender has changed since. Check again.", icon=":material/warning:")
    for finding in report.findings:
        _show_finding(finding)


def _show_finding(finding: Finding) -> None:
    with st.container(border=True, gap="xsmall"):
        meaning = formats.plain(_MEANINGS[finding.subject])
        st.markdown(f"**{finding.subject.value}** {level_badge(finding.level)} :gray[{meaning}]")
        st.markdown(formats.plain(finding.sentence))
        if finding.advice:
            st.markdown(formats.plain(finding.advice))
        for record in finding.publish:
            _show_record(record)
        if finding.found:
            with st.expander("Current records", icon=":material/search:"):
                st.code("\n".join(finding.found), language=None, wrap_lines=True)


def _show_record(record: DnsRecord) -> None:
    """Name and value apart, because the forms of DNS providers have a field for each."""
    st.markdown(f":small[:gray[{record.kind} record: name, and value]]")
    st.code(record.name, language=None, wrap_lines=True)
    st.code(record.value, language=None, wrap_lines=True)
