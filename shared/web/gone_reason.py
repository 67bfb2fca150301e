"""The header that says why a 410 is one, where an answer has no body: HEAD (RFC 9110 9.3.2, 15.5.11). Pure."""

from typing import Final

GONE_REASON: Final = "X-Gone-Reason"
DELETED: Final = "deleted"
"""An administrator deleted it."""
WITHDRAWN: Final = "withdrawn"
"""Its patient opted out."""
EVICTED: Final = "evicted"
"""Its bytes made room; a recall brings them back."""
DAMAGED: Final = "damaged"
"""Its bytes at rest are not those that came."""
