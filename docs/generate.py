"""Writes the generated parts of docs/, or with --check says which are out of step with the code.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docs import access_parts as access
from docs import capacity, licences
from docs import conformance_parts as gateway
from k8s import flows
from services.__main__ import SERVICES
from services.anonymizer import conformance as deidentification
from services.archive import conformance
from shared.events import EVENTS, Event
from shared.runtime.variables import groups
from shared.settings import settings_of
from tests.attacks.table import ATTACKS, Attack

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
    """Every setting in the order of the code: what it means, what it takes with its range, its unit and default."""
    rows: list[Iterable[str]] = []
    for prefix, kind in groups(SERVICES):
        for each in settings_of(kind, prefix):
            default = "**required**" if each.required else _shown(each.default)
            rows.append((f"`{each.variable}`", each.means, each.takes, each.unit, default))
    return _table(("variable", "means", "takes", "unit", "default"), rows)


def _attack(attack: Attack) -> tuple[str, ...]:
    return (attack.kind, attack.attack, attack.door, attack.expected, f"`{attack.test.split('::')[1]}`")


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
    "permissions": lambda: _table(("permission", "lets", "roles"), access.permissions()),
    "routes": lambda: _table(access.ROUTES, access.routes()),
    "associations": lambda: _table(("policy", "value"), gateway.associations()),
    "statuses": lambda: _table(("C-STORE status", "when"), gateway.statuses()),
    "fates": lambda: _table(("Failure Reason", "meaning", "the Instance is"), gateway.fates()),
    "licences": licences.table,
    "capacity": lambda: _table(capacity.head(), capacity.rows()),
    "flows": lambda: _table(("place", "from", "to", "TCP ports", "what"), flows.rows()),
    "attacks": lambda: _table(("kind", "attack", "door", "has to come of it", "test"), map(_attack, ATTACKS)),
    "bounds": lambda: _table(("variable", "default"), gateway.bounds()),
}

WHOLE: dict[str, Callable[[str], str]] = {
    "conformance.md": conformance.fresh,
    "deidentification.md": deidentification.rewritten,
}

if __name__ == "__main__":
    sys.exit(main())
