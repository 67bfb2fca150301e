"""Which Instances a profile lets in at all, decided by their class and what they say of their pixels."""

from services.anonymizer import standard
from services.anonymizer.identity import Facts
from shared.errors import Invalid, Refused

SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
IMAGE_TYPE, BURNED_IN, ROWS = 0x00080008, 0x00280301, 0x00280010

# What cannot be cleaned by rule. Source of the UIDs: PS3.6 Annex A.
REFUSED = {
    "1.2.840.10008.1.3.10": ("media-directory", "a DICOMDIR describes media and refers to what is sent by itself"),
    "1.2.840.10008.5.1.4.1.1.66": ("raw-data", "Raw Data holds what only its maker can read"),
    "1.2.840.10008.5.1.4.1.1.104.1": ("encapsulated-document", "an encapsulated PDF cannot be cleaned"),
    "1.2.840.10008.5.1.4.1.1.104.2": ("encapsulated-document", "an encapsulated CDA is sent as a report instead"),
    "1.2.840.10008.5.1.4.1.1.9.4.1": ("voice", "a voice identifies who speaks"),
    "1.2.840.10008.5.1.4.1.1.9.4.2": ("voice", "a voice identifies who speaks"),
    "1.2.840.10008.5.1.4.1.1.77.1.1.1": ("video", "a video shows persons"),
    "1.2.840.10008.5.1.4.1.1.77.1.2.1": ("video", "a video shows persons"),
    "1.2.840.10008.5.1.4.1.1.77.1.4": ("photograph", "a photograph shows a person"),
    "1.2.840.10008.5.1.4.1.1.77.1.4.1": ("video", "a video shows persons"),
}
# Classes whose pixels often carry text: screen captures, ultrasound, projection X-ray with markers, endoscopy.
_STORAGE = "1.2.840.10008.5.1.4.1.1."
WITH_TEXT = frozenset(
    _STORAGE + number
    for number in (
        "7", "7.1", "7.2", "7.3", "7.4",  # Secondary Capture, single- and multi-frame
        "6", "6.1", "6.2", "3", "3.1",  # ultrasound, also retired
        "1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1",  # CR, DX, mammography, intra-oral
        "12.1", "12.2", "12.3",  # X-ray angiography, radiofluoroscopy
        "77.1.1", "77.1.2", "77.1.3", "77.1.5.1", "77.1.5.2",  # endoscopy, microscopy, ophthalmic photography
    )
)  # fmt: skip
_CAPTURES = (b"SCREEN SAVE", b"SCREENSAVE", b"SCREENSHOT", b"DOSE_INFO", b"PROTOCOL", b"OVERVIEW", b"VRT REPORT")


def check(facts: Facts) -> None:
    """Raise Invalid if the Instance does not say what it is, Refused if its class cannot be de-identified."""
    sop_class = facts.text(SOP_CLASS)
    if not sop_class:
        raise Invalid("no-sop-class", "SOP Class UID (0008,0016) is missing or empty (PS3.3 C.12.1)")
    if sop_class in REFUSED:
        raise Refused(*REFUSED[sop_class])
    for tag, name in ((SOP_INSTANCE, "SOP"), (STUDY, "Study"), (SERIES, "Series")):
        if not facts.text(tag):
            raise Invalid(f"no-{name.lower()}-instance-uid", f"{name} Instance UID is missing or empty (PS3.3 C.12.1)")
    if not standard.is_known_sop_class(sop_class):
        raise Refused("unknown-sop-class", "the SOP Class is private, retired or not of a Composite IOD (PS3.4 B.5)")


def check_pixels(facts: Facts) -> None:
    """Raise Refused if text may be burned into the pixels (PS3.3 C.7.6.1.1.4) and nothing says that there is none."""
    stated = facts.text(BURNED_IN).upper()
    if stated == "YES":
        raise Refused("burned-in-text", "Burned In Annotation (0028,0301) is YES")
    if ROWS not in facts.values:
        return
    image_type = facts.values.get(IMAGE_TYPE, b"").upper()
    if any(word in image_type for word in _CAPTURES):
        raise Refused("screen-capture", "Image Type (0008,0008) says that it is a screen")
    if stated != "NO" and facts.text(SOP_CLASS) in WITH_TEXT:
        raise Refused("burned-in-text-possible", "images of this class often carry text, and nothing says it does not")
