"""Audit trails for tests, in a database of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from shared.audit.keeping import faults_of, seal_days
from shared.audit.keys import AuditKeys
from shared.audit.log import AuditLog
from shared.audit.record import AuditRecord, Happening, Who
from shared.audit.seals import COLLECTIONS, LOG, Check
from shared.audit.settings import AuditSettings
from shared.audit.verify import Fault
from shared.audit.words import Action, EventKind
from shared.documents import Documents, Order
from shared.documents.sqlite import open_sqlite

STUDY = "study:2.25.1"
HANAKO = Who("s-1", "hanako", ("radiologist",), "192.0.2.1", "session")


class Trail(NamedTuple):
    """A trail that is open."""

    documents: Documents
    log: AuditLog
    keys: AuditKeys
    folder: Path

    async def records(self) -> list[AuditRecord]:
        return await self.documents.find_all(LOG, order=[Order("key")])

    async def seal(self) -> bool:
        return await seal_days(self.documents, self.keys, self.log) is not None

    async def looked_at(self, tip_file: Path | None = None) -> tuple[list[Fault], Check]:
        found = [each async for each in faults_of(self.documents, self.keys, 3653, tip_file)]
        check = found.pop()
        assert isinstance(check, Check)
        return [each for each in found if isinstance(each, Fault)], check


@asynccontextmanager
async def trail(folder: Path) -> AsyncIterator[Trail]:
    async with open_sqlite(folder / "documents.sqlite") as documents:
        await documents.declare(*COLLECTIONS)
        keys = AuditKeys(folder / "keys", 1e9)
        yield Trail(documents, writer(documents, keys), keys, folder)


def writer(documents: Documents, keys: AuditKeys, **settings: float) -> AuditLog:
    given = {"audit_write_s": 5.0, **settings}
    return AuditLog(documents, "tokyo/centre/test", AuditSettings(**given), keys.naming)  # type: ignore[arg-type]


def read_of(study: str = STUDY, who: Who = HANAKO) -> Happening:
    return Happening(EventKind.RETRIEVE, Action.READ, who, permission="retrieve", route="GET /x", objects=(study,))
