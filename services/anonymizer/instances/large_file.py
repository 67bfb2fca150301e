"""De-identifies one Instance that is too large for memory: mapped, written chunk by chunk, its pixel data by ranges.

The header is rewritten as of every Instance; what is kept of the pixel data is copied from the one file to the other.
Pixels that have to be looked at are decoded whole all the same, within the limit of the worker's memory.
"""

import hashlib
import mmap
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from services.anonymizer.instances.deidentify import Cleaned, Review, rewritten
from services.anonymizer.instances.elements.data_set import Buffer
from services.anonymizer.policy import Policy
from shared.errors import StorageFull

CHUNK = 4 << 20


def deidentify_file(data: mmap.mmap, target: Path, policy: Policy, review: Review | None) -> Cleaned:
    """Write the de-identified Instance to a file, and return what it is. Raises as ``deidentify``, and StorageFull."""
    parts, cleaned = rewritten(data, policy, review)
    try:
        size, digest = _written(parts, data, target)
    except OSError as error:
        raise StorageFull("no room in the scratch folder") from error
    return structs.replace(cleaned, size_bytes=size, digest=digest)


def _written(parts: Sequence[Buffer], data: mmap.mmap, target: Path) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with target.open("wb") as file:
        for part in parts:
            view = memoryview(part)
            for start in range(0, len(view), CHUNK):
                chunk = view[start : start + CHUNK]
                digest.update(chunk)
                file.write(chunk)
                data.madvise(mmap.MADV_DONTNEED)  # what was read leaves memory; what is still to come is not in it
            size += len(view)
    return size, digest.hexdigest()
