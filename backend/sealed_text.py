"""Texts that only this installation can read, for places that others see too, such as the addresses of pages.

The same text always gives the same signs, so that an address can be compared and kept. Whoever has no key learns
how long a text is and whether two are equal, and nothing else.
"""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from backend.secret_file import accepted, derived


def seal(key: bytes, purpose: str, text: str) -> str:
    """The text as signs that an address may hold. `purpose` says where they are valid."""
    signs = _cipher(key).encrypt(text.encode(), [purpose.encode()])
    return base64.urlsafe_b64encode(signs).decode().rstrip("=")


def unseal(key: bytes, purpose: str, signs: str) -> str | None:
    """The text that `seal` was given; None for what it has not made, with this key and for this purpose."""
    return next((text for each in accepted(key) if (text := _opened(each, purpose, signs)) is not None), None)


def _opened(key: bytes, purpose: str, signs: str) -> str | None:
    try:
        sealed = base64.b64decode(signs + "=" * (-len(signs) % 4), altchars=b"-_", validate=True)
        return _cipher(key).decrypt(sealed, [purpose.encode()]).decode()
    except (binascii.Error, InvalidTag, ValueError):
        return None


def _cipher(key: bytes) -> AESSIV:
    """RFC 5297 with 128 bits, which needs no number that is used once."""
    return AESSIV(derived(key, "sealed texts"))
