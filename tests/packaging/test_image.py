"""The image can be built from a clean checkout, as far as that is seen without an engine."""

import subprocess
from pathlib import Path

import pytest

from tests.packaging.dockerfile import Instruction, filled, sent, stages

ROOT = Path(__file__).parents[2]
STAGES = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8")


def sources() -> list[str]:
    """Return what COPY takes from the checkout, with the default of every argument."""
    found: list[str] = []
    for stage in STAGES:
        arguments = {name: value for each in stage.instructions if each.word == "ARG" for name, value in each.pairs()}
        for each in stage.instructions:
            if each.word == "COPY" and not each.rest.startswith("--from"):
                found += filled(each.rest, arguments).split()[:-1]
    return found


def ignored(name: str) -> bool:
    """Say whether .dockerignore leaves a path out."""
    return not sent([Path(name)], IGNORE)


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
    versions = {stage.image.removeprefix("python:").partition("-")[0] for stage in STAGES}

    assert len(versions) == 1
    assert tuple(map(int, versions.pop().split("."))) >= (3, 11)


def test_a_dockerfile_is_read_line_by_line() -> None:
    text = """# syntax=docker/dockerfile:1
FROM python:3.12 AS build
ARG LOCK=a.lock
COPY ${LOCK} $OTHER ./
RUN one \\
    && two

FROM debian
ENV A=1 B=$A
CMD ["x", "y z"]
"""

    first, second = stages(text)

    assert (first.image, first.name, second.image, second.name) == ("python:3.12", "build", "debian", "")
    assert [each.word for each in first.instructions] == ["ARG", "COPY", "RUN"]
    assert first.instructions[0].pairs() == [("LOCK", "a.lock")]
    assert filled(first.instructions[1].rest, {"LOCK": "a.lock"}) == "a.lock  ./"
    assert first.instructions[2].command() == ["/bin/sh", "-c", "one      && two"]
    assert second.instructions[1] == Instruction("CMD", '["x", "y z"]')
    assert second.instructions[1].command() == ["x", "y z"]


def test_the_last_pattern_that_matches_decides_what_is_sent() -> None:
    paths = [Path(name) for name in ("a.md", "src/a.py", "src/__pycache__/a.pyc", "other/b.py", "keep.txt")]

    assert sent(paths, "*\n!src\n!keep.txt\n**/__pycache__\n") == [Path("src/a.py"), Path("keep.txt")]
