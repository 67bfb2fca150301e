"""The home of a gateway, as its commands are given it, and what its documents hold."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.documents import Collection, Documents
from shared.runtime.ports import open_ports, port_settings
from shared.service import Role

HomeOption = Annotated[Path, typer.Option(help="The folder that was given to jmid up or run.", envvar="JMID_HOME")]


@asynccontextmanager
async def documents_in(home: Path, *collections: Collection[Any]) -> AsyncIterator[Documents]:
    """Yield the documents of the gateway of this home, with these collections."""
    folder = home / Role.GATEWAY.value
    async with open_ports(port_settings(Role.GATEWAY, os.environ), Role.GATEWAY, folder, (), os.environ) as ports:
        await ports.documents.declare(*collections)
        yield ports.documents
