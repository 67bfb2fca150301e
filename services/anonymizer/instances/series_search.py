"""Has the text detector look at the ends and the middle of each Series before its slices are de-identified.

What goes out is the same bytes whether a slice was looked at or not; only text that is seen changes anything: from then
on every slice of the Series is looked at. A slice that cannot be looked at is handled as one that has text.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from services.anonymizer.deps import AnonymizerDeps
from services.anonymizer.instances import scratch
from services.anonymizer.pixels import series_slices
from services.anonymizer.pixels.series_ends import SeriesLooks, Slice, chosen, looked
from services.anonymizer.pixels.series_slices import HEAD_BYTES, File
from services.anonymizer.records import SERIES_LOOKS
from shared.documents.optimistic import change
from shared.errors import TooCostly, WorkerDied
from shared.logs import decided


async def suspects(blobs: Sequence[str], deps: AnonymizerDeps) -> frozenset[str]:
    """Return the blobs of a batch at which the detector has to look: of Series with text, and what cannot be read.

    Replayed, the same comes out: text that was seen is known of the Series, and what could not be looked at is not
    counted as looked at.
    """
    if not deps.policy.search_pixels:
        return frozenset()
    heads = [(blob, await _head(deps, blob)) for blob in blobs]
    slices, unread = await deps.cpu(series_slices.read_slices, heads, deps.policy.keys)
    suspected = set(unread)
    for series in dict.fromkeys(each.series for each in slices):
        own = [each for each in slices if each.series == series]
        suspected |= await deps.waiting_slices.suspects(series, own, partial(_of_series, series, deps))
    return frozenset(suspected)


async def _of_series(series: str, deps: AnonymizerDeps, slices: Sequence[Slice], beside: int) -> set[str]:
    """Return the suspects of these slices. beside: how many others of their Series arrived at the same time."""
    known = await deps.documents.get(SERIES_LOOKS, series)
    if known is not None and known.has_text:
        return {each.key for each in slices}
    to_look_at = chosen(slices, known, beside)
    if not to_look_at:
        return set()
    seen, unseen = await _look(to_look_at, deps)
    numbers = [each.number for each in to_look_at]

    async def step(old: SeriesLooks | None) -> SeriesLooks:
        return looked(series, numbers, old, has_text=bool(seen))

    if seen or not unseen:
        await change(deps.documents, SERIES_LOOKS, series, step)
    if seen and known is not None:
        decided("text-seen-late", level="warning", service="anonymizer", reason="text-in-series")
    return {each.key for each in slices} if seen else set(unseen)


async def _look(slices: Iterable[Slice], deps: AnonymizerDeps) -> tuple[list[str], list[str]]:
    """Return the blobs with text, and those that cannot be looked at; one that ends its worker is one of these."""
    seen: list[str] = []
    unseen: list[str] = []
    for each in slices:
        async with _whole(deps, each.key) as file:
            try:
                with_text, without = await deps.cpu(series_slices.with_text, [(each.key, file)])
            except (TooCostly, WorkerDied):
                with_text, without = [], [each.key]
        seen, unseen = [*seen, *with_text], [*unseen, *without]
    return seen, unseen


async def _head(deps: AnonymizerDeps, blob: str) -> File:
    return deps.identified.local_path(blob) or await deps.identified.get(blob, 0, HEAD_BYTES)


@asynccontextmanager
async def _whole(deps: AnonymizerDeps, blob: str) -> AsyncIterator[File]:
    """Yield the file of a blob, a copy of it in the scratch folder if it is in a store elsewhere."""
    async with AsyncExitStack() as stack:
        path = deps.identified.local_path(blob)
        if path is None:
            path = await stack.enter_async_context(scratch.scratch_file(deps.scratch))
            await scratch.fetch(deps.identified, blob, path)
        yield path
