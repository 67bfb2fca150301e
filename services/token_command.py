"""``jmid token``: a Bearer token of the embedded issuer, for curl and scripts on the machine of the home."""

from pathlib import Path
from typing import Annotated, Final

import typer

from services.command_line import HomeOption
from services.identity.local import local_token
from services.places import issuer_role
from shared import logs
from shared.web.access.words import AccessRole

MOST_MINUTES: Final = 24 * 60


def token(
    role: Annotated[list[AccessRole], typer.Option(help="What it may do; may be given several times.")],
    site: Annotated[
        list[str] | None, typer.Option(help="A site; may be given several times; else the site of jmid up.")
    ] = None,
    minutes: Annotated[int, typer.Option(help="How long it is good.", min=1, max=MOST_MINUTES)] = 60,
    home: HomeOption = Path("jmid-home"),
) -> None:
    """Print a token for curl and scripts: whoever owns the home's files may make one for any role."""
    logs.configure()
    roles = tuple(dict.fromkeys(each.value for each in role))
    print(local_token(home / issuer_role(home).value / "identity", roles, tuple(site or ()), minutes * 60))
