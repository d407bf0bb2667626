"""What a text field may hold, and how texts are folded for search. Input is refused with a sentence, never cut."""

from __future__ import annotations

import re
import unicodedata

from backend.errors import InvalidInputError

NAME_LENGTH = 200
NOTE_LENGTH = 4000
SHORT_LENGTH = 100
WORDS_PER_CUSTOMER = 16
WORD_LENGTH = 40

_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart, and that people without them on their keyboard write so."""
_ASCII_WORD = re.compile(r"[a-z0-9_]+")
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def clean_line(text: str, label: str, *, longest: int = NAME_LENGTH, required: bool = False, field: str = "") -> str:
    """One line of text, trimmed and in NFC.

    Raises: `InvalidInputError` when it is missing, too long, or holds control characters or direction overrides.
    """
    return _clean(text, label, longest, required, field or label.lower(), allowed="")


def clean_text(text: str, label: str, *, longest: int = NOTE_LENGTH, required: bool = False, field: str = "") -> str:
    """Several lines of text, as `clean_line` but with line breaks and tabs."""
    return _clean(text.replace("\r\n", "\n"), label, longest, required, field or label.lower(), allowed="\n\t")


def _clean(text: str, label: str, longest: int, required: bool, field: str, allowed: str) -> str:
    if len(text) > 4 * longest + 1000:
        raise InvalidInputError(f"{label} is too long: {len(text):,} characters, of {longest:,} at most.", field)
    cleaned = unicodedata.normalize("NFC", text).strip()
    if required and not cleaned:
        raise InvalidInputError(f"{label} is missing.", field)
    if len(cleaned) > longest:
        raise InvalidInputError(f"{label} is too long: {len(cleaned):,} characters, of {longest:,} at most.", field)
    if cleaned.isascii() and cleaned.isprintable():
        return cleaned  # as nearly all texts are, so that nobody need look at each character
    for character in cleaned:
        if character in _OVERRIDES:
            raise InvalidInputError(f"{label} holds a character that reverses the direction of text.", field)
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") and character not in allowed:
            raise InvalidInputError(f"{label} holds a control character (code {ord(character)}).", field)
    if required and not any(map(_is_visible, cleaned)):
        raise InvalidInputError(f"{label} holds nothing that can be seen.", field)
    return cleaned


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ"


def clean_tag(text: str) -> str:
    """A tag: one line of at most 50 characters, in lower case, without "#" and ",".

    Raises: `InvalidInputError`.
    """
    tag = clean_line(text, "Tag", longest=50, required=True).casefold()
    if "#" in tag or "," in tag:
        raise InvalidInputError("A tag must not contain “#” or a comma.", "tag")
    return tag


def fold(text: str) -> str:
    """The text for comparing: without case and accents. Folding it again changes nothing."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_PLAIN)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words_in(text: str) -> list[str]:
    """The folded words of a text in their order, each cut after 40 characters.

    A word is a run of letters, digits, underscores and marks (which are the vowels of many scripts).
    """
    if text.isascii():
        return [word[:WORD_LENGTH] for word in _ASCII_WORD.findall(text.lower())]  # the same, sooner
    spaced = "".join(character if _is_of_word(character) else " " for character in fold(text))
    return [word[:WORD_LENGTH] for word in spaced.split()]


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"


def search_words(*texts: str) -> list[str]:
    """The folded words of the texts, longest first, each once, 16 at most."""
    words = {word for text in texts for word in words_in(text)}
    return sorted(words, key=lambda word: (-len(word), word))[:WORDS_PER_CUSTOMER]
