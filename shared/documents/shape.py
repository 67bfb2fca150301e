"""What both document stores read out of a Collection: kinds of its fields, values of a record, checked queries."""

import base64
import binascii
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect

from shared.documents import Collection, Condition, Eq, In, Order, Prefix, Range, Value, Wildcard
from shared.errors import Invalid

T = TypeVar("T", bound=msgspec.Struct)
Scalar = Value | None

_TEXT = (inspect.StrType, inspect.EnumType, inspect.LiteralType)
_NUMBER = (inspect.IntType, inspect.FloatType, inspect.BoolType)
_MANY = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)
_ENCODER = msgspec.msgpack.Encoder()


class Shape(Generic[T]):
    """One collection, ready for use: what to index, and how to write and read a record.

    scalars, multis: the declared fields with one value and with several, without the key.  optional: may be None.
    """

    def __init__(self, collection: Collection[T]) -> None:
        info = inspect.type_info(collection.type)
        if not isinstance(info, inspect.StructType):
            raise ValueError(f"{collection.name}: {collection.type.__name__} is not a Struct")
        types = {field.name: field.type for field in info.fields}
        names = dict.fromkeys((*collection.fields, *(name for index in collection.indexes for name in index)))
        if missing := [name for name in (collection.key, *names) if name not in types]:
            raise ValueError(f"{collection.name}: {collection.type.__name__} has no field {missing[0]}")
        self.collection = collection
        self.kinds = {name: _kind(collection.name, name, types[name]) for name in (collection.key, *names)}
        if self.kinds[collection.key] != "text":
            raise ValueError(f"{collection.name}: the key {collection.key} is not a str")
        self.scalars = tuple(name for name in names if self.kinds[name] != "texts" and name != collection.key)
        self.multis = tuple(name for name in names if self.kinds[name] == "texts")
        self.optional = frozenset(name for name in self.kinds if _is_optional(types[name]))
        self._values = attrgetter(*self.scalars, collection.key)
        self._many = attrgetter(*self.multis, collection.key)
        self.key_of: Any = attrgetter(collection.key)
        self.decode = msgspec.msgpack.Decoder(collection.type).decode
        self._decode_many = msgspec.msgpack.Decoder(list[collection.type | None]).decode  # type: ignore[name-defined]

    def encode(self, document: T) -> bytes:
        """Return the record's bytes at rest."""
        return _ENCODER.encode(document)

    def decode_many(self, count: int, joined: bytes) -> list[T | None]:
        """Return the records, or None for nil, whose bytes follow each other."""
        records: list[T | None] = self._decode_many(b"\xdd" + count.to_bytes(4, "big") + joined)  # MessagePack array 32
        return records

    def values(self, document: T) -> tuple[Scalar, ...]:
        """Return the values of ``scalars``, in their order."""
        return tuple(map(_plain, self._values(document)[:-1])) if self.scalars else ()

    def texts(self, document: T) -> tuple[tuple[str, ...], ...]:
        """Return the different values of each of ``multis``, in their order."""
        if not self.multis:
            return ()
        return tuple(tuple(dict.fromkeys(value or ())) for value in self._many(document)[:-1])

    def checked(self, where: Sequence[Condition], order: Sequence[Order] = ()) -> tuple[Condition, ...]:
        """Return the conditions, simplified; raise ValueError for what the collection does not declare."""
        for condition in where:
            self._check_values(condition, self._kind(condition.field))
        for term in order:
            if self._kind(term.field) == "texts":
                raise ValueError(f"{self.collection.name}.{term.field} has several values and gives no order")
        return tuple(map(_simplified, where))

    def _kind(self, field: str) -> str:
        kind = self.kinds.get(field)
        if kind is None:
            raise ValueError(f"{self.collection.name} does not declare the field {field}")
        return kind

    def _check_values(self, condition: Condition, kind: str) -> None:
        allowed: type | tuple[type, ...] = (int, float) if kind == "number" else str
        for value in _values_of(condition):
            if not isinstance(value, allowed):
                raise ValueError(
                    f"{self.collection.name}.{condition.field} is not compared with {type(value).__name__}"
                )
        if kind == "number" and isinstance(condition, Prefix | Wildcard):
            raise ValueError(
                f"{self.collection.name}.{condition.field} is a number and has no {type(condition).__name__}"
            )

    def token(self, document: T, order: Sequence[Order]) -> str:
        """Return the place of this record in the order, for the page after it."""
        values = [_plain(getattr(document, term.field)) for term in order]
        return base64.urlsafe_b64encode(_ENCODER.encode([*values, self.key_of(document)])).rstrip(b"=").decode()

    def place(self, token: str, order: Sequence[Order]) -> list[Scalar]:
        """Return the values of the order's fields, then the key, that the token stands for."""
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            values = msgspec.msgpack.decode(data, type=list[str | int | float | None])
        except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
            raise Invalid("bad-page-token", "the page token is not one of ours") from error
        if len(values) != len(order) + 1 or not isinstance(values[-1], str):
            raise Invalid("bad-page-token", "the page token belongs to another order")
        return list(values)


def terms(order: Sequence[Order], key: str) -> tuple[Order, ...]:
    """Return the order made total: ties by key, in the direction of the last term (so that one index serves both)."""
    distinct: list[Order] = []
    for term in order:
        if term.field == key:
            return (*distinct, term)
        if all(term.field != earlier.field for earlier in distinct):
            distinct.append(term)
    return (*distinct, Order(key, descending=bool(distinct) and distinct[-1].descending))


def after_prefix(prefix: str) -> str | None:
    """Return the smallest text above all that begin with the prefix; None if there is none."""
    for end in range(len(prefix), 0, -1):
        code = ord(prefix[end - 1]) + 1
        if code <= 0x10FFFF:
            return prefix[: end - 1] + chr(0xE000 if 0xD800 <= code <= 0xDFFF else code)  # surrogates are no characters
    return None


def literal_prefix(pattern: str) -> str:
    """Return the text before the first wildcard."""
    ends = [place for place in (pattern.find("*"), pattern.find("?")) if place >= 0]
    return pattern[: min(ends)] if ends else pattern


def _simplified(condition: Condition) -> Condition:
    """Return what a wildcard comes to that is none, or only ends with one."""
    if isinstance(condition, Wildcard):
        start = literal_prefix(condition.pattern)
        if start == condition.pattern:
            return Eq(condition.field, start)
        if start + "*" == condition.pattern:
            return Prefix(condition.field, start)
    return condition


def _plain(value: Scalar) -> Scalar:
    """Return a bool as the number that it is compared as."""
    return int(value) if value is True or value is False else value


def _values_of(condition: Condition) -> tuple[Value, ...]:
    match condition:
        case Eq(value=value):
            return (value,)
        case In(values=values):
            return values
        case Range(low=low, high=high):
            return tuple(value for value in (low, high) if value is not None)
        case Prefix(prefix=text) | Wildcard(pattern=text):
            return (text,)


def _kind(collection: str, name: str, declared: inspect.Type) -> str:
    options = declared.types if isinstance(declared, inspect.UnionType) else (declared,)
    kinds = {_plain_kind(option) for option in options if not isinstance(option, inspect.NoneType)}
    if len(kinds) != 1 or None in kinds:
        raise ValueError(f"{collection}.{name} is not a str, a number, or a list or tuple of str")
    return str(kinds.pop())


def _is_optional(declared: inspect.Type) -> bool:
    options = declared.types if isinstance(declared, inspect.UnionType) else (declared,)
    return any(isinstance(option, inspect.NoneType) for option in options)


def _plain_kind(declared: inspect.Type) -> str | None:
    if isinstance(declared, inspect.Metadata):
        return _plain_kind(declared.type)
    if isinstance(declared, _NUMBER):
        return "number"
    if isinstance(declared, _TEXT):
        return "text"
    if isinstance(declared, _MANY) and _plain_kind(declared.item_type) == "text":
        return "texts"
    return None
