"""The odd places of a Data Set where hospitals and vendors leave identifiers."""

import copy
import struct
import warnings
from collections.abc import Callable

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from tests.adversarial.people import ascii_romaji, half_kana
from tests.adversarial.planter import Planter, seed_uid


def _descriptor(p: Planter) -> None:
    keyword = p.rng.choice(
        [
            "StudyDescription",
            "SeriesDescription",
            "ProtocolName",
            "ImageComments",
            "PatientComments",
            "AdditionalPatientHistory",
            "RequestedProcedureDescription",
            "PerformedProcedureStepDescription",
            "DerivationDescription",
            "ContrastBolusAgent",
            "AcquisitionProtocolDescription",
        ]
    )
    setattr(p.ds, keyword, f"CHEST {p.own('descriptor-own-name')}"[:60])
    p.ds.RequestedProcedureComments = f"{p.anything('descriptor-text')} の件 腹部CT"


def _descriptor_other(p: Planter) -> None:
    p.ds.SeriesDescription = (
        f"{p.slot('descriptor-other-person', p.rng.choice(['other_kanji', 'doctor_family']))}先生 指示 T2W"
    )
    p.header.kept.append("T2W")
    p.ds.ImageComments = f"tel {p.slot('descriptor-text', 'tel_dash')} {p.slot('descriptor-text', 'mail')}"


def _private_unknown(p: Planter) -> None:
    block = p.ds.private_block(0x0099, "ACME HIS 1.0", create=True)
    block.add_new(0x01, "LO", p.anything("private-unknown"))
    block.add_new(0x02, "PN", p.slot("private-unknown", "own_kanji"))
    block.add_new(0x03, "UN", p.mark("private-unknown", p.case.patient_id + "X").encode())


def _private_safe(p: Planter) -> None:
    philips = p.ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    philips.add_new(0x0D, "FL", 1.5)
    philips.add_new(0x70, "LO", p.anything("private-known"))
    siemens = p.ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    siemens.add_new(0x0D, "LO", p.slot("private-known", "own_swapped"))
    ge = p.ds.private_block(0x0043, "GEMS_PARM_01", create=True)
    ge.add_new(0x1F, "LO", p.slot("private-known", "pid"))
    elscint = p.ds.private_block(0x01F1, "ELSCINT1", create=True)
    elscint.add_new(0x26, "ST", p.anything("private-known"))


def _private_creator(p: Planter) -> None:
    p.ds.private_block(0x0077, p.slot("private-creator", "pid") + " LOCAL", create=True).add_new(1, "SH", "X")


def _unknown_sequence(p: Planter) -> None:
    text = p.mark("un-sequence", p.case.patient_id + "Q").encode()
    text += b" " * (len(text) % 2)
    element = struct.pack("<HHI", 0x0010, 0x0020, len(text)) + text
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(element)) + element
    p.ds.private_block(0x0099, "ACME HIS 1.0", create=True).add_new(0x10, "UN", item)


def _nested(p: Planter) -> None:
    request = Dataset()
    request.RequestedProcedureDescription = f"{p.own('nested')} 様 MRI"
    request.ScheduledProcedureStepDescription = p.anything("nested")
    request.RequestingPhysician = [p.slot("nested", "doctor_kanji"), p.slot("nested", "nurse_kanji")]
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = (
        "X1",
        "99LOCAL",
        f"依頼 {p.own('code-meaning')}"[:60],
    )
    request.RequestedProcedureCodeSequence = Sequence([code])
    p.ds.RequestAttributesSequence = Sequence([request])


def _nested_deep(p: Planter) -> None:
    inner, outer = Dataset(), Dataset()
    inner.PatientName, inner.PatientID = p.slot("nested", "own_kanji"), p.mark("nested", p.case.patient_id + "-1")
    inner.ImageComments = p.anything("nested")
    outer.add_new((0x0040, 0xA043), "SQ", Sequence([inner]))
    p.ds.add_new((0x5200, 0x9229), "SQ", Sequence([outer])) if (0x5200, 0x9229) not in p.ds else None
    if p.ds[0x5200, 0x9229].value[0] is not outer:
        p.ds[0x5200, 0x9229].value[0].add_new((0x0020, 0x9111), "SQ", Sequence([inner]))


def _sr_items(p: Planter) -> None:
    if "ContentSequence" not in p.ds:
        return
    concept = Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = "121071", "DCM", "Finding"
    text, person, code, uri = Dataset(), Dataset(), Dataset(), Dataset()
    for item, kind in ((text, "TEXT"), (person, "PNAME"), (code, "CODE"), (uri, "UIDREF")):
        item.RelationshipType, item.ValueType, item.ConceptNameCodeSequence = (
            "CONTAINS",
            kind,
            Sequence([copy.deepcopy(concept)]),
        )
    own, doctor, tel = (p.slot("sr-text", slot) for slot in ("own_kanji", "doctor_family", "tel_mobile"))
    text.TextValue = f"{own}様、{doctor}先生に電話 {tel}"
    person.PersonName = p.slot("sr-pname", "other_kanji")
    meaning = copy.deepcopy(concept)
    meaning.CodingSchemeDesignator, meaning.CodeMeaning = "99LOCAL", p.slot("code-meaning", "own_spaced")
    code.ConceptCodeSequence = Sequence([meaning])
    uri.add_new((0x0040, 0xA124), "UI", p.mark("sr-uid", "1.2.392.200036." + seed_uid(p.rng)))
    p.ds.ContentSequence = Sequence([*p.ds.ContentSequence, text, person, code, uri])


def _graphics(p: Planter) -> None:
    p.ds.add_new((0x6000, 0x0022), "LO", p.own("overlay-curve"))
    p.ds.add_new((0x6000, 0x1500), "LO", p.anything("overlay-curve"))
    p.ds.add_new((0x5000, 0x2600), "SH", p.slot("overlay-curve", "pid"))
    text = Dataset()
    text.UnformattedTextValue = p.anything("graphic-text")
    graphic = Dataset()
    graphic.TextObjectSequence = Sequence([text])
    p.ds.GraphicAnnotationSequence = Sequence([graphic])


def _device(p: Planter) -> None:
    p.ds.StationName = p.mark("device", f"{ascii_romaji(p.case.doctor.roman)}CT"[:16])
    p.ds.DeviceSerialNumber = p.slot("device", "serial")
    p.ds.OperatorsName = [p.slot("multi-pn", "nurse_kanji"), p.slot("multi-pn", "other_kanji")]
    p.ds.PerformingPhysicianName = [p.slot("multi-pn", "other_kanji"), p.slot("multi-pn", "doctor_kanji")]


def _odd_vr(p: Planter) -> None:
    p.ds.add_new((0x0018, 0x1000), "UT", p.anything("wrong-vr"))
    p.ds.add_new((0x0018, 0x1020), "LO", [f"v1 {p.slot('odd-element', 'pid')}", "b"])
    p.ds.add_new((0x0018, 0x1250), "SH", p.slot("odd-element", "pid"))
    p.ds.add_new((0x0028, 0x4000), "LT", f"{p.own('odd-element')}")
    p.ds.add_new((0x0018, 0x0024), "SH", p.slot("odd-element", "pid"))
    p.ds.add_new((0x0008, 0x0064), "CS", p.mark("odd-element", "PT" + p.case.patient_id))


def _url(p: Planter) -> None:
    p.ds.add_new((0x0008, 0x1190), "UR", p.slot("url", "url"))
    p.ds.add_new((0x0040, 0xE010), "UR", p.slot("url", "url"))
    p.ds.add_new((0x0028, 0x7FE0), "UR", p.slot("url", "url"))


def _original(p: Planter) -> None:
    inner, item = Dataset(), Dataset()
    inner.PatientName, inner.PatientID = (
        p.slot("original-attributes", "own_kanji"),
        p.slot("original-attributes", "old_pid"),
    )
    item.ModifiedAttributesSequence, item.ModifyingSystem = Sequence([inner]), "GW"
    p.ds.OriginalAttributesSequence = Sequence([item])
    p.ds.OtherPatientIDs = p.slot("original-attributes", "old_pid")
    p.ds.add_new(
        (0x0010, 0x1000),
        "LO",
        [p.slot("original-attributes", "old_pid"), p.mark("original-attributes", p.case.patient_id + "Z")],
    )


def _unknown_public(p: Planter) -> None:
    p.ds.add_new((0x0010, 0x0F0E), "LO", p.anything("unknown-public"))
    p.ds.add_new((0x3008, 0x0FFA), "UN", p.mark("unknown-public", p.case.patient_id + "U").encode())


def _outside(p: Planter) -> None:
    p.preamble = p.mark("preamble", f"{p.case.accession}P").encode().ljust(128, b"\0")
    meta = p.ds.file_meta
    meta.SourceApplicationEntityTitle = p.mark("file-meta", f"A{p.case.patient_id}")
    meta.PrivateInformationCreatorUID = UID("1.2.392.200036.9")
    meta.PrivateInformation = p.mark("file-meta", f"{p.case.patient_id}M").encode()
    p.ds.add_new((0xFFFC, 0xFFFC), "OB", p.mark("trailing-padding", f"{p.case.patient_id}T").encode())


def _date_field(p: Planter) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = p.mark("name-in-da-tm", f"{ascii_romaji(p.case.patient.roman).upper()}X")
        p.ds[0x0008, 0x0032] = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(0x0008, 0x0032),
            "TM",
            len(raw) + len(raw) % 2,
            (raw + " " * (len(raw) % 2)).encode(),
            0,
            False,
            True,
        )


def _shift_jis(p: Planter) -> None:
    raw = f"{p.case.patient.family}{p.case.patient.given} 腹部".encode("cp932", "replace")
    raw += b" " * (len(raw) % 2)
    p.mark("undeclared-shift-jis", p.case.patient.family + p.case.patient.given)
    p.ds[0x0018, 0x1030] = pydicom.dataelem.RawDataElement(
        pydicom.tag.Tag(0x0018, 0x1030), "LO", len(raw), raw, 0, False, True
    )


def _half_kana_text(p: Planter) -> None:
    if "IR 13" in p.header.encoding or "192" in p.header.encoding:
        kana = half_kana(p.case.patient.kana) + " " + half_kana(p.case.patient.given_kana)
        p.mark("half-kana", half_kana(p.case.patient.given_kana))
        p.ds.SeriesDescription = kana + " CT"


PLACES: list[Callable[[Planter], None]] = [
    _descriptor,
    _descriptor_other,
    _private_unknown,
    _private_safe,
    _private_creator,
    _unknown_sequence,
    _nested,
    _nested_deep,
    _sr_items,
    _graphics,
    _device,
    _odd_vr,
    _url,
    _original,
    _unknown_public,
    _outside,
    _date_field,
    _shift_jis,
    _half_kana_text,
]
