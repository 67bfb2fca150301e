"""Versions of the code that makes what the archive keeps of an Instance besides its bytes.

Whoever changes what that code returns for the same Instance adds one here; ``jmid rebuild`` then remakes what an
earlier version made, and nothing else. 1 is also the version of records from before it was written down.
"""

from typing import Final

METADATA_MAKER: Final = 1
"""Of dicom_json and pixels.frame_offsets: metadata, bulk data, places of pixel data and frames."""

ANSWER_MAKER: Final = 2
"""Of search_results: the QIDO-RS answers of Study, Series and Instance, and the site that they are of (since 2)."""
