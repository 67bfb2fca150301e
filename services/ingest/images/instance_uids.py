"""Identity and integrity of an Instance: all that ingest understands of it. Pure."""

import msgspec

from shared.dicom import elements, file_format
from shared.dicom.elements import Buffer
from shared.dicom.uid import is_uid
from shared.errors import Invalid

_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_NAMES = {
    _SOP_CLASS: "SOP Class UID",
    _SOP_INSTANCE: "SOP Instance UID",
    _STUDY: "Study Instance UID",
    _SERIES: "Series Instance UID",
}


class InstanceUids(msgspec.Struct, frozen=True):
    """The UIDs of one Instance."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str


def identify(data: Buffer) -> InstanceUids:
    """Walk the whole Data Set, so that a truncated one is noticed; raise Invalid with a reason otherwise."""
    file = file_format.split(data)
    uids: dict[int, str] = {}
    for element, _ in elements.walk(file.data, file.start, len(file.data), file.syntax):
        if element.tag in _NAMES:
            uids[element.tag] = elements.text(file.data[element.value : element.end])
    wrong = [name for tag, name in _NAMES.items() if not is_uid(uids.get(tag, ""))]
    if wrong:
        raise Invalid("bad-uid", f"{', '.join(wrong)}: missing or no valid UID (PS3.5 9.1)")
    return InstanceUids(uids[_SOP_CLASS], uids[_SOP_INSTANCE], uids[_STUDY])
