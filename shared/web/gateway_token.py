"""The credential that gateways show at the centre: one Bearer token, made on the first start, for its owner alone."""

import os
import secrets
from pathlib import Path
from typing import Final

from shared.web.access.words import AccessRole
from shared.web.identity.actor import Actor

FILE: Final = "gateway.token"
GATEWAY: Final = Actor(
    subject="gateway-token", name="gateway", roles=frozenset({AccessRole.SERVICE}), shown="gateway-token"
)


def made(path: Path) -> str:
    """Return the token of a file, making it if it is not there; processes that start together get the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return known(path)


def known(path: Path) -> str:
    """Return the token of a file, empty if there is none."""
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
