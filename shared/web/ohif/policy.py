"""The Content Security Policy of the viewer, measured with its tests: what it needs beyond ours is here and why. Pure.

Its page has inline scripts, which are allowed by their digests; codecs are WebAssembly; workers are made of blobs;
styles are written into the page. Without 'unsafe-eval' images and measurements work, and a segmentation is not shown.
"""

import base64
import hashlib
import re
from typing import Final

_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def policy_of_page(html: str) -> str:
    """Return the policy of a page of the viewer."""
    digests = [base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in _INLINE.findall(html)]
    inline = "".join(f" 'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval' blob:{inline}; "
        "worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' data: blob:; object-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    )
