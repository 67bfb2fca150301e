"""More odd places, added for the third score: labels, explanations, documents, waveforms, other alphabets."""

from collections.abc import Callable

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.adversarial.people import ascii_romaji
from tests.adversarial.planter import Planter

_LABELS = (
    "ContentLabel ContentDescription LUTExplanation WindowCenterWidthExplanation SegmentLabel PulseSequenceName "
    "AcquisitionDeviceProcessingDescription CardiacRhythmComments ScanOptions SequenceName FilterType "
    "ConvolutionKernel "
    "RTPlanLabel StructureSetLabel TrackingID DetectorDescription AcquisitionComments StudyComments ReasonForStudy "
    "InterpretationText ResultsComments PatientState VisitComments MedicalAlerts Allergies SpecialNeeds "
    "FillerOrderNumberImagingServiceRequest "
    "CommentsOnRadiationDose CommentsOnThePerformedProcedureStep ContributionDescription PositionerType DataSetName"
).split()


def _label(p: Planter) -> None:
    for keyword in p.rng.sample(_LABELS, 3):
        tag = pydicom.datadict.tag_for_keyword(keyword)
        if tag is not None:
            vr = pydicom.datadict.dictionary_VR(tag)
            p.ds.add_new(
                tag, "SH" if vr == "CS" else vr, p.slot("label", p.rng.choice(["own_kanji", "pid", "own_swapped"]))
            )


def _segment(p: Planter) -> None:
    item = Dataset()
    item.SegmentLabel = p.slot("segment-roi", "own_swapped")
    item.SegmentDescription = f"{p.slot('segment-roi', 'doctor_kanji')} による輪郭"
    item.ROIName = p.slot("segment-roi", "own_kanji")
    item.ROIInterpreter = p.slot("segment-roi", "nurse_kanji")
    p.ds.add_new((0x3006, 0x0020), "SQ", Sequence([item]))


def _waveform(p: Planter) -> None:
    channel, wave, note = Dataset(), Dataset(), Dataset()
    channel.ChannelLabel = p.slot("waveform", "pid")
    wave.MultiplexGroupLabel = p.slot("waveform", "own_swapped")
    wave.add_new((0x003A, 0x0200), "SQ", Sequence([channel]))
    note.UnformattedTextValue = f"{p.slot('waveform', 'own_kanji')}様 {p.slot('waveform', 'tel_mobile')}"
    p.ds.add_new((0x5400, 0x0100), "SQ", Sequence([wave]))
    p.ds.add_new((0x0040, 0xB020), "SQ", Sequence([note]))


def _document(p: Planter) -> None:
    text = p.mark("document", p.case.patient_id + "D")
    p.ds.add_new((0x0042, 0x0011), "OB", f"%PDF-1.4 ({text}) Tj".encode())
    p.ds.add_new((0x0042, 0x0010), "ST", p.slot("document", "own_swapped"))
    p.ds.add_new((0x0042, 0x0014), "LO", p.slot("document", "acc"))


def _binary(p: Planter) -> None:
    p.ds.add_new((0x0028, 0x2000), "OB", f"icc desc {p.mark('binary', p.case.patient_id + 'I')}".encode())
    p.ds.add_new((0x0018, 0x9445), "OB", p.mark("binary", p.case.patient_id + "B").encode())
    signed = Dataset()
    signed.add_new((0x0400, 0x0115), "OB", p.mark("binary", p.case.patient_id + "S").encode())
    p.ds.add_new((0xFFFA, 0xFFFA), "SQ", Sequence([signed]))
    secret = Dataset()
    secret.add_new((0x0400, 0x0520), "OB", p.mark("binary", p.case.patient_id + "E").encode())
    p.ds.add_new((0x0400, 0x0500), "SQ", Sequence([secret]))


def _codes(p: Planter) -> None:
    code = Dataset()
    code.CodeValue = p.mark("code-value", f"PT{p.case.patient_id}")
    code.CodingSchemeDesignator = "99" + ascii_romaji(p.case.doctor.roman)[:10].upper()
    code.CodeMeaning = "Local"
    p.ds.add_new((0x0008, 0x1032), "SQ", Sequence([code]))
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = "99LOCAL", p.slot("code-scheme", "hosp_en")
    scheme.CodingSchemeResponsibleOrganization = p.slot("code-scheme", "hosp")
    p.ds.add_new((0x0008, 0x0110), "SQ", Sequence([scheme]))


def _people(p: Planter) -> None:
    person = Dataset()
    person.PersonAddress, person.PersonTelephoneNumbers = p.slot("person", "addr_plain"), p.slot("person", "tel_dash")
    person.InstitutionName = p.slot("person", "hosp2")
    verifier = Dataset()
    verifier.VerifyingObserverName, verifier.VerifyingOrganization = (
        p.slot("person", "other_kanji"),
        p.slot("person", "hosp2"),
    )
    p.ds.add_new((0x0008, 0x0096), "SQ", Sequence([person]))
    p.ds.add_new((0x0040, 0xA073), "SQ", Sequence([verifier]))
    p.ds.ContentCreatorName = p.slot("person", "doctor_kanji")
    p.ds.ResponsiblePerson, p.ds.PatientMotherBirthName = (
        p.slot("person", "other_kanji"),
        p.slot("person", "nurse_kanji"),
    )
    p.ds.IssuerOfPatientID = p.slot("person", "hosp_en")


MORE: list[Callable[[Planter], None]] = [_label, _segment, _waveform, _document, _binary, _codes, _people]
