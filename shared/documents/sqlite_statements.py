"""The statements that write one collection, for one record and for several at once."""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

from collections.abc import Sequence
from typing import Any

from shared.documents.shape import Shape
from shared.documents.sqlite_names import column, gone_table, side_table, table


class Statements:
    """The SQL of one collection."""

    def __init__(self, shape: Shape[Any]) -> None:
        self.shape = shape
        self._table, self._gone = table(shape), gone_table(shape)
        names = ["key", "seq", *(column(shape, field) for field in shape.scalars), "body"]
        self._into = f"INSERT INTO {self._table} (version, {', '.join(names)}) VALUES"
        self._row = f"(1, {', '.join('?' * len(names))})"
        sets = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        self._over = f"ON CONFLICT (key) DO UPDATE SET version = version + 1, {sets}"
        returning = "RETURNING id, version"
        self.upsert = f"{self._into} {self._row} {self._over} {returning}"
        self.insert = f"{self._into} {self._row} ON CONFLICT (key) DO NOTHING {returning}"
        sets = ", ".join(f"{name} = ?" for name in names)
        self.update = (
            f"UPDATE {self._table} SET version = version + 1, {sets} WHERE key = ? AND version = ? {returning}"
        )
        self.delete = f"DELETE FROM {self._table} WHERE key = ? RETURNING id"
        self._sides = [side_table(shape, field) for field in shape.multis]
        self.sides = [
            (f"DELETE FROM {side} WHERE id = ?", f"INSERT INTO {side} (value, id) VALUES (?, ?)")
            for side in self._sides
        ]
        self.bury = f"INSERT OR REPLACE INTO {self._gone} (seq, key) VALUES (?, ?)"
        self.unbury = f"DELETE FROM {self._gone} WHERE key = ?"

    def upsert_many(self, rows: int) -> str:
        """Return the upsert of several records, which tells nothing of them."""
        return f"{self._into} {', '.join([self._row] * rows)} {self._over}"

    def count_among(self, keys: int) -> str:
        """Return what counts the records of some keys."""
        return f"SELECT count(*) FROM {self._table} WHERE key IN ({_marks(keys)})"

    def unbury_all(self, keys: int) -> str:
        """Return what takes some keys off the list of what is gone."""
        return f"DELETE FROM {self._gone} WHERE key IN ({_marks(keys)})"

    def clear_sides(self, keys: int) -> Sequence[str]:
        """Return what removes the elements of the records of some keys, per side table."""
        ids = f"SELECT id FROM {self._table} WHERE key IN ({_marks(keys)})"
        return [f"DELETE FROM {side} WHERE id IN ({ids})" for side in self._sides]

    def fill_side(self, number: int, rows: int) -> str:
        """Return what adds elements, given as key and element, to a side table."""
        values = f"(VALUES {', '.join(['(?, ?)'] * rows)})"
        into = f"INSERT INTO {self._sides[number]} (value, id)"
        return f"{into} SELECT column2, id FROM {values} CROSS JOIN {self._table} ON key = column1"


def _marks(count: int) -> str:
    return ", ".join("?" * count)
