"""Opens the three ports of a role as the settings say: embedded, or servers."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared import settings as settings_reader
from shared.blobs import Blobs
from shared.bus import Bus, RetryPolicy
from shared.documents import Documents
from shared.service import Role

_STORE = r"^(embedded|s3://.+|gs://.+)$"
_OWN_STORE = r"^(|embedded|s3://.+|gs://.+)$"


class PortSettings(msgspec.Struct, frozen=True):
    """Where the ports of one role are; read as JMID_<FIELD>, so JMID_BUS, JMID_DOCUMENTS, JMID_BLOBS, …

    The stores of the trust zones may differ from one another: JMID_BLOBS_<STORE> overrides JMID_BLOBS.
    """

    bus: Annotated[
        str,
        Meta(
            description="The bus: embedded or amqp(s)://user:password@host:port/vhost.",
            pattern=r"^(embedded|amqps?://.+)$",
        ),
    ] = "embedded"
    documents: Annotated[
        str,
        Meta(description="The documents: embedded or mongodb://….", pattern=r"^(embedded|mongodb(\+srv)?://.+)$"),
    ] = "embedded"
    documents_driver: Annotated[
        Literal["motor", "pymongo"], Meta(description="The driver of the MongoDB protocol.")
    ] = "motor"
    blobs: Annotated[
        str,
        Meta(description="The blobs: embedded, s3://bucket/prefix or gs://bucket/prefix.", pattern=_STORE),
    ] = "embedded"
    blobs_identified: Annotated[
        str, Meta(description="The store of identified bytes; empty is under JMID_BLOBS.", pattern=_OWN_STORE)
    ] = ""
    blobs_deidentified: Annotated[
        str,
        Meta(description="The gateway's store of de-identified bytes; empty is under JMID_BLOBS.", pattern=_OWN_STORE),
    ] = ""
    blobs_archive: Annotated[
        str, Meta(description="The archive's store; empty is under JMID_BLOBS.", pattern=_OWN_STORE)
    ] = ""
    retry_delays_s: Annotated[
        tuple[Annotated[float, Meta(gt=0, le=1_000_000)], ...],
        Meta(description="The waits before each further delivery of an event."),
    ] = RetryPolicy().delays_s


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
