"""Show the set-aside cases of this process' index among the records of all services, for ``jmid dead`` and its page.

The file beside the index stays the truth of the index; a record says which process' index it is about.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from services.search.follow.set_aside import SetAside, SetAsideCase
from shared import clock
from shared.documents import Documents
from shared.errors import Transient
from shared.logs import decided
from shared.set_aside import SET_ASIDE, SetAsideItem
from shared.set_aside import SetAside as SharedSetAside

WORK = "case"


@dataclass
class SetAsideRecords:
    """The records of one index. owner: tells its cases from those of other processes, and is the same after a start."""

    documents: Documents
    owner: str

    async def sync(self, cases: Mapping[str, SetAsideCase]) -> set[str]:
        """Make the records say what is set aside; return the cases that a person asks to be tried now."""
        prefix, asked = f"{self.owner}/", set[str]()
        known = {item.key: item for item in await self._shared().items() if item.key.startswith(prefix)}
        for key in known.keys() - {prefix + case_id for case_id in cases}:
            await self._shared().forget(key)
        for case_id, case in cases.items():
            item = self._item(prefix + case_id, case, known.get(prefix + case_id))
            asked |= {case_id} if item.again else set()
            shown = msgspec.structs.replace(item, again=False)
            if shown != known.get(item.key):
                await self.documents.put(SET_ASIDE, shown)
        return asked

    def _shared(self) -> SharedSetAside:
        return SharedSetAside(self.documents, "search", WORK)

    def _item(self, key: str, case: SetAsideCase, old: SetAsideItem | None) -> SetAsideItem:
        now = clock.now()
        return SetAsideItem(
            id=self._shared().id_of(key),
            service="search",
            work=WORK,
            key=key,
            error=case.error,
            origin=case.origin,
            attempts=case.tries,
            since=old.since if old else now,
            tried_at=old.tried_at if old and old.attempts == case.tries else now,
            again=bool(old and old.again),
        )


async def show_forever(records: SetAsideRecords, set_aside: SetAside, every_s: float) -> None:
    """Keep the records in step until cancelled, and let what a person asks for be tried now."""
    while True:
        try:
            set_aside.try_now(await records.sync(dict(set_aside.cases)))
        except Transient as error:
            decided("set-aside-not-shown", level="warning", service="search", error=type(error).__name__)
        await asyncio.sleep(every_s)
