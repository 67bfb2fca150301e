"""Opens the three ports of a role as the settings say: embedded, or servers."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shared import settings as settings_reader
from shared.blobs import Blobs
from shared.bus import Bus, RetryPolicy
from shared.documents import Documents
from shared.service import Role


class PortSettings(msgspec.Struct, frozen=True):
    """Where the ports of one role are; read as JMID_<FIELD>, so JMID_BUS, JMID_DOCUMENTS, JMID_BLOBS, …

    bus: ``embedded`` or amqp(s)://user:password@host:port/vhost.  documents: ``embedded`` or mongodb://….
    documents_driver: motor or pymongo.  blobs: ``embedded`` or s3://bucket/prefix or gs://bucket/prefix;
    blobs_identified, blobs_deidentified and blobs_archive override it, so that the trust zones have their own stores.
    retry_delays_s: the waits before each further delivery of an event.
    """

    bus: str = "embedded"
    documents: str = "embedded"
    documents_driver: str = "motor"
    blobs: str = "embedded"
    blobs_identified: str = ""
    blobs_deidentified: str = ""
    blobs_archive: str = ""
    retry_delays_s: tuple[float, ...] = RetryPolicy().delays_s


def port_settings(role: Role, environ: Mapping[str, str]) -> PortSettings:
    """Read the settings: JMID_BUS is for both roles, JMID_GATEWAY_BUS and JMID_CENTRE_BUS for one."""
    common = settings_reader.values(PortSettings, "JMID", environ)
    return PortSettings(**{**common, **settings_reader.values(PortSettings, f"JMID_{role.value.upper()}", environ)})


@dataclass(frozen=True)
class Ports:
    """The open ports of one role."""

    bus: Bus
    documents: Documents
    blobs: Mapping[str, Blobs]


@asynccontextmanager
async def open_ports(
    settings: PortSettings, role: Role, home: Path, stores: Iterable[str], environ: Mapping[str, str]
) -> AsyncIterator[Ports]:
    """Open what the settings name; drivers of servers are imported only when used."""
    async with AsyncExitStack() as stack:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)  # noqa: ASYNC240 - once, before anything is served
        bus = await stack.enter_async_context(_bus(settings, role, home))
        documents = await stack.enter_async_context(_documents(settings, role, home))
        blobs = {
            name: await stack.enter_async_context(_blobs(settings, role, home, name, environ))
            for name in sorted(set(stores))
        }
        yield Ports(bus, documents, blobs)


@asynccontextmanager
async def _bus(settings: PortSettings, role: Role, home: Path) -> AsyncIterator[Bus]:
    policy = RetryPolicy(settings.retry_delays_s)
    if settings.bus == "embedded":
        from shared.bus.journal import open_journal

        async with open_journal(home / "bus.sqlite", policy) as bus:
            yield bus
    else:
        from shared.bus.rabbit import open_rabbit

        async with open_rabbit(settings.bus, place=role.value, policy=policy) as rabbit:
            yield rabbit


@asynccontextmanager
async def _documents(settings: PortSettings, role: Role, home: Path) -> AsyncIterator[Documents]:
    if settings.documents == "embedded":
        from shared.documents.sqlite import open_sqlite

        async with open_sqlite(home / "documents.sqlite") as documents:
            yield documents
    else:
        from shared.documents.mongo import open_mongo

        database = f"jmid_{role.value}"
        async with open_mongo(settings.documents, database, driver=settings.documents_driver) as mongo:
            yield mongo


@asynccontextmanager
async def _blobs(
    settings: PortSettings, role: Role, home: Path, name: str, environ: Mapping[str, str]
) -> AsyncIterator[Blobs]:
    where = {
        "identified": settings.blobs_identified,
        "deidentified": settings.blobs_deidentified,
        "archive": settings.blobs_archive,
    }[name] or settings.blobs
    if where == "embedded":
        from shared.blobs.local import open_local

        async with open_local(home / "blobs" / name) as local:
            yield local
    else:
        from shared.blobs.objects import open_objects

        place = where if where != settings.blobs else f"{where.rstrip('/')}/{role.value}/{name}"
        async with open_objects(place, environ=environ) as objects:
            yield objects
