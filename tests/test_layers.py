"""The rules that hold for the whole tree."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from services.__main__ import SERVICES
from shared.events import EVENTS
from shared.service import Role

ROOT = Path(__file__).parent.parent
MOST_LINES = 300
MOST_MODULES = 20


def test_every_event_is_published_and_taken() -> None:
    published = {event for service in SERVICES for event in service.publishes}
    taken = {event for service in SERVICES for event in service.takes}

    assert published == set(EVENTS)
    assert taken == set(EVENTS)


def test_the_flow_reaches_every_service_from_ingest() -> None:
    """The border between gateway and centre is crossed by HTTP: the gateway's linker delivers to archive and linker."""
    reached = {("ingest", Role.GATEWAY)}
    delivery = {("linker", Role.GATEWAY): {("archive", Role.CENTRE), ("linker", Role.CENTRE)}}
    while True:
        sent = {(s.role, e) for s in SERVICES if (s.name, s.role) in reached for e in s.publishes}
        found = {(s.name, s.role) for s in SERVICES if any((s.role, e) in sent for e in s.takes)}
        found |= {target for source in reached for target in delivery.get(source, set())}
        if found <= reached:
            break
        reached |= found

    assert reached == {(service.name, service.role) for service in SERVICES if service.takes or service.publishes}


def test_an_event_never_leaves_its_zone() -> None:
    for service in SERVICES:
        zones = {event.zone for event in (*service.takes, *service.publishes)}
        assert ("centre" in zones) == (service.role is Role.CENTRE) or not zones
        if "identified" in zones:
            assert service.name in ("ingest", "anonymizer")


def test_only_the_trusted_services_open_the_identified_store() -> None:
    openers = {service.name for service in SERVICES if "identified" in service.blobs}

    assert openers == {"ingest", "anonymizer"}


def test_one_place_each_imports_the_drivers() -> None:
    """A module, or a package of modules, that nobody else has to know the driver for."""
    places = {
        driver: {
            _place(path) for path in _modules() if re.search(rf"^\s*(import|from) {driver}\b", path.read_text(), re.M)
        }
        for driver in ("motor", "pymongo", "aio_pika", "obstore")
    }

    assert all(len(found) == 1 for found in places.values()), places


def _place(path: Path) -> str:
    """Return the implementation a module belongs to, such as shared/bus/rabbit."""
    return "/".join(path.relative_to(ROOT).with_suffix("").parts[:3])


def test_modules_stay_short() -> None:
    long = {str(p.relative_to(ROOT)): n for p in _modules() if (n := len(p.read_text().splitlines())) > MOST_LINES}

    assert long == {}


def test_folders_stay_small() -> None:
    modules = Counter(str(path.parent.relative_to(ROOT)) for path in _modules() if path.name != "__init__.py")

    assert {folder: count for folder, count in modules.items() if count > MOST_MODULES} == {}


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    hosts = "|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "/wo" + "rk/"])
    found = subprocess.run(["git", "grep", "-lIE", hosts], cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.stdout == ""


def _modules() -> list[Path]:
    return sorted([*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")])


IMPURE = frozenset({"aiohttp", "aio_pika", "motor", "obstore", "shared.documents", "shared.bus", "shared.blobs"})
OLD_WORDS = re.compile(
    r"(?:^|_)(doors?|couriers?|bell|desk|neighbours?|successors?|strangers?|wishes|splic\w*|sweeper|heal|turns)(?:_|$)",
    re.I,
)
DEFINED = re.compile(r"^\s*(?:class|(?:async )?def) (\w+)", re.M)


def test_a_module_that_says_it_is_pure_does_no_io() -> None:
    impure = {
        str(path.relative_to(ROOT)): sorted(found)
        for path in _modules()
        if "Pure." in (code := path.read_text("utf-8"))
        and "Pure." in (ast.get_docstring(tree := ast.parse(code)) or "")
        and (found := {name for name in _imported(tree) if any(f"{name}.".startswith(f"{bad}.") for bad in IMPURE)})
    }

    assert impure == {}


def test_names_are_in_the_words_of_the_standard() -> None:
    """Our private words of before (docs/architecture.md, Rooms) are gone from modules, classes and functions."""
    named = {
        f"{path.relative_to(ROOT)}:{name}"
        for path in _modules()
        for name in (path.stem, *DEFINED.findall(path.read_text("utf-8")))
        if OLD_WORDS.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    }

    assert named == set()


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
