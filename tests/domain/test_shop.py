"""Colours: whatever a shop chooses, its emails can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.shop import NIGHT, PAPER, READABLE, VISIBLE, clean_colour, contrast, palette_of
from backend.errors import InvalidInputError

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(brand=COLOURS)
def test_every_colour_gives_texts_links_and_buttons_that_can_be_read(brand: str) -> None:
    palette = palette_of(brand)
    assert contrast(palette.on_brand, palette.brand) >= READABLE
    assert contrast(palette.link, PAPER) >= READABLE
    assert contrast(palette.edge, PAPER) >= VISIBLE
    assert contrast(palette.link_dark, NIGHT) >= READABLE
    assert contrast(palette.on_brand_dark, palette.brand_dark) >= READABLE
    assert contrast(palette.brand_dark, NIGHT) >= VISIBLE


@given(one=COLOURS, other=COLOURS)
def test_contrast_does_not_depend_on_the_order(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_a_readable_brand_stays_as_it_is() -> None:
    assert palette_of("#1f5f5b").link == "#1f5f5b"


@pytest.mark.parametrize("text", ["", "red", "#fff", "1f5f5b", "#1f5f5g", "#1f5f5b00"])
def test_other_ways_to_write_a_colour_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        clean_colour(text)
