"""Where backups are kept: a folder, or something else that an adapter reaches (`backend.backup_s3`)."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from backend.disk_space import write_durably
from backend.services.backup.archive import MANIFEST, BackupError, Manifest, read_manifest
from backend.services.backup.backup import Progress, make_backup, verify_backup
from backend.services.context import Shop


class Place(Protocol):
    """Holds backups by name, each with its files. What has no manifest is none."""

    def names(self) -> list[str]:
        """Whole backups, oldest first. Raises: `BackupError` where it cannot be reached, as all methods do."""

    def put(self, name: str, file: str, content: bytes) -> None:
        """Keeps a file; it is there whole or not at all."""

    def get(self, name: str, file: str) -> bytes:
        """A file as it was put."""

    def remove(self, name: str) -> None:
        """Removes a backup, its manifest first, so that what is left after a crash is none."""


class FolderPlace:
    """A `Place` on a disk, best on one of another machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        return sorted(path.parent.name for path in self._folder.glob(f"*/{MANIFEST}"))

    def put(self, name: str, file: str, content: bytes) -> None:
        try:
            (self._folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            write_durably(self._folder / name / file, content)
        except OSError as error:
            raise BackupError(f"{self._folder} cannot be written to: {error.strerror}.") from error

    def get(self, name: str, file: str) -> bytes:
        try:
            return (self._folder / name / file).read_bytes()
        except OSError as error:
            raise BackupError(f"{file} of {name} cannot be read: {error.strerror}.") from error

    def remove(self, name: str) -> None:
        (self._folder / name / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(self._folder / name, ignore_errors=True)


def make_in_place(
    shop: Shop, place: Place, *, passphrase: str = "", progress: Progress = lambda _: None
) -> tuple[str, Manifest]:
    """Makes a backup in a folder for the time being, verifies it, and puts it into a place. Returns its name.

    Raises: as `make_backup`; `BackupError` when the place does not take it.
    """
    shop.data_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="backup-", dir=shop.data_dir) as folder:
        made = make_backup(shop, Path(folder), passphrase=passphrase, progress=progress)
        manifest = verify_backup(made, passphrase=passphrase)
        upload(place, made, progress)
    return made.name, manifest


def keep_newest_in(place: Place, count: int) -> list[str]:
    """Removes all whole backups of a place but the newest ones; returns what was removed."""
    removed = place.names()[: -max(count, 1)]
    for name in removed:
        place.remove(name)
    return removed


def upload(place: Place, backup: Path, progress: Progress) -> None:
    """Puts a backup into a place, its manifest last.

    Raises: `BackupError`.
    """
    for part in read_manifest(backup).parts:
        place.put(backup.name, part.file, (backup / part.file).read_bytes())
        progress(0)
    place.put(backup.name, MANIFEST, (backup / MANIFEST).read_bytes())


def fetch(place: Place, name: str, folder: Path, progress: Progress = lambda _: None) -> Path:
    """Copies a backup out of a place into a new folder beneath this one. The names in a manifest are not trusted.

    Raises: `BackupError`.
    """
    target = folder / name
    target.mkdir(parents=True, mode=0o700)
    write_durably(target / MANIFEST, place.get(name, MANIFEST))
    for part in read_manifest(target).parts:
        if Path(part.file).name != part.file:
            raise BackupError(f"The manifest of {name} names a file outside of it.")
        write_durably(target / part.file, place.get(name, part.file))
        progress(0)
    return target
