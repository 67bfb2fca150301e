"""Fetch many rows of SQLite as one row.

Python's sqlite3 lets go of the interpreter for each row and must get it back, for which a thread beside a busy event
loop waits up to 5 ms each time: 25 rows took 70 ms there. So SQLite itself joins the bodies, which are MessagePack and
tell where they end, and one decoder reads them all.
"""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

import sqlite3
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from shared.documents import Change
from shared.documents.shape import Scalar, Shape

T = TypeVar("T", bound=msgspec.Struct)

_NIL = b"\xc0"
_JOINED = "CAST(group_concat(CAST(body AS TEXT), '') AS BLOB)"


def _joins_exactly() -> bool:
    """Return whether this SQLite joins any bytes as they are; before 3.38 it stopped at a zero byte."""
    connection = sqlite3.connect(":memory:")
    try:
        parts = [bytes(range(256)), b"\0", b"\xff\xfe", b""]
        select = " UNION ALL ".join("SELECT ? AS body" for _ in parts)
        return bool(connection.execute(f"SELECT {_JOINED} FROM ({select})", parts).fetchone()[0] == b"".join(parts))
    finally:
        connection.close()


JOINS = _joins_exactly()


def fetch(connection: sqlite3.Connection, sql: str, values: Sequence[Scalar]) -> tuple[int, bytes]:
    """Return how many rows the statement yields, and their bodies one after the other."""
    if JOINS:
        count, joined = connection.execute(f"SELECT count(*), {_JOINED} FROM ({sql})", values).fetchone()
        return count, joined or b""
    bodies = [row[0] for row in connection.execute(sql, values)]
    return len(bodies), b"".join(bodies)


def fetch_row(connection: sqlite3.Connection, sql: str, values: Sequence[Scalar]) -> Any:
    """Return the first row, None if there is none."""
    return connection.execute(sql, values).fetchone()


def fetch_changes(
    connection: sqlite3.Connection, sql: str, values: Sequence[Scalar]
) -> tuple[bytes, bytes, int, bytes]:
    """Return what ``changes`` takes, of rows of seq, key and body, which is NULL for what is gone."""
    if JOINS:
        inner = f"SELECT seq, key, body IS NULL AS gone, coalesce(body, x'C0') AS body FROM ({sql})"
        columns = f"json_group_array(seq), json_group_array(key) FILTER (WHERE gone), count(*), {_JOINED}"
        seqs, keys, count, joined = connection.execute(f"SELECT {columns} FROM ({inner})", values).fetchone()
        return seqs, keys, count, joined or b""
    fetched = connection.execute(sql, values).fetchall()
    seqs, keys = [row[0] for row in fetched], [row[1] for row in fetched if row[2] is None]
    joined = b"".join(_NIL if row[2] is None else row[2] for row in fetched)
    return msgspec.json.encode(seqs), msgspec.json.encode(keys), len(fetched), joined


def changes(shape: Shape[T], seqs: bytes, gone: bytes, count: int, joined: bytes) -> list[Change[T]]:
    """Return the changes; gone: the keys of what is gone, in order."""
    keys = iter(msgspec.json.decode(gone, type=list[str]))
    return [
        Change(seq, next(keys) if document is None else shape.key_of(document), document)
        for seq, document in zip(
            msgspec.json.decode(seqs, type=list[int]), shape.decode_many(count, joined), strict=True
        )
    ]
