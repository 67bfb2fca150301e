# ruff: noqa: E501 - tables of patterns stay readable unbroken
"""Make the larger lists of Japanese names from SudachiDict: python -m docs.names_from_sudachi (needs ``jmid[names]``).

Only what the dictionary knows as nothing but a name (or a place) is taken: a name that is also a word would be cut out of
findings. What is in our own lists already, and what looks like anatomy or ends like a title, is left out.
"""

import importlib
import re
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import jaconv

from services.anonymizer.text.folding.fold import fold_name
from services.anonymizer.text.folding.lexicon import clinical_terms, clinical_words, own_names

TARGET: Final = Path("services/anonymizer/text/folding/data")
_KANJI: Final = re.compile("[一-鿿㐀-䶿豈-﫿々ヶ]{2,6}")
_KANA: Final = re.compile("[ァ-ヴー]+")
_TITLE_END: Final = re.compile("[先氏殿様君医県市町村]$")
_PLACED: Final = re.compile(
    "[上中下左右前後内外両大小新旧一二三四五六七八九十百千万半全多少部側面葉節骨筋腺管膜層室端縁角点線帯区域門脈体頭底尖]+"
)
_HEADER: Final = 272  # version, time and description of the file; the grammar follows
_NAME, _PLACE = "人名", "地名"


class _Reader:
    """Reads the binary dictionary of SudachiPy 0.6: grammar, connections, trie, parameters, then one record a word."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, _HEADER

    def words(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Yield (surface, part of speech, reading in katakana) of each word."""
        kinds = [tuple(self._text() for _ in range(6)) for _ in range(self._number("<H"))]
        left, right = self._number("<H"), self._number("<H")
        self._skip(2 * left * right)
        self._skip(4 * self._number("<I"))  # the trie
        self._skip(self._number("<I"))  # word IDs of its leaves
        count = self._number("<I")
        self._skip(6 * count)  # parameters
        for offset in struct.unpack_from(f"<{count}I", self._data, self._at):
            self._at = offset
            surface = self._text()
            self._length()
            kind = kinds[self._number("<H")]
            self._text()
            self._skip(4)
            yield surface, kind, self._text() or surface

    def _number(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return int(value)

    def _skip(self, size: int) -> None:
        self._at += size

    def _length(self) -> int:
        first = self._number("<B")
        return first if first < 128 else (first & 127) << 8 | self._number("<B")

    def _text(self) -> str:
        size = 2 * self._length()
        self._skip(size)
        return self._data[self._at - size : self._at].decode("utf-16-le")


def main() -> None:
    """Write both lists."""
    package = importlib.import_module("sudachidict_core")
    dictionary = Path(str(package.__file__)).parent / "resources" / "system.dic"
    names: dict[str, dict[str, set[str]]] = {"姓": defaultdict(set), "名": defaultdict(set)}
    others: set[str] = set()
    for surface, kind, reading in _Reader(dictionary.read_bytes()).words():
        if kind[2] == _NAME and kind[3] in names and _KANJI.fullmatch(surface):
            names[kind[3]][fold_name(surface)].add(fold_name(jaconv.hira2kata(reading)))
        elif kind[0] not in ("空白", "補助記号", "記号") and kind[2] not in (_NAME, _PLACE):
            others.add(fold_name(surface))
    known = own_names()
    _write("surnames_sudachi.tsv", names["姓"], others | known.surnames)
    _write("given_names_sudachi.tsv", names["名"], others | known.given)


def _write(file: str, found: dict[str, set[str]], unwanted: set[str]) -> None:
    unwanted = unwanted | clinical_words() | clinical_terms()
    lines = [
        f"{name}\t{' '.join(sorted(filter(_KANA.fullmatch, readings)))}\n"
        for name, readings in sorted(found.items())
        if name not in unwanted and not _TITLE_END.search(name) and not _PLACED.fullmatch(name)
    ]
    (TARGET / file).write_text("".join(lines), "utf-8")
    print(f"{file}: {len(lines)}")


if __name__ == "__main__":
    main()
