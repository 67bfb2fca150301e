"""The credential that gateways show at the centre: one Bearer token, made on the first start, for its owner alone."""

import secrets
from pathlib import Path
from typing import Final

from shared.certificates.private_files import made_once
from shared.web.access.words import AccessRole
from shared.web.identity.actor import Actor

FILE: Final = "gateway.token"
GATEWAY: Final = Actor(
    subject="gateway-token", name="gateway", roles=frozenset({AccessRole.SERVICE}), shown="gateway-token"
)


def made(path: Path) -> str:
    """Return the token of a file, making it if it is not there; processes that start together get the same."""
    return made_once(path, lambda: f"{secrets.token_urlsafe(32)}\n".encode("ascii")).decode("ascii").strip()


def known(path: Path) -> str:
    """Return the token of a file, empty if there is none."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
