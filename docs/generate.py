"""Writes the generated parts of docs/, or with --check says which are out of step with the code.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

import importlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec

from docs import conformance_parts as gateway
from services.__main__ import SERVICES
from services.anonymizer import conformance as deidentification
from services.archive import conformance
from shared.events import EVENTS, Event
from shared.lease import LeaseSettings
from shared.runtime.host import HostSettings
from shared.runtime.ports import PortSettings

HERE = Path(__file__).parent
_PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Write or check; return how many files are out of step."""
    checking = "--check" in sys.argv
    stale = []
    for path in sorted(HERE.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        fresh = _PART.sub(lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n{match[3]}", text)
        fresh = WHOLE.get(path.name, str)(fresh)
        if fresh == text:
            continue
        stale.append(path.name)
        if not checking:
            path.write_text(fresh, encoding="utf-8")
    if stale:
        print(f"{'Out of step, run make docs' if checking else 'Written'}: {', '.join(stale)}")
    return len(stale) if checking else 0


def events() -> str:
    """One row an event: who publishes it, who takes it, what it carries."""
    rows = [_event_row(event) for event in EVENTS]
    return _table(("event", "version", "zone", "from", "to", "carries", "means"), rows)


def flow() -> str:
    """The flow as a Mermaid graph, which renders where Markdown is read."""
    lines = ["```mermaid", "flowchart LR"]
    for event in EVENTS:
        for source in _publishers(event):
            lines += [f"  {_node(source)} -- {event.topic} --> {_node(target)}" for target in _takers(event)]
    return "\n".join([*lines, "```"])


def settings() -> str:
    """Every setting, its variable, type and default, in the order of the code."""
    rows: list[Iterable[str]] = []
    ports: list[tuple[str, type[msgspec.Struct]]] = [
        ("JMID", PortSettings),
        ("JMID_HOST", HostSettings),
        ("JMID_LEASE", LeaseSettings),
    ]
    for prefix, kind in (*ports, *_service_settings()):
        for field in msgspec.structs.fields(kind):
            default = "**required**" if field.required else _shown(field.default)
            rows.append((f"`{prefix}_{field.encode_name.upper()}`", _type_name(field.type), default))
    return _table(("variable", "takes", "default"), rows)


def _service_settings() -> list[tuple[str, type[msgspec.Struct]]]:
    found: list[tuple[str, type[msgspec.Struct]]] = []
    for name in dict.fromkeys(service.name for service in SERVICES):
        module = importlib.import_module(f"services.{name}.settings")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__:
                found.append((f"JMID_{name.upper()}", kind))
    return found


def _event_row(event: type[Event]) -> tuple[str, ...]:
    own = [name for name in event.__struct_fields__ if name not in Event.__struct_fields__]
    meaning = (event.__doc__ or "").split("\n")[0]
    return (
        f"`{event.topic}`",
        str(event.version),
        event.zone.value,
        ", ".join(_publishers(event)),
        ", ".join(_takers(event)),
        ", ".join(f"`{name}`" for name in own),
        meaning,
    )


def _publishers(event: type[Event]) -> list[str]:
    return [f"{service.name} ({service.role})" for service in SERVICES if event in service.publishes]


def _takers(event: type[Event]) -> list[str]:
    return [f"{service.name} ({service.role})" for service in SERVICES if event in service.takes]


def _node(name: str) -> str:
    return f'{re.sub("[^a-z]", "_", name)}["{name}"]'


def _type_name(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return "list, separated by commas"
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    if isinstance(kind, UnionType):
        return " or ".join(_type_name(part) for part in get_args(kind) if part is not NoneType)
    names: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
    return names.get(kind, str(kind))


def _shown(value: Any) -> str:
    if value is None or value == "" or value == ():
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + " --- |" * lines[0].count(" | ") + " --- |")
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "events": events,
    "flow": flow,
    "settings": settings,
    "associations": lambda: _table(("policy", "value"), gateway.associations()),
    "statuses": lambda: _table(("C-STORE status", "when"), gateway.statuses()),
    "fates": lambda: _table(("Failure Reason", "meaning", "the Instance is"), gateway.fates()),
    "bounds": lambda: _table(("variable", "default"), gateway.bounds()),
}

WHOLE: dict[str, Callable[[str], str]] = {
    "conformance.md": conformance.fresh,
    "deidentification.md": deidentification.rewritten,
}

if __name__ == "__main__":
    sys.exit(main())
