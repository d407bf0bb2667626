"""Texts in places that others see: this installation reads them, nobody else."""

from __future__ import annotations

import re

import pytest

from backend.sealed_text import seal, unseal

KEY = b"a key of an installation, long enough"


@pytest.mark.parametrize("text", ["maria@example.com", "Łucja Żak", "", "a" * 500])
def test_what_was_sealed_is_read_and_fits_into_an_address(text: str) -> None:
    signs = seal(KEY, "search", text)
    assert unseal(KEY, "search", signs) == text
    assert re.fullmatch(r"[A-Za-z0-9_-]+", signs)
    assert signs == seal(KEY, "search", text)


def test_another_key_another_purpose_and_other_signs_give_nothing() -> None:
    signs = seal(KEY, "search", "maria@example.com")
    assert unseal(KEY + b".", "search", signs) is None
    assert unseal(KEY, "who", signs) is None
    for other in ("", "x", "é", signs[:-2], "A" + signs[1:] if signs[0] != "A" else "B" + signs[1:]):
        assert unseal(KEY, "search", other) is None
