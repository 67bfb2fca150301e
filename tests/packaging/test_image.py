"""The image can be built from a clean checkout, as far as that is seen without an engine."""

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
ARGUMENTS = dict(re.findall(r"^ARG (\w+)=(\S+)", DOCKERFILE, re.MULTILINE))


def sources() -> list[str]:
    """Return what COPY takes from the checkout, with the default of every argument."""
    found: list[str] = []
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE):
        *names, _ = re.sub(r"\$\{(\w+)\}", lambda match: ARGUMENTS[match[1]], line).split()
        found += names
    return found


def ignored(name: str) -> bool:
    """Say whether .dockerignore leaves a top-level name out: the last pattern that matches decides."""
    verdict = False
    for pattern in (ROOT / ".dockerignore").read_text(encoding="utf-8").split():
        if fnmatch.fnmatch(name, pattern.removeprefix("!")):
            verdict = not pattern.startswith("!")
    return verdict


@pytest.mark.parametrize("name", [*sources(), "requirements.lock"])
def test_what_is_copied_is_tracked_and_sent_to_the_builder(name: str) -> None:
    tracked = subprocess.run(["git", "ls-files", name], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert tracked, f"{name} is not tracked"
    assert not ignored(name), f".dockerignore leaves {name} out"


def test_nothing_else_is_sent_to_the_builder() -> None:
    for name in (".git", ".venv", "jmid-home", "tests", "docs", "bench", "k8s", "requirements-dev.lock"):
        assert ignored(name), name


def test_the_build_makes_a_package_of_what_it_copied() -> None:
    assert {"pyproject.toml", "services", "shared"} <= set(sources())


def test_the_python_of_the_image_is_one_that_we_support() -> None:
    versions = set(re.findall(r"^FROM python:(\d+\.\d+)", DOCKERFILE, re.MULTILINE))

    assert len(versions) == 1
    assert tuple(map(int, versions.pop().split("."))) >= (3, 11)
