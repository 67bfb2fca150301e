"""Whether the process that claimed a message lives."""

import os
import signal
from pathlib import Path

from shared.bus.owners import forget_dead, lives, own


def test_an_owner_lives_until_its_context_ends(tmp_path: Path) -> None:
    with own(tmp_path) as name:
        assert lives(tmp_path, name)

    assert not lives(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def owner_in_a_child(folder: Path) -> tuple[int, str]:
    """Return the process id and the name of an owner that lives in a forked process until that is killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with own(folder) as name:
            os.write(writer, name.encode())
            signal.pause()
    os.close(writer)
    name = os.read(reader, 100).decode()
    os.close(reader)
    return child, name


def test_an_owner_in_another_process_lives_until_that_is_killed(tmp_path: Path) -> None:
    child, name = owner_in_a_child(tmp_path)
    try:
        assert lives(tmp_path, name)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert not lives(tmp_path, name)


def test_the_files_of_dead_owners_are_removed_and_others_stay(tmp_path: Path) -> None:
    dead, _ = owner_in_a_child(tmp_path)
    os.kill(dead, signal.SIGKILL)
    os.waitpid(dead, 0)
    with own(tmp_path) as name:
        forget_dead(tmp_path)

        assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_owner_that_was_never_there_does_not_live(tmp_path: Path) -> None:
    assert not lives(tmp_path, "nobody")
