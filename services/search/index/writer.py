"""The one writer of an index. What it says is written is asked of the index itself.

tantivy's writer does not survive an error of the disk: it either refuses everything from then on, or takes documents,
says that they are committed, and drops them. So a writer that failed once is let go, and a new one goes on from what is
on the disk.
"""

from collections.abc import Iterable
from pathlib import Path

import orjson
import tantivy

from shared.errors import Unavailable

WRITER_BYTES = 64 << 20
META = "meta.json"
"""What tantivy replaces with each commit; without it there is no index."""


class IndexWriter:
    """Writes to an index in a folder. Not for several threads at once."""

    def __init__(self, index: tantivy.Index, folder: Path) -> None:
        self._index, self._folder = index, folder
        self._writer: tantivy.IndexWriter | None = index.writer(WRITER_BYTES, 1)

    def replace(self, gone: Iterable[str], records: Iterable[tantivy.Document], *, is_all: bool = False) -> None:
        """Remove what has one of these ids and add the records; durable and to be found on return.

        is_all: remove everything first, so that every file is written anew.

        Raises Unavailable: the disk took none of it; what was there before is.
        """
        try:
            if self._writer is None:
                self._writer = self._index.writer(WRITER_BYTES, 1)
            if is_all:
                self._writer.delete_all_documents()
            for case_id in gone:
                self._writer.delete_documents_by_term("id", case_id)
            for record in records:
                self._writer.add_document(record)
            stamp = self._writer.commit()
            is_written = orjson.loads((self._folder / META).read_bytes())["opstamp"] == stamp
        except (ValueError, OSError) as error:  # tantivy raises ValueError for all that it meets
            self._writer = None
            raise Unavailable("the index takes nothing") from error
        if not is_written:
            self._writer = None
            raise Unavailable("the index does not hold what it was given")

    def collect_garbage(self) -> None:
        """Delete the files that no commit needs any more."""
        if self._writer is not None:
            self._writer.garbage_collect_files()

    def close(self) -> None:
        """Wait for what it does in the background."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None
