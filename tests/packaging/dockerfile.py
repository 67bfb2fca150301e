"""Reads a Dockerfile and .dockerignore, as far as ours use them. Source: the Dockerfile reference."""

import fnmatch
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile. word: FROM, RUN, …  rest: what stands behind it, continued lines put together."""

    word: str
    rest: str

    def command(self) -> list[str]:
        """Return what a RUN, CMD or ENTRYPOINT runs: the exec form, or the shell form by ``sh -c``."""
        return list(json.loads(self.rest)) if self.rest.startswith("[") else ["/bin/sh", "-c", self.rest]

    def pairs(self) -> list[tuple[str, str]]:
        """Return the names and values of an ENV or ARG."""
        return [(name, value) for name, _, value in (each.partition("=") for each in self.rest.split())]


@dataclass
class Stage:
    """One stage. image, name: of ``FROM image AS name``."""

    image: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile."""
    found: list[Stage] = []
    for each in _instructions(text):
        if each.word == "FROM":
            image, _, name = each.rest.partition(" AS ")
            found.append(Stage(image, name))
        else:
            found[-1].instructions.append(each)
    return found


def _instructions(text: str) -> Iterator[Instruction]:
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    whole = "\n".join(lines).replace("\\\n", " ")
    for line in whole.splitlines():
        word, _, rest = line.partition(" ")
        yield Instruction(word, rest.strip())


def filled(text: str, values: dict[str, str]) -> str:
    """Return the text with ``$NAME`` and ``${NAME}`` replaced."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: values.get(match[1], ""), text)


def sent(paths: Sequence[Path], ignore: str) -> list[Path]:
    """Return which of these relative paths go to the builder: the last pattern counts that fits a path or a parent."""
    patterns = [line.strip() for line in ignore.splitlines() if line.strip() and not line.startswith("#")]
    return [path for path in paths if not _ignored(path, patterns)]


def _ignored(path: Path, patterns: Sequence[str]) -> bool:
    names = [str(path), *(str(parent) for parent in path.parents if str(parent) != ".")]
    verdict = False
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        forms = (bare, bare.removeprefix("**/"), f"*/{bare.removeprefix('**/')}" if bare.startswith("**/") else bare)
        if any(fnmatch.fnmatchcase(name, form) for name in names for form in forms):
            verdict = not pattern.startswith("!")
    return verdict
