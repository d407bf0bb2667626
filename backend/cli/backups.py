"""Backups on the command line: make, verify, restore, and move a shop to another store."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from backend import bootstrap
from backend.cli.output import Json, ProgressLine, write_json
from backend.cli.running import opened_shop, reporting_failures, say
from backend.config import load_settings
from backend.records.system import backup_state_item
from backend.services.backup.archive import BackupError, Manifest
from backend.services.backup.backup import Progress, keep_newest, make_backup, verify_backup
from backend.services.backup.places import fetch, keep_newest_in, make_in_place
from backend.services.backup.restore import Restored, move_shop, restore_backup
from backend.services.system.backups import backup_state

app = typer.Typer(help="Back up the whole store, and take it back.", no_args_is_help=True)
_Folder = Annotated[
    Path, typer.Argument(help="The folder of one backup, such as /mnt/backups/tillpost-20261201T094400Z.")
]


@app.command("make")
def make(
    where: Annotated[str, typer.Argument(help="Where backups are kept: a folder, or s3://BUCKET/PREFIX.")],
    keep: Annotated[int | None, typer.Option(min=1, help="Afterwards remove all but the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Back up the store while the shop goes on. BACKUP_PASSPHRASE encrypts it."""
    with opened_shop("backup make") as shop, _Shown() as shown:
        passphrase = _passphrase()
        if where.startswith("s3:"):
            place = bootstrap.open_backup_place(where)
            name, manifest = make_in_place(shop, place, passphrase=passphrase, progress=shown.progress)
            made, removed = f"{where.rstrip('/')}/{name}", keep_newest_in(place, keep) if keep else []
        else:
            folder = make_backup(shop, Path(where), passphrase=passphrase, progress=shown.progress)
            made, manifest = str(folder), verify_backup(folder, passphrase=passphrase)
            removed = [str(each) for each in keep_newest(Path(where), keep)] if keep else []
        shown.end()
        if as_json:
            write_json(_described(made, manifest) | {"seconds": shown.seconds, "removed": removed})
            return
        typer.echo(f"{made}: {manifest.items:,} items, {manifest.bytes:,} bytes, in {shown.seconds} s.")
        _warn(manifest)
        if removed:
            typer.echo(f"Removed {len(removed)} older backups.")


@app.command("status")
def status(as_json: Json = False) -> None:
    """Show how the last scheduled backup and the last drill went. Exit code 1 when one of them failed."""
    with opened_shop("backup status") as shop:
        state = backup_state(shop)
        if as_json:
            write_json({name: value for name, value in backup_state_item(state).items() if name != "lease_until"})
        elif state.at is None:
            typer.echo(state.error or "No scheduled backup was made yet (BACKUP_TO says where, a worker makes them).")
        else:
            size = f"{state.items:,} items, {state.bytes:,} bytes"
            typer.echo(f"{state.name}: {size}, in {state.seconds} s. {state.error}".strip())
            drilled = f"{state.drill_at:%Y-%m-%d %H:%M} UTC, {state.drill_items:,} items" if state.drill_at else "never"
            typer.echo(f"Restored as a drill: {drilled}. {state.drill_error}".strip())
        if state.error or state.drill_error:
            raise typer.Exit(1)


@app.command("fetch")
def fetch_backup(
    folder: Annotated[Path, typer.Argument(help="Where the backup is copied to; it becomes a folder in it.")],
    name: Annotated[str, typer.Option(help="Which one; the newest without it.")] = "",
    place: Annotated[str, typer.Option("--from", help="Where backups are; BACKUP_TO without it.")] = "",
) -> None:
    """Copy a scheduled backup out of its place (S3 or a folder), and verify it. `restore` takes it from there."""
    with reporting_failures("backup fetch"):
        where = place or load_settings().backup_to
        found = bootstrap.open_backup_place(where)
        names = found.names() if where else []
        if not names or (name and name not in names):
            raise BackupError(f"There is no backup {name} in {where or 'BACKUP_TO, which is not set'}.")
        copied = fetch(found, name or names[-1], folder)
        manifest = verify_backup(copied, passphrase=_passphrase())
        typer.echo(f"{copied}: {manifest.items:,} items of {manifest.created_at}, verified.")


@app.command("verify")
def verify(folder: _Folder, as_json: Json = False) -> None:
    """Read a backup and compare it with its manifest."""
    with reporting_failures("backup verify"):
        manifest = verify_backup(folder, passphrase=_passphrase())
        if as_json:
            write_json(_described(str(folder), manifest))
            return
        lock = ", encrypted" if manifest.salt else ""
        typer.echo(f"Whole: {manifest.items:,} items of {manifest.created_at}, by Tillpost {manifest.version}{lock}.")
        _warn(manifest)


@app.command("restore")
def restore(folder: _Folder, as_json: Json = False) -> None:
    """Take a backup into the store of STORE_URL, which has to be empty. All email waits until `mail resume`."""
    with opened_shop("backup restore") as shop, _Shown() as shown:
        restored = restore_backup(shop, folder, passphrase=_passphrase(), progress=shown.progress)
        shown.end()
        _show_restored(restored, shown.seconds, as_json)


@app.command("move")
def move(
    to: Annotated[str, typer.Option("--to", help="The STORE_URL of the new, empty store.")],
    as_json: Json = False,
) -> None:
    """Copy the shop from STORE_URL into another store, and prove that they are equal. Stop everything else first."""
    with opened_shop("backup move") as shop, _Shown() as shown:
        target = replace(shop, store=bootstrap.open_store(to))
        try:
            restored = move_shop(shop.store, target, progress=shown.progress)
        finally:
            target.store.close()
        shown.end()
        _show_restored(restored, shown.seconds, as_json)


class _Shown:
    """A line that says how far it is, and how long it took."""

    def __enter__(self) -> _Shown:
        self._line, self._began = ProgressLine(), time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.end()

    @property
    def progress(self) -> Progress:
        return lambda items: self._line.show(f"{items:,} items")

    def end(self) -> None:
        self._line.end()

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._began, 1)


def _passphrase() -> str:
    return load_settings().backup_passphrase.get_secret_value()


def _described(folder: str, manifest: Manifest) -> dict[str, object]:
    """Without the parts."""
    facts = {name: value for name, value in asdict(manifest).items() if name not in ("parts", "salt")}
    return facts | {
        "folder": folder,
        "items": manifest.items,
        "bytes": manifest.bytes,
        "encrypted": bool(manifest.salt),
    }


def _warn(manifest: Manifest) -> None:
    if not manifest.is_exact:
        say("This engine was read while it changed; point-in-time recovery of DynamoDB gives a copy of one moment.")
    if manifest.unreadable:
        say(
            f"{len(manifest.unreadable):,} items cannot be read and are not in it: `python -m backend unreadable list`."
        )


def _show_restored(restored: Restored, seconds: float, as_json: bool) -> None:
    if as_json:
        write_json({"tables": {name: asdict(each) for name, each in restored.tables.items()}, "seconds": seconds})
        return
    typer.echo(f"{restored.items:,} items were written in {seconds} s, and the store holds exactly what it should.")
    if restored.erased:
        typer.echo(f"{restored.erased:,} customers who had been erased since came back with it, and were erased again.")
    typer.echo("All email waits: look at the message log, then run `python -m backend mail resume`.")
    typer.echo("`python -m backend reconcile` recounts every total.")
