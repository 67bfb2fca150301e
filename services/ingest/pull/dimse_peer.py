"""A Query/Retrieve SCP as a source: C-FIND, then C-GET where it is taken, else C-MOVE to our AE title.

pynetdicom runs in a thread; Instances that come by C-GET are kept on the event loop before they are answered.
Source: PS3.4 C.4.1 to C.4.3, C.5.3 (role selection for C-GET), C.6.2.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from pydicom.dataset import Dataset
from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from services.ingest.peers.tls import client_context
from services.ingest.pull.source_peer import Found, Keep, Retrieved
from services.ingest.pull.sources import Source
from services.ingest.pull.wanted import MOST_STUDIES, Keys
from services.ingest.settings import IngestSettings
from shared.dicom.store_response import OUT_OF_RESOURCES
from shared.dicom.uid import is_uid
from shared.errors import Refused, SettingsError, Unavailable
from shared.logs import decided

P = ParamSpec("P")
R = TypeVar("R")
_MOST_CONTEXTS: Final = 127  # of 128 (PS3.8 9.3.2.2), one is that of C-GET
_PENDING: Final = (0xFF00, 0xFF01)
_SUBOPERATIONS_FAILED: Final = 0xB000
_SUCCESS: Final = 0x0000
_KEEP_S: Final = 300.0


class DimsePeer:
    """A source by DIMSE. loop: that Instances are kept on."""

    def __init__(self, source: Source, settings: IngestSettings, loop: asyncio.AbstractEventLoop) -> None:
        self._source, self._settings, self._loop = source, settings, loop
        self._association: Association | None = None
        self._is_cancelled = False

    async def find(self, keys: Keys) -> list[Found]:
        """Return the Studies that match (C-FIND at the level of the Study)."""
        return await self._in_thread(self._find, keys)

    async def retrieve(self, study_instance_uid: str, keep: Keep) -> Retrieved:
        """Have a Study sent, by C-GET if it is taken."""
        if self._source.retrieve != "move":
            retrieved = await self._in_thread(self._get, study_instance_uid, keep)
            if retrieved is not None:
                return retrieved
            if self._source.retrieve == "get":
                return Retrieved(0, 0, "c-get-not-taken")
        return await self._in_thread(self._move, study_instance_uid)

    async def _in_thread(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run what blocks in a thread; a cancellation aborts its association, so that the thread ends too."""
        try:
            return await asyncio.to_thread(function, *args, **kwargs)
        except asyncio.CancelledError:
            self._is_cancelled = True
            if self._association is not None:
                self._association.abort(block=False)
            raise

    def _find(self, keys: Keys) -> list[Found]:
        asked = _identifier(keys)
        asked.NumberOfStudyRelatedInstances = ""
        entity = self._entity()
        entity.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
        association = self._associated(entity)
        studies: dict[str, Found] = {}
        try:
            if not association.accepted_contexts:
                raise Refused("c-find-not-taken", "the source takes no C-FIND of the Study Root model")
            for status, identifier in association.send_c_find(asked, StudyRootQueryRetrieveInformationModelFind):
                code = _status(status)
                if code in _PENDING and identifier is not None:
                    uid = str(identifier.get("StudyInstanceUID", ""))
                    if is_uid(uid):
                        studies[uid] = Found(uid, _number(identifier.get("NumberOfStudyRelatedInstances")))
                    if len(studies) > MOST_STUDIES:
                        raise Refused("too-many", f"more than {MOST_STUDIES} Studies match; ask for fewer")
                elif code != _SUCCESS:
                    raise Refused(f"c-find-{code:04x}", "the source did not carry the query out")
        finally:
            association.release()
        return list(studies.values())

    def _get(self, uid: str, keep: Keep) -> Retrieved | None:
        """Return what C-GET came to; None if the source does not take it."""
        entity = self._entity()
        entity.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
        classes = [str(context.abstract_syntax) for context in StoragePresentationContexts[:_MOST_CONTEXTS]]
        for each in classes:
            entity.add_requested_context(each, [str(syntax) for syntax in AllTransferSyntaxes])
        roles = [build_role(each, scp_role=True) for each in classes]
        statuses: list[int] = []
        store = (evt.EVT_C_STORE, lambda event: self._kept(event, keep, statuses))
        association = self._associated(entity, ext_neg=roles, evt_handlers=[store])
        accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
        try:
            if str(StudyRootQueryRetrieveInformationModelGet) not in accepted:
                return None
            answers = association.send_c_get(
                _identifier({"StudyInstanceUID": uid}), StudyRootQueryRetrieveInformationModelGet
            )
            said = _retrieved(answers, is_ours=True)
        finally:
            association.release()
        arrived = statuses.count(_SUCCESS)  # what was kept here counts, not what the source says of it
        return Retrieved(arrived, max(said.failed, len(statuses) - arrived), said.reason)

    def _kept(self, event: Any, keep: Keep, statuses: list[int]) -> int:
        """Keep one Instance, in the thread of the association, and note its status."""
        statuses.append(self._status_of(event, keep))
        return statuses[-1]

    def _status_of(self, event: Any, keep: Keep) -> int:
        if self._is_cancelled:
            return OUT_OF_RESOURCES
        try:
            taking = keep(event.encoded_dataset(), str(event.request.AffectedSOPInstanceUID))
            return asyncio.run_coroutine_threadsafe(_awaited(taking), self._loop).result(_KEEP_S)
        except Exception as error:
            decided("store-failed", level="error", service="ingest", error=type(error).__name__)
            return OUT_OF_RESOURCES

    def _move(self, uid: str) -> Retrieved:
        entity = self._entity()
        entity.add_requested_context(StudyRootQueryRetrieveInformationModelMove)
        association = self._associated(entity)
        try:
            if not association.accepted_contexts:
                return Retrieved(0, 0, "c-move-not-taken", is_ours=False)
            answers = association.send_c_move(
                _identifier({"StudyInstanceUID": uid}),
                self._settings.ae_title,
                StudyRootQueryRetrieveInformationModelMove,
            )
            return _retrieved(answers, is_ours=False)
        finally:
            association.release()

    def _entity(self) -> AE:
        entity = AE(ae_title=self._settings.ae_title)
        entity.acse_timeout = entity.connection_timeout = self._settings.associate_timeout_s
        entity.network_timeout = entity.dimse_timeout = self._settings.pull_timeout_s
        return entity

    def _associated(self, entity: AE, **more: Any) -> Association:
        own = self._source
        try:
            tls = (client_context(self._settings, own.ca), own.host) if own.tls else None
        except SettingsError as error:
            raise Unavailable("certificate-not-read") from error
        association = entity.associate(own.host, own.port, ae_title=own.ae_title, tls_args=tls, **more)
        if not association.is_established:
            raise Unavailable("association-rejected" if association.is_rejected else "no-connection")
        self._association = association
        return association


async def _awaited(taking: Any) -> int:
    status: int = await taking
    return status


def _identifier(keys: Keys) -> Dataset:
    identifier = Dataset()
    if not all(value.isascii() for value in keys.values()):
        identifier.SpecificCharacterSet = "ISO_IR 192"
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = ""
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    return identifier


def _retrieved(answers: Any, *, is_ours: bool) -> Retrieved:
    """Return what the responses of C-GET or C-MOVE say (PS3.4 C.4.2.1.4, C.4.3.1.4)."""
    completed = failed = 0
    code: int | None = None
    for status, _ in answers:
        code = _status(status)
        completed = _number(status.get("NumberOfCompletedSuboperations")) or completed
        failed = _number(status.get("NumberOfFailedSuboperations")) or failed
    if code is None:
        raise Unavailable("association-aborted")
    is_ended = code in (_SUCCESS, _SUBOPERATIONS_FAILED)
    return Retrieved(completed, failed, "" if is_ended else f"status-{code:04x}", is_ours)


def _status(status: Dataset) -> int:
    """Return the status of a response. Raises Unavailable where none came: pynetdicom then gives an empty Data Set."""
    if "Status" not in status:
        raise Unavailable("association-aborted")
    return int(status.Status)


def _number(value: Any) -> int:
    try:
        return max(0, int(value))
    except (TypeError, ValueError):
        return 0
