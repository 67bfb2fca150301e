"""Settings: frozen Structs read once from the environment, at the edge.

The variable of a field is JMID_<SERVICE>_<FIELD>: ``read(IngestSettings, "INGEST", environ)`` fills ``ae_title`` from
JMID_INGEST_AE_TITLE. Tuples are comma-separated, booleans are true or false.
"""

import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from shared.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)


def read(settings: type[T], service: str, environ: Mapping[str, str]) -> T:
    """Return the settings; raise SettingsError that names the variable and shows a right value."""
    found = values(settings, f"JMID_{service}", environ)
    for item in msgspec.structs.fields(settings):
        if item.required and item.name not in found:
            variable = f"JMID_{service}_{item.name.upper()}"
            raise SettingsError(f"{variable} is not set; it takes {_describe(item.type)}")
    return settings(**found)


def values(settings: type[T], prefix: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that the environment sets, converted."""
    found: dict[str, Any] = {}
    for item in msgspec.structs.fields(settings):
        variable = f"{prefix}_{item.name.upper()}"
        if variable not in environ:
            continue
        try:
            text = _prepare(environ[variable], item.type)
            found[item.name] = msgspec.convert(text, item.type, strict=False, dec_hook=_decode)
        except (msgspec.ValidationError, ValueError) as error:
            example = "" if item.default is msgspec.NODEFAULT else f", for example {item.default!r}"
            raise SettingsError(f"{variable} has a wrong value; it takes {_describe(item.type)}{example}") from error
    return found


def _prepare(text: str, kind: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is bool:
        return text.lower()
    return text


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"no setting of type {kind}")


def _describe(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return "a comma-separated list"
    if isinstance(kind, types.UnionType):
        return " or ".join(_describe(part) for part in typing.get_args(kind) if part is not type(None))
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}
    return names.get(kind, str(kind))
