"""Tables and indexes of the collections in SQLite, and how they follow a changed declaration.

For a collection ``studies``: table ``d_studies`` (id, key, version, seq, one column per scalar field, body), one side
table ``m_studies_<field>`` (value, id) per field with several values, ``g_studies`` (seq, key) for what is gone.
``declared`` says which fields are kept up to date, ``counters`` the last seq and the number of records.
"""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from shared.documents import migration
from shared.documents.shape import Shape
from shared.documents.sqlite_migration import TABLES, stored_version, write_down
from shared.documents.sqlite_names import column, gone_table, quoted, side_table, table

_OURS = """
CREATE TABLE IF NOT EXISTS counters (collection TEXT PRIMARY KEY, seq INTEGER, records INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS declared (collection TEXT, field TEXT, PRIMARY KEY (collection, field)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pinged (one INTEGER PRIMARY KEY, times INTEGER NOT NULL);
"""

SAMPLE = 1000
"""How many entries of each index are looked at for the planner."""


def declare(connection: sqlite3.Connection, shapes: Sequence[Shape[Any]]) -> None:
    """Make or change the tables of these collections; fields that are new are filled in from the records."""
    for statement in (_OURS + TABLES).split(";\n"):
        connection.execute(statement)
    for shape in shapes:
        _follow_version(connection, shape)
        _make_tables(connection, shape)
        _follow_fields(connection, shape)
        _follow_indexes(connection, shape)


def analyze(connection: sqlite3.Connection, collections: Iterable[str]) -> None:
    """Tell SQLite's planner how selective the indexes are, from a sample of each; all connections take notice."""
    connection.execute(f"PRAGMA analysis_limit={SAMPLE}")
    sides = (
        "SELECT 'm_' || collection || '_' || rtrim(field, '[]') FROM declared WHERE collection = ? AND field LIKE '%[]'"
    )
    for name in collections:
        for each in (f"d_{name}", *(row[0] for row in connection.execute(sides, [name]).fetchall())):
            connection.execute(f"ANALYZE {quoted(each)}")
    connection.execute("CREATE TABLE statistics_changed (one)")  # a changed schema is read again, with the statistics
    connection.execute("DROP TABLE statistics_changed")


def _follow_version(connection: sqlite3.Connection, shape: Shape[Any]) -> None:
    stored = stored_version(connection, shape)
    migration.check(shape.collection, stored)
    if stored is None:
        write_down(connection, shape.collection.name, shape.collection.version)


def _make_tables(connection: sqlite3.Connection, shape: Shape[Any]) -> None:
    name = shape.collection.name
    connection.execute("INSERT OR IGNORE INTO counters VALUES (?, 0, 0)", [name])
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table(shape)} (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
        f" version INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL)"
    )
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {gone_table(shape)} (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)"
    )


def _follow_fields(connection: sqlite3.Connection, shape: Shape[Any]) -> None:
    name = shape.collection.name
    kept = {row[0] for row in connection.execute("SELECT field FROM declared WHERE collection = ?", [name])}
    wanted = {*shape.scalars, *(f"{field}[]" for field in shape.multis)}
    for field in kept - wanted:  # from now on nobody fills it, so it is worth nothing if it is declared again
        connection.execute("DELETE FROM declared WHERE collection = ? AND field = ?", [name, field])
    new_scalars = [field for field in shape.scalars if field not in kept]
    new_multis = [field for field in shape.multis if f"{field}[]" not in kept]
    columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table(shape)})")}
    for field in new_scalars:
        if f"f_{field}" not in columns:
            connection.execute(f"ALTER TABLE {table(shape)} ADD COLUMN {column(shape, field)}")
    for field in new_multis:
        _make_side_table(connection, shape, field)
    if new_scalars or new_multis:
        _fill_in(connection, shape, new_scalars, new_multis)
    declared = [*new_scalars, *(f"{field}[]" for field in new_multis)]
    connection.executemany("INSERT OR IGNORE INTO declared VALUES (?, ?)", [(name, field) for field in declared])


def _make_side_table(connection: sqlite3.Connection, shape: Shape[Any], field: str) -> None:
    name = side_table(shape, field)
    connection.execute(f"DROP TABLE IF EXISTS {name}")
    connection.execute(f"CREATE TABLE {name} (value, id INTEGER, PRIMARY KEY (value, id)) WITHOUT ROWID")
    connection.execute(f"CREATE INDEX {quoted(f'i_{shape.collection.name}_{field}_id')} ON {name} (id)")


def _fill_in(connection: sqlite3.Connection, shape: Shape[Any], scalars: Sequence[str], multis: Sequence[str]) -> None:
    sets = ", ".join(f"{column(shape, field)} = ?" for field in scalars)
    for id_, body in _records(connection, shape):
        document = shape.decode(body)
        if scalars:
            values = [getattr(document, field) for field in scalars]
            connection.execute(f"UPDATE {table(shape)} SET {sets} WHERE id = ?", [*values, id_])
        for field in multis:
            texts = dict.fromkeys(getattr(document, field) or ())
            rows = [(text, id_) for text in texts]
            connection.executemany(f"INSERT INTO {side_table(shape, field)} VALUES (?, ?)", rows)


def _records(connection: sqlite3.Connection, shape: Shape[Any]) -> Iterator[tuple[int, bytes]]:
    last = 0
    statement = f"SELECT id, body FROM {table(shape)} WHERE id > ? ORDER BY id LIMIT 1000"
    while rows := connection.execute(statement, [last]).fetchall():
        yield from rows
        last = rows[-1][0]


def _follow_indexes(connection: sqlite3.Connection, shape: Shape[Any]) -> None:
    wanted = _indexes(shape)
    names = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
    present = {row[0] for row in connection.execute(names, [f"d_{shape.collection.name}"])}
    for name in present - wanted.keys():
        connection.execute(f"DROP INDEX {quoted(name)}")
    for name in wanted.keys() - present:
        connection.execute(f"CREATE INDEX {quoted(name)} ON {table(shape)} ({wanted[name]})")


def _indexes(shape: Shape[Any]) -> dict[str, str]:
    """Return the columns of each index. All end with the key, so that they give a total order and cover a walk."""
    columns_by_name = dict[str, str]()
    for fields in [*((field,) for field in shape.scalars), *shape.collection.indexes]:
        scalars = [field for field in fields if field in shape.scalars or field == shape.collection.key]
        if scalars and scalars != [shape.collection.key]:
            columns = dict.fromkeys([*(column(shape, field) for field in scalars), "key"])
            columns_by_name[f"i_{shape.collection.name}_{'_'.join(scalars)}"] = ", ".join(columns)
    if shape.collection.feed:
        columns_by_name[f"i_{shape.collection.name}_seq"] = "seq"
    return columns_by_name
