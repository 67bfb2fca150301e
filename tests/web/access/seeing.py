"""Code of a service as it runs for a reader of certain sites."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.web.access import reach
from shared.web.access.reach import Reach


@contextmanager
def seeing(*of: str) -> Iterator[None]:
    before = reach.CURRENT.set(Reach(sites=frozenset(of)))
    try:
        yield
    finally:
        reach.CURRENT.reset(before)
