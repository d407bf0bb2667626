"""The statement of a scan in SQL: in the order of the primary key, from where the last page ended."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from backend.store.limits import decode_place
from backend.store.port import Begins

_END = chr(0x10FFFF)


def scan_statement(table: sa.Table, limit: int, cursor: str | None, only: Begins | None) -> sa.Select[Any]:
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
    return statement
