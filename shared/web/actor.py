"""Who does something: the actor of the request, or, where nobody is asked, the name that a person writes into a form.

The one place that reads the field: where the gate has asked, what is written there counts for nothing. Pure.
"""

from typing import Final

from shared.errors import Invalid
from shared.web.identity.actor import CURRENT

FIELD: Final = "by"
MOST: Final = 64
"""Characters of a name."""


def name_of(by: str) -> str:
    """Return the name of who does it. by: what was written, which counts where nobody is asked."""
    actor = CURRENT.get()
    return by if actor is None else actor.name


def actor_named(by: str) -> str:
    """Return the name of who decides, as of ``name_of``; raise Invalid if there is none."""
    name = " ".join(name_of(by).split())
    if not name or len(name) > MOST:
        raise Invalid("missing-by", f"{FIELD} says who decides: a name of at most {MOST} characters")
    return name
