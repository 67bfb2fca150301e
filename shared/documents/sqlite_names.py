"""Names of a collection's tables and columns in SQLite."""

from typing import Any

from shared.documents.shape import Shape


def quoted(name: str) -> str:
    """Return the name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def table(shape: Shape[Any]) -> str:
    """Return the table of the records."""
    return quoted(f"d_{shape.collection.name}")


def gone_table(shape: Shape[Any]) -> str:
    """Return the table of what is deleted."""
    return quoted(f"g_{shape.collection.name}")


def side_table(shape: Shape[Any], field: str) -> str:
    """Return the table of the values of a field that has several."""
    return quoted(f"m_{shape.collection.name}_{field}")


def column(shape: Shape[Any], field: str) -> str:
    """Return the column of a scalar field."""
    return "key" if field == shape.collection.key else quoted(f"f_{field}")
