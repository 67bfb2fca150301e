"""A linker as a process of its own, to be killed: ``python -m tests.linker.victim gateway|centre HOME CENTRE_URL``."""

import sys
from pathlib import Path

import uvloop

from services.linker.service import CENTRE, GATEWAY
from shared.runtime.consumers import consume_forever
from tests.linker.system import gateway_environ, opened


async def run(role: str, home: Path, centre: str) -> None:
    """Consume, serve and deliver until killed; print the address."""
    service = GATEWAY if role == "gateway" else CENTRE
    environ = gateway_environ(
        centre, batch_instances="5", streams="2", gateway_token="hospital=credential-of-the-tests"
    )
    async with opened(service, home, {**environ, "JMID_LEASE_TTL_S": "0.5"}) as linker:
        print(linker.url, flush=True)
        await consume_forever(linker.bus, service, linker.running.handlers)


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
