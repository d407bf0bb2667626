"""Which passwords are accepted, and how they are hashed (bcrypt)."""

from __future__ import annotations

import bcrypt
from zxcvbn import zxcvbn

from backend.errors import InvalidInputError

SHORTEST = 12
LONGEST_BYTES = 72
"""bcrypt reads no further, so a longer password would only seem to be stronger."""
ROUNDS = 12
_LEAST_SCORE = 3
"""zxcvbn: 3 is "safely unguessable", more than 10**8 guesses."""

# The hash of random bytes that were thrown away: comparing with it costs what a real comparison costs.
_NOBODYS_HASH = "$2b$12$RTaUip9MF4faaRin1Hxb8ukteBTEyJPxYz7MnVKijFql.C16CGV0y"


def check_password(password: str, *, username: str, email: str, name: str, shop_name: str) -> None:
    """Raises: `InvalidInputError` that says what is wrong with the password, never the password itself."""
    if len(password) < SHORTEST:
        raise InvalidInputError(f"The password is too short: it needs {SHORTEST} characters at least.", "password")
    if len(password.encode(errors="surrogatepass")) > LONGEST_BYTES:
        raise InvalidInputError(
            f"The password is too long: {LONGEST_BYTES} bytes at most, which are {LONGEST_BYTES} plain letters or "
            "fewer with accents and symbols.",
            "password",
        )
    if not password.isprintable():
        raise InvalidInputError("The password has a character that cannot be typed.", "password")
    known = [word for word in (username, email, email.partition("@")[0], name, shop_name) if word]
    if password.casefold() in {word.casefold() for word in known}:
        raise InvalidInputError(
            "The password must not be the username, the email address or the shop's name.", "password"
        )
    result = zxcvbn(password, user_inputs=[*known, *shop_name.split(), "tillpost"], max_length=LONGEST_BYTES)
    if result["score"] < _LEAST_SCORE:
        reason = result["feedback"]["warning"] or "It follows a pattern that programs try first."
        raise InvalidInputError(
            f"The password is too easy to guess. {reason} Several unrelated words make a good one.", "password"
        )


def hash_password(password: str, *, rounds: int = ROUNDS) -> str:
    """The bcrypt hash of a password of at most 72 bytes; takes about 0.2 s on purpose."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


def password_matches(password: str, password_hash: str) -> bool:
    """Whether the password is the one that was hashed. Without a hash ("") it takes as long, and is False."""
    given = password.encode(errors="surrogatepass")
    matches = bcrypt.checkpw(given[:LONGEST_BYTES], (password_hash or _NOBODYS_HASH).encode())
    return matches and bool(password_hash) and len(given) <= LONGEST_BYTES
