"""What a text field may hold, and how texts are folded for search.

What people type is refused with a sentence, never cut. What a file holds is repaired: one odd character is no reason
to lose an order.
"""

from __future__ import annotations

import re
import unicodedata

from backend.errors import InvalidInputError

NAME_LENGTH = 255
NOTE_LENGTH = 5000
SHORT_LENGTH = 100
WORDS_PER_CUSTOMER = 16
WORD_LENGTH = 40

_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart, and that people without them on their keyboard write so."""
_ASCII_WORD = re.compile(r"[a-z0-9_]+")
_ADDRESS = re.compile(r"[^\s,;:<>]*@[^\s,;:<>]*")
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BREAKS = re.compile("\r\n?|[\n\v\f\u2028\u2029]")
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def without_addresses(text: str) -> str:
    """What a machine said, with each e-mail address replaced by "(address)"."""
    return _ADDRESS.sub("(address)", text)


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
        return cleaned  # true of nearly all texts, and faster than looking at each character
    for character in cleaned:
        if character in _OVERRIDES:
            raise InvalidInputError(f"{label} holds a character that reverses the direction of text.", field)
        if unicodedata.category(character) in _REFUSED and character not in allowed:
            raise InvalidInputError(f"{label} holds a control character (code {ord(character)}).", field)
    if required and not any(map(_is_visible, cleaned)):
        raise InvalidInputError(f"{label} holds nothing that can be seen.", field)
    return cleaned


def repaired_line(text: str, longest: int = NAME_LENGTH) -> str:
    """One line of text that `clean_line` accepts: breaks become spaces, control and direction characters go.

    Characters of Windows-1252 that were read as Latin-1 (U+0080 to U+009F) become what they were meant to be.
    """
    line = _without_controls(_BREAKS.sub(" ", text).replace("\t", " "), "")
    return line.strip()[:longest].rstrip()


def repaired_text(text: str, longest: int = NOTE_LENGTH) -> str:
    """Several lines of text that `clean_text` accepts, repaired as `repaired_line` does; breaks stay breaks."""
    return _without_controls(_BREAKS.sub("\n", text), "\n\t").strip()[:longest].rstrip()


def _without_controls(text: str, allowed: str) -> str:
    kept = unicodedata.normalize("NFC", "".join(map(_read_as_windows, text)))
    return "".join(each for each in kept if each in allowed or not _is_refused(each))


def _read_as_windows(character: str) -> str:
    return character.encode("latin-1").decode("cp1252", "ignore") if "\x80" <= character <= "\x9f" else character


def _is_refused(character: str) -> bool:
    return character in _OVERRIDES or unicodedata.category(character) in _REFUSED


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
