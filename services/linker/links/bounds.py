"""How long the texts are that a person or a program may send as JSON; longer ones are 400 and name their field."""

from typing import Annotated, Final

from msgspec import Meta

MOST_NOTE: Final = 20_000
"""Characters of free text: ten pages. A report is sent as a report."""
MOST_WORD: Final = 1_000
"""Characters of a name, a code, a UID or a reason."""
MOST_STUDIES: Final = 1_000
MOST_BODY_BYTES: Final = 4 << 20
"""Of one JSON request: a shape of 100,000 points fits. So much is parsed in some 20 ms."""
Note = Annotated[str, Meta(max_length=MOST_NOTE)]
Word = Annotated[str, Meta(max_length=MOST_WORD)]
