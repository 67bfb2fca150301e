"""Settings: frozen Structs read once from the environment, at the edge.

The variable of a field is JMID_<SERVICE>_<FIELD>: ``read(IngestSettings, "INGEST", environ)`` fills ``ae_title`` from
JMID_INGEST_AE_TITLE. Tuples are comma-separated, booleans are true or false; an empty value of an optional path
is none. A field is ``Annotated[type, Meta(description=…, ge=…, le=…)]``: what it means, and its range; both are in
docs/operations.md, and a value out of range does not start.
"""

import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from shared.errors import SettingsError

T = TypeVar("T", bound=msgspec.Struct)
Port = Annotated[int, Meta(ge=0, le=65_535)]
OptionalPort = Annotated[int, Meta(ge=-1, le=65_535)]
Bytes = Annotated[int, Meta(ge=0, le=1 << 50)]
Seconds = Annotated[float, Meta(gt=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]

PREFIX = "JMID_"
NOT_SETTINGS = ("JMID_TEST_", "JMID_FUZZ_", "JMID_SHARED_DATA")  # read by the tests, and passed on to what they start
_UNITS = {"_s": "seconds", "_bytes": "bytes", "_days": "days", "_h": "hours"}
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", Path: "a path"}


@dataclass(frozen=True)
class Setting:
    """One variable.

    kind: the type without its annotations.  takes: the type and its range, for a person.  means: its description.
    unit: by the last word of its name; empty if it has none.
    """

    variable: str
    field: str
    annotated: Any
    kind: Any
    default: Any
    required: bool
    means: str

    @property
    def unit(self) -> str:
        return next((unit for ending, unit in _UNITS.items() if self.field.endswith(ending)), "")

    @property
    def takes(self) -> str:
        span = _span(_metas(self.annotated))
        return _describe(self.kind) + (f" {span}" if span else "")


def settings_of(settings: type[msgspec.Struct], prefix: str) -> list[Setting]:
    """Return the settings of a Struct, in the order of the code. prefix: such as JMID_INGEST."""
    declared = []
    for item in msgspec.structs.fields(settings):
        means = next((meta.description for meta in _metas(item.type) if meta.description), "")
        variable = f"{prefix}_{item.name.upper()}"
        declared.append(Setting(variable, item.name, item.type, _bare(item.type), item.default, item.required, means))
    return declared


def read(settings: type[T], service: str, environ: Mapping[str, str]) -> T:
    """Return the settings; raise SettingsError that names the variable and shows a right value."""
    given = values(settings, f"JMID_{service}", environ)
    for each in settings_of(settings, f"JMID_{service}"):
        if each.required and each.field not in given:
            raise SettingsError(f"{each.variable} is not set; it takes {each.takes}")
    return settings(**given)


def values(settings: type[T], prefix: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that the environment sets, converted."""
    return {
        each.field: _value(each, environ[each.variable])
        for each in settings_of(settings, prefix)
        if each.variable in environ
    }


def check_names(environ: Iterable[str], known: Iterable[str]) -> None:
    """Raise SettingsError for a variable that begins with JMID_ and is no setting; it names the nearest one that is."""
    names = set(known)
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in names or name.startswith(NOT_SETTINGS):
            continue
        near = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else "docs/operations.md lists those that are"
        raise SettingsError(f"{name} is not a setting; {hint}")


def _value(setting: Setting, text: str) -> Any:
    try:
        value = msgspec.convert(_prepare(text, setting.kind), setting.annotated, strict=False, dec_hook=_decode)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError
        return value
    except (msgspec.ValidationError, ValueError) as error:
        example = "" if setting.required else _example(setting.default)
        raise SettingsError(f"{setting.variable} has a wrong value; it takes {setting.takes}{example}") from error


def _example(default: Any) -> str:
    if default is None or default == () or default == "":
        return ""
    return f", for example {','.join(map(str, default)) if isinstance(default, tuple) else default!r}"


def _prepare(text: str, kind: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is bool:
        return text.lower()
    if isinstance(kind, types.UnionType) and type(None) in typing.get_args(kind) and not text.strip():
        return None
    return text


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"no setting of type {kind}")


def _bare(kind: Any) -> Any:
    return _bare(kind.__origin__) if typing.get_origin(kind) is Annotated else kind


def _metas(kind: Any) -> list[Meta]:
    """Return the annotations of a type; of a tuple also those of its items."""
    own = [each for each in getattr(kind, "__metadata__", ()) if isinstance(each, Meta)]
    bare = _bare(kind)
    items = typing.get_args(bare)[:1] if typing.get_origin(bare) is tuple else ()
    return own + [meta for item in items for meta in _metas(item)]


def _span(metas: list[Meta]) -> str:
    """Say the range: from 0 to 65535, above 0 and at most 1000000."""
    least = next((f"from {m.ge}" for m in metas if m.ge is not None), "")
    above = next((f"above {m.gt}" for m in metas if m.gt is not None), "")
    most = next((f"{'and at most' if above else 'to'} {m.le}" for m in metas if m.le is not None), "")
    return " ".join(part for part in (least or above, most) if part)


def _describe(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return "a comma-separated list"
    if typing.get_origin(kind) is Literal:
        return " or ".join(str(value) for value in typing.get_args(kind))
    if isinstance(kind, types.UnionType):
        return " or ".join(_describe(part) for part in typing.get_args(kind) if part is not type(None))
    return _NAMES.get(kind, str(kind))
