"""The form of a backup: a folder of compressed parts, and a manifest that is written last.

A part is JSON Lines under gzip: on each line the key, a tab, and the item (`store.documents.canonical`). With a
passphrase each part is encrypted by AES-256-GCM under a key that scrypt (RFC 7914) makes of it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.disk_space import write_durably
from backend.errors import BackendError
from backend.services.sending.account import PAUSE
from backend.store.documents import canonical, decode
from backend.store.port import Key, Row, UnreadableItem

FORMAT = 1
MANIFEST = "manifest.json"
_NONCE = 12
_WORK = 2**15
"""Of scrypt: 32 MB of memory for a guess."""


class BackupError(BackendError):
    """The backup is not whole, not readable, or not for this version."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a table holds. `digest` does not depend on the order of the items, so engines can be compared by it."""

    items: int = 0
    digest: str = f"{0:032x}"

    def with_lines(self, lines: Sequence[str]) -> Contents:
        """With these items as well."""
        total = int(self.digest, 16)
        for line in lines:
            total += int.from_bytes(hashlib.blake2b(line.encode(), digest_size=16).digest())
        return Contents(self.items + len(lines), f"{total % 2**128:032x}")


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a backup."""

    file: str
    table: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `is_exact` says that all of it is of one moment; `unreadable` lists keys left out."""

    format: int
    version: str
    created_at: str
    is_exact: bool
    tables: dict[str, Contents]
    parts: tuple[Part, ...]
    unreadable: tuple[str, ...] = ()
    salt: str = ""

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    @property
    def items(self) -> int:
        return sum(contents.items for contents in self.tables.values())


def line_of(row: Row) -> str:
    """An item as a line of a part."""
    return f"{json.dumps(row.key[1:], ensure_ascii=False)}\t{canonical(row.item)}"


def is_unreadable(row: Row) -> bool:
    """Whether a backup cannot hold this."""
    return isinstance(row.item, UnreadableItem)


def lines_from(rows: Iterable[Row]) -> list[str]:
    """The lines of what a backup holds: all that can be read, but for the pause of sending, which each store has."""
    return [line_of(row) for row in rows if not is_unreadable(row) and row.key != PAUSE]


class Locker:
    """Encrypts parts, or leaves them as they are where there is no passphrase."""

    def __init__(self, passphrase: str, salt: str) -> None:
        self._cipher = AESGCM(_key_from(passphrase, salt)) if salt else None

    def close(self, name: str, content: bytes) -> bytes:
        """The bytes that are written. The name is part of the seal, so that parts cannot change places."""
        if self._cipher is None:
            return content
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, name.encode())

    def open(self, name: str, content: bytes) -> bytes:
        """Raises: `BackupError` for another passphrase or a changed file."""
        if self._cipher is None:
            return content
        try:
            return self._cipher.decrypt(content[:_NONCE], content[_NONCE:], name.encode())
        except (InvalidTag, ValueError):
            raise BackupError("The backup does not open: BACKUP_PASSPHRASE is not that of the backup.") from None


def _key_from(passphrase: str, salt: str) -> bytes:
    if not passphrase:
        raise BackupError("This backup is encrypted. Set BACKUP_PASSPHRASE to the passphrase that it was made with.")
    memory = 130 * _WORK * 8
    return hashlib.scrypt(passphrase.encode(), salt=bytes.fromhex(salt), n=_WORK, r=8, p=1, maxmem=memory, dklen=32)


def write_part(folder: Path, table: str, number: int, lines: Sequence[str], locker: Locker) -> Part:
    """Writes a part; it is on the disk when this returns."""
    name = f"{table}-{number:05}.jsonl.gz"
    content = locker.close(name, gzip.compress("\n".join(lines).encode(), 6, mtime=0))
    write_durably(folder / name, content)
    return Part(name, table, hashlib.sha256(content).hexdigest(), len(content))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    write_durably(folder / MANIFEST, json.dumps(asdict(manifest), indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """Raises: `BackupError` when the folder holds no whole backup, or one of a later version."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
        if found["format"] > FORMAT:
            raise BackupError(f"This backup was made by a later version ({found['version']}). Update Tillpost first.")
        found["tables"] = {name: Contents(**contents) for name, contents in found["tables"].items()}
        found["parts"] = tuple(Part(**part) for part in found["parts"])
        found["unreadable"] = tuple(found["unreadable"])
        return Manifest(**found)
    except FileNotFoundError:
        raise BackupError(f"{folder} holds no whole backup: it has no {MANIFEST}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BackupError(f"{folder / MANIFEST} cannot be read.") from None


def lines_of(folder: Path, part: Part, locker: Locker) -> list[str]:
    """The lines of a part.

    Raises: `BackupError` when the file is missing or is not the one that was written.
    """
    try:
        content = (folder / part.file).read_bytes()
    except FileNotFoundError:
        raise BackupError(f"{part.file} is missing in the backup.") from None
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise BackupError(f"{part.file} is not as it was written: its SHA-256 differs from the manifest's.")
    text = gzip.decompress(locker.open(part.file, content)).decode()
    return text.split("\n") if text else []


def rows_of(table: str, lines: Sequence[str]) -> Iterator[Row]:
    """The items of a part's lines."""
    for line in lines:
        key, _, doc = line.partition("\t")
        pk, sk = json.loads(key)
        yield Row(Key(table, pk, sk), decode(doc))
