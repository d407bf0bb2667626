"""Text fields refuse what cannot be shown, and search compares without case and accents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.text import WORDS_PER_CUSTOMER, clean_line, clean_tag, clean_text, fold, search_words, words_in
from backend.errors import InvalidInputError


def test_a_line_is_trimmed_and_composed() -> None:
    assert clean_line("  Zoe\u0308 \u00a0", "Name") == "Zoë"


@pytest.mark.parametrize("character", ["\x00", "\n", "\t", "\x7f", "\x9f", "\u2028", "\u2029", "\ud800"])
def test_a_line_has_no_control_characters(character: str) -> None:
    with pytest.raises(InvalidInputError, match="Name holds a control character"):
        clean_line(f"a{character}b", "Name")


@pytest.mark.parametrize("character", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
def test_no_text_turns_its_direction(character: str) -> None:
    for clean in (clean_line, clean_text):
        with pytest.raises(InvalidInputError, match="reverses the direction"):
            clean(f"a{character}b", "Name")


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\u2060\ufeff", "\u00a0"])
def test_what_cannot_be_seen_is_missing_where_something_is_required(text: str) -> None:
    with pytest.raises(InvalidInputError):
        clean_line(text, "Name", required=True)


def test_what_joins_emoji_is_kept() -> None:
    family = "👩\u200d👧"
    assert clean_line(family, "Name", required=True) == family


def test_a_text_may_have_lines_and_tabs() -> None:
    assert clean_text("one\r\ntwo\tthree\n", "Note") == "one\ntwo\tthree"


def test_a_length_is_reported_and_a_megabyte_is_not_looked_at() -> None:
    with pytest.raises(InvalidInputError, match="256 characters, of 255 at most"):
        clean_line("x" * 256, "Name")
    with pytest.raises(InvalidInputError, match="1,000,000 characters"):
        clean_line("x" * 1_000_000, "Name")


def test_spaces_around_do_not_count_as_length() -> None:
    assert len(clean_line(" " * 300 + "x" * 200, "Name")) == 200


def test_a_tag_is_in_lower_case_and_has_no_separators() -> None:
    assert clean_tag(" Big SPENDER ") == "big spender"
    for wrong in ("", "a#b", "a,b", "x" * 51, "a\nb"):
        with pytest.raises(InvalidInputError):
            clean_tag(wrong)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ÀÉÎÕÜ", "aeiou"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Søren Æbelø", "soren aebelo"),
        ("İstanbul ISPARTA ışık", "istanbul isparta isik"),  # noqa: RUF001
        ("ﬁne ™", "fine tm"),
        ("Ｆｕｌｌ", "full"),  # noqa: RUF001
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
    ],
)
def test_folding_forgets_case_accents_and_typography(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=40))
def test_every_word_of_a_text_is_found_by_itself(text: str) -> None:
    for word in words_in(text):
        assert words_in(word) == [word]


def test_words_break_at_punctuation_and_keep_marks() -> None:
    assert words_in("O'Neil-Smith, J. R.") == ["o", "neil", "smith", "j", "r"]
    assert words_in("शर्मा") == [fold("शर्मा")]


def test_the_longest_words_are_kept_each_once() -> None:
    words = search_words("a bb ccc ccc", " ".join(f"word{number}" for number in range(30)))
    assert len(words) == WORDS_PER_CUSTOMER
    assert all(word.startswith("word") for word in words)
    assert search_words("b a b") == ["a", "b"]


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_letters_are_cut_into_words_as_all_others_are(text: str) -> None:
    with_accent = f"{text} é"
    assert words_in(text) == words_in(with_accent)[:-1]
