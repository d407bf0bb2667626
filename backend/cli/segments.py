"""Segments: list them, count them, take their customers out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backend.cli.options import Cursor, Limit
from backend.cli.output import Json, part_of, write_json, write_page
from backend.cli.running import opened_shop, say
from backend.config import load_settings
from backend.domain.segment_text import rule_from_text
from backend.domain.segments import Rule
from backend.domain.team import COMMAND_LINE
from backend.domain.time import to_text
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.exports import Format
from backend.services.segments.audience import count_segment
from backend.services.segments.library import find_segment, list_segments
from backend.services.segments.preview import count_segments, export_segment
from backend.services.segments.ready import READY
from backend.services.segments.sentences import sentence
from backend.services.snapshots import folders
from backend.services.snapshots.build import make_since
from backend.services.snapshots.info import SnapshotInfo
from backend.workers.snapshots import reader

app = typer.Typer(no_args_is_help=True, help="List, count and export segments of customers.")

Id = Annotated[str, typer.Argument(metavar="[ID]", help="The id of a segment, or its name; “segment list” shows them.")]
RuleFile = Annotated[
    Path | None, typer.Option("--rule", help="A file with a rule as JSON, instead of a segment.", dir_okay=False)
]
AsItIs = Annotated[
    bool, typer.Option("--as-is", help="Ask the snapshot that is there, however old, instead of making a new one.")
]


@app.command("list")
def list_all(limit: Limit = 100, cursor: Cursor = "", as_is: AsItIs = False, as_json: Json = False) -> None:
    """Show all segments with their number of customers."""
    with opened_shop("segment list") as shop:
        info = _snapshot(shop, as_is=as_is)
        segments, following = part_of([*list_segments(shop, COMMAND_LINE), *READY], limit, cursor)
        counts = count_segments(shop, COMMAND_LINE, {segment.id: segment.rule for segment in segments})
        if as_json:
            found = [{"id": each.id, "name": each.name, "count": counts[each.id]} for each in segments]
            write_json({"segments": found, "as_of": to_text(info.as_of), "cursor": following})
            return
        columns = ("id", "name", "customers", "who")
        rows = [(each.id, each.name, f"{counts[each.id]:,}", sentence(shop, each.rule)) for each in segments]
        write_page(
            [dict(zip(columns, row, strict=True)) for row in rows], following, columns, as_json=False, right=(2,)
        )


@app.command("count")
def count(segment_id: Id = "", rule: RuleFile = None, as_is: AsItIs = False, as_json: Json = False) -> None:
    """Count the customers of a segment or of a rule."""
    with opened_shop("segment count") as shop:
        _, wanted = _wanted(shop, segment_id, rule)
        info = _snapshot(shop, as_is=as_is)
        number = count_segment(shop, wanted)
        if as_json:
            write_json({"count": number, "as_of": to_text(info.as_of)})
        else:
            typer.echo(f"{number:,}")


@app.command("export")
def export(
    segment_id: Id = "",
    out: Annotated[Path | None, typer.Option("--out", help="The file to write: CSV or XLSX.", dir_okay=False)] = None,
    rule: RuleFile = None,
    kind: Annotated[Format | None, typer.Option("--format", help="Without it, the file's ending decides.")] = None,
    as_is: AsItIs = False,
    as_json: Json = False,
) -> None:
    """Write the customers of a segment; the columns are those of “export customers”."""
    with opened_shop("segment export") as shop:
        if out is None:
            raise InvalidInputError("Say with --out which file to write.", "out")
        name, wanted = _wanted(shop, segment_id, rule)
        _snapshot(shop, as_is=as_is)
        chosen = kind or (Format.XLSX if out.suffix.lower() == ".xlsx" else Format.CSV)
        number = export_segment(shop, COMMAND_LINE, wanted, out, chosen, name=name)
        say(f"{number:,} customers are in {out}")
        if as_json:
            write_json({"customers": number, "file": str(out)})


def _wanted(shop: Shop, segment_id: str, file: Path | None) -> tuple[str, Rule]:
    """The segment's id ("" for a file) and its rule."""
    if bool(segment_id) == (file is not None):
        raise InvalidInputError("Give either the id of a segment or a rule with --rule.", "rule")
    if file is None:
        found = find_segment(shop, COMMAND_LINE, segment_id)
        return found.id, found.rule
    try:
        return "", rule_from_text(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file} cannot be read as a text in UTF-8.", "rule") from error


def _snapshot(shop: Shop, *, as_is: bool) -> SnapshotInfo:
    """A snapshot of now; one that is younger than the time that making it took is as good."""
    info = folders.current(shop)
    if info is not None and (as_is or 0 <= (shop.clock() - info.as_of).total_seconds() < info.seconds):
        return info
    return make_since(shop, shop.clock(), read=reader(shop, load_settings()))
