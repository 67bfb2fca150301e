"""A gateway's linker as a process of its own, to be killed: ``python -m tests.linker.victim HOME CENTRE_URL``."""

import sys
from pathlib import Path

import uvloop

from services.linker.service import GATEWAY
from shared.runtime.consumers import consume_forever
from tests.linker.system import gateway_environ, opened


async def run(home: Path, centre: str) -> None:
    """Consume and deliver until killed."""
    async with opened(GATEWAY, home, gateway_environ(centre, batch_instances="5", streams="2")) as gateway:
        await consume_forever(gateway.bus, GATEWAY, gateway.running.handlers)


if __name__ == "__main__":
    uvloop.run(run(Path(sys.argv[1]), sys.argv[2]))
