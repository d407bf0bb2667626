"""The HTML of an email where nothing that it holds can act. This is the one way in which pages draw emails.

Streamlit's own frame may run scripts and reach the dashboard, so it is given a document of ours and nothing else. That
holds a second frame with the email: `sandbox=""` forbids it scripts, forms, pop-ups and leaving the frame, and
the policy of both documents loads nothing but pictures, and those from elsewhere only if a person asks for them.
"""

from __future__ import annotations

import re
from enum import StrEnum
from html import escape

import streamlit as st

DESKTOP, PHONE = 600, 375
"""Widths in CSS pixels of an email in a mail program's window and on a phone."""

_SCHEME_QUERY = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_OUTSIDE_STYLES = re.compile(r"<link\b[^>]*>|@import\b[^;<]*;?", re.IGNORECASE)
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"


class Scheme(StrEnum):
    """What the reader's device asks emails to look like."""

    LIGHT = "light"
    DARK = "dark"


def show_email(html: str, label: str, *, width: int, height: int, scheme: Scheme, remote: bool) -> None:
    """Renders the email at this width, smaller where the page has less room. `height` is in CSS pixels."""
    st.iframe(document(html, label, width=width, scheme=scheme, remote=remote), width=width, height=height, alt=label)


def show_thumbnail(html: str, label: str, *, height: int) -> None:
    """Renders the beginning of the email as small as there is room for."""
    page = document(html, label, width=DESKTOP, scheme=Scheme.LIGHT, remote=False, still=True)
    st.iframe(page, height=height, tab_index=-1, alt=label)


def document(html: str, label: str, *, width: int, scheme: Scheme, remote: bool, still: bool = False) -> str:
    """The page around the email. `remote` lets pictures in from the web; `still` takes scrolling and clicks away."""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:{' https:' if remote else ''}"
    forbidding = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    # Parsers take these as the beginning of the email's own head, whatever the email begins with.
    email = f'<!doctype html>{forbidding}<base target="_blank">{_forced(scheme)}{_shown(html, scheme)}'
    inert = ' scrolling="no" tabindex="-1" inert' if still else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{forbidding}<title>{escape(label)}</title>'
        f"<style>{_layout(width, scheme)}</style></head><body>"
        f'<iframe sandbox="" referrerpolicy="no-referrer" title="{escape(label)}"{inert} srcdoc="{escape(email)}">'
        "</iframe></body></html>"
    )


def _layout(width: int, scheme: Scheme) -> str:
    """Keeps the email's own width and scales it down, by the quotient of two lengths, which CSS has as an angle."""
    return (
        f":root{{--scale:min(1,tan(atan2(100vw,{width}px)));color-scheme:light}}"
        "body{margin:0;overflow:hidden;background:#fff}"
        f"iframe{{border:0;display:block;width:{width}px;height:calc(100vh / var(--scale));"
        f"transform:scale(var(--scale));transform-origin:0 0;color-scheme:{scheme.value}}}"
    )


def _forced(scheme: Scheme) -> str:
    return f"<style>:root{{color-scheme:{scheme.value} only !important}}</style>"


def _shown(html: str, scheme: Scheme) -> str:
    """Decides the email's questions for the colour scheme by the view, not by the device of whoever looks.

    Styles from elsewhere, which the policy refuses anyway, are left out: browsers report each refusal.
    """
    without = _OUTSIDE_STYLES.sub("", html)
    return _SCHEME_QUERY.sub(lambda asked: _ALWAYS if asked[1].lower() == scheme.value else _NEVER, without)
