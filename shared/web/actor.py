"""Who does something: today the name that a person writes into a form, and nothing that proves it.

The one place to replace when people have identities: nothing else reads the field. Pure.
"""

from typing import Final

from shared.errors import Invalid

FIELD: Final = "by"
MOST: Final = 64
"""Characters of a name."""


def actor_named(by: str) -> str:
    """Return the name of who decides; raise Invalid if there is none."""
    name = " ".join(by.split())
    if not name or len(name) > MOST:
        raise Invalid("missing-by", f"{FIELD} says who decides: a name of at most {MOST} characters")
    return name
