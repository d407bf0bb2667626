"""The statement of a scan in SQL: in the order of the primary key, from where the last page ended."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from backend.store.limits import decode_place
from backend.store.port import Begins

_END = chr(0x10FFFF)


def scan_statement(
    table: sa.Table,
    limit: int,
    cursor: str | None,
    only: Begins | None,
    segment: int = 0,
    segments: int = 1,
) -> sa.Select[Any]:
    """Selects partition key, sort key and document. Raises: `InvalidInputError` for a cursor that is none."""
    columns = table.c
    statement = sa.select(columns.pk, columns.sk, columns.doc).order_by(columns.pk, columns.sk).limit(limit)
    if cursor is not None:
        place = decode_place(cursor)
        statement = statement.where(sa.tuple_(columns.pk, columns.sk) > (place["pk"], place["sk"]))
    elif only is not None:
        statement = statement.where(columns.pk >= only.pk)
    if only is not None:
        wanted = sa.or_(*(sa.and_(columns.sk >= sk, columns.sk < sk + _END) for sk in only.sks))
        statement = statement.where(columns.pk < only.pk + _END, wanted)
    if segments > 1:
        statement = statement.where(_LastLetter(columns.pk) % segments == segment)
    return statement


class _LastLetter(FunctionElement[int]):
    """The code point at the end of a text. Ids have random ends, and databases compute it without reading the item."""

    type = sa.Integer()
    inherit_cache = True
    name = "last_letter"


@compiles(_LastLetter, "sqlite")
def _in_sqlite(element: _LastLetter, compiler: SQLCompiler, **options: Any) -> str:
    return f"unicode(substr({compiler.process(element.clauses, **options)}, -1))"


@compiles(_LastLetter, "postgresql")
def _in_postgresql(element: _LastLetter, compiler: SQLCompiler, **options: Any) -> str:
    return f"ascii(right({compiler.process(element.clauses, **options)}, 1))"
