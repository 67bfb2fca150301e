"""Turn conditions, order and page token into SQL over the columns of sqlite_schema."""

# ruff: noqa: S608 - the names in the SQL come from Collections, the values are bound

from collections.abc import Sequence
from typing import Any

from shared.documents import Condition, Eq, In, Order, Prefix, Range, Value, Wildcard
from shared.documents.shape import Scalar, Shape, after_prefix, literal_prefix, terms
from shared.documents.sqlite_names import column, gone_table, side_table, table

Sql = tuple[str, list[Scalar]]

COMMON = 1000
"""From so many on, walking in order until a page is full beats putting all in order: page * records ~ COMMON ** 2."""
RECORDS = "SELECT records FROM counters WHERE collection = ?"


def find_sql(
    shape: Shape[Any],
    where: Sequence[Condition],
    order: Sequence[Order],
    limit: int,
    offset: int,
    after: str | None,
    common: Sequence[Condition] = (),
) -> Sql:
    """Return the statement that yields the bodies of one page.

    It walks and skips over an index alone; only the rows of the page are fetched.  common: see ``where_sql``.
    """
    total = terms(order, shape.collection.key)
    text, values = where_sql(shape, where, common)
    if after is not None:
        place_text, place_values = _after_sql(shape, total, shape.place(after, total[:-1]))
        text, values = f"{text} AND {place_text}", values + place_values
    return _page_sql(shape, text, total, total, "LIMIT ? OFFSET ?"), [*values, limit, offset]


def find_from_end_sql(shape: Shape[Any], order: Sequence[Order], limit: int, offset: int) -> Sql:
    """Return the statement that yields the same page of all records, walking from the end of the index."""
    total = terms(order, shape.collection.key)
    reverse = [Order(term.field, not term.descending) for term in total]
    page = f"LIMIT max(0, min(?, ({RECORDS}) - ?)) OFFSET max(0, ({RECORDS}) - ?)"
    name = shape.collection.name
    return _page_sql(shape, "1", reverse, total, page), [limit, name, offset, name, offset + limit]


def _page_sql(shape: Shape[Any], text: str, walk: Sequence[Order], total: Sequence[Order], page: str) -> str:
    name = table(shape)
    picked = f"SELECT id AS picked FROM {name} WHERE {text} ORDER BY {_by(shape, walk)} {page}"
    return f"SELECT body FROM ({picked}) CROSS JOIN {name} ON id = picked ORDER BY {_by(shape, total)}"


def _by(shape: Shape[Any], order: Sequence[Order]) -> str:
    return ", ".join(f"{column(shape, term.field)}{' DESC' if term.descending else ''}" for term in order)


def count_sql(shape: Shape[Any], where: Sequence[Condition]) -> Sql:
    """Return the statement that counts."""
    if len(where) == 1 and shape.kinds[where[0].field] == "texts":
        text, values = _condition_sql("value", where[0])
        counted = "*" if isinstance(where[0], Eq) else "DISTINCT id"
        return f"SELECT count({counted}) FROM {side_table(shape, where[0].field)} WHERE {text}", values
    text, values = where_sql(shape, where)
    return f"SELECT count(*) FROM {table(shape)} WHERE {text}", values


def may_be_common(shape: Shape[Any], where: Sequence[Condition]) -> list[Condition]:
    """Return the conditions on fields with several values that an index answers from its first entry on."""
    several = [condition for condition in where if shape.kinds[condition.field] == "texts"]
    return [condition for condition in several if not isinstance(condition, Wildcard)]


def is_common_sql(shape: Shape[Any], condition: Condition) -> Sql:
    """Return the statement that counts the elements, up to COMMON, that satisfy a condition."""
    text, values = _condition_sql("value", condition)
    some = f"SELECT 1 FROM {side_table(shape, condition.field)} WHERE {text} LIMIT {COMMON}"
    return f"SELECT count(*) FROM ({some})", values


def changes_sql(shape: Shape[Any]) -> str:
    """Return the statement of the change feed; it takes after, limit, after, limit, limit."""
    written = f"SELECT seq, key, body FROM {table(shape)} WHERE seq > ? ORDER BY seq LIMIT ?"
    gone = f"SELECT seq, key, NULL AS body FROM {gone_table(shape)} WHERE seq > ? ORDER BY seq LIMIT ?"
    return f"SELECT * FROM ({written}) UNION ALL SELECT * FROM ({gone}) ORDER BY seq LIMIT ?"


def order_of(shape: Shape[Any], order: Sequence[Order]) -> tuple[Order, ...]:
    """Return the fields whose values, with the key, make a page token."""
    return terms(order, shape.collection.key)[:-1]


def where_sql(shape: Shape[Any], where: Sequence[Condition], common: Sequence[Condition] = ()) -> Sql:
    """Return all conditions.

    A field with several values is asked for in its side table: a rare value by a list of its records, which are then
    put in order; a common one (many records have it) record after record, while the index of the order is walked.
    """
    texts, values = ["1"], list[Scalar]()
    for condition in where:
        in_side_table = shape.kinds[condition.field] == "texts"
        text, more = _condition_sql("value" if in_side_table else column(shape, condition.field), condition)
        if in_side_table:
            side = side_table(shape, condition.field)
            if condition in common:
                text = f"EXISTS (SELECT 1 FROM {side} AS side WHERE side.id = {table(shape)}.id AND {text})"
            else:
                text = f"id IN (SELECT id FROM {side} WHERE {text})"
        texts.append(text)
        values += more
    return " AND ".join(texts), values


def _condition_sql(name: str, condition: Condition) -> Sql:
    match condition:
        case Eq(value=value):
            return f"{name} = ?", [value]
        case In(values=options):
            return f"{name} IN ({', '.join('?' * len(options))})", list(options)
        case Range(low=low, high=high):
            return _range_sql(name, low, high)
        case Prefix(prefix=prefix):
            return _prefix_sql(name, prefix)
        case Wildcard(pattern=pattern):
            text, values = _prefix_sql(name, literal_prefix(pattern))
            return f"{text} AND {name} GLOB ?", [*values, pattern.replace("[", "[[]")]


def _range_sql(name: str, low: Value | None, high: Value | None) -> Sql:
    ends = [(f"{name} {sign} ?", value) for sign, value in ((">=", low), ("<=", high)) if value is not None]
    if not ends:
        return f"{name} IS NOT NULL", []
    return " AND ".join(text for text, _ in ends), [value for _, value in ends]


def _prefix_sql(name: str, prefix: str) -> Sql:
    end = after_prefix(prefix)
    if end is None:
        return f"{name} >= ?", [prefix]
    return f"{name} >= ? AND {name} < ?", [prefix, end]


def _after_sql(shape: Shape[Any], total: Sequence[Order], place: Sequence[Scalar]) -> Sql:
    """Return what holds for everything that comes after the place.

    NULL comes first. Where no NULL can be met, it is one comparison of row values, which an index answers directly.
    """
    names = [column(shape, term.field) for term in total]
    descending = {term.descending for term in total}
    null_follows = descending == {True} and any(term.field in shape.optional for term in total)
    if len(descending) == 1 and None not in place and not null_follows:
        sign = "<" if total[0].descending else ">"
        return f"({', '.join(names)}) {sign} ({', '.join('?' * len(names))})", list(place)
    texts, values = list[str](), list[Scalar]()
    for depth, term in enumerate(total):
        same = [f"{name} IS ?" for name in names[:depth]]
        texts.append(" AND ".join([*same, _beyond(names[depth], term.descending, place[depth] is None)]))
        values += [*place[:depth], *([] if place[depth] is None else [place[depth]])]
    bound, bound_values = _bound(names[0], total[0].descending, place[0])
    return f"{bound}({' OR '.join(f'({text})' for text in texts)})", [*bound_values, *values]


def _bound(name: str, descending: bool, value: Scalar) -> Sql:
    """Return where the walk over the index of the first field can begin."""
    if value is None or descending:
        return "", []
    return f"{name} >= ? AND ", [value]


def _beyond(name: str, descending: bool, null: bool) -> str:
    if descending:
        return "0" if null else f"({name} < ? OR {name} IS NULL)"
    return f"{name} IS NOT NULL" if null else f"{name} > ?"
