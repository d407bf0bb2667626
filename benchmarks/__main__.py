"""`python -m benchmarks`: the command line of the benchmarks."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.bootstrap import keep_files_private
from backend.cli.output import Json, write_json, write_table
from backend.cli.running import reporting_failures, say
from benchmarks.plans import Group, Size
from benchmarks.results import BenchReport, Measurement
from benchmarks.running import run_bench

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def bench(
    size: Annotated[Size, typer.Option(help="full measures a million customers; writing them takes its time.")] = (
        Size.SMALL
    ),
    only: Annotated[list[Group] | None, typer.Option(help="Only this; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """Measure speed and cost on this machine, with the naive way beside each. Uses DATA_DIR/bench, not your data."""
    with reporting_failures("bench") as settings:
        report = run_bench(settings.data_dir / "bench", size, only or [], say)
        if as_json:
            write_json(report.as_dict())
        else:
            _show(report)


def _show(report: BenchReport) -> None:
    typer.echo(", ".join(f"{name} {value}" for name, value in report.machine.items()))
    typer.echo("")
    header = ("what", "measured", "target", "", "runs", "naive", "better", "the naive way")
    write_table(header, [_row(each) for each in report.measurements], right=(1, 2, 4, 5, 6))
    for sentence in report.skipped:
        typer.echo(f"Not measured: {sentence}")


def _row(each: Measurement) -> tuple[str, ...]:
    sign = "≥" if each.more_is_better else "≤"
    better = each.times_better
    return (
        each.what,
        f"{_number(each.value)} {each.unit}",
        "" if each.target is None else f"{sign} {_number(each.target)}",
        {True: "yes", False: "NO", None: ""}[each.reached],
        f"{each.runs:,}",
        "" if each.naive is None else _number(each.naive),
        "" if better is None else f"{_number(better)} x",
        each.naive_way,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    keep_files_private()
    app(prog_name="python -m benchmarks")
