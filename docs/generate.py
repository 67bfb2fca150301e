"""Writes the generated parts of docs/, or with --check says which are out of step with the code.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

import importlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from services.__main__ import SERVICES
from shared.events import EVENTS, Event
from shared.runtime.host import HostSettings
from shared.runtime.ports import PortSettings
from shared.service import Service

HERE = Path(__file__).parent
_PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Write or check; return how many files are out of step."""
    checking = "--check" in sys.argv
    stale = []
    for path in sorted(HERE.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        fresh = _PART.sub(lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n{match[3]}", text)
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
        for source in _who(lambda s, e=event: e in s.publishes):
            for target in _who(lambda s, e=event: e in s.takes):
                lines.append(f"  {_node(source)} -- {event.topic} --> {_node(target)}")
    return "\n".join([*lines, "```"])


def settings() -> str:
    """Every setting, its variable, type and default, in the order of the code."""
    rows: list[Iterable[str]] = []
    for prefix, kind in (("JMID", PortSettings), ("JMID_HOST", HostSettings), *_service_settings()):
        for field in msgspec.structs.fields(kind):
            default = "**required**" if field.required else f"`{_shown(field.default)}`"
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
        ", ".join(_who(lambda s: event in s.publishes)),
        ", ".join(_who(lambda s: event in s.takes)),
        ", ".join(f"`{name}`" for name in own),
        meaning,
    )


def _who(chosen: Callable[[Service], bool]) -> list[str]:
    return [f"{service.name} ({service.role})" for service in SERVICES if chosen(service)]


def _node(name: str) -> str:
    return f'{re.sub("[^a-z]", "_", name)}["{name}"]'


def _type_name(kind: Any) -> str:
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(kind) or str(kind).replace(
        "<class 'pathlib.Path'>", "path"
    ).replace("pathlib.Path", "path").replace("typing.", "").replace("|", "or")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("|" + " --- |" * lines[0].count(" | ") + " --- |")
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {"events": events, "flow": flow, "settings": settings}

if __name__ == "__main__":
    sys.exit(main())
