"""The machine and what lies on it: the store and its copies, room, the modes of files, the clock."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from backend.domain.health import OF_STATE, SKEW_ALLOWED, Diagnosis, State, Verdict
from backend.domain.team import COMMAND_LINE
from backend.secret_file import FILE_NAME
from backend.services.doctor.installation import Installation
from backend.services.migrations.run import Stage, standings
from backend.services.system import health
from backend.services.system.backups import backup_state
from backend.services.system.checks import Check, check_folder, check_store

SIGNATURES_END = timedelta(minutes=5)
"""AWS refuses requests whose time is further off ("RequestTimeTooSkewed", "Signature expired")."""
COPIES_BEHIND = timedelta(minutes=10)
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_FIXES = {
    "store": "See that STORE_URL is right, and that the database runs and can be reached from here.",
    "tables": "Start the server once with STORE_CREATE=true, or create the tables (on AWS: infra/stack.yaml).",
    "data folder": "Give the server's user a DATA_DIR that it may write to, with room on its disk.",
}


def store(installation: Installation) -> list[Diagnosis]:
    """Whether the store answers and can be written to, has its tables, and whether files can be written."""
    checks = [*check_store(installation.shop.store), check_folder(installation.settings.data_dir)]
    return [_of_check(check) for check in checks]


def migrations(installation: Installation) -> list[Diagnosis]:
    """Whether the store has what this version adds to those of earlier ones."""
    left = [each for each in standings(installation.shop, COMMAND_LINE) if each.stage is not Stage.DONE]
    if not left:
        return [Diagnosis("Migrations", Verdict.OK, "The store is up to date.")]
    found = "; ".join(f"{each.name} is {each.stage}" for each in left)
    fix = "Run python -m backend migrate (--dry-run counts first). The shop may go on meanwhile."
    return [Diagnosis("Migrations", Verdict.WARN, f"{found[0].upper()}{found[1:]}.", fix)]


def _of_check(check: Check) -> Diagnosis:
    subject = check.name[0].upper() + check.name[1:]
    if check.ok:
        return Diagnosis(subject, Verdict.OK, check.found)
    return Diagnosis(subject, Verdict.FAIL, check.found, _FIXES[check.name])


def backup(installation: Installation) -> list[Diagnosis]:
    """Whether copies of the store are being made, as far as this machine knows."""
    if installation.settings.backup_to:
        return [_scheduled_backup(installation)]
    file = installation.store_file
    if file is None:
        fix = "See in the provider's console that point-in-time recovery is on, and restore once to try it."
        return [Diagnosis("Backup", Verdict.UNKNOWN, "The store is elsewhere, and so are its backups.", fix)]
    state = file.with_name(f".{file.name}-litestream")
    behind = _behind(file, state)
    if behind is None:
        fix = "Install Litestream (docs/hosting.md) and set LITESTREAM_REPLICA_URL, or copy the store by other means."
        return [Diagnosis("Backup", Verdict.WARN, "Litestream does not copy this store.", fix)]
    if behind > COPIES_BEHIND:
        found = f"Litestream is {behind.total_seconds() / 60:,.0f} minutes behind the store."
        fix = "Start it again: systemctl restart tillpost-litestream, and read journalctl -u tillpost-litestream."
        return [Diagnosis("Backup", Verdict.FAIL, found, fix)]
    if installation.environment.get("LITESTREAM_REPLICA_URL", "").startswith("file:"):
        fix = "Copy to another machine too: a disk that is in the same machine can be lost with it."
        return [Diagnosis("Backup", Verdict.WARN, "Litestream copies the store into a folder of this machine.", fix)]
    return [
        Diagnosis("Backup", Verdict.OK, "Litestream keeps up with the store. Whether its copies arrive, a drill shows.")
    ]


def _scheduled_backup(installation: Installation) -> Diagnosis:
    found = health.check_backups(installation.system)
    where = installation.settings.backup_to
    if found.state is State.UP and backup_state(installation.shop).at is None:
        return Diagnosis("Backup", Verdict.WARN, found.found, "Start a worker; then ask again.")
    if found.state is State.UP and not where.startswith("s3:"):
        fix = "Let BACKUP_TO lead to another machine or to S3, unless that folder already does."
        return Diagnosis("Backup", Verdict.OK, f"{found.found} They are in a folder, {where}.", fix)
    return Diagnosis("Backup", OF_STATE[found.state], found.found, found.advice)


def _behind(file: Path, state: Path) -> timedelta | None:
    """How much later the store was written than Litestream's own notes; None where there are none."""
    notes = [path.stat().st_mtime for path in state.rglob("*") if path.is_file()]
    written = [path.stat().st_mtime for path in (file, file.with_name(f"{file.name}-wal")) if path.exists()]
    if not notes or not written:
        return None
    return timedelta(seconds=max(0.0, max(written) - max(notes)))


def disk(installation: Installation) -> list[Diagnosis]:
    """Whether there is room where files are kept."""
    found = health.check_disk(installation.system)
    return [Diagnosis("Disk", OF_STATE[found.state], found.found, found.advice)]


def file_modes(installation: Installation) -> list[Diagnosis]:
    """Whether other users of this machine are kept from data and secrets."""
    if os.name != "posix":
        return [Diagnosis("File modes", Verdict.UNKNOWN, "This system has no modes.", "Let only the server's user in.")]
    open_ones = [(path, mode) for path, mode in _private_places(installation) if _mode(path) & ~mode]
    if not open_ones:
        return [Diagnosis("File modes", Verdict.OK, "Data and secrets are for the server's user alone.")]
    secret = any(path.name in (FILE_NAME, installation.env_file.name) for path, _ in open_ones)
    names = ", ".join(f"{path} ({_mode(path):04o})" for path, _ in open_ones)
    fix = "; ".join(f"chmod {mode:o} {path}" for path, mode in open_ones) + "."
    verdict = Verdict.FAIL if secret else Verdict.WARN
    return [Diagnosis("File modes", verdict, f"Other users of this machine may read {names}.", fix)]


def _private_places(installation: Installation) -> Iterator[tuple[Path, int]]:
    """What is there of what should be private, with the most that its mode may be."""
    folder, file = installation.settings.data_dir, installation.store_file
    files = [folder / FILE_NAME, installation.env_file]
    if file is not None:
        files += [file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")]
    yield from ((path, _PRIVATE_FOLDER) for path in (folder,) if path.is_dir())
    yield from ((path, _PRIVATE_FILE) for path in files if path.is_file())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def clock(installation: Installation) -> list[Diagnosis]:
    """Whether this machine's clock agrees with a time server's."""
    fix = "Let the machine follow a time server: timedatectl set-ntp true."
    try:
        offset = abs(installation.clock_offset())
    except OSError:
        found = "No time server answered; a firewall may keep UDP port 123 closed."
        return [
            Diagnosis("Clock", Verdict.UNKNOWN, found, "See that timedatectl says “System clock synchronized: yes”.")
        ]
    found = f"It differs from a time server's by {offset.total_seconds():.1f} seconds."
    if offset > SIGNATURES_END:
        return [Diagnosis("Clock", Verdict.FAIL, f"{found} AWS refuses requests.", fix)]
    if offset > SKEW_ALLOWED:
        return [Diagnosis("Clock", Verdict.WARN, found, fix)]
    return [Diagnosis("Clock", Verdict.OK, found)]
