"""What every page runs in: the shop, the settings, and the messages when something goes wrong."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from loguru import logger

from backend import logs
from backend.bootstrap import open_mailer, open_shop
from backend.config import Settings, load_settings
from backend.disk_space import FILES_FULL, is_full
from backend.errors import BackendError, DiskFullError
from backend.secret_file import cookie_key
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.team.sessions import SignInPolicy, policy_of
from backend.store.meter import USUAL_SAMPLE, Meter
from pages.components.ui.formats import plain
from pages.components.ui.state import NOTICE, Slot

_READ_A_SECOND = 15
"""Characters; as subtitles are timed."""
_SHORTEST, _LONGEST = 4, 10
"""Seconds."""
_SHOWN: Slot[tuple[str, float]] = Slot("notice.shown")
"""The sentence, and until when it is shown."""


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()


@st.cache_resource(show_spinner=False)
def set_up_logs() -> None:
    """Sends this process's logs our way, for `streamlit run`; the server has done it before."""
    if not logs.is_configured():
        logs.configure(settings())


@st.cache_resource(show_spinner=False)
def meter() -> Meter:
    """Counts what the shop's store does in this process."""
    return Meter(USUAL_SAMPLE)


@st.cache_resource(show_spinner=False)
def current_shop() -> Shop:
    """The shop of this process: one store, shared by all sessions and the worker."""
    return open_shop(settings(), meter=meter())


@st.cache_resource(show_spinner=False)
def mailer() -> Mailer:
    """What sending needs, shared by all sessions and the mail worker."""
    return open_mailer(settings(), current_shop())


@st.cache_resource(show_spinner=False)
def policy() -> SignInPolicy:
    """What this installation decides about signing in."""
    return policy_of(settings(), cookie_key(settings()))


def name_tab(*words: str) -> None:
    """Names the browser's tab: what it shows comes first, because tabs are narrow, and the shop's name last."""
    st.set_page_config(page_title=" · ".join((*words, current_shop().name)))


def show_notice() -> None:
    """Shows the sentence that an earlier run left behind, once; it stays while it is read, whatever runs next.

    It is at the bottom of the window, where it is seen wherever somebody has scrolled to and covers nothing: a toast
    lies over the title on a phone.
    """
    now, notice = time.monotonic(), NOTICE.get()
    if notice:
        NOTICE.clear()
        _SHOWN.set((notice, now + min(max(len(notice) // _READ_A_SECOND, _SHORTEST), _LONGEST)))
    shown = _SHOWN.get()
    if shown and now < shown[1]:
        st.bottom.success(plain(shown[0]), icon=":material/check_circle:")
    else:
        _SHOWN.clear()


def forget_notice() -> None:
    """For an action that was refused: what was said of the one before does not stand beside it."""
    NOTICE.clear()
    _SHOWN.clear()


@contextmanager
def incidents() -> Iterator[None]:
    """Shows what goes wrong inside as a sentence, never as a traceback. `st.stop` and `st.rerun` pass through."""
    try:
        yield
    except Exception as error:  # the last place where an error can become a sentence
        show_error(error)


def refuse(sentence: str) -> None:
    """Shows a sentence that may hold what somebody typed: as it is, not as Markdown."""
    st.error(plain(sentence), icon=":material/error:")


def show_error(error: Exception) -> bool:
    """Shows what happened: a backend's sentence, or the number under which the log has the rest.

    Returns True: Streamlit need not show anything itself (it is the server's `on_script_error`).
    """
    if isinstance(error, OSError) and is_full(error):
        error = DiskFullError(FILES_FULL)
    if isinstance(error, BackendError):
        logger.info("Notified: {}", error.sentence)
        refuse(error.sentence)
        return True
    number = incident_number()
    logger.opt(exception=error).error("Incident {}", number)
    st.error(
        f"Something went wrong on our side. Try again. If it happens again, give your engineers incident {number}: "
        "they find the details in the log.",
        icon=":material/report:",
    )
    return True


def incident_number() -> str:
    """Eight characters that are easy to read out."""
    return "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(8))
