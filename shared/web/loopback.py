"""The names of this machine, to which http is as safe as https. Pure."""

from typing import Final

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
