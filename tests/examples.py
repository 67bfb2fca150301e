"""How many examples a property test makes up: all of them, or a quarter in ``make test-fast``."""

import os
from typing import Final

FEW: Final = os.environ.get("HYPOTHESIS_PROFILE") == "few"
USUAL: Final = 100


def examples(count: int) -> int:
    """Return how many of so many examples this run makes up."""
    return count // 4 if FEW else count
