"""DuckDB, held tight: bounded memory, two threads, no extensions, no network, no files but the snapshot's own."""

from __future__ import annotations

from pathlib import Path

import duckdb

MEMORY = "512MB"
THREADS = 2


def connect(*folders: Path) -> duckdb.DuckDBPyConnection:
    """An empty database in memory that may read and write files in these folders, and nowhere else.

    What does not fit into memory goes into a folder `spill` in the first one.
    """
    first = folders[0]
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": THREADS,
            "memory_limit": MEMORY,
            "temp_directory": str(first / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        },
    )
    allowed = ", ".join(_quoted(f"{folder}/") for folder in folders)
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def file_names(folder: Path, table: str) -> str:
    """The files of a table, as a list in SQL. They are ours; quotes in the folder's path are minded."""
    return "[" + ", ".join(_quoted(str(path)) for path in sorted(folder.glob(f"{table}*.parquet"))) + "]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
