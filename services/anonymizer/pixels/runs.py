"""What is kept of a sequence of bytes: stretches of the input, uncopied, and what stands in the place of others."""

Buffer = bytes | memoryview


class Runs:
    """Collects kept stretches of ``data``; those that follow each other become one."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._parts: list[Buffer] = []
        self._begin = self._end = 0
        self.size = 0

    def keep(self, begin: int, end: int) -> None:
        """Append data[begin:end]."""
        if begin != self._end:
            self._close()
            self._begin = begin
        self._end = end
        self.size += end - begin

    def put(self, new: bytes, begin: int, end: int) -> None:
        """Append new in place of data[begin:end]; where they are the same, keep these."""
        if self._data[begin:end] == new:
            self.keep(begin, end)
            return
        self._close()
        self._parts.append(new)
        self._begin = self._end = -1
        self.size += len(new)

    def parts(self) -> list[Buffer]:
        """Return what was kept."""
        self._close()
        return self._parts

    def _close(self) -> None:
        if self._end > self._begin:
            self._parts.append(self._data[self._begin : self._end])
        self._begin = self._end = -1
