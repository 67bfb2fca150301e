"""What files say, read again when they change; while their new content cannot be used, the old stays in force."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from shared.errors import SettingsError
from shared.logs import decided

T = TypeVar("T")
LOOK_S = 1.0
_Look = tuple[int, int, int] | None


class Reloaded(Generic[T]):
    """A value made from files. load: makes it, and raises SettingsError.  setting: the variable that names them."""

    def __init__(self, setting: str, paths: Sequence[Path], load: Callable[[], T]) -> None:
        self._setting, self._paths, self._load = setting, paths, load
        self._looks = [_look(path) for path in paths]
        self.value = load()
        self.is_refused = False

    def look_again(self) -> bool:
        """Make the value anew if a file is another than at the last look; say whether it was."""
        looks = [_look(path) for path in self._paths]
        if looks == self._looks:
            return False
        self._looks = looks
        try:
            self.value = self._load()
        except SettingsError:
            self.is_refused = True
            decided("file-refused", level="error", service="ingest", setting=self._setting)
            return False
        self.is_refused = False
        decided("file-reloaded", service="ingest", setting=self._setting)
        return True


async def watch_files(watched: Iterable[Reloaded[Any]]) -> None:
    """Look at the files now and then, until cancelled."""
    everything = list(watched)
    while True:
        for each in everything:
            await asyncio.to_thread(each.look_again)
        await asyncio.sleep(LOOK_S)


def _look(path: Path) -> _Look:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
