"""What the browser is taught about fields: Enter presses the main button, whoever leaves a field loses nothing, and
Ctrl-K leads to the search.

Streamlit gives Enter to `st.form` alone, and the fields of an `st.form` are sent only when it is submitted: what was
typed there is lost when another page is opened first. So forms are made of ordinary fields in an `area`. Ordinary
fields are sent when they are left, a moment too late for a link that is clicked at once: its page was then shown, and
at once the old one again. So such a click waits for the field.
"""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

SEARCH = "search_everything"
"""The key of the container of the field that Ctrl-K leads to."""
_PREFIX = "enter_presses_"

_LISTEN = """
const mark = "st-key-PREFIX";
// A search and the field of a choice use Enter themselves; in a text of several lines it begins a new one.
const lines = "input:not([type]), input[type=text], input[type=number], input[type=email], input[type=password]";
const links = "[data-testid=stSidebarNavLink], [data-testid=stPageLink] a, tr.opens";
const longest = 500;  // milliseconds
let before = "";      // what the field held when it was entered
let leftAt = -1e9;    // when a field was left that holds something else

function enter(event) {
  const field = event.target;
  if (event.key !== "Enter" || event.isComposing || event.repeat || !(field instanceof Element)) return;
  const long = field.matches("textarea") && (event.ctrlKey || event.metaKey);
  if (!long && (!field.matches(lines) || field.matches("[role=combobox]"))) return;
  const area = field.closest(`[class*="${mark}"]`);
  if (!area || field.closest("[data-testid=stForm]")) return;
  const name = [...area.classList].find(each => each.startsWith(mark)).slice(mark.length);
  // The field hands over its value first, in the same way as when somebody leaves it.
  setTimeout(() => area.querySelector(`.st-key-${name} button`)?.click(), 0);
}

// Escape closes a dialog. Its field hands over what was typed only when it is left, so it is left first.
function escape(event) {
  if (event.key === "Escape" && event.target.closest?.(`[class*="${mark}"]`)) event.target.blur();
}

function entered(event) {
  before = event.target.value;
}

function left(event) {
  if (event.target.matches?.("input, textarea") && event.target.value !== before) leftAt = performance.now();
}

function follow(event) {
  const link = event.composedPath().find(each => each.matches?.(links));  // rows are in the shadow of their table
  const otherwise = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || otherwise || !event.isTrusted || performance.now() - leftAt > longest) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const until = leftAt + longest;
  const app = document.querySelector("[data-testid=stApp]");
  const wait = setInterval(() => {
    if (app?.dataset.testScriptState === "notRunning" && performance.now() < until) return;
    clearInterval(wait);
    link.click();
  }, 20);
}

// The search for everything, from anywhere; a dialog lies over it.
function search(event) {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  const field = document.querySelector(".st-key-SEARCH input");
  if (!field || document.querySelector("[role=dialog]")) return;
  event.preventDefault();
  field.focus();
  field.select();
}

const heard = [
  ["keydown", search, true], ["keydown", enter, false], ["keydown", escape, true],
  ["focusin", entered, true], ["focusout", left, true],
  ["click", follow, true],
];

export default function() {
  heard.forEach(each => document.addEventListener(...each));
  return () => heard.forEach(each => document.removeEventListener(...each));
}
""".replace("PREFIX", _PREFIX).replace("SEARCH", SEARCH)


def area(button: str) -> DeltaGenerator:
    """A container for a form, with its main button. `button` is the key of that button, of letters, digits and `_`."""
    return st.container(key=f"{_PREFIX}{button}")


def listen() -> None:
    """Makes the browser listen; drawn once a page."""
    _listener()(key="keystrokes")


@functools.cache
def _listener() -> Any:
    return st.components.v2.component("tillpost_keystrokes", js=_LISTEN)
